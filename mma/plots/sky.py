"""The region on the sky: contours of credible levels, candidates by number."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from skymaps import FloatArray, Region, healpix

from ..observing import cells, vectors
from . import labels
from .content import Content
from .style import DENSITY, GREY, LIGHT, VERMILION

LEVELS = (0.5, 0.9)
WIDEST_DEG = 40.0
"""A closer look is no wider: the tangent plane stretches what is far from its centre, here 1.7 times."""

PART_DEG = 25.0
"""Of a region that is wider than that, so much around its densest point."""

NARROWEST_DEG = 0.02
ZOOM_LEVEL = 0.9


def register() -> None:
    """Make the projections of ligo.skymap known to matplotlib."""
    with warnings.catch_warnings():  # it imports what reproject has declared private
        warnings.simplefilter("ignore")
        import ligo.skymap.plot  # noqa: F401


def all_sky(figure: Any, place: Any, content: Content, *, numbered: bool = True) -> Any:
    """The whole sky, Mollweide, turned to the middle of the region; east is left. ``numbered``: candidates are."""
    register()
    ra = 0.0 if content.region is None else round(_middle(content.region)[0] / 15.0) * 15.0
    axes = figure.add_subplot(place, projection="astro hours mollweide", center=SkyCoord(ra, 0.0, unit="deg"))
    axes.grid(color=LIGHT, linewidth=0.5)
    axes.coords[0].set_ticklabel(color=GREY, size=7)
    axes.coords[1].set_ticklabel(color=GREY, size=7)
    _plane(axes)
    covered = None
    if content.region is not None:
        covered = _region(axes, content.region)
        _mark_if_small(axes, content.region)
    _candidates(axes, content, covered, numbered=numbered)
    for coordinate in axes.coords:
        coordinate.set_auto_axislabel(False)  # they would lie on the map; hours and degrees say which is which
    return axes


def zoom(figure: Any, place: Any, content: Content) -> Any:
    """The region itself, in the plane that touches the sky at its middle; east is left."""
    register()
    centre, radius_deg = view(content.region)
    where = SkyCoord(*centre, unit="deg")
    axes = figure.add_subplot(place, projection="astro degrees zoom", center=where, radius=radius_deg * u.deg)
    axes.grid(color=LIGHT, linewidth=0.5)
    covered = None if content.region is None else _region(axes, content.region)
    shown = _candidates(axes, content, covered)
    length = _round_length(radius_deg / 2.0)
    axes.scalebar((0.06, 0.06), length * u.deg, color=GREY).label(color=GREY, fontsize=8)
    for coordinate, side, text in zip(axes.coords, "bl", ("right ascension", "declination"), strict=True):
        coordinate.set_ticklabel_position(side)
        coordinate.set_axislabel_position(side)
        coordinate.set_ticks_position(side)
        coordinate.set_axislabel(f"{text} (ICRS)", size=8)
        coordinate.set_ticklabel(size=7)
    axes.set_title(_how_many(shown, len(content.candidates)), fontsize=8, color=GREY, loc="left")
    return axes


def _how_many(shown: int, of: int) -> str:
    if not of:
        return "no candidates"
    if of == 1 and shown:
        return "its candidate"
    return f"the best {of} candidates" if shown == of else f"{shown} of the best {of} candidates lie in this field"


def view(region: Region | None) -> tuple[tuple[float, float], float]:
    """Centre and half width of the closer look, degrees: the 90 % region, or what is around its densest point."""
    if region is None:
        return (0.0, 0.0), PART_DEG
    ra, dec = _inside(region)
    middle = vectors(ra, dec).sum(axis=0)
    middle /= np.linalg.norm(middle)
    reach = np.degrees(np.arccos(np.clip(vectors(ra, dec) @ middle, -1.0, 1.0))).max()
    if 1.15 * reach > WIDEST_DEG:
        return region.centre(), PART_DEG
    at = (float(np.degrees(np.arctan2(middle[1], middle[0])) % 360.0), float(np.degrees(np.arcsin(middle[2]))))
    return at, float(max(1.15 * reach, NARROWEST_DEG))


def _inside(region: Region) -> tuple[FloatArray, FloatArray]:
    """Centres of the cells of the 90 % region, ICRS degrees. Shapes (n,)."""
    order = 12 if region.area_deg2(ZOOM_LEVEL) < 5.0 else 8
    return healpix.pixel_centre(order, region.cells(order, ZOOM_LEVEL))


def _middle(region: Region) -> tuple[float, float]:
    ra, dec, probability = cells(region)
    x, y, z = (vectors(ra, dec) * probability[:, None]).sum(axis=0)
    return float(np.degrees(np.arctan2(y, x)) % 360.0), float(np.degrees(np.arctan2(z, np.hypot(x, y))))


def sampled(axes: Any, region: Region) -> tuple[FloatArray, FloatArray]:
    """Density per square degree and credible level at each pixel of the axes; NaN off the sky. Shapes (ny, nx)."""
    nx, ny = axes.header["NAXIS1"], axes.header["NAXIS2"]
    x, y = np.meshgrid(np.arange(nx), np.arange(ny))
    with np.errstate(invalid="ignore"):
        ra, dec = axes.wcs.pixel_to_world_values(x, y)
    known = np.isfinite(ra) & np.isfinite(dec)
    density, level = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    density[known] = region.probdensity_at(ra[known], dec[known]) * (np.pi / 180.0) ** 2
    level[known] = region.credible_level_at(ra[known], dec[known])
    return density, level


def _region(axes: Any, region: Region) -> labels.Covered:
    """Draw a region; the pixels that are inside of it, for what must not lie on it. Shape (ny, nx)."""
    from matplotlib.colors import LinearSegmentedColormap

    density, level = sampled(axes, region)
    colours = LinearSegmentedColormap.from_list("density", DENSITY)
    axes.imshow(np.ma.masked_invalid(density), cmap=colours, origin="lower", vmin=0.0, zorder=0.5)
    inside = np.where(np.isfinite(level), level, 1.0)
    if inside.min() < LEVELS[-1]:
        axes.contour(
            inside, levels=LEVELS, colors=["#08306b", "#08306b"], linestyles=["-", "--"], linewidths=1.0, zorder=3
        )
    return np.asarray(inside <= LEVELS[-1], dtype=np.bool_)


RING: Any = {"marker": "o", "markerfacecolor": "none", "markeredgecolor": GREY, "markeredgewidth": 1.0}
"""Around a region that is too small to be seen: no contour."""


def _is_small(region: Region | None) -> bool:
    return region is not None and region.area_deg2(ZOOM_LEVEL) < 5.0


def _mark_if_small(axes: Any, region: Region) -> None:
    """A ring around a region that would be a few pixels."""
    if _is_small(region):
        x, y = axes.wcs.world_to_pixel_values(*region.centre())
        axes.plot(x, y, linestyle="", markersize=18, **RING)


def _plane(axes: Any) -> None:
    plane = SkyCoord(np.linspace(0.0, 360.0, 721), np.zeros(721), unit="deg", frame="galactic").icrs
    x, y = axes.wcs.world_to_pixel_values(plane.ra.deg, plane.dec.deg)
    jump = np.hypot(np.diff(x), np.diff(y)) > 0.05 * axes.header["NAXIS1"]
    x = np.insert(np.asarray(x, dtype=np.float64), np.flatnonzero(jump) + 1, np.nan)
    y = np.insert(np.asarray(y, dtype=np.float64), np.flatnonzero(jump) + 1, np.nan)
    axes.plot(x, y, color=GREY, linewidth=0.8, linestyle=":", zorder=1)


def _candidates(axes: Any, content: Content, covered: labels.Covered | None, *, numbered: bool = True) -> int:
    """Points, numbered or smaller; how many of them are in the picture."""
    if not content.candidates:
        return 0
    x, y = axes.wcs.world_to_pixel_values(content.ra, content.dec)
    xy = np.stack([np.atleast_1d(x), np.atleast_1d(y)], axis=1)
    nx, ny = axes.header["NAXIS1"], axes.header["NAXIS2"]
    seen = np.isfinite(xy).all(axis=1) & (xy >= -1).all(axis=1) & (xy <= [nx, ny]).all(axis=1)
    seen &= vectors(content.ra, content.dec) @ vectors(*_centre_of(axes))[0] > (
        0.0 if "TAN" in axes.header["CTYPE1"] else -2.0
    )
    size, edge = (4.0, 0.5) if numbered else (2.5, 0.2)
    axes.plot(
        *xy[seen].T, "o", markersize=size, color=VERMILION, markeredgecolor="white", markeredgewidth=edge, zorder=8
    )
    if not numbered:
        return int(seen.sum())
    ranks = [str(candidate.rank) for candidate in content.candidates]
    labels.number(axes, xy[seen], [rank for rank, yes in zip(ranks, seen, strict=True) if yes], VERMILION, covered)
    return int(seen.sum())


def _centre_of(axes: Any) -> tuple[float, float]:
    return float(axes.header["CRVAL1"]), float(axes.header["CRVAL2"])


def _round_length(degrees: float) -> float:
    """1, 2 or 5 times a power of ten, not more than this."""
    power = 10.0 ** np.floor(np.log10(degrees))
    return float(max(step * power for step in (1.0, 2.0, 5.0) if step * power <= degrees * 1.0001))


def legend(figure: Any, content: Content, *, plane: bool = True, **place: Any) -> None:
    """What the lines and points are; ``plane``: the galactic one is drawn, too."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], color="#08306b", linestyle="-", label="50 % region"),
        Line2D([], [], color="#08306b", linestyle="--", label="90 % region"),
        Line2D([], [], color=VERMILION, marker="o", linestyle="", markersize=4, label="candidate, by rank"),
    ]
    if plane:
        handles.append(Line2D([], [], color=GREY, linestyle=":", label="galactic plane"))
    if plane and _is_small(content.region):
        handles.append(Line2D([], [], linestyle="", markersize=8, label="where the small region is", **RING))
    if content.region is not None:
        densest = content.region.probdensity_at(*content.region.centre())[0] * (np.pi / 180.0) ** 2
        handles.append(Patch(color=DENSITY[-1], label=f"densest: {densest:.2g} per deg²"))
    figure.legend(handles=handles, ncols=6, frameon=False, **place)
