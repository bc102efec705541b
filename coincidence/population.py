"""Unrelated transients in space: how far away they are in a survey of limited depth, and how many that makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import log_ndtr, logsumexp

from skymaps import FloatArray, IntArray, cosmology

Luminosity = tuple[tuple[float, float, float], ...]
"""A mixture of normals in absolute magnitude: share, mean and standard deviation of each."""

NEAREST_MPC, FARTHEST_MPC, DISTANCES = 1e-3, 5e4, 4096

DEG2_PER_SR = (180.0 / np.pi) ** 2


def _log_mpc() -> FloatArray:
    return np.linspace(np.log(NEAREST_MPC), np.log(FARTHEST_MPC), DISTANCES)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundDistance:
    """How far away unrelated transients are, in a survey of limited depth: a density per Mpc."""

    log_mpc: FloatArray
    density: FloatArray
    seen: FloatArray
    """Part of the transients at each distance that are bright enough, 0 to 1."""

    mpc3_per_deg2: float
    """Comoving volume behind a square degree in which they are seen, times the dilation of time: what a rate per volume
    is to be multiplied with."""

    def at(self, mpc: FloatArray) -> FloatArray:
        """Density per Mpc, interpolated; never exactly zero within 1 kpc to 50 Gpc."""
        value = np.interp(np.log(np.maximum(mpc, NEAREST_MPC)), self.log_mpc, np.log(self.density))
        return np.asarray(np.exp(value), dtype=np.float64)


@lru_cache(maxsize=256)
def background(limit_mag: float, luminosity: Luminosity) -> BackgroundDistance:
    """Distances of background transients: comoving volume, time dilation, and a magnitude limit.

    ``p(d) ~ dV_c/dd / (1 + z) * P(M + mu(d) < m_lim)`` with M from a mixture of normals.
    """
    log_mpc = _log_mpc()
    mpc = np.exp(log_mpc)
    seen = np.exp(np.maximum(logsumexp(log_seen(limit_mag, mpc, luminosity), axis=0), -300.0))
    density = volume_per_mpc(mpc) * seen
    total = np.trapezoid(density, mpc)
    return BackgroundDistance(
        log_mpc=log_mpc, density=density / total, seen=seen, mpc3_per_deg2=float(total) / DEG2_PER_SR
    )


def volume_per_mpc(mpc: FloatArray) -> FloatArray:
    """Comoving volume for each Mpc of luminosity distance on a growing grid, times ``1 / (1 + z)``: Mpc2 / sr."""
    z = cosmology.redshift(mpc)
    comoving = mpc / (1.0 + z)
    return np.asarray(comoving**2 * np.gradient(comoving, mpc) / (1.0 + z), dtype=np.float64)


def log_seen(limit_mag: float, mpc: FloatArray, luminosity: Luminosity) -> FloatArray:
    """Log of the part that is each sort and brighter than a limit, at each distance. Shape (sorts, n)."""
    share, mag, sigma = (np.array(column)[:, None] for column in zip(*luminosity, strict=True))
    modulus = 5.0 * (np.log10(mpc) + 5.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(share) + log_ndtr((limit_mag - mag - modulus) / sigma), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backgrounds:
    """Distances of unrelated transients for rows of different depths."""

    models: Sequence[BackgroundDistance]
    """One for each depth that occurs."""

    row: IntArray
    """Model of each row. Shape (n,)."""

    @classmethod
    def of(cls, depth: FloatArray, luminosity: Luminosity) -> Backgrounds:
        """Those of rows with these depths, AB mag. Shape (n,)."""
        depths, row = np.unique(depth, return_inverse=True)
        models = [background(float(d), luminosity) for d in depths]
        return cls(models=models, row=np.asarray(row, dtype=np.int64))

    def take(self, rows: IntArray) -> Backgrounds:
        """Chosen rows."""
        return Backgrounds(models=self.models, row=self.row[rows])

    def at(self, mpc: FloatArray) -> FloatArray:
        """Density per Mpc at distances of shape (n,) or (n, q)."""
        return self._look_up(mpc, [model.density for model in self.models])

    def seen_at(self, mpc: FloatArray) -> FloatArray:
        """Part of the transients at distances of shape (n,) or (n, q) that are bright enough."""
        return self._look_up(mpc, [model.seen for model in self.models])

    def _look_up(self, mpc: FloatArray, columns: Sequence[FloatArray]) -> FloatArray:
        out = np.empty(np.shape(mpc))
        for k, column in enumerate(columns):
            rows = slice(None) if len(columns) == 1 else self.row == k
            value = np.interp(np.log(np.maximum(mpc[rows], NEAREST_MPC)), self.models[k].log_mpc, np.log(column))
            out[rows] = np.exp(value)
        return out

    def coarse(self, step: int) -> tuple[FloatArray, FloatArray]:
        """Every ``step``-th of the distances, shape (q,), and for each row the probability near each, (n, q)."""
        log_mpc = _log_mpc()[::step]
        share = np.array([model.density[::step] for model in self.models]).reshape(-1, len(log_mpc)) * np.exp(log_mpc)
        share /= share.sum(axis=1, keepdims=True)
        return np.exp(log_mpc), share[self.row]
