"""How many unrelated objects would score as high: the chance count."""

from __future__ import annotations

import numpy as np

from skymaps import FloatArray
from skymaps.region import SKY_DEG2

from .event import Event
from .parameters import Parameters

LEVELS = (0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Credible levels at which the area is computed; it is interpolated between them."""


def chance_count(event: Event, credible_level: FloatArray, parameters: Parameters) -> FloatArray:
    """Unrelated transients expected in the event's window and within a candidate's own credible region.

    The analytic count ``r_bg * A(level) * T``: how many background objects lie as deep inside the region,
    whatever their distance. Shape (n,).
    """
    if event.region is None:
        return np.full(len(credible_level), np.nan)
    start, end = parameters.window_d(event.kind)
    rate = parameters.background_per_deg2_day * (end - start)
    inner = [event.region.area_deg2(level) for level in LEVELS]
    area = np.interp(np.nan_to_num(credible_level, nan=1.0), [0.0, *LEVELS, 1.0], [0.0, *inner, SKY_DEG2])
    return np.asarray(rate * area, dtype=np.float64)
