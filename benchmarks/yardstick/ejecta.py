"""The light of radioactive ejecta, from published formulas.

Heating: Korobkin et al. 2012 (MNRAS 426 1940), eq. 4. Thermalisation: Barnes et al. 2016 (ApJ 829 110), table 1, eq.
34. Diffusion: Arnett 1982 with the constants of Villar et al. 2017 (ApJL 851 L21), eqs. 1 to 3. Photosphere: a black
body that grows until it is as cold as the temperature floor, then shrinks at that temperature (their eq. 5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from .cosmos import FloatArray

SOLAR_MASS_G = 1.98841e33
C_CM_S = 2.99792458e10
STEFAN = 5.670374e-5
PLANCK = 6.62607e-27
BOLTZMANN = 1.380649e-16
PARSEC_CM = 3.0856776e18
DAY_S = 86400.0
BETA = 13.4
"""Of the density profile, in the time of diffusion."""

WAVE_CM = np.array([3.68e-5, 4.80e-5, 6.22e-5, 7.55e-5, 8.69e-5, 9.71e-5])
"""Effective wavelengths of ugrizy (Rubin)."""

_MASS = np.log10([1e-3, 5e-3, 1e-2, 5e-2])
_SPEED = np.array([0.1, 0.2, 0.3])
_BARNES = {
    "a": [[2.01, 4.52, 8.16], [0.81, 1.90, 3.20], [0.56, 1.31, 2.19], [0.27, 0.55, 0.95]],
    "b": [[0.28, 0.62, 1.19], [0.19, 0.28, 0.45], [0.17, 0.21, 0.31], [0.10, 0.13, 0.15]],
    "d": [[1.12, 1.39, 1.52], [0.86, 1.21, 1.39], [0.74, 1.13, 1.32], [0.60, 0.90, 1.13]],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """Ejecta of one opacity."""

    mass: float
    """Solar masses."""

    speed: float
    """In units of that of light."""

    opacity: float
    """cm2/g."""

    floor_k: float
    """Temperature below which the photosphere does not cool."""


def heating(days: FloatArray) -> FloatArray:
    """Radioactive power, erg/s/g: ``4e18 [1/2 - arctan((t - 1.3 s) / 0.11 s) / pi]^1.3``."""
    t = days * DAY_S
    return 4e18 * (0.5 - np.arctan((t - 1.3) / 0.11) / np.pi) ** 1.3


def thermalised(days: FloatArray, mass: float, speed: float) -> FloatArray:
    """Part of the power that heats the ejecta: ``0.36 [exp(-a t) + ln(1 + 2 b t^d) / (2 b t^d)]``."""
    at = np.array([[np.clip(np.log10(mass), _MASS[0], _MASS[-1]), np.clip(speed, _SPEED[0], _SPEED[-1])]])
    a, b, d = (float(RegularGridInterpolator((_MASS, _SPEED), np.array(_BARNES[k]))(at)[0]) for k in "abd")
    x = 2.0 * b * days**d
    return 0.36 * (np.exp(-a * days) + np.log1p(x) / x)


def luminosity(days: FloatArray, part: Component) -> FloatArray:
    """Bolometric luminosity, erg/s: the integral of Arnett's rule, on the grid of times that is given."""
    grid = np.geomspace(1e-4, max(float(days.max()), 1.0), 1500)
    power = part.mass * SOLAR_MASS_G * heating(grid) * thermalised(grid, part.mass, part.speed)
    diffusion = np.sqrt(2.0 * part.opacity * part.mass * SOLAR_MASS_G / (BETA * part.speed * C_CM_S * C_CM_S)) / DAY_S
    x = (grid / diffusion) ** 2
    inner = 2.0 * power * np.exp(np.minimum(x, 600.0)) * grid / diffusion
    total = np.concatenate([[0.0], np.cumsum(0.5 * (inner[1:] + inner[:-1]) * np.diff(grid))]) / diffusion
    value = total * np.exp(-np.minimum(x, 600.0))
    late = x > 600.0
    value[late] = power[late]
    return np.interp(days, grid, value)


def absolute(days: FloatArray, parts: list[Component]) -> FloatArray:
    """Absolute AB magnitudes in ugrizy. Shape (6, n)."""
    total = np.zeros((6, len(days)))
    for part in parts:
        power = luminosity(days, part)
        radius = part.speed * C_CM_S * days * DAY_S
        hot = (power / (4.0 * np.pi * STEFAN * radius**2)) ** 0.25
        cold = hot < part.floor_k
        temperature = np.where(cold, part.floor_k, hot)
        radius = np.where(cold, np.sqrt(power / (4.0 * np.pi * STEFAN * part.floor_k**4)), radius)
        nu = C_CM_S / WAVE_CM[:, None]
        with np.errstate(over="ignore"):
            planck = 2.0 * PLANCK * nu**3 / C_CM_S**2 / np.expm1(PLANCK * nu / BOLTZMANN / temperature)
        total += np.pi * planck * (radius / (10.0 * PARSEC_CM)) ** 2
    return -2.5 * np.log10(np.maximum(total, 1e-60)) - 48.6
