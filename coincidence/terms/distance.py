"""How far: the host's distance against the region's distance along that line of sight."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from skymaps import FloatArray
from skymaps.distance import moments

from ..parameters import Parameters
from ..population import Backgrounds


def event_integral(
    distmu: FloatArray, distsigma: FloatArray, distnorm: FloatArray, mpc: FloatArray, error_mpc: FloatArray
) -> FloatArray:
    """Integral of the region's distance density times a normal around a host's distance, per Mpc.

    The density is ``N d^2 normal(d; mu, sigma)`` (Singer et al. 2016, ApJS 226 10, eq. 2); times
    ``normal(d; D, s)`` it is a normal again, and its second moment over d > 0 has a closed form.
    Shape (n,).
    """
    variance = distsigma**2 + error_mpc**2
    cross = np.exp(-0.5 * (distmu - mpc) ** 2 / variance) / np.sqrt(2.0 * np.pi * variance)
    mean = (distmu * error_mpc**2 + mpc * distsigma**2) / variance
    sigma = distsigma * error_mpc / np.sqrt(variance)
    u = mean / sigma
    gauss = np.exp(-0.5 * u**2) / np.sqrt(2.0 * np.pi)
    second = (mean**2 + sigma**2) * ndtr(u) + mean * sigma * gauss
    return np.asarray(distnorm * cross * second, dtype=np.float64)


_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)


def background_integral(unrelated: Backgrounds, mpc: FloatArray, error_mpc: FloatArray) -> FloatArray:
    """Integral of the background's distance density times a normal around a host's distance, per Mpc. Shape (n,)."""
    points = mpc[:, None] + error_mpc[:, None] * _NODES
    value = np.where(points > 0, unrelated.at(points), 0.0) @ _WEIGHTS / np.sqrt(2.0 * np.pi)
    return np.asarray(value, dtype=np.float64)


def distance(
    parameters: Parameters,
    unrelated: Backgrounds,
    layers: tuple[FloatArray, FloatArray, FloatArray],
    mpc: FloatArray,
    error_mpc: FloatArray,
) -> FloatArray:
    """Ratio (not its log) of a host's distance under the region to that under the background.

    Parameters
    ----------
    unrelated
        Distances of unrelated transients, for the depth of each row.
    layers
        DISTMU, DISTSIGMA, DISTNORM at each alert, NaN where the map tells nothing. Each shape (n,).
    mpc, error_mpc
        The host's luminosity distance and its standard error. Shape (n,).

    Returns
    -------
    :
        ``(1 - e) ratio + e``; 1 (neutral) where either side is unknown. Shape (n,).
    """
    known = np.isfinite(mpc) & np.isfinite(error_mpc) & np.isfinite(layers[0] + layers[1] + layers[2])
    ratio = np.ones(np.shape(mpc))
    if known.any():
        mu, sigma, norm = (layer[known] for layer in layers)
        above = event_integral(mu, sigma, norm, mpc[known], error_mpc[known])
        below = background_integral(unrelated.take(np.flatnonzero(known)), mpc[known], error_mpc[known])
        floor = parameters.distance_floor
        ratio[known] = (1.0 - floor) * above / np.maximum(below, 1e-300) + floor
    return ratio


Completeness = Callable[[FloatArray], FloatArray]
"""Fraction of the galaxies that catalogues hold: of luminosity distances of shape (n, q), or (q,) alike for all of n
alerts, to shape (n, q)."""

NODES = 48
"""Distances along a line of sight at which an event's density is summed."""

STEP = 8
"""Of the background's 4096 distances every eighth is enough for what is smooth."""


def unseen_ratio(
    parameters: Parameters,
    unrelated: Backgrounds,
    layers: tuple[FloatArray, FloatArray, FloatArray],
    completeness: Completeness,
) -> FloatArray:
    """Ratio for a host that no catalogue holds: it is where these are incomplete.

    ``int p_e(d) (1 - C(d)) dd / int p_bg(d) (1 - C(d)) dd``. With hosts in a catalogue at distances drawn from
    ``p_bg C`` and unseen ones from ``p_bg (1 - C)``, the mean over the background is ``int p_e C + int p_e (1 - C)``:
    1.

    Parameters
    ----------
    layers
        DISTMU, DISTSIGMA, DISTNORM at each alert, all finite. Each shape (n,).

    Returns
    -------
    :
        ``(1 - e) ratio + e``, 1 where the catalogues are complete to the end of the survey. Shape (n,).
    """
    mpc, share = nodes(layers)
    above = ((1.0 - completeness(mpc)) * share).sum(axis=1)
    d, density = unrelated.coarse(STEP)
    below = 1.0 - (completeness(d) * density).sum(axis=1)
    floor = parameters.distance_floor
    ratio = np.divide(above, below, out=np.ones(len(mpc)), where=below > 1e-9)
    return np.asarray((1.0 - floor) * ratio + floor, dtype=np.float64)


def nodes(layers: tuple[FloatArray, FloatArray, FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Distances to 6 standard deviations either side, and the share of the probability near each. Shape (n, NODES)."""
    mu, sigma, _ = layers
    mean, std = moments(mu, sigma)
    low, high = np.maximum(mean - 6.0 * std, 0.0), mean + 6.0 * std
    mpc = low[:, None] + (high - low)[:, None] * (np.arange(NODES) + 0.5) / NODES
    log = 2.0 * np.log(mpc) - 0.5 * ((mpc - mu[:, None]) / sigma[:, None]) ** 2
    share = np.exp(log - log.max(axis=1, keepdims=True))
    return mpc, share / share.sum(axis=1, keepdims=True)
