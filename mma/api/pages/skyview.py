"""Pictures of the sky: the whole of it by Mollweide, and the surroundings of a region on a tangent plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skymaps import FloatArray, IntArray, Region

from ..drawing import mollweide
from .outline import Plane, as_path, gnomonic, rings, tangent_path, vectors, whole_sky_path

Row = dict[str, Any]
LEVELS = (0.9, 0.5)
WIDTH, HEIGHT = 800.0, 400.0
"""Of the picture of the whole sky, in its own units."""

MIDDLE = 180.0
"""Right ascension in its middle, degrees: as other tools of the field have it, growing to the left."""

SIZE = 500.0
"""Width and height of the picture of a part."""

WHOLE_ORDER = 7
"""Cells of 0.46 degrees: a unit of the whole picture."""

MOST_CELLS = 300_000
WIDEST_DEG = 35.0
"""Half the width of a part that a region is shown in whole; of larger ones the part around the densest point is."""

LARGE_DEG = 15.0
SMALLEST_DEG = 0.05
OBLIQUITY_DEG = 23.4392911  # at J2000, IAU 1976
GALACTIC_POLE, GALACTIC_NODE_DEG = (192.85948, 27.12825), 32.93192  # ESA 1997, SP-1200, vol. 1, eq. 1.5.11


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A part of the sky."""

    ra: float
    dec: float
    half_deg: float
    """Half of its width on the tangent plane, degrees."""

    whole: bool
    """It holds the whole 90 % region."""

    def place(self, xi: FloatArray, eta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Degrees on the tangent plane as the picture's x and y; east is left."""
        scale = SIZE / 2.0 / self.half_deg
        return SIZE / 2.0 - xi * scale, SIZE / 2.0 - eta * scale


def whole_place(lon: FloatArray, dec: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Longitude from the middle, growing to the right, and declination as the whole picture's x and y."""
    x, y = mollweide(lon, dec)
    return (x / 2.0 + 1.0) * WIDTH / 2.0, (1.0 - y) * HEIGHT / 2.0


def cells(region: Region, level: float, order: int) -> tuple[IntArray, int]:
    """Cells that touch a credible region, and their order: coarser ones where there would be too many."""
    while order > 3:
        found = region.cells(order, level)
        if len(found) <= MOST_CELLS:
            return found, order
        order -= 1
    return region.cells(3, level), 3


def frame_of(region: Region) -> Frame:
    """The part of the sky that shows a region: all of it, or the surroundings of its densest point."""
    from skymaps import healpix

    order = 5
    found = region.cells(order, 0.9)
    while order < 13 and len(found) < 200:
        order += 1
        found = region.cells(order, 0.9)
    points = vectors(*healpix.pixel_centre(order, found))
    x, y, z = points.sum(axis=1)
    middle = float(np.degrees(np.arctan2(y, x)) % 360.0), float(np.degrees(np.arctan2(z, np.hypot(x, y))))
    towards = vectors(*np.array(middle))
    with np.errstate(invalid="ignore"):
        angle = float(np.degrees(np.arccos(np.clip(towards @ points, -1.0, 1.0)).max()))
    angle += np.degrees(healpix.max_pixel_radius(order))
    if angle > WIDEST_DEG:
        ra, dec = region.centre()
        return Frame(ra=ra, dec=dec, half_deg=LARGE_DEG, whole=False)
    half = 1.15 * float(np.degrees(np.tan(np.radians(angle))))
    return Frame(ra=middle[0], dec=middle[1], half_deg=max(half, SMALLEST_DEG), whole=True)


def whole_sky(region: Region) -> list[Row]:
    """A region's paths on the picture of the whole sky: one for each level, the larger first."""
    return [{"level": level, "d": _whole_path(region, level)} for level in LEVELS]


def _whole_path(region: Region, level: float) -> str:
    from skymaps import healpix

    found, order = cells(region, level, WHOLE_ORDER)
    if not len(found):
        return ""
    ra, dec = healpix.pixel_centre(order, found[:1])
    return whole_sky_path(rings(found, order), (float(ra[0]), float(dec[0])), MIDDLE, whole_place)


def part(region: Region, frame: Frame, levels: Sequence[float] = LEVELS) -> list[Row]:
    """A region's paths on the picture of a part."""
    return [{"level": level, "d": _part_path(region, level, frame)} for level in levels]


def _part_path(region: Region, level: float, frame: Frame) -> str:
    order = int(np.clip(np.ceil(np.log2(58.6 * 150.0 / (2.0 * frame.half_deg))), 5, 18))
    found, order = cells(region, level, order)
    found = _near(found, order, frame)
    return tangent_path(rings(found, order), frame.ra, frame.dec, frame.place)


def _near(found: IntArray, order: int, frame: Frame) -> IntArray:
    """The cells that show: a border is drawn around these, and where it is not the region's it lies outside."""
    from skymaps import healpix

    if not len(found):
        return found
    towards = vectors(np.array(frame.ra), np.array(frame.dec))
    depth = towards @ vectors(*healpix.pixel_centre(order, found))
    reach = np.arctan(np.radians(frame.half_deg) * np.sqrt(2.0)) + 3.0 * healpix.max_pixel_radius(order)
    near: IntArray = found[depth >= np.cos(min(reach, np.radians(80.0)))]
    return near


def galactic_plane() -> FloatArray:
    """The great circle of Galactic latitude 0 as unit vectors. Shape (3, n)."""
    return _circle(*GALACTIC_POLE)


def ecliptic() -> FloatArray:
    """The great circle of ecliptic latitude 0 at J2000 as unit vectors. Shape (3, n)."""
    return _circle(270.0, 90.0 - OBLIQUITY_DEG)


def _circle(ra: float, dec: float) -> FloatArray:
    """The great circle around a pole. Shape (3, 721)."""
    from .outline import frame

    east, north, _ = frame(ra, dec)
    angle = np.radians(np.linspace(0.0, 360.0, 721))
    return np.asarray(np.outer(east, np.cos(angle)) + np.outer(north, np.sin(angle)))


def whole_line(points: FloatArray) -> str:
    """A line on the picture of the whole sky, broken where it crosses the seam."""
    ra, dec = _radec(points)
    lon = (MIDDLE - ra + 180.0) % 360.0 - 180.0
    breaks = np.flatnonzero(np.abs(np.diff(lon)) > 180.0) + 1
    return _lines(np.split(lon, breaks), np.split(dec, breaks), whole_place)


def part_line(points: FloatArray, frame: Frame) -> str:
    """A line on the picture of a part; "" where it does not come near."""
    xi, eta = gnomonic(points, frame.ra, frame.dec)
    with np.errstate(invalid="ignore"):
        near = np.hypot(xi, eta) < 3.0 * frame.half_deg + 2.0
    breaks = np.flatnonzero(np.diff(np.flatnonzero(near)) > 1) + 1
    pieces = [piece for piece in np.split(np.flatnonzero(near), breaks) if len(piece) > 1]
    return "".join(as_path(*frame.place(xi[p], eta[p]), 1, closed=False) for p in pieces)


def _lines(lons: Sequence[FloatArray], decs: Sequence[FloatArray], plane: Plane) -> str:
    pairs = zip(lons, decs, strict=True)
    return "".join(as_path(*plane(lon, dec), 1, closed=False) for lon, dec in pairs if len(lon) > 1)


def _radec(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    x, y, z = points
    return np.degrees(np.arctan2(y, x)) % 360.0, np.degrees(np.arctan2(z, np.hypot(x, y)))


def graticule() -> str:
    """Meridians every 60 and parallels every 30 degrees."""
    lon = [np.full(61, a) for a in np.arange(-120.0, 121.0, 60.0)] + [np.linspace(-180.0, 180.0, 61)] * 5
    dec = [np.linspace(-90.0, 90.0, 61)] * 5 + [np.full(61, d) for d in np.arange(-60.0, 61.0, 30.0)]
    return _lines(lon, dec, whole_place)


def hours() -> list[Row]:
    """Labels of right ascension along the equator, and of declination."""
    found = []
    for ra, text in ((300.0, "20h"), (240.0, "16h"), (180.0, "12h"), (120.0, "8h"), (60.0, "4h")):
        x, y = whole_place(np.array([MIDDLE - ra]), np.zeros(1))
        found.append({"x": float(x[0]) + 3.0, "y": float(y[0]) - 3.0, "text": text})
    for dec in (60.0, 30.0, -30.0, -60.0):
        x, y = whole_place(np.array([-180.0]), np.array([dec]))
        found.append({"x": float(x[0]) + 4.0, "y": float(y[0]) - 3.0, "text": f"{dec:+.0f}°".replace("-", "−")})
    return found


def marks_whole(ra: FloatArray, dec: FloatArray) -> list[tuple[float, float]]:
    """Where positions are on the picture of the whole sky."""
    lon = (MIDDLE - ra + 180.0) % 360.0 - 180.0
    x, y = whole_place(lon, dec)
    return list(zip(x.round(1).tolist(), y.round(1).tolist(), strict=True))


def marks_part(ra: FloatArray, dec: FloatArray, frame: Frame) -> list[tuple[float, float] | None]:
    """Where positions are on the picture of a part; None for those outside."""
    x, y = frame.place(*gnomonic(vectors(ra, dec), frame.ra, frame.dec))
    inside = (x >= 0) & (x <= SIZE) & (y >= 0) & (y <= SIZE)
    places = zip(x.round(1).tolist(), y.round(1).tolist(), inside.tolist(), strict=True)
    return [(a, b) if shown else None for a, b, shown in places]


def bar(frame: Frame) -> tuple[float, str]:
    """A round angle near a quarter of the part's width: its length in the picture, and its name."""
    wanted = frame.half_deg / 2.0
    steps = [(d, f"{d:g}°") for d in (10.0, 5.0, 2.0, 1.0, 0.5)]
    steps += [(m / 60.0, f"{m:g}′") for m in (20.0, 10.0, 5.0, 2.0, 1.0, 0.5)]
    degrees, name = next((step for step in steps if step[0] <= wanted), steps[-1])
    return degrees * SIZE / 2.0 / frame.half_deg, name
