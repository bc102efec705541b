"""How many unrelated objects would score as high: the chance count."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skymaps import FloatArray, IntArray, Region
from skymaps.region import SKY_DEG2

from .parameters import Parameters

LEVELS = (0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Credible levels at which the area is computed; it is interpolated between them."""


def areas(region: Region) -> FloatArray:
    """Areas of a region at ``LEVELS``, square degrees: what ``chance_count`` needs of it, worth keeping."""
    return region.areas_deg2(LEVELS)


def chance_count(
    kinds: Sequence[str],
    areas_deg2: Sequence[FloatArray],
    event: IntArray,
    credible_level: FloatArray,
    per_deg2_day: FloatArray,
    parameters: Parameters,
) -> FloatArray:
    """Unrelated transients expected in the window of an event and within a candidate's own credible region.

    The analytic count ``r_bg * A(level) * T``: how many background objects lie as deep inside the region,
    whatever their distance. Shape (n,).

    Parameters
    ----------
    kinds, areas_deg2
        Of each event: its kind sets the window; areas of its region at ``LEVELS``.
    event
        Event of each candidate. Shape (n,).
    credible_level
        Of each candidate; NaN where there is none. Shape (n,).
    per_deg2_day
        Rate of unrelated transients where and how each candidate was found. Shape (n,).
    """
    if not len(event):
        return np.empty(0)
    days = np.array([end - start for start, end in map(parameters.window_d, kinds)])
    grid = np.array([0.0, *LEVELS, 1.0])
    area = np.array([[0.0, *values, SKY_DEG2] for values in areas_deg2])
    level = np.nan_to_num(credible_level, nan=1.0)
    k = np.clip(np.searchsorted(grid, level, side="right") - 1, 0, len(grid) - 2)
    step = (level - grid[k]) / (grid[k + 1] - grid[k])
    within = area[event, k] + step * (area[event, k + 1] - area[event, k])
    return np.asarray(per_deg2_day * days[event] * within, dtype=np.float64)
