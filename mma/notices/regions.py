"""Numbers that a notice gives for a place, into a region; a shape's complaint becomes the notice's."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import skymaps
from mma.errors import DecodeError
from skymaps import Region

WHOLE_SKY_DEG = 180.0
"""A circle of this radius or more is the whole sky (SNEWS sends 360)."""

MAP_URL = re.compile(r"https?://\S+\.fits?(\.gz)?(,\d+)?")
"""URL of a FITS file, not of a page or picture."""

NO_POSITION = "no position in this notice: the whole sky"

DEFAULT_ERROR_DEG = 0.1
"""90 % radius taken for a position without a usable error, where nothing better is known of who sent it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What a notice tells about the place of its event."""

    region: Region | None = None
    sha256: str | None = None
    """Of the FITS bytes of a map."""
    url: str | None = None
    """Of a map that is not in the notice."""
    remarks: tuple[str, ...] = ()
    is_guess: bool = False
    """Whether the size of the region is ours."""


def default_circle(ra: float, dec: float, radius_deg: float | None, who: str, why: str) -> Where:
    """A circle around a position whose error is not told, or is none."""
    taken = radius_deg or DEFAULT_ERROR_DEG
    remark = f"{why}: 90 % radius of {taken:g} deg taken for {who}"
    return Where(region=skymaps.circle(ra, dec, taken), remarks=(remark,), is_guess=True)


def built(path: str, make: Callable[[], Region]) -> Region:
    """The shape, or a ``DecodeError`` that names the field."""
    try:
        return make()
    except skymaps.RegionError as error:
        raise DecodeError(f"{path}: {error}") from error


def circle(
    path: str,
    ra: float,
    dec: float,
    radius_deg: float,
    containment: float = 0.9,
    systematic: str | None = None,
) -> Region:
    """A circle, with GBM's core and tail where ``systematic`` names one of them."""
    extra = skymaps.GBM_SYSTEMATIC[systematic] if systematic else ()
    if not 0.0 < radius_deg < WHOLE_SKY_DEG:
        raise DecodeError(f"{path}: {radius_deg:g} is not an error radius in degrees")
    return built(path, lambda: skymaps.circle(ra, dec, radius_deg, containment, extra))


def ellipse(path: str, ra: float, dec: float, axes: Sequence[float], containment: float = 0.9) -> Region:
    """Half axes in degrees and position angle from North through East, as GCN gives them."""
    major, minor = axes[0], axes[1] if len(axes) > 1 else axes[0]
    angle = axes[2] if len(axes) > 2 else 0.0
    if min(major, minor) <= 0.0:
        raise DecodeError(f"{path}: {list(axes)} has an axis that is not positive")
    if minor > major:  # CHIME's first axis is often the shorter: the same ellipse, named the other way round
        major, minor, angle = minor, major, angle + 90.0
    if major == minor:
        return circle(path, ra, dec, major, containment)
    return built(path, lambda: skymaps.ellipse(ra, dec, major, minor, angle % 180.0, containment))


def rectangle(path: str, corners: Sequence[tuple[float, float]], containment: float = 0.9) -> Region:
    """The ellipse that touches the sides of a rectangle given by its four corners in turn (MAXI).

    Its sides are the mean of opposite sides. For a Gaussian of independent errors along the two sides the
    ellipse that holds as much as the rectangle is larger than the one within it: half sides are scaled for
    that.
    """
    ra0, dec0 = _middle(corners)
    flat = [_plane(ra0, dec0, ra, dec) for ra, dec in corners]
    first = tuple((flat[1][i] - flat[0][i] + flat[2][i] - flat[3][i]) / 2 for i in (0, 1))
    second = tuple((flat[3][i] - flat[0][i] + flat[2][i] - flat[1][i]) / 2 for i in (0, 1))
    lengths = sorted(((math.hypot(*side), side) for side in (first, second)), reverse=True)
    grow = _circle_sigmas(containment) / _square_sigmas(containment)
    angle = math.degrees(math.atan2(lengths[0][1][0], lengths[0][1][1])) % 180.0
    axes = (grow * lengths[0][0] / 2, grow * lengths[1][0] / 2, angle)
    return ellipse(path, ra0, dec0, axes, containment)


def _circle_sigmas(containment: float) -> float:
    """Radius, in sigmas, of the circle that holds this much of a round Gaussian."""
    return math.sqrt(-2.0 * math.log1p(-containment))


def _square_sigmas(containment: float) -> float:
    """Half side, in sigmas, of the square that holds this much of a round Gaussian."""
    from scipy.special import erfinv

    return math.sqrt(2.0) * float(erfinv(math.sqrt(containment)))


def _middle(corners: Sequence[tuple[float, float]]) -> tuple[float, float]:
    x = y = z = 0.0
    for ra, dec in corners:
        a, d = math.radians(ra), math.radians(dec)
        x, y, z = x + math.cos(d) * math.cos(a), y + math.cos(d) * math.sin(a), z + math.sin(d)
    return math.degrees(math.atan2(y, x)) % 360.0, math.degrees(math.atan2(z, math.hypot(x, y)))


def _plane(ra0: float, dec0: float, ra: float, dec: float) -> tuple[float, float]:
    """East and North of the middle in degrees, on the tangent plane."""
    a, d, d0 = math.radians(ra - ra0), math.radians(dec), math.radians(dec0)
    depth = math.sin(d) * math.sin(d0) + math.cos(d) * math.cos(d0) * math.cos(a)
    if depth <= 0.0:
        raise DecodeError("rectangular_error_corners: more than 90 degrees from their middle")
    east = math.cos(d) * math.sin(a) / depth
    north = (math.sin(d) * math.cos(d0) - math.cos(d) * math.sin(d0) * math.cos(a)) / depth
    return math.degrees(east), math.degrees(north)
