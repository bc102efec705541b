"""How far: the host's distance against the region's distance along that line of sight."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import log_ndtr, ndtr

from skymaps import FloatArray, cosmology

from ..parameters import Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundDistance:
    """How far away unrelated transients are, in a survey of limited depth: a density per Mpc."""

    log_mpc: FloatArray
    density: FloatArray

    def at(self, mpc: FloatArray) -> FloatArray:
        """Density per Mpc, interpolated; never exactly zero within 1 kpc to 50 Gpc."""
        value = np.interp(np.log(np.maximum(mpc, 1e-3)), self.log_mpc, np.log(self.density))
        return np.asarray(np.exp(value), dtype=np.float64)


@lru_cache(maxsize=16)
def background(limit_mag: float, peak_mag: float, sigma_mag: float) -> BackgroundDistance:
    """Distances of background transients: comoving volume, time dilation, and a magnitude limit.

    ``p(d) ~ dV_c/dd / (1 + z) * P(M + mu(d) < m_lim)`` with M normal about ``peak_mag``.
    """
    log_mpc = np.linspace(np.log(1e-3), np.log(5e4), 4096)
    mpc = np.exp(log_mpc)
    z = cosmology.redshift(mpc)
    comoving = mpc / (1.0 + z)
    volume = comoving**2 * np.gradient(comoving, mpc)
    modulus = 5.0 * (np.log10(mpc) + 5.0)
    log_seen = log_ndtr((limit_mag - peak_mag - modulus) / sigma_mag)
    density = volume / (1.0 + z) * np.exp(np.maximum(log_seen, -300.0))
    return BackgroundDistance(log_mpc=log_mpc, density=density / np.trapezoid(density, mpc))


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


def background_integral(model: BackgroundDistance, mpc: FloatArray, error_mpc: FloatArray) -> FloatArray:
    """Integral of the background's distance density times a normal around a host's distance, per Mpc."""
    points = np.asarray(mpc)[..., None] + np.asarray(error_mpc)[..., None] * _NODES
    value = np.where(points > 0, model.at(points), 0.0) @ _WEIGHTS / np.sqrt(2.0 * np.pi)
    return np.asarray(value, dtype=np.float64)


def distance(
    parameters: Parameters,
    layers: tuple[FloatArray, FloatArray, FloatArray],
    mpc: FloatArray,
    error_mpc: FloatArray,
) -> FloatArray:
    """Ratio (not its log) of a host's distance under the region to that under the background.

    Parameters
    ----------
    layers
        DISTMU, DISTSIGMA, DISTNORM at each alert, NaN where the map tells nothing. Each shape (n,).
    mpc, error_mpc
        The host's luminosity distance and its standard error. Shape (n,).

    Returns
    -------
    :
        ``(1 - e) ratio + e``; 1 (neutral) where either side is unknown. Shape (n,).
    """
    model = background(
        parameters.background_limit_mag, parameters.background_peak_mag, parameters.background_peak_sigma_mag
    )
    known = np.isfinite(mpc) & np.isfinite(error_mpc) & np.isfinite(layers[0] + layers[1] + layers[2])
    ratio = np.ones(np.shape(mpc))
    if known.any():
        mu, sigma, norm = (layer[known] for layer in layers)
        above = event_integral(mu, sigma, norm, mpc[known], error_mpc[known])
        below = background_integral(model, mpc[known], error_mpc[known])
        floor = parameters.distance_floor
        ratio[known] = (1.0 - floor) * above / np.maximum(below, 1e-300) + floor
    return ratio
