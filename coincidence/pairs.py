"""Objects and the events that they are scored against, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from skymaps import FloatArray, IntArray

from .alert import AlertBatch
from .event import Event, located


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Objects (or alerts) and events: one row a pair, arrays of shape (n,)."""

    alert: IntArray
    """Row of the alert or object."""

    event: IntArray
    """Index into ``events``."""

    events: list[str]
    credible_level: FloatArray
    probdensity: FloatArray
    """Of the event's region at the alert, per steradian."""

    def __len__(self) -> int:
        return len(self.alert)

    @classmethod
    def none(cls) -> Pairs:
        """No pairs, of no events."""
        row, number = np.empty(0, dtype=np.int64), np.empty(0)
        return cls(alert=row, event=row, events=[], credible_level=number, probdensity=number)

    def met(self) -> Pairs:
        """The same, with only those events that are in a pair."""
        met = np.bincount(self.event, minlength=len(self.events)) > 0
        events = [self.events[i] for i in np.flatnonzero(met)]
        return replace(self, event=(np.cumsum(met) - 1)[self.event], events=events)

    def take(self, rows: IntArray) -> Pairs:
        """Chosen pairs."""
        return Pairs(
            alert=self.alert[rows],
            event=self.event[rows],
            events=self.events,
            credible_level=self.credible_level[rows],
            probdensity=self.probdensity[rows],
        )


def all_of(event: Event, alerts: AlertBatch) -> Pairs:
    """Every alert with this event, inside its region or not."""
    region = located(event)
    return Pairs(
        alert=np.arange(len(alerts), dtype=np.int64),
        event=np.zeros(len(alerts), dtype=np.int64),
        events=[event.id],
        credible_level=region.credible_level_at(alerts.ra, alerts.dec),
        probdensity=region.probdensity_at(alerts.ra, alerts.dec),
    )
