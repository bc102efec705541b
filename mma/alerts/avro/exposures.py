"""``history.merge`` on columns, compiled. Imported only with the kernel: numba takes half a second."""

from __future__ import annotations

from typing import Any

import numpy as np

from .jit import Array, compiled


@compiled
def merge(time_us: Array, rank: Array, band: Array, starts: Array, until_us: Array, same_us: int, order: Array) -> Any:
    """``history.merge`` on columns: which entries are kept.

    Parameters
    ----------
    time_us, rank, band
        Of each entry, those of one alert together: microseconds, what counts first, and a small number for each band.
    starts
        First entry of each alert, and after the last. Shape (alerts + 1,).
    until_us
        Time of each alert; entries are earlier. Shape (alerts,).
    same_us
        Entries of one band nearer than this tell of one exposure.
    order
        Filled: the entries of each alert, oldest first.

    Returns
    -------
    :
        Whether each entry is kept. Shape (entries,).
    """
    kept = np.zeros(time_us.size, dtype=np.bool_)
    n_bands = band.max() + 1 if band.size else 0
    last = np.full(n_bands, -1, dtype=np.int64)  # the entry kept of a band
    for alert in range(until_us.size):
        first, end = starts[alert], starts[alert + 1]
        for i in range(first, end):
            at = i
            while at > first and _is_before(time_us, rank, i, order[at - 1]):
                order[at] = order[at - 1]
                at -= 1
            order[at] = i
            last[band[i]] = -1
        for at in range(first, end):
            i, before = order[at], last[band[order[at]]]
            if time_us[i] >= until_us[alert]:
                break
            if before >= 0 and time_us[i] - time_us[before] < same_us:
                if rank[i] >= rank[before]:
                    continue
                kept[before] = False
            kept[i], last[band[i]] = True, i
    return kept


@compiled
def _is_before(time_us: Array, rank: Array, i: int, other: int) -> bool:
    """Whether an entry is older than another, or of the same time and counts first."""
    return bool(time_us[i] < time_us[other] or (time_us[i] == time_us[other] and rank[i] < rank[other]))
