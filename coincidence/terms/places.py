"""How far the objects of pairs may be, and how bright what is unrelated is there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import log_ndtr

from skymaps import FloatArray, IntArray

from ..parameters import Parameters
from ..population import Luminosity, background, log_seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """How far each pair's object may be: one row a possible host, and one row a pair for an unseen host."""

    pair: IntArray
    """Shape (m,), like all columns but ``event_knows``."""

    weight: FloatArray
    """Probability of this host; sums to 1 over a pair's rows."""

    ratio: FloatArray
    """Ratio of the host's distance, event against background: the distance term's."""

    modulus: FloatArray
    """Distance modulus of a host of something unrelated, mag; NaN for an unseen one."""

    modulus_sigma: FloatArray
    event_modulus: FloatArray
    """The same for a host of the event's counterpart, for an unseen one from the region's distance; NaN unknown."""

    event_modulus_sigma: FloatArray
    event_knows: np.ndarray[tuple[int], np.dtype[np.bool_]]
    """Pairs whose region tells a distance there. Shape (n pairs,)."""

    hostless: FloatArray
    """Part of the unrelated transients there that have no catalogued host. Shape (n pairs,)."""

    depth: FloatArray
    """Of the looks that found each object, AB mag. Shape (n pairs,)."""

    once: FloatArray
    """Part of the unrelated transients like it that are seen in a single exposure. Shape (n pairs,)."""


@lru_cache(maxsize=256)
def background_magnitude(limit_mag: float, luminosity: Luminosity) -> tuple[float, float]:
    """Mean and standard deviation of the apparent magnitudes of background transients that a survey sees.

    The population of ``distance.background``: at each distance a mixture of normals in magnitude, cut at the limit.
    """
    model = background(limit_mag, luminosity)
    mpc = np.exp(model.log_mpc)
    sort = np.exp(log_seen(limit_mag, mpc, luminosity))
    share = sort / np.maximum(sort.sum(axis=0), 1e-300)
    weight = share * model.density * np.gradient(mpc)
    peak, sigma = (np.array(column)[:, None] for column in list(zip(*luminosity, strict=True))[1:])
    at = 5.0 * np.log10(mpc) + 25.0 + peak
    cut = np.maximum((limit_mag - at) / sigma, -30.0)
    hazard = np.exp(-0.5 * cut**2 - 0.5 * np.log(2.0 * np.pi) - log_ndtr(cut))
    mean = at - sigma * hazard
    variance = sigma**2 * np.maximum(1.0 - cut * hazard - hazard**2, 0.0)
    average = float(np.average(mean, weights=weight))
    return average, float(np.sqrt(np.average(variance + (mean - average) ** 2, weights=weight)))


Usual = tuple[FloatArray, FloatArray]
"""Mean and variance of what is, when first seen, as bright as the background is: no distance is known. Shape (m,)."""


def usual_magnitudes(places: Places, parameters: Parameters) -> Usual:
    """Those of each place, by the depth of the looks there."""
    depths, row = np.unique(places.depth, return_inverse=True)
    told = np.array([background_magnitude(float(d), parameters.luminosity) for d in depths]).reshape(-1, 2)
    mean, sigma = told[row[places.pair]].T
    return mean, sigma**2


def unrelated_magnitudes(
    places: Places, usual: Usual, start: FloatArray | float, mag: float, mag_sigma: float, wider: float
) -> tuple[FloatArray, FloatArray]:
    """Offset from a mean light curve that begins at ``start``, and variance, of what is unrelated."""
    mean, variance = usual
    unseen = np.isnan(places.modulus)
    offset = np.where(unseen, mean - start, mag + places.modulus)
    return offset, np.where(unseen, wider**2 * variance, mag_sigma**2 + places.modulus_sigma**2)
