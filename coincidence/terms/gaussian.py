"""The evidence of a light curve under a mean curve whose offset and slope are free within normal priors.

Magnitudes ``y_n = T(t_n) + c + A + B x_n + C k_n + noise`` with ``A ~ N(0, s_A^2)``, ``B ~ N(0, s_B^2)``,
``C ~ N(0, 1)``, noise ``N(0, v_n)``: a normal in all the points together, of covariance ``V + X S X'`` with
``X = (1, x, k)``. By the matrix inversion lemma its density needs only eleven sums over the points, whatever c, s_A and
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
    wk: FloatArray
    wkx: FloatArray
    wkk: FloatArray
    wkr: FloatArray

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
    colour: FloatArray | None = None,
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
    colour
        k of each point, in scatters of the colour; None: all are of one band.
    """
    w = 1.0 / variance
    columns = [np.ones(len(x)), x, mag - mean]
    columns += [] if colour is None else [colour]

    def over(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(curve, values, minlength=n), dtype=np.float64)

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
    return Sums(norm, *(table.get(place, np.zeros(n)) for place in _PLACES))


_PLACES = ((0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2), (0, 3), (1, 3), (3, 3), (2, 3))
"""Products of one, x, r and k in the order of the fields of ``Sums``."""


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

    k: FloatArray | float = 0.0
    """What the colour does there, in its scatters."""

    def take(self, rows: IntArray) -> Look:
        """Looks of chosen curves."""
        of_each = {name: getattr(self, name) for name in ("limit", "x", "mean", "variance", "k")}
        return Look(**{name: v[rows] if isinstance(v, np.ndarray) else v for name, v in of_each.items()})


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
    told = np.stack([s.wr - offset * s.w, s.wrx - offset * s.wx, s.wkr - offset * s.wk])
    square = s.wrr - 2.0 * offset * s.wr + offset**2 * s.w
    covariance, determinant = _inverse(1.0 / offset_variance + s.w, 1.0 / slope_variance + s.wxx, 1.0 + s.wkk, s)
    mean = (covariance * told).sum(axis=1)
    prior = np.log(determinant * offset_variance * slope_variance)
    value = -0.5 * (s.norm + square - (mean * told).sum(axis=0) + prior)
    value, _ = _unseen(value, offset, (mean, covariance), looks)
    return np.asarray(value, dtype=np.float64)


def _inverse(a: FloatArray, b: FloatArray, c: FloatArray, s: Sums) -> tuple[FloatArray, FloatArray]:
    """Inverse, shape (3, 3, n), and determinant of the precisions of offset, slope and colour, by cofactors."""
    ab, ac, bc = s.wx, s.wk, s.wkx
    aa, bb, cc = b * c - bc**2, a * c - ac**2, a * b - ab**2
    off = ac * bc - ab * c, ab * bc - ac * b, ab * ac - a * bc
    determinant = a * aa + ab * off[0] + ac * off[1]
    cofactors = np.stack([aa, off[0], off[1], off[0], bb, off[2], off[1], off[2], cc])
    return (cofactors / determinant).reshape(3, 3, -1), determinant


def log_found(
    offset: FloatArray, offset_variance: FloatArray, slope_sigma: float, unseen: Sequence[Look], found: Look
) -> FloatArray:
    """Natural log of the probability that some looks see nothing, and the next one does, before any point is known.

    Parameters as of ``log_evidence``. Shape (n,).
    """
    n = len(offset)
    covariance = np.zeros((3, 3, n))
    covariance[0, 0], covariance[1, 1], covariance[2, 2] = offset_variance, slope_sigma**2, 1.0
    value, (mean, covariance) = _unseen(np.zeros(n), offset, (np.zeros((3, n)), covariance), unseen)
    along, _, variance = _at(found, covariance)
    expected = found.mean + offset + (along * mean).sum(axis=0)
    return np.asarray(value + log_ndtr((found.limit - expected) / np.sqrt(variance)), dtype=np.float64)


State = tuple[FloatArray, FloatArray]
"""Means of offset, slope and colour (3, n), and their covariance (3, 3, n)."""


def _at(look: Look, covariance: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What a look is along, its covariance with offset, slope and colour, and the variance of the magnitude there."""
    n = covariance.shape[2]
    along = np.stack([np.ones(n), np.broadcast_to(look.x, n), np.broadcast_to(look.k, n)])
    gain = (covariance * along).sum(axis=1)
    return along, gain, (gain * along).sum(axis=0) + look.variance


def _unseen(value: FloatArray, offset: FloatArray, state: State, looks: Sequence[Look]) -> tuple[FloatArray, State]:
    """Adds the log probability that looks saw nothing, one after the other; and what they tell of offset, slope and
    colour."""
    mean, covariance = state
    for look in looks:
        there = ~np.isnan(look.limit)
        if not there.any():
            continue
        along, gain, variance = _at(look, covariance)
        sigma = np.sqrt(variance)
        z = np.where(there, (look.mean + offset + (along * mean).sum(axis=0) - look.limit) / sigma, 0.0)
        unseen = log_ndtr(z)
        value = value + np.where(there, unseen, 0.0)
        hazard = np.where(there, np.exp(-0.5 * z**2 - unseen) / np.sqrt(2.0 * np.pi), 0.0)
        mean = mean + gain * hazard / sigma
        covariance = covariance - gain[:, None] * gain[None] * hazard * (z + hazard) / variance
    return value, (mean, covariance)
