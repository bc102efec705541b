"""The region on the sky: contours of credible levels, candidates by number."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

from skymaps import FloatArray, Region, healpix

from ..nights import vectors
from ..visibility import cells
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


def all_sky(figure: Any, place: Any, content: Content) -> Any:
    """The whole sky, Mollweide, turned to the middle of the region; east is left."""
    register()
    ra = 0.0 if content.region is None else round(_middle(content.region)[0] / 15.0) * 15.0
    axes = figure.add_subplot(place, projection="astro hours mollweide", center=SkyCoord(ra, 0.0, unit="deg"))
    axes.grid(color=LIGHT, linewidth=0.5)
    axes.coords[0].set_ticklabel(color=GREY, size=7)
    axes.coords[1].set_ticklabel(color=GREY, size=7)
    _plane(axes)
    if content.region is not None:
        _region(axes, content.region)
        _mark_if_small(axes, content.region)
    _candidates(axes, content)
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
    if content.region is not None:
        _region(axes, content.region)
    shown = _candidates(axes, content)
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


def _region(axes: Any, region: Region) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    density, level = sampled(axes, region)
    colours = LinearSegmentedColormap.from_list("density", DENSITY)
    axes.imshow(np.ma.masked_invalid(density), cmap=colours, origin="lower", vmin=0.0, zorder=0.5)
    inside = np.where(np.isfinite(level), level, 1.0)
    if inside.min() < LEVELS[-1]:
        axes.contour(
            inside, levels=LEVELS, colors=["#08306b", "#08306b"], linestyles=["-", "--"], linewidths=1.0, zorder=3
        )


def _mark_if_small(axes: Any, region: Region) -> None:
    """A ring around a region that would be a few pixels."""
    if region.area_deg2(ZOOM_LEVEL) < 5.0:
        ra, dec = region.centre()
        x, y = axes.wcs.world_to_pixel_values(ra, dec)
        axes.plot(x, y, "o", markersize=18, markerfacecolor="none", markeredgecolor="#08306b", markeredgewidth=1.0)


def _plane(axes: Any) -> None:
    plane = SkyCoord(np.linspace(0.0, 360.0, 721), np.zeros(721), unit="deg", frame="galactic").icrs
    x, y = axes.wcs.world_to_pixel_values(plane.ra.deg, plane.dec.deg)
    jump = np.hypot(np.diff(x), np.diff(y)) > 0.05 * axes.header["NAXIS1"]
    x = np.insert(np.asarray(x, dtype=np.float64), np.flatnonzero(jump) + 1, np.nan)
    y = np.insert(np.asarray(y, dtype=np.float64), np.flatnonzero(jump) + 1, np.nan)
    axes.plot(x, y, color=GREY, linewidth=0.8, linestyle=":", zorder=1)


def _candidates(axes: Any, content: Content) -> int:
    """Numbered points; how many of them are in the picture."""
    if not content.candidates:
        return 0
    x, y = axes.wcs.world_to_pixel_values(content.ra, content.dec)
    xy = np.stack([np.atleast_1d(x), np.atleast_1d(y)], axis=1)
    nx, ny = axes.header["NAXIS1"], axes.header["NAXIS2"]
    seen = np.isfinite(xy).all(axis=1) & (xy >= -1).all(axis=1) & (xy <= [nx, ny]).all(axis=1)
    seen &= vectors(content.ra, content.dec) @ vectors(*_centre_of(axes))[0] > (
        0.0 if "TAN" in axes.header["CTYPE1"] else -2.0
    )
    axes.plot(*xy[seen].T, "o", markersize=4, color=VERMILION, markeredgecolor="white", markeredgewidth=0.5, zorder=8)
    ranks = [str(candidate.rank) for candidate in content.candidates]
    labels.number(axes, xy[seen], [rank for rank, yes in zip(ranks, seen, strict=True) if yes], VERMILION)
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
    if content.region is not None:
        densest = content.region.probdensity_at(*content.region.centre())[0] * (np.pi / 180.0) ** 2
        handles.append(Patch(color=DENSITY[-1], label=f"densest: {densest:.2g} per deg²"))
    figure.legend(handles=handles, ncols=5, frameon=False, **place)
