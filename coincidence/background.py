"""How many unrelated objects would score as high: the chance count."""

from __future__ import annotations

import numpy as np

from skymaps import FloatArray, Region
from skymaps.region import SKY_DEG2

from .parameters import Parameters

LEVELS = (0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Credible levels at which the area is computed; it is interpolated between them."""


def areas(region: Region) -> FloatArray:
    """Areas of a region at ``LEVELS``, square degrees: what ``chance_count`` needs of it, worth keeping."""
    return region.areas_deg2(LEVELS)


def chance_count(kind: str, areas_deg2: FloatArray, credible_level: FloatArray, parameters: Parameters) -> FloatArray:
    """Unrelated transients expected in the window of an event and within a candidate's own credible region.

    The analytic count ``r_bg * A(level) * T``: how many background objects lie as deep inside the region,
    whatever their distance. Shape (n,).

    Parameters
    ----------
    kind
        Of the event: sets the window.
    areas_deg2
        Areas of its region at ``LEVELS``.
    credible_level
        Of each candidate; NaN where there is none. Shape (n,).
    """
    start, end = parameters.window_d(kind)
    rate = parameters.background_per_deg2_day * (end - start)
    area = np.interp(np.nan_to_num(credible_level, nan=1.0), [0.0, *LEVELS, 1.0], [0.0, *areas_deg2, SKY_DEG2])
    return np.asarray(rate * area, dtype=np.float64)
