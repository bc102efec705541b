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


@dataclass(frozen=True, slots=True, kw_only=True)
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


def sums(curve: IntArray, n: int, x: FloatArray, mean: FloatArray, mag: FloatArray, variance: FloatArray) -> Sums:
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
    """
    w = 1.0 / variance
    r = mag - mean

    def over(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(curve, values, minlength=n), dtype=np.float64)

    wx, wr = w * x, w * r
    return Sums(
        norm=over(np.log(2.0 * np.pi * variance)),
        w=over(w),
        wx=over(wx),
        wxx=over(wx * x),
        wr=over(wr),
        wrx=over(wr * x),
        wrr=over(wr * r),
    )


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
        return Look(limit=self.limit[rows], x=self.x[rows], mean=self.mean[rows], variance=self.variance)


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
    for look in looks:
        to_a, to_b = aa + ab * look.x, ab + bb * look.x
        sigma = np.sqrt(to_a + to_b * look.x + look.variance)
        there = ~np.isnan(look.limit)
        z = np.where(there, (look.mean + offset + a + b * look.x - look.limit) / sigma, 0.0)
        unseen = log_ndtr(z)
        value = value + np.where(there, unseen, 0.0)
        hazard = np.where(there, np.exp(-0.5 * z**2 - unseen) / np.sqrt(2.0 * np.pi), 0.0)
        shrink = hazard * (z + hazard) / sigma**2
        a, b = a + to_a * hazard / sigma, b + to_b * hazard / sigma
        aa, ab, bb = aa - to_a**2 * shrink, ab - to_a * to_b * shrink, bb - to_b**2 * shrink
    return np.asarray(value, dtype=np.float64)
