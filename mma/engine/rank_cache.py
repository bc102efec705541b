"""The log odds of each event's candidates, kept from batch to batch: ranks and probabilities without asking again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from coincidence.ranking import log_none_odds
from skymaps import FloatArray

from ..store import candidates, events


@dataclass(frozen=True, slots=True)
class Standing:
    """The candidates of one event that stand."""

    odds: FloatArray
    """Log odds in rising order."""

    log_none: float
    """``ln(1 + sum of odds)``."""

    def rank(self, log_odds: float) -> int:
        """Place of a candidate: one more than there are better ones."""
        return len(self.odds) - int(np.searchsorted(self.odds, log_odds, side="right")) + 1


@dataclass(slots=True)
class Exchange:
    """Log odds that left and that came, of one event."""

    gone: list[float]
    come: list[float]


class RankCache:
    """What this worker knows of the ranks. Another worker's change shows in the events' counters, and is read."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, FloatArray]] = {}

    def update(self, connection: Connection, changes: Mapping[str, Exchange]) -> dict[str, Standing]:
        """Rank these events anew after their candidates were written; nobody else does until the transaction ends."""
        if not changes:
            return {}
        counts = events.lock(connection, sorted(changes))
        fresh: dict[str, FloatArray] = {}
        for event_id, change in changes.items():
            counted, odds = self._known.get(event_id, (-1, np.empty(0)))
            if counted == counts[event_id] and (after := exchanged(odds, change.gone, change.come)) is not None:
                fresh[event_id] = after
        fresh |= candidates.standing_odds(connection, changes.keys() - fresh.keys())
        out = {event_id: Standing(odds, log_none_odds(odds, is_sorted=True)) for event_id, odds in fresh.items()}
        self._known |= {event_id: (counts[event_id] + 1, odds) for event_id, odds in fresh.items()}
        events.save_rankings(connection, {name: (len(s.odds), s.log_none) for name, s in out.items()})
        return out

    def forget(self, event_ids: Sequence[str]) -> None:
        """These events are over."""
        for event_id in event_ids:
            self._known.pop(event_id, None)


def exchanged(odds: FloatArray, gone: Sequence[float], come: Sequence[float]) -> FloatArray | None:
    """Sorted log odds with some taken out and others put in; None where one to be taken out is not there.

    Examples
    --------
    >>> exchanged(np.array([1.0, 2.0, 2.0]), [2.0], [0.0, 5.0])
    array([0., 1., 2., 5.])
    """
    out = np.sort(np.array(gone, dtype=np.float64))
    which = np.searchsorted(odds, out)
    which += np.arange(len(out)) - np.searchsorted(out, out)  # equal ones, one after the other
    if len(out) and (which[-1] >= len(odds) or not np.array_equal(odds[which], out)):
        return None
    left = np.delete(odds, which) if len(out) else odds
    merged = np.concatenate([left, np.array(come, dtype=np.float64)])
    merged.sort(kind="stable")
    return merged
