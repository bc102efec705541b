"""Slow risers: what a survey has just found is on its way up, the faster the shorter ago it exploded."""

from __future__ import annotations

import numpy as np

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
    ``-5 log10(1 + t / a)``, up to the age of the peak, and the slope turns along ``a ln(1 + t / a)`` with a scatter of
    ``slope_sigma`` and ``rise_scatter_mag / a``. Else both are as of old: no mean change, and a slope along t.

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
    value, age = log_slow(first, mean, variance, model)
    owner, point = seen.curve.spread(objects)
    start = seen.curve.time[point][np.searchsorted(owner, np.arange(len(objects)))]

    def curve(days: FloatArray, age: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What the slope is along, and the mean curve."""
        peak = np.maximum(model.rise_d - age, 0.0)
        return age * np.log1p(days / age), -np.log1p(np.minimum(days, peak) / age) / PER_MAG

    x, rise = curve((seen.curve.time[point] - start[owner]) / DAY_S, age[owner])
    its = sums(owner, len(objects), x, rise, seen.mag[point], seen.variance[point])
    looks = []
    for time, limit, _ in (look.of(objects) for look in seen.after):
        x, rise = curve(np.maximum(time - start, 0.0) / DAY_S, age)
        limit = np.where(time > event_s, limit, np.nan)
        looks.append(Look(limit=limit, x=x, mean=rise, variance=model.model_error_mag**2 + model.limit_softness_mag**2))
    slope = np.hypot(slope_sigma, model.rise_scatter_mag / age)
    return value + log_evidence(its, mean, variance, slope, looks)
