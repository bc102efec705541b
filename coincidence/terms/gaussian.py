"""The evidence of a light curve under a mean curve whose offset and slope are free within normal priors.

Magnitudes ``y_n = T(t_n) + c + A + B x_n + noise`` with ``A ~ N(0, s_A^2)``, ``B ~ N(0, s_B^2)``, noise
``N(0, v_n)``: a normal in all the points together, of covariance ``V + X S X'`` with
``X = (1, x)``. By the matrix inversion lemma its density needs only seven sums over the points, whatever c, s_A and
s_B (see e.g. Rasmussen & Williams 2006, Gaussian Processes for Machine Learning, sec. 2.7 and app. A.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy.special import log_ndtr

from skymaps import FloatArray, IntArray


def log_total(parts: Sequence[FloatArray]) -> FloatArray:
    """Log of the sum of what some arrays of one shape are logs of: that of scipy takes three times as long."""
    table = np.stack(parts)
    top = np.maximum(table.max(axis=0), -1e300)
    with np.errstate(divide="ignore"):
        return np.asarray(top + np.log(np.exp(table - top).sum(axis=0)), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over the points of each light curve, each of shape (n curves,); w = 1/v, r = y - T."""

    norm: FloatArray
    """Sum of ln(2 pi v)."""

    w: FloatArray
    wx: FloatArray
    wxx: FloatArray
    wr: FloatArray
    wrx: FloatArray
    wrr: FloatArray

    def take(self, rows: IntArray) -> Sums:
        """Sums of chosen curves."""
        return Sums(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """An error that several points have in common: of ``N(0, variance)``, one for each group of points."""

    group: IntArray
    """Which group each point belongs to. Shape (m,)."""

    curve: IntArray
    """Which curve each group belongs to. Shape (n groups,)."""

    variance: float


def sums(
    curve: IntArray,
    n: int,
    x: FloatArray,
    mean: FloatArray,
    mag: FloatArray,
    variance: FloatArray,
    shared: Shared | None = None,
    common: tuple[FloatArray, float] | None = None,
) -> Sums:
    """Sums over points.

    Parameters
    ----------
    curve
        Which of the ``n`` curves each point belongs to. Shape (m,), like all that follow.
    x
        What the slope is along: days, or log10 of days, from the curve's first point.
    mean
        The mean curve T at each point, mag.
    mag, variance
        What was measured, and its variance with the model's own, mag and mag^2.
    shared
        Errors in common. By the matrix inversion lemma each group takes ``f (sum w u) (sum w v)`` from the sum of
        ``w u v``, ``f = c / (1 + c sum w)``, and adds ``ln(1 + c sum w)`` to the norm.
    common
        What all points of a curve have in common, each so many times: the times k, shape (m,), and its variance s.
        By the same lemma ``f (sum w k u) (sum w k v)`` is taken away, ``f = s / (1 + s sum w k k)``.
    """
    w = 1.0 / variance
    r = mag - mean

    def over(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(curve, values, minlength=n), dtype=np.float64)

    columns = [np.ones(len(x)), x, r] if common is None else [np.ones(len(x)), x, r, common[0]]
    norm, table = over(np.log(2.0 * np.pi * variance)), {}
    for i, u in enumerate(columns):
        for j in range(i, len(columns)):
            table[i, j] = over(w * u * columns[j])
    if shared is not None:
        part = [np.bincount(shared.group, w * u, minlength=len(shared.curve)) for u in columns]
        factor = shared.variance / (1.0 + shared.variance * part[0])
        norm += np.bincount(shared.curve, np.log1p(shared.variance * part[0]), minlength=n)
        for i, j in table:
            table[i, j] -= np.bincount(shared.curve, factor * part[i] * part[j], minlength=n)
    if common is not None:
        total = 1.0 + common[1] * table[3, 3]
        norm += np.log(total)
        for i, j in _PLACES:
            table[i, j] -= common[1] / total * table[i, 3] * table[j, 3]
    return Sums(norm, *(table[place] for place in _PLACES))


_PLACES = ((0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2))
"""Products of one, x and r in the order of the fields of ``Sums``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at each curve's place that saw nothing; each of shape (n curves,), ``limit`` NaN where there is none."""

    limit: FloatArray
    """Limiting magnitude."""

    x: FloatArray
    mean: FloatArray
    """The mean curve T then."""

    variance: FloatArray | float
    """Of the model there, and of the limit, mag^2."""

    def take(self, rows: IntArray) -> Look:
        """Looks of chosen curves."""
        variance = self.variance[rows] if isinstance(self.variance, np.ndarray) else self.variance
        return Look(limit=self.limit[rows], x=self.x[rows], mean=self.mean[rows], variance=variance)


def log_evidence(
    s: Sums,
    offset: FloatArray,
    offset_variance: FloatArray,
    slope_sigma: float | FloatArray,
    looks: Sequence[Look] = (),
) -> FloatArray:
    """Natural log of the density of all points, and of the probability that the looks saw nothing, given them.

    The first look's probability is exact. What it tells of offset and slope is taken on to the next as the normal of
    the same mean and covariance (Rasmussen & Williams 2006, sec. 3.6, eqs. 3.55 to 3.58).

    Parameters
    ----------
    offset, offset_variance
        c and ``s_A^2``. Shape (n,).
    slope_sigma
        ``s_B``, mag per unit of x; one for all, or of shape (n,).

    Returns
    -------
    :
        Shape (n,).
    """
    slope_variance = slope_sigma**2
    r, rx = s.wr - offset * s.w, s.wrx - offset * s.wx
    rr = s.wrr - 2.0 * offset * s.wr + offset**2 * s.w
    m_aa, m_bb = 1.0 / offset_variance + s.w, 1.0 / slope_variance + s.wxx
    determinant = m_aa * m_bb - s.wx**2
    a, b = (m_bb * r - s.wx * rx) / determinant, (m_aa * rx - s.wx * r) / determinant
    value = -0.5 * (s.norm + rr - a * r - b * rx + np.log(determinant * offset_variance * slope_variance))
    aa, ab, bb = m_bb / determinant, -s.wx / determinant, m_aa / determinant
    value, _ = _unseen(value, offset, (a, b, aa, ab, bb), looks)
    return np.asarray(value, dtype=np.float64)


def log_found(
    offset: FloatArray, offset_variance: FloatArray, slope_sigma: float, unseen: Sequence[Look], found: Look
) -> FloatArray:
    """Natural log of the probability that some looks see nothing, and the next one does, before any point is known.

    Parameters as of ``log_evidence``. Shape (n,).
    """
    zero = np.zeros(len(offset))
    state = zero, zero, offset_variance, zero, zero + slope_sigma**2
    value, (a, b, aa, ab, bb) = _unseen(zero, offset, state, unseen)
    sigma = np.sqrt(aa + 2.0 * ab * found.x + bb * found.x**2 + found.variance)
    return np.asarray(value + log_ndtr((found.limit - found.mean - offset - a - b * found.x) / sigma), dtype=np.float64)


State = tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]
"""Means of offset and slope, and their variances and covariance: a, b, aa, ab, bb."""


def _unseen(value: FloatArray, offset: FloatArray, state: State, looks: Sequence[Look]) -> tuple[FloatArray, State]:
    """Adds the log probability that looks saw nothing, one after the other; and what they tell of offset and slope."""
    a, b, aa, ab, bb = state
    for look in looks:
        there = ~np.isnan(look.limit)
        if not there.any():
            continue
        to_a, to_b = aa + ab * look.x, ab + bb * look.x
        sigma = np.sqrt(to_a + to_b * look.x + look.variance)
        z = np.where(there, (look.mean + offset + a + b * look.x - look.limit) / sigma, 0.0)
        unseen = log_ndtr(z)
        value = value + np.where(there, unseen, 0.0)
        hazard = np.where(there, np.exp(-0.5 * z**2 - unseen) / np.sqrt(2.0 * np.pi), 0.0)
        shrink = hazard * (z + hazard) / sigma**2
        a, b = a + to_a * hazard / sigma, b + to_b * hazard / sigma
        aa, ab, bb = aa - to_a**2 * shrink, ab - to_a * to_b * shrink, bb - to_b**2 * shrink
    return value, (a, b, aa, ab, bb)
