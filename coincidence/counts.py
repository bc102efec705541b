"""Chance of an unrelated galaxy this close: galaxy counts by magnitude, and light radii of those with a shape."""

from __future__ import annotations

import numpy as np

from skymaps import FloatArray

from .alert import StrArray

HALF_LIGHT = 0.54
"""Half-light radius over the isophotal radius at 25 mag per square arcsecond, for an exponential disc of Freeman's
central brightness 21.65 (1970, ApJ 160 811): 1.678 over (25 - 21.65) / 1.0857 scale lengths. Rough for ellipticals."""

TO_R: dict[str, float] = {
    "u": -1.9, "g": -0.7, "r": 0.0, "i": 0.4, "z": 0.6, "y": 0.8,
    "U": -1.4, "B": -1.2, "b_j": -1.0, "V": -0.4, "R": 0.2, "I": 0.9, "J": 1.9, "H": 2.6, "K": 2.8, "W1": 3.0,
}  # fmt: skip
"""Added to a magnitude of each band, it gives about the r magnitude of an average nearby galaxy (g - r = 0.7, Fukugita
et al. 1995, PASP 107 945, table 3; lower case AB, upper case Vega). Rough: 0.5 mag is a factor 1.5 in the counts."""

_DRIVER = (-6.41580144, -3.53188049, -1.68500105, -0.63090954)


def bloom_counts(mag: FloatArray) -> FloatArray:
    """Galaxies brighter than R = ``mag`` per square arcsecond (Bloom et al. 2002, AJ 123 1111, sec. 6.1).

    ``10^(0.33 (m - 24) - 2.44) / (0.33 ln 10)``, after the counts of Hogg et al. 1997. Shape (n,).

    Examples
    --------
    >>> bloom_counts(np.array([20.0])).round(7)
    array([0.0002287])
    """
    return np.asarray(10.0 ** (0.33 * (mag - 24.0) - 2.44) / (0.33 * np.log(10.0)), dtype=np.float64)


def hogg_counts(mag: FloatArray) -> FloatArray:
    """The same counts with the constants that PATH uses (Aggarwal et al. 2021, ApJ 911 95): 4 to 13 % lower."""
    per_deg2 = 10.0 ** (0.334 * (mag - 22.963) + 4.320) / (0.334 * np.log(10.0))
    return np.asarray(per_deg2 / 3600.0**2, dtype=np.float64)


def driver_counts(mag: FloatArray) -> FloatArray:
    """Galaxies brighter than r = ``mag`` per square arcsecond, by Driver et al. 2016 (ApJ 827 108).

    PATH's fit to these counts, a cubic in r from 15 to 30 mag; beyond, the value at the end.
    """
    u = (np.clip(mag, 15.0, 30.0) - 15.0) / 15.0
    a, b, c, d = _DRIVER
    log10 = a * (1 - u) ** 3 + 3 * b * u * (1 - u) ** 2 + 3 * c * u**2 * (1 - u) + d * u**3
    return np.asarray(10.0**log10, dtype=np.float64)


def p_chance(radius_arcsec: FloatArray, per_arcsec2: FloatArray) -> FloatArray:
    """Chance of at least one unrelated galaxy: ``1 - exp(-pi r^2 sigma)``. Shape (n,).

    Examples
    --------
    >>> p_chance(np.array([2.0]), bloom_counts(np.array([20.0]))).round(8)
    array([0.00286983])
    """
    return np.asarray(-np.expm1(-np.pi * radius_arcsec**2 * per_arcsec2), dtype=np.float64)


def r_magnitude(mag: FloatArray, band: StrArray) -> FloatArray:
    """About the r magnitude; NaN where the magnitude or its band is unknown. Shape (n,)."""
    names, place = np.unique(np.array(["" if b is None else str(b) for b in band], dtype=str), return_inverse=True)
    shift = np.array([TO_R.get(name, np.nan) for name in names.tolist()], dtype=np.float64)
    return np.asarray(mag + shift[place] if len(mag) else mag, dtype=np.float64)


def directional_radius(
    semi_major: FloatArray, axis_ratio: FloatArray, position_angle_deg: FloatArray, bearing_deg: FloatArray
) -> FloatArray:
    """Radius of an ellipse in one direction: the directional light radius (Sullivan et al. 2006, ApJ 648 868).

    ``a b / sqrt((a sin t)^2 + (b cos t)^2)``, t between the major axis and the direction (Gupta et al. 2016, AJ 152
    154, eq. 3). Without an axis ratio or position angle the galaxy is taken for round. Any unit; shape (n,).

    Parameters
    ----------
    position_angle_deg, bearing_deg
        Of the major axis and of the direction looked at, degrees from north through east.
    """
    known = np.isfinite(axis_ratio) & np.isfinite(position_angle_deg)
    ratio = np.where(known, axis_ratio, 1.0)
    angle = np.radians(np.where(known, bearing_deg - position_angle_deg, 0.0))
    return np.asarray(semi_major * ratio / np.hypot(np.sin(angle), ratio * np.cos(angle)), dtype=np.float64)


def bearing_deg(ra: FloatArray, dec: FloatArray, to_ra: FloatArray, to_dec: FloatArray) -> FloatArray:
    """Direction from one position to another, degrees from north through east. Shape (n,)."""
    ra, dec, to_ra, to_dec = (np.radians(v) for v in (ra, dec, to_ra, to_dec))
    east = np.cos(to_dec) * np.sin(to_ra - ra)
    north = np.cos(dec) * np.sin(to_dec) - np.sin(dec) * np.cos(to_dec) * np.cos(to_ra - ra)
    return np.asarray(np.degrees(np.arctan2(east, north)), dtype=np.float64)
