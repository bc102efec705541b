"""How active a nucleus is: its flux around the event among those of its own past and future."""

from __future__ import annotations

import numpy as np

from skymaps import FloatArray, IntArray
from skymaps.units import DAY_S

from ..curves import LightCurves
from ..parameters import Parameters


def state(
    curves: LightCurves, objects: IntArray, event_s: FloatArray, rank_index: float, parameters: Parameters
) -> FloatArray:
    """Log ratio of the rank of an object's flux around the event, bright state against any state.

    Of N points far from the event, k are brighter than the point nearest to it. In any state all N + 1 ranks are
    as likely; in a flare the rank u has the density ``a u^(a-1)`` on (0, 1), of which each rank has its
    share: ``(N + 1) [((k + 1) / (N + 1))^a - (k / (N + 1))^a]``. Its mean over even ranks is exactly 1. Equal fluxes
    share their ranks. Only points of one band are compared.

    Parameters
    ----------
    objects
        Object of each pair. Shape (n,).
    event_s
        Time of each pair's event, Unix seconds. Shape (n,).
    rank_index
        a: 1 tells nothing, smaller is brighter.

    Returns
    -------
    :
        Natural log; NaN where too little of the past is known. Shape (n,).
    """
    n = len(objects)
    seen = curves.take(np.isfinite(curves.flux_njy))
    owner, point = seen.spread(objects)
    apart = np.abs(seen.time[point] - event_s[owner]) / DAY_S
    nearest = _first(owner, apart, n)
    limit = parameters.photometry.state_apart_d
    flux, code = seen.flux_njy[point], np.unique(seen.band.astype(str), return_inverse=True)[1][point]
    known = np.flatnonzero((nearest >= 0) & (apart[nearest] <= limit)) if len(owner) else np.empty(0, dtype=np.int64)
    now, band = np.full(n, np.nan), np.full(n, -1)
    now[known], band[known] = flux[nearest[known]], code[nearest[known]]
    history = (apart > limit) & (code == band[owner])
    total = np.bincount(owner[history], minlength=n)
    brighter = np.bincount(owner[history & (flux > now[owner])], minlength=n)
    equal = np.bincount(owner[history & (flux == now[owner])], minlength=n)
    low, high = (k / (total + 1.0) for k in (brighter, brighter + equal + 1.0))
    value = np.log((total + 1.0) / (equal + 1.0) * (high**rank_index - low**rank_index))
    return np.where(np.isfinite(now) & (total >= parameters.photometry.state_points_min), value, np.nan)


def _first(owner: IntArray, apart: FloatArray, n: int) -> IntArray:
    """For each pair its point nearest to the event; -1 without points. Shape (n,)."""
    order = np.lexsort((apart, owner))
    first = np.full(n, -1, dtype=np.int64)
    first[owner[order][::-1]] = order[::-1]
    return first
