"""How bright a thing is when first seen, knowing that a look shortly before saw nothing.

A survey finds what grows slowly close to its limit, however bright it will be; what is well above the limit a day or
two after nothing was there has risen fast.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from scipy.special import log_ndtr, ndtr

from skymaps import FloatArray, IntArray

from ..models import Photometry

LEAST = -12.0
"""Log of the least chance of being seen at all that is taken at its word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """The first detection of each curve and the look before it; each of shape (n curves,)."""

    mag: FloatArray
    variance: FloatArray
    """Of measurement and model, mag^2."""

    limit: FloatArray
    """Limiting magnitude of the look before; NaN where there is none."""

    gap_d: FloatArray
    """How long before that was."""

    def take(self, rows: IntArray) -> First:
        """The same for chosen curves."""
        return First(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def just_found(self, model: Photometry) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether nothing was seen so shortly before that a slow riser is still rising. Shape (n curves,)."""
        return np.asarray(np.isfinite(self.limit) & (self.gap_d <= model.rise_d))


def log_slow(first: First, mean: FloatArray, variance: FloatArray, model: Photometry) -> FloatArray:
    """What to add to the log density of a curve's points if it rises slowly; 0 where no look was before. Shape (n,).

    A flux that grows as t^2 and reaches the limit L at ``rise_d`` after the explosion is, found a part of the gap g
    later, at most ``top = 5 log10(1 + g / rise_d)`` mag above L. So the first magnitude, whatever its class is like
    (that normal density of it is taken away), is even over these, with soft ends: ``Phi(x / s) Phi[(top - x) / s']``
    for x above L, which integrates to ``top Phi(top / t) + t phi(top / t)`` with ``t^2 = s^2 + s'^2``.

    Parameters
    ----------
    mean, variance
        What the class's brightness says of the first magnitude, without the point's own variance. Shape (n,).
    """
    value = np.zeros(len(mean))
    known = np.flatnonzero(np.isfinite(first.limit))
    its, mu, total = first.take(known), mean[known], variance[known] + first.variance[known]
    top = 5.0 * np.log10(1.0 + np.maximum(its.gap_d, 0.0) / model.rise_d)
    faint, bright = np.sqrt(its.variance), np.sqrt(its.variance + model.limit_softness_mag**2)
    both, above = np.hypot(faint, bright), its.limit - its.mag
    length = top * ndtr(top / both) + both * np.exp(-0.5 * (top / both) ** 2) / np.sqrt(2.0 * np.pi)
    even = log_ndtr(above / faint) + log_ndtr((top - above) / bright) - np.log(length)
    value[known] = even + 0.5 * ((its.mag - mu) ** 2 / total + np.log(2.0 * np.pi * total))
    return value


def log_sudden(first: First, mean: FloatArray, variance: FloatArray, model: Photometry) -> FloatArray:
    """The same for what appears at once: only that it is above the limit, ``D(m) / int N D`` with a soft step D."""
    soft = model.limit_softness_mag
    with np.errstate(invalid="ignore"):
        here = log_ndtr((first.limit - first.mag) / soft)
        chance = log_ndtr((first.limit - mean) / np.sqrt(variance + first.variance + soft**2))
    return np.where(np.isfinite(first.limit), here - np.maximum(chance, LEAST), 0.0)
