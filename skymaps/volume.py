"""Credible volume: how much probability lies in all of space that is denser than a point."""

from __future__ import annotations

import numpy as np

from . import distance
from .region import FloatArray

NODES = 96
ROUNDS = 10
"""Thresholds in the table to begin with, and half as many more in each round; cubic between them, good to 5e-5."""

GRID_STEPS = 1000
"""Distances are rounded down to a grid of this many steps up to 6 mean distances, as crossmatch does."""

_LEFT_OUT = 1e-6
"""Probability in the faintest lines of sight that the table leaves out."""


class VolumeTable:
    """Probability above each density per Mpc^3 of one map, for the ranking of Singer et al. 2016.

    On a line of sight the density per (luminosity distance) volume is ``A exp(-(d - mu)^2 / 2 sigma^2)`` with
    ``A = probdensity norm / (sqrt(2 pi) sigma)``, so the part above a threshold t is the interval
    ``mu +- sigma sqrt(2 ln(A/t))`` and its probability a difference of two survival functions: no voxels,
    no grid that follows the targets. The asked distance is rounded down to a fixed grid only so that answers
    equal those of ``ligo.skymap.postprocess.crossmatch`` (within 1e-4; exact distances differ by up to 6e-3).
    """

    def __init__(
        self, probdensity: FloatArray, prob: FloatArray, mu: FloatArray, sigma: FloatArray, norm: FloatArray
    ) -> None:
        from scipy.interpolate import PchipInterpolator

        good = distance.is_good(mu, sigma, norm) & (probdensity > 0)
        # crossmatch's mean: lines of sight without a distance count as zero and nothing is renormalised
        mean = float(np.nansum(prob * distance.moments(mu, sigma)[0]))
        self.step = 6.0 * mean / GRID_STEPS if mean > 0 else np.inf
        kept = np.flatnonzero(good)[np.argsort(-prob[good], kind="stable")]
        kept = kept[: np.searchsorted(np.cumsum(prob[kept]), prob[kept].sum() - _LEFT_OUT) + 1]
        prob, mu, sigma = prob[kept], mu[kept], sigma[kept]
        peak = log_amplitude(probdensity[kept], sigma, norm[kept])
        top = np.where(mu < 0, peak - 0.5 * (mu / sigma) ** 2, peak)  # the densest point with d >= 0
        self.top = float(top.max(initial=-np.inf))
        self.depth, self.level = _table(prob, mu, sigma, peak, top)
        self._interpolate = PchipInterpolator(self.depth, self.level, extrapolate=False)

    def level_at(
        self, probdensity: FloatArray, mu: FloatArray, sigma: FloatArray, norm: FloatArray, mpc: FloatArray
    ) -> FloatArray:
        """Credible volume level of points: the line of sight's parameters and a distance in Mpc each."""
        mpc = np.where(mpc < GRID_STEPS * self.step, np.maximum(np.floor(mpc / self.step), 1.0) * self.step, mpc)
        with np.errstate(invalid="ignore", divide="ignore"):
            log = log_amplitude(probdensity, sigma, norm) - 0.5 * ((mpc - mu) / sigma) ** 2
        known = np.isfinite(mu) & ~np.isnan(log)
        below = np.maximum(self.top - np.where(known, log, self.top), 0.0)
        level = self._interpolate(np.minimum(np.sqrt(below), self.depth[-1]))
        return np.where(known & np.isfinite(mpc), level, np.nan)


def log_amplitude(probdensity: FloatArray, sigma: FloatArray, norm: FloatArray) -> FloatArray:
    """ln of the density per Mpc^3 at d = mu."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(probdensity) + np.log(norm) - np.log(distance.SQRT_2PI * sigma))


def _table(
    prob: FloatArray, mu: FloatArray, sigma: FloatArray, peak: FloatArray, top: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Depths, ascending, and the probability above each: roots of how far the log density lies below the highest.

    Roots, because that is how the part of a line of sight above a threshold begins.
    """
    if not prob.size:
        return np.array([0.0, 1.0]), np.array([1.0, 1.0])
    rank = np.argsort(-top, kind="stable")
    prob, mu, sigma, peak, top = (a[rank] for a in (prob, mu, sigma, peak, top))
    lowest = _weighted_quantile(top, prob, 1e-4) - 25.0
    depth = np.linspace(0.0, np.sqrt(top[0] - lowest), NODES)
    level = _levels_above(top[0] - depth**2, prob, mu, sigma, peak, top)
    # the rest of the nodes where the level bends most, or jumps so that it may: lines of sight that begin to count
    for _ in range(ROUNDS):
        width = np.diff(depth)
        bend = np.pad(np.abs(np.diff(np.diff(level) / width)), 1)
        error = width * np.maximum(bend[:-1], bend[1:]) + 0.1 * np.diff(level)
        split = np.sort(np.argsort(-error, kind="stable")[: NODES // 2])
        middle = 0.5 * (depth[split] + depth[split + 1])
        level = np.insert(level, split + 1, _levels_above(top[0] - middle**2, prob, mu, sigma, peak, top))
        depth = np.insert(depth, split + 1, middle)
    return depth, np.maximum.accumulate(level)


def _levels_above(
    threshold: FloatArray, prob: FloatArray, mu: FloatArray, sigma: FloatArray, peak: FloatArray, top: FloatArray
) -> FloatArray:
    """Probability where the log density is above each threshold; lines of sight come by descending ``top``."""
    level = np.zeros(threshold.size)
    for above, chosen in ((_above_plain, mu >= 0), (_above_cancelling, mu < 0)):
        level += above(threshold, *(a[chosen] for a in (prob, mu, sigma, peak, top)))
    return level


def _above_plain(
    threshold: FloatArray, prob: FloatArray, mu: FloatArray, sigma: FloatArray, peak: FloatArray, top: FloatArray
) -> FloatArray:
    """The same where mu is not negative: the norm of each line of sight is worked out once."""
    z = mu / sigma
    weight = prob / distance.tail(np.zeros_like(z), z)
    level = np.zeros(threshold.size)
    for i, log in enumerate(threshold.tolist()):
        n = int(np.searchsorted(-top, -log, side="right"))
        reach = np.sqrt(2.0 * np.maximum(peak[:n] - log, 0.0))
        inside = distance.tail(np.maximum(z[:n] - reach, 0.0), z[:n]) - distance.tail(z[:n] + reach, z[:n])
        level[i] = (weight[:n] * inside).sum()
    return level


def _above_cancelling(
    threshold: FloatArray, prob: FloatArray, mu: FloatArray, sigma: FloatArray, peak: FloatArray, top: FloatArray
) -> FloatArray:
    """The same where mu is negative."""
    level = np.zeros(threshold.size)
    for i, log in enumerate(threshold.tolist()):
        n = int(np.searchsorted(-top, -log, side="right"))
        reach = sigma[:n] * np.sqrt(2.0 * np.maximum(peak[:n] - log, 0.0))
        inside = distance.survival(mu[:n] - reach, mu[:n], sigma[:n])
        inside -= distance.survival(mu[:n] + reach, mu[:n], sigma[:n])
        level[i] = (prob[:n] * inside).sum()
    return level


def _weighted_quantile(values: FloatArray, weight: FloatArray, fraction: float) -> float:
    """Value below which this fraction of the weight lies."""
    rank = np.argsort(values, kind="stable")
    cumulative = np.cumsum(weight[rank])
    return float(values[rank][np.searchsorted(cumulative, fraction * cumulative[-1])])
