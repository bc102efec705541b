"""Distances and volumes: flat, H0 = 67.7 km/s/Mpc, matter 0.31 (Planck Collaboration 2020, A&A 641 A6)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

HUBBLE_KM_S_MPC = 67.7
MATTER = 0.31
C_KM_S = 299792.458
DAY_S = 86400.0
YEAR_D = 365.25
SKY_DEG2 = 41252.96125

_Z = np.concatenate([[0.0], np.geomspace(1e-5, 6.0, 6000)])
_E = np.sqrt(MATTER * (1 + _Z) ** 3 + 1 - MATTER)
_COMOVING = (
    np.concatenate([[0.0], np.cumsum(0.5 * (1 / _E[1:] + 1 / _E[:-1]) * np.diff(_Z))]) * C_KM_S / HUBBLE_KM_S_MPC
)
_LUMINOSITY = _COMOVING * (1 + _Z)


def luminosity_mpc(z: npt.ArrayLike) -> FloatArray:
    """Luminosity distance, Mpc."""
    return np.interp(z, _Z, _LUMINOSITY)


def comoving_mpc(z: npt.ArrayLike) -> FloatArray:
    """Comoving distance, Mpc."""
    return np.interp(z, _Z, _COMOVING)


def redshift(mpc: npt.ArrayLike) -> FloatArray:
    """Redshift at a luminosity distance."""
    return np.interp(mpc, _LUMINOSITY, _Z)


def modulus(mpc: npt.ArrayLike) -> FloatArray:
    """Distance modulus, mag."""
    return 5.0 * np.log10(np.maximum(mpc, 1e-6)) + 25.0


def volume_mpc3(z: npt.ArrayLike) -> FloatArray:
    """Comoving volume of the whole sky out to a redshift, Mpc^3."""
    return 4.0 / 3.0 * np.pi * comoving_mpc(z) ** 3


def number(rate: float, growth: float, z_max: float) -> float:
    """Explosions a year on the whole sky that reach us: ``int rate (1 + z)^(growth - 1) dV``.

    Parameters
    ----------
    rate
        Today, per Mpc^3 and year.
    growth
        Power of (1 + z) with which it grows.
    """
    z = np.linspace(0.0, z_max, 2001)
    middle = 0.5 * (z[1:] + z[:-1])
    return float(rate * np.sum((1 + middle) ** (growth - 1) * np.diff(volume_mpc3(z))))


def redshifts(n: int, growth: float, z_max: float, random: np.random.Generator) -> FloatArray:
    """Redshifts of such explosions. Shape (n,)."""
    z = np.linspace(0.0, z_max, 2001)
    middle = 0.5 * (z[1:] + z[:-1])
    total = np.concatenate([[0.0], np.cumsum((1 + middle) ** (growth - 1) * np.diff(volume_mpc3(z)))])
    return np.interp(random.uniform(0.0, total[-1], n), total, z)
