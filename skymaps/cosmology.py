"""One cosmology, named once: Planck 2018 (astropy's Planck18), as tables built on first use."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from .errors import RegionError
from .region import FloatArray

NAME = "Planck18"
"""Planck Collaboration 2020, A&A 641, A6 (table 2, last column); the name in ``astropy.cosmology``."""

Z_MAX = 30.0
"""Largest redshift that the tables reach."""


@cache
def _tables() -> tuple[FloatArray, FloatArray, FloatArray]:
    """ln(1+z), luminosity distance / z in Mpc, d(comoving volume)/dz per sr in Mpc^3 / z^2."""
    from astropy.cosmology import Planck18

    x = np.linspace(0.0, np.log1p(Z_MAX), 4096)
    z = np.expm1(x[1:])
    ratio = np.asarray(Planck18.luminosity_distance(z).value) / z
    volume = np.asarray(Planck18.differential_comoving_volume(z).value) / z**2
    hubble_mpc = float(Planck18.hubble_distance.value)
    return x, np.concatenate([[hubble_mpc], ratio]), np.concatenate([[hubble_mpc**3], volume])


def distance_mpc(z: npt.ArrayLike) -> FloatArray:
    """Luminosity distance in Mpc at each redshift from 0 to 30; within 1e-6 of astropy's Planck18.

    Examples
    --------
    >>> distance_mpc([0.0, 0.1]).round(2)
    array([  0.  , 475.82])
    """
    redshifts = np.atleast_1d(np.asarray(z, dtype=np.float64))
    if not ((redshifts >= 0) & (redshifts <= Z_MAX)).all():
        raise RegionError(f"redshift outside 0 to {Z_MAX:g}")
    x, ratio, _ = _tables()
    return redshifts * np.interp(np.log1p(redshifts), x, ratio)


def redshift(mpc: npt.ArrayLike) -> FloatArray:
    """Redshift at each luminosity distance in Mpc, the inverse of `distance_mpc`."""
    distances = np.atleast_1d(np.asarray(mpc, dtype=np.float64))
    x, ratio, _ = _tables()
    reach = Z_MAX * ratio[-1]
    if not ((distances >= 0) & (distances <= reach)).all():
        raise RegionError(f"distance outside 0 to {reach:.0f} Mpc")
    z = np.interp(distances, np.expm1(x) * ratio, np.expm1(x))
    for _ in range(3):  # the table is linear in distance / z, this inverse in distance: secant steps make them agree
        z = _step(distances, z)
    return z


def _step(distances: FloatArray, z: FloatArray) -> FloatArray:
    """One secant step of ``distance_mpc(z) = distances``."""
    x, ratio, _ = _tables()
    step = 1e-6 * (1.0 + z)
    here = z * np.interp(np.log1p(z), x, ratio)
    there = (z + step) * np.interp(np.log1p(z + step), x, ratio)
    moved: FloatArray = np.clip(z - (here - distances) * step / (there - here), 0.0, Z_MAX)
    return moved


def comoving_weight(z: npt.ArrayLike) -> FloatArray:
    """Comoving volume per redshift and steradian, dV_c/dz in Mpc^3, at each redshift from 0 to 30."""
    redshifts = np.atleast_1d(np.asarray(z, dtype=np.float64))
    if not ((redshifts >= 0) & (redshifts <= Z_MAX)).all():
        raise RegionError(f"redshift outside 0 to {Z_MAX:g}")
    x, _, volume = _tables()
    return redshifts**2 * np.interp(np.log1p(redshifts), x, volume)
