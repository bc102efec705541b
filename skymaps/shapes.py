"""Shapes by name: what a notice says becomes a region, and regions become records and come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from . import healpix
from .annulus import Annulus
from .circle import Circle, Mixture
from .ellipse import Ellipse
from .errors import RegionError
from .lookup import Kind, Lookup
from .region import SKY_DEG2, FloatArray, IntArray, Region, Tiles


class AllSky(Region):
    """No position known: every direction is as likely.

    All points tie, so each lies in some smallest region of every level: the credible level is 0 everywhere.
    """

    def probdensity_at(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> FloatArray:
        """1 / 4 pi per steradian at each position. Shape (n,)."""
        return np.full(healpix.positions(ra, dec)[0].size, 1.0 / (4.0 * np.pi))

    def credible_level_at(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> FloatArray:
        """Zero at each position. Shape (n,)."""
        return np.zeros(healpix.positions(ra, dec)[0].size)

    def lookup(self) -> Lookup:
        """Nothing to look up."""
        return Lookup(kind=Kind.EVEN, n=0)

    def area_deg2(self, level: float) -> float:
        """That share of the sky in square degrees."""
        return float(np.clip(level, 0.0, 1.0)) * SKY_DEG2

    def cells(self, order: int, level: float) -> IntArray:
        """All NESTED pixels of this order."""
        return np.arange(12 << (2 * order), dtype=np.int64)

    def tiles(self) -> Tiles:
        """The twelve base pixels."""
        lower = np.arange(12, dtype=np.int64) * healpix.span(0)
        return Tiles(lower=lower, upper=lower + healpix.span(0), probdensity=np.full(12, 1.0 / (4.0 * np.pi)))

    def centre(self) -> tuple[float, float]:
        """(0, 0): no point is denser than another."""
        return 0.0, 0.0

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able record for `from_dict`."""
        return {"type": "all_sky"}


def circle(ra: float, dec: float, radius_deg: float, containment: float = 0.9, systematic: Mixture = ()) -> Circle:
    """Error circle as a von Mises-Fisher distribution.

    Parameters
    ----------
    ra, dec
        Centre, ICRS degrees.
    radius_deg
        Radius that holds ``containment`` (statistical error only); below one arcsecond it counts as one.
    containment
        Probability within the radius: "1 sigma" may mean 0.39, 0.68 or 0.683, so say which.
    systematic
        (weight, sigma in degrees) of a mixture to widen it by, such as ``GBM_SYSTEMATIC["ground"]``.

    Examples
    --------
    >>> circle(197.45, -23.38, 5.0).area_deg2(0.9).__round__(2)
    78.49
    """
    return Circle(ra, dec, radius_deg, containment, systematic)


def ellipse(
    ra: float,
    dec: float,
    semimajor_deg: float,
    semiminor_deg: float,
    position_angle_deg: float,
    containment: float = 0.9,
) -> Ellipse:
    """Error ellipse whose contour of ``containment`` has these half axes; position angle north through east."""
    return Ellipse.of_axes(ra, dec, semimajor_deg, semiminor_deg, position_angle_deg, containment)


def asymmetric(
    ra: float,
    dec: float,
    ra_plus_deg: float,
    ra_minus_deg: float,
    dec_plus_deg: float,
    dec_minus_deg: float,
    containment: float = 0.9,
) -> Ellipse:
    """Four-quadrant Gaussian of errors in right ascension (coordinate degrees) and declination, as IceCube's.

    Signs of the errors are ignored; those of right ascension are shortened by cos(dec).
    """
    return Ellipse.of_errors(ra, dec, ra_plus_deg, ra_minus_deg, dec_plus_deg, dec_minus_deg, containment)


def annulus(ra: float, dec: float, radius_deg: float, half_width_deg: float, containment: float = 0.9) -> Annulus:
    """Ring about an axis at (ra, dec): ``containment`` lies within ``half_width_deg`` of the radius."""
    return Annulus(ra, dec, radius_deg, half_width_deg, containment)


def all_sky() -> AllSky:
    """The whole sky, for an event without position."""
    return AllSky()


_MAKERS: dict[str, Callable[..., Region]] = {
    "circle": circle,
    "ellipse": ellipse,
    "asymmetric": asymmetric,
    "annulus": annulus,
    "all_sky": all_sky,
}


def from_dict(record: dict[str, Any]) -> Region:
    """The shape of a record that `to_dict` made; maps are read from their FITS file instead.

    Examples
    --------
    >>> from_dict({"type": "circle", "ra": 10.0, "dec": 0.0, "radius_deg": 1.0}).centre()
    (10.0, 0.0)
    """
    fields = dict(record)
    kind = fields.pop("type", None)
    if kind == "skymap":
        raise RegionError(f"type skymap {fields.get('sha256')}: a map is read from its FITS file")
    maker = _MAKERS.get(str(kind))
    if maker is None:
        raise RegionError(f"type {kind!r} is not one of {', '.join(_MAKERS)}, skymap")
    try:
        return maker(**fields)
    except TypeError as error:
        raise RegionError(f"{kind}: {error}") from error
