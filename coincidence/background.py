"""How many unrelated objects would score as high: the chance count."""

from __future__ import annotations

import numpy as np

from skymaps import FloatArray
from skymaps.region import SKY_DEG2

from .event import Event
from .parameters import Parameters


def chance_count(event: Event, credible_level: FloatArray, parameters: Parameters) -> FloatArray:
    """Unrelated transients expected in the event's window and within a candidate's own credible region.

    The analytic count ``r_bg * A(level) * T``: how many background objects lie as deep inside the region,
    whatever their distance. Shape (n,).
    """
    if event.region is None:
        return np.full(len(credible_level), np.nan)
    start, end = parameters.window_d(event.kind)
    rate = parameters.background_per_deg2_day * (end - start)
    levels = np.linspace(0.0, 1.0, 101)
    areas = np.array([event.region.area_deg2(level) if 0 < level < 1 else level * SKY_DEG2 for level in levels])
    area = np.interp(np.nan_to_num(credible_level, nan=1.0), levels, areas)
    return np.asarray(rate * area, dtype=np.float64)
