"""Whether a counterpart would have been found at all: by its class's light, the event's distance, the looks' depth."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import ndtr, ndtri

from skymaps import FloatArray

from ..fading import Template
from ..models import Light, Photometry
from .shapes import along, courses, mean_mag

PHASES = 8
"""Times of the first look that stand for all, even over a cadence."""

LOOKS = 4
"""Looks that count: by the fifth, what begins with an event is gone."""

DISTANCES = 9
NOMINAL = 2
"""Column of r in a template."""

_SLOPES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(5)


@lru_cache(maxsize=65_536)
def visible(
    light: Light,
    template: Template | None,
    distance_mpc: tuple[float, float] | None,
    depth: float,
    cadence_d: float,
    model: Photometry,
) -> float:
    """Probability that one look at least, of a regular cadence with any phase, sees a class whose light begins with the
    event: magnitude and slope drawn from the class's normals, the event's distance from a normal.

    Parameters
    ----------
    distance_mpc
        Mean and standard deviation, Mpc. None: the class's apparent magnitude, where it has one; else 1.
    depth
        Limiting magnitude in r.
    cadence_d
        Days between looks.
    """
    if distance_mpc is None and light.apparent_mag is None:
        return 1.0
    days = cadence_d * ((np.arange(PHASES)[:, None] + 0.5) / PHASES + np.arange(LOOKS))
    lever = along(light, days) - along(light, np.ones(1))
    centre, sigma = _magnitudes(light, distance_mpc)
    noise = model.model_error_mag**2 + model.limit_softness_mag**2
    total = 0.0
    for share, course in courses(light):
        mean = mean_mag(light, template, days.ravel(), np.full(days.size, NOMINAL), course).reshape(days.shape)
        reach = (depth - mean)[..., None] - light.slope_sigma * _SLOPES * lever[..., None]
        best = reach.max(axis=1)[..., None]
        seen = ndtr((best - centre) / np.sqrt(sigma**2 + noise)).mean(axis=(0, 2))
        total += share * float(seen @ _WEIGHTS / _WEIGHTS.sum())
    return total


def _magnitudes(light: Light, distance_mpc: tuple[float, float] | None) -> tuple[FloatArray, float]:
    """Means of the class's magnitude at quantiles of the distance, and its scatter."""
    if distance_mpc is None:
        return np.array([light.apparent_mag]), light.apparent_mag_sigma
    mean, error = distance_mpc
    part = (np.arange(DISTANCES) + 0.5) / DISTANCES
    mpc = np.maximum(mean + error * ndtri(part), 0.1 * mean)
    return np.asarray(light.mag + 5.0 * np.log10(mpc) + 25.0), light.mag_sigma
