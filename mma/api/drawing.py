"""Regions as shapes: polygons of their own cells, as GeoJSON and as a picture of the whole sky."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skymaps import FloatArray, IntArray, Region

LEVELS = (0.9, 0.5)
MOST_CELLS = 4000
"""Cells of one region: finer ones do not show."""

WIDTH = 800.0
"""Of a picture, in its own units; it is half as high."""


def cells(region: Region, level: float) -> tuple[IntArray, int]:
    """NESTED pixels that touch a credible region, and their order: the finest that keeps them few."""
    best, order = region.cells(3, level), 3
    for finer in (4, 5, 6, 7, 8, 9, 10, 11):
        found = region.cells(finer, level)
        if len(found) > MOST_CELLS:
            break
        best, order = found, finer
    return best, order


def corners(pixels: IntArray, order: int) -> tuple[FloatArray, FloatArray]:
    """Right ascension and declination in degrees of the cells' four corners. Shape (n, 4).

    Right ascensions of one cell are within 180 degrees of its centre's: they may be below 0 or above 360.
    """
    import healpy

    if not len(pixels):
        return np.empty((0, 4)), np.empty((0, 4))
    x, y, z = np.moveaxis(np.atleast_3d(healpy.boundaries(1 << order, pixels, nest=True)), 1, 0)
    ra, dec = np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))
    centre = np.array(healpy.pix2ang(1 << order, pixels, nest=True, lonlat=True)[0])[:, None]
    at_pole = np.hypot(x, y) < 1e-9  # a pole has every right ascension; the cell's own is the least bad
    ra = np.where(at_pole, centre, ra)
    return centre + (ra - centre + 180.0) % 360.0 - 180.0, dec


def geojson(region: Region, about: dict[str, Any], levels: Sequence[float] = LEVELS) -> dict[str, Any]:
    """Credible regions as a FeatureCollection; longitude is right ascension, -180 to 180, cut there (RFC 7946)."""
    features = []
    for level in sorted(levels):
        ra, dec = corners(*cells(region, level))
        shifted = ra - 360.0 * np.floor((ra.mean(axis=1, keepdims=True) + 180.0) / 360.0)
        polygons = [
            [piece] for lon, lat in zip(shifted.tolist(), dec.tolist(), strict=True) for piece in _cut(lon, lat)
        ]
        features.append(
            {
                "type": "Feature",
                "properties": about | {"level": level, "area_deg2": region.area_deg2(level)},
                "geometry": {"type": "MultiPolygon", "coordinates": polygons},
            }
        )
    return {"type": "FeatureCollection", "features": features}


def _cut(lon: list[float], lat: list[float]) -> list[list[list[float]]]:
    """A polygon as closed rings, counter-clockwise, each within -180 to 180 degrees."""
    points = list(zip(lon, lat, strict=True))
    rings = []
    for turn in (-360.0, 0.0, 360.0):
        ring = [(x + turn, y) for x, y in points]
        for edge, keeps in ((-180.0, 1.0), (180.0, -1.0)):
            ring = _clip(ring, edge, keeps)
        if len(ring) >= 3:
            area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True))
            if abs(area) > 1e-12:
                ring = ring if area > 0 else ring[::-1]
                rings.append([[round(x, 6), round(y, 6)] for x, y in [*ring, ring[0]]])
    return rings


def _clip(ring: list[tuple[float, float]], edge: float, keeps: float) -> list[tuple[float, float]]:
    """The part of a ring on one side of a meridian (Sutherland and Hodgman 1974)."""
    out: list[tuple[float, float]] = []
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        inside, then = (x1 - edge) * keeps >= 0, (x2 - edge) * keeps >= 0
        if inside:
            out.append((x1, y1))
        if inside != then:
            out.append((edge, y1 + (y2 - y1) * (edge - x1) / (x2 - x1)))
    return out


def mollweide(lon: FloatArray, dec: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mollweide's equal-area projection: x from -2 to 2 for longitudes from -180 to 180 degrees, y from -1 to 1.

    Snyder 1987, USGS Professional Paper 1395, eqs. 31-1 to 31-4, by Newton's method.
    """
    phi = np.radians(dec)
    theta = phi.copy()
    with np.errstate(invalid="ignore", divide="ignore"):
        for _ in range(30):
            step = (2.0 * theta + np.sin(2.0 * theta) - np.pi * np.sin(phi)) / (2.0 + 2.0 * np.cos(2.0 * theta))
            theta = np.where(np.abs(np.abs(phi) - np.pi / 2.0) < 1e-9, phi, theta - step)
    return lon / 90.0 * np.cos(theta), np.sin(theta)


