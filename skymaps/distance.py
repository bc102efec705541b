"""Distance along one line of sight, by the ansatz of BAYESTAR maps.

Singer, Chen & Holz 2016, ApJL 829 L15 (doi 10.3847/2041-8205/829/1/L15), equation 1:
``p(d | position) = norm / (sqrt(2 pi) sigma) exp(-(d - mu)^2 / (2 sigma^2)) d^2`` for d >= 0.

All functions work on arrays that broadcast. A line of sight is *bad* when mu or sigma is not finite, sigma
is not positive or norm is zero; there every answer is NaN, which callers turn into "unknown".
"""

from __future__ import annotations

import numpy as np

from .region import FloatArray

SQRT_2PI = np.sqrt(2.0 * np.pi)
DIRECT_FROM = -1.0
"""mu/sigma above which the plain formulas lose no digits; below, a continued fraction is used."""

_DEPTH = 64
"""Terms of the continued fraction: 1e-12 at mu/sigma = -1, better below."""


def is_good(mu: FloatArray, sigma: FloatArray, norm: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether each line of sight has a usable distance."""
    good = np.isfinite(mu) & np.isfinite(sigma) & (sigma > 0) & np.isfinite(norm) & (norm > 0)
    return np.asarray(good)


def density(mpc: FloatArray, mu: FloatArray, sigma: FloatArray, norm: FloatArray) -> FloatArray:
    """Probability per Mpc at each distance; 0 below zero. Singer et al. 2016, equation 1.

    Examples
    --------
    The line of sight of AT2017gfo in the map of GW170817, at 40.7 Mpc:

    >>> density(np.array(40.7), np.array(36.456402), np.array(7.4394909), np.array(0.00072232661)).round(5)
    np.float64(0.05453)
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # in logs: norm and the exponential leave the range of a float together where mu is very negative
        log = np.log(norm) - np.log(SQRT_2PI * sigma) - 0.5 * ((mpc - mu) / sigma) ** 2
        result = np.where(mpc > 0, mpc * mpc * np.exp(log), 0.0)
        return np.where(is_good(mu, sigma, norm), result, np.nan)


def moments(mu: FloatArray, sigma: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation in Mpc of the distance on each line of sight.

    The raw moments obey ``J[k+1] = z J[k] + k J[k-1]`` with z = mu/sigma (integration by parts), which
    cancels where z is very negative; the ratios ``J[k]/J[k-1]`` then come from the backward recurrence.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(np.isfinite(mu) & np.isfinite(sigma) & (sigma > 0), mu / sigma, np.nan)
    r3, r4 = np.where(z < DIRECT_FROM, _ratios_below(np.minimum(z, 0.0)), _ratios_above(np.maximum(z, -2.0)))
    mean = sigma * r3
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(z), np.nan, mean), np.where(
            np.isnan(z), np.nan, sigma * np.sqrt(np.maximum(r3 * (r4 - r3), 0.0))
        )


def _ratios_below(z: FloatArray) -> FloatArray:
    """J3/J2 and J4/J3 for z <= 0 by the backward continued fraction r[k] = k / (-z + r[k+1])."""
    ratio = 0.5 * (np.sqrt(z * z + 4.0 * _DEPTH) + z)
    r4 = ratio
    for k in range(_DEPTH - 1, 2, -1):
        r4, ratio = ratio, k / (ratio - z)
    return np.stack([ratio, r4])


def _ratios_above(z: FloatArray) -> FloatArray:
    """J3/J2 and J4/J3 by the forward recurrence, for z not far below 0."""
    from scipy.special import ndtr

    j0 = ndtr(z)
    j1 = z * j0 + np.exp(-0.5 * z * z) / SQRT_2PI
    j2 = z * j1 + j0
    j3 = z * j2 + 2.0 * j1
    j4 = z * j3 + 3.0 * j2
    return np.stack([j3 / j2, j4 / j3])


def survival(mpc: FloatArray, mu: FloatArray, sigma: FloatArray) -> FloatArray:
    """Probability that the source is farther than each distance, normalised by itself (norm is not needed).

    The tail integral is ``(mu^2 + sigma^2) Q(x) + sigma (mu + d) phi(x)``, x = (d - mu)/sigma; where mu < 0 it
    is taken relative to its value at d = 0 with scaled complementary error functions, so nothing cancels.
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        r, z = np.broadcast_arrays(np.maximum(mpc, 0.0) / sigma, mu / sigma)
        result = np.asarray(tail(r, z) / tail(np.zeros_like(r), z))
        if (below := z < 0).any():
            result[below] = _survival_below(r[below], z[below])
    return np.asarray(np.clip(result, 0.0, 1.0))


def tail(r: FloatArray, z: FloatArray) -> FloatArray:
    """Integral of the ansatz beyond r = d/sigma, not normalised, for z = mu/sigma not below 0: nothing cancels."""
    from scipy.special import ndtr

    x = r - z
    return np.asarray((z * z + 1.0) * ndtr(-x) + (z + r) * np.exp(-0.5 * x * x) / SQRT_2PI)


def _survival_below(r: FloatArray, z: FloatArray) -> FloatArray:
    """The same for z = mu/sigma < 0, r = d/sigma."""
    from scipy.special import erfcx

    z = np.maximum(z, -1e3)
    y = np.maximum(r - z, 0.0)
    mills, mills0 = (np.sqrt(np.pi / 2) * erfcx(v / np.sqrt(2.0)) for v in (y, -z))
    beyond = np.exp(0.5 * (z - y) * (z + y)) * ((z * z + 1.0) * mills + z + r)
    return np.asarray(beyond / ((z * z + 1.0) * mills0 + z))


def marginal_moments(prob: FloatArray, mu: FloatArray, sigma: FloatArray) -> tuple[float, float] | None:
    """Mean and standard deviation in Mpc over the whole sky; None where no line of sight is good.

    ``prob`` is the probability of each line of sight; bad ones are left out and the rest renormalised.
    """
    mean, std = moments(mu, sigma)
    good = np.isfinite(mean) & np.isfinite(std)
    weight = prob[good].sum()
    if not weight > 0:
        return None
    first = float((prob[good] * mean[good]).sum() / weight)
    second = float((prob[good] * (std[good] ** 2 + (mean[good] - first) ** 2)).sum() / weight)
    return first, float(np.sqrt(second))
