"""How much of the galaxy population a catalogue holds, by distance and direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray

BoolArray = npt.NDArray[np.bool_]

PLANE_DEG = 10.0
"""Galactic latitude below which dust and crowding make any catalogue useless."""

SEEN_MIN = 1e-2
"""A galaxy that is in a catalogue proves that this holds something there."""

GALACTIC_POLE = (192.85948, 27.12825)
"""North galactic pole, ICRS right ascension and declination in degrees (Hipparcos catalogue, vol. 1, sec. 1.5.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """Fraction of the galaxies, weighted by light, that a catalogue holds: linear between points, 0 beyond the last."""

    mpc: tuple[float, ...] = ()
    """Luminosity distances of the points, growing."""

    fraction: tuple[float, ...] = ()
    """Fraction at each point, 0 to 1."""

    def at(self, mpc: FloatArray) -> FloatArray:
        """Fraction at luminosity distances in Mpc, of any shape; 0 everywhere where nothing is known."""
        if not self.mpc:
            return np.zeros(np.shape(mpc))
        return np.asarray(np.interp(mpc, self.mpc, self.fraction, right=0.0), dtype=np.float64)

    @classmethod
    def parse(cls, text: str) -> Completeness:
        """Points as text: distance in Mpc, colon, fraction; an empty text is no completeness at all.

        Examples
        --------
        >>> Completeness.parse("0:1,50:0.5").at(np.array([25.0, 51.0]))
        array([0.75, 0.  ])
        """
        pairs = [point.split(":") for point in text.split(",")] if text.strip() else []
        try:
            points = [(float(mpc), float(fraction)) for mpc, fraction in pairs]
        except ValueError as error:
            raise ValueError(f"completeness {text!r}: write MPC:FRACTION,MPC:FRACTION, e.g. 0:1,50:0.95") from error
        mpc, fraction = tuple(p[0] for p in points), tuple(p[1] for p in points)
        if not all(0.0 <= f <= 1.0 for f in fraction):
            raise ValueError(f"completeness {text!r}: a fraction lies between 0 and 1")
        if not all(0.0 <= m < np.inf for m in mpc) or any(b <= a for a, b in pairwise(mpc)):
            raise ValueError(f"completeness {text!r}: distances are not negative, and grow from point to point")
        return cls(mpc=mpc, fraction=fraction)

    def __str__(self) -> str:
        return ",".join(f"{m:g}:{f:g}" for m, f in zip(self.mpc, self.fraction, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """What is known of a catalogue as a whole."""

    name: str
    priority: int = 0
    """Where two catalogues have the same galaxy, the smaller number's distance is taken."""

    completeness: Completeness = Completeness()
    dec_min: float = -90.0
    """Southern end of its footprint, ICRS degrees."""

    dec_max: float = 90.0


def coverage(catalogs: Sequence[Catalog], ra: FloatArray, dec: FloatArray) -> BoolArray:
    """Where each catalogue can be expected to hold a host: in its footprint, not in the galactic plane.

    Positions are ICRS degrees, shape (n,); the answer has shape (n, catalogues).
    """
    south = np.array([c.dec_min for c in catalogs], dtype=np.float64)
    north = np.array([c.dec_max for c in catalogs], dtype=np.float64)
    inside = (dec[:, None] >= south) & (dec[:, None] <= north)
    return np.asarray(inside & ~in_plane(ra, dec)[:, None])


def in_plane(ra: FloatArray, dec: FloatArray) -> BoolArray:
    """Within 10 deg of the galactic plane. Shape (n,)."""
    return np.asarray(np.abs(sin_latitude(ra, dec)) < np.sin(np.radians(PLANE_DEG)))


def sin_latitude(ra: FloatArray, dec: FloatArray) -> FloatArray:
    """Sine of the galactic latitude of ICRS positions in degrees. Shape (n,)."""
    pole_ra, pole_dec = np.radians(GALACTIC_POLE)
    lon, lat = np.radians(ra), np.radians(dec)
    return np.asarray(
        np.sin(lat) * np.sin(pole_dec) + np.cos(lat) * np.cos(pole_dec) * np.cos(lon - pole_ra), dtype=np.float64
    )


def together(catalogs: Sequence[Catalog], covered: BoolArray, mpc: FloatArray) -> FloatArray:
    """Completeness of several catalogues at once: the largest of those that cover a row.

    They hold mostly the same galaxies, so that ``1 - prod(1 - C)``, right for independent ones, would promise too much.

    Parameters
    ----------
    covered
        Shape (n, catalogues), from `coverage`.
    mpc
        Luminosity distances: shape (n, q), or (q,) alike for every row.

    Returns
    -------
    :
        Shape (n, q).
    """
    out = np.zeros((len(covered), np.shape(mpc)[-1]))
    for catalog, rows in zip(catalogs, covered.T, strict=True):
        if catalog.completeness.mpc and rows.any():
            fraction = catalog.completeness.at(mpc if np.ndim(mpc) == 1 else mpc[rows])
            out[rows] = np.maximum(out[rows], fraction)
    return out