COLOURS = {0.9: "#9ecae1", 0.5: "#2171b5"}
STYLE = "fill:none;stroke:#999;stroke-width:.5"


def svg(region: Region, title: str) -> str:
    """The whole sky with the 50 % and 90 % regions: Mollweide, RA 180 in the middle, growing to the left."""
    from xml.sax.saxutils import escape

    height = WIDTH / 2.0
    paths = "".join(
        f'<path fill="{COLOURS[level]}" stroke="{COLOURS[level]}" stroke-width=".3" d="{_outline(region, level)}"/>'
        for level in LEVELS
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 {WIDTH + 8:g} {height + 8:g}" role="img">'
        f"<title>{escape(title)}</title>"
        f'<clipPath id="sky"><ellipse cx="{WIDTH / 2:g}" cy="{height / 2:g}" rx="{WIDTH / 2:g}" ry="{height / 2:g}"/>'
        f'</clipPath><g clip-path="url(#sky)">{paths}<path style="{STYLE}" d="{_graticule()}"/></g>'
        f'<ellipse cx="{WIDTH / 2:g}" cy="{height / 2:g}" rx="{WIDTH / 2:g}" ry="{height / 2:g}" style="{STYLE}"/>'
        f"{_labels()}</svg>"
    )


def place(ra: FloatArray, dec: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Positions in the picture; right ascensions beyond 0 to 360 degrees lie outside of the sky."""
    x, y = mollweide(180.0 - ra, dec)
    return (x / 2.0 + 1.0) * WIDTH / 2.0, (1.0 - y) * WIDTH / 4.0


def _outline(region: Region, level: float) -> str:
    ra, dec = corners(*cells(region, level))
    beyond = ((ra < 0.0) | (ra > 360.0)).any(axis=1)  # drawn at both ends; what is outside of the sky is clipped
    turned = [ra[beyond] + 360.0, ra[beyond] - 360.0]
    ra, dec = np.concatenate([ra, *turned]), np.concatenate([dec, dec[beyond], dec[beyond]])
    x, y = place(ra, dec)
    cells_ = np.stack([x, y], axis=2).round(1).tolist()
    return "".join("M" + "L".join(f"{a:g} {b:g}" for a, b in cell) + "Z" for cell in cells_)


def _graticule() -> str:
    lines = [(np.full(37, ra), np.linspace(-90.0, 90.0, 37)) for ra in np.arange(0.0, 361.0, 60.0)]
    lines += [(np.linspace(0.0, 360.0, 37), np.full(37, dec)) for dec in np.arange(-60.0, 61.0, 30.0)]
    drawn = [np.stack(place(ra, dec), axis=1).round(1).tolist() for ra, dec in lines]
    return "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in line) for line in drawn)


def _labels() -> str:
    x, y = place(np.array([300.0, 180.0, 60.0]), np.zeros(3))
    shown = zip(("20h", "12h", "4h"), x.tolist(), y.tolist(), strict=True)
    return "".join(
        f'<text x="{a + 2:g}" y="{b - 2:g}" font-size="11" font-family="sans-serif" fill="#666">{text}</text>'
        for text, a, b in shown
    )
