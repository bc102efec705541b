"""Within one event: probabilities that never promise more than one counterpart, and ranks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray, IntArray

from .candidate import Candidate
from .parameters import Parameters


def log_none_odds(log_odds: FloatArray, *, is_sorted: bool = False) -> float:
    """``ln(1 + sum_j O_j)``: minus the log probability that none of them is the counterpart. Whatever their order."""
    if not len(log_odds):
        return 0.0
    odds = log_odds if is_sorted else np.sort(log_odds)
    top = max(0.0, float(odds[-1]))
    return top + math.log(math.exp(-top) + float(np.exp(odds - top).sum()))


def probabilities(log_odds: FloatArray) -> FloatArray:
    """``P_i = O_i / (1 + sum_j O_j)``: at most one counterpart, so they sum to less than 1. Shape (n,).

    Examples
    --------
    >>> probabilities(np.log(np.array([3.0, 1.0])))
    array([0.6, 0.2])
    """
    return np.asarray(np.exp(log_odds - log_none_odds(log_odds)), dtype=np.float64)


def order(log_odds: FloatArray, object_ids: npt.NDArray[np.object_]) -> IntArray:
    """Rows from the best on; equal odds by object id, so that the order never depends on arrival."""
    return np.asarray(np.lexsort((object_ids.astype(str), -log_odds)), dtype=np.int64)


def rank(candidates: Iterable[Candidate]) -> list[Candidate]:
    """One event's candidates from the best on, with probability and rank; vetoed ones last, without."""
    rows = list(candidates)
    alive = [c for c in rows if c.veto is None]
    odds = np.array([c.log_odds for c in alive], dtype=np.float64)
    ids = np.array([c.object_id for c in alive], dtype=object)
    chance = probabilities(odds)
    ranked = [
        replace(alive[i], probability=float(chance[i]), rank=place, of=len(alive))
        for place, i in enumerate(order(odds, ids).tolist(), start=1)
    ]
    return ranked + sorted((c for c in rows if c.veto is not None), key=lambda c: c.object_id)


def worth_telling(log_odds: FloatArray, told_log_odds: FloatArray, parameters: Parameters) -> npt.NDArray[np.bool_]:
    """Which candidates changed enough since they were last published to be published again. Shape (n,).

    One never told (NaN) is told from ``tell_from_log_odds`` on, others when their log odds moved by more than
    ``tell_log_odds``; once it was told that they are below, only when they are above again. Nothing else counts, not
    even rank: so what is told of a candidate does not depend on which others came with it. Its probability and rank
    follow from everyone's log odds.
    """
    never, least = np.isnan(told_log_odds), parameters.tell_from_log_odds
    with np.errstate(invalid="ignore"):
        moved = np.abs(log_odds - told_log_odds) > parameters.tell_log_odds
        moved &= (log_odds >= least) | (told_log_odds >= least)
    return np.asarray(np.where(never, log_odds >= least, moved), dtype=np.bool_)
