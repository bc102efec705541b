"""Slow risers: what a survey has just found is on its way up, the faster the shorter ago it exploded."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from skymaps import FloatArray, IntArray

from ..models import Photometry
from .emergence import PER_MAG, First, log_slow
from .gaussian import Look, log_evidence, sums
from .looks import DAY_S
from .points import Points


def log_density(
    seen: Points,
    objects: IntArray,
    event_s: FloatArray,
    first: First,
    magnitude: tuple[FloatArray, FloatArray],
    slope_sigma: float,
    model: Photometry,
) -> FloatArray:
    """Log density of light curves, and of the looks after them, of what rises slowly and is constant by and large.

    Of what was just found, at an age a (``emergence.log_slow``), the mean curve is that of a flux as t^2,
    ``-5 log10(1 + t / a)``, up to the age of the peak, and the slope turns along ``a ln(1 + t / a)``; its scatter is
    that of the class, of the power of t, and of the peak, which may be near. Else no mean change, and a slope along t.

    Parameters
    ----------
    objects
        Object of each row, with at least one point. Shape (n,), like all that follow.
    event_s
        Time of its event, Unix seconds: looks before it do not count.
    first
        Its first detection.
    magnitude
        Mean of its peak magnitude, and variance.
    slope_sigma
        mag/d.
    """
    mean, variance = magnitude
    found = log_slow(first, mean, variance, model)
    owner, point = seen.curve.spread(objects)
    start = seen.curve.time[point][np.searchsorted(owner, np.arange(len(objects)))]
    days = (seen.curve.time[point] - start[owner]) / DAY_S
    looks = [look.of(objects) for look in seen.after]
    noise = model.model_error_mag**2 + model.limit_softness_mag**2
    parts = []
    for age, slope, value in zip(found.age_d.T, found.slope_sigma.T, found.value.T, strict=True):
        x, rise = _growth(days, age[owner], model)
        its = sums(owner, len(objects), x, rise, seen.mag[point], seen.variance[point])
        gone = []
        for time, limit, _ in looks:
            x, rise = _growth(np.maximum(time - start, 0.0) / DAY_S, age, model)
            gone.append(Look(limit=np.where(time > event_s, limit, np.nan), x=x, mean=rise, variance=noise))
        parts.append(value + log_evidence(its, mean, variance, np.hypot(slope_sigma, slope), gone))
    return np.asarray(logsumexp(np.stack(parts), axis=0), dtype=np.float64)


def _growth(days: FloatArray, age: FloatArray, model: Photometry) -> tuple[FloatArray, FloatArray]:
    """What the slope is along, and the mean curve, so many days after it was first seen at this age."""
    peak = np.maximum(model.rise_d - age, 0.0)
    return age * np.log1p(days / age), -np.log1p(np.minimum(days, peak) / age) / PER_MAG
