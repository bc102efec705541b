"""The events as the database has them, whichever worker heard of them first."""

from __future__ import annotations

import math

from sqlalchemy import Connection

from coincidence import ActiveEvents, Change, Event, Parameters
from skymaps import SkyMap

from .store import Store, events, maps

LATE_S = 86_400.0
"""An event is searched for so long after its window closed: alerts may come late."""

OUTAGE_S = 30 * 86_400.0
"""After an outage of up to this length, notices that are read first do not close the windows for older alerts."""


class Following:
    """Events in memory, brought up to date by number of notice: what other workers took in is read from the store."""

    def __init__(self, parameters: Parameters) -> None:
        self.active = ActiveEvents(parameters, LATE_S)
        self._parameters = parameters
        self.damaged: dict[str, str] = {}
        """Events without their map, since it is damaged: what is wrong with it, by their ids."""
        self.is_mended = False
        """A damaged map came again: what is known of its event is to be read anew."""
        self._seq: int | None = None
        self._closed_s = math.inf  # events whose window closed before are not searched

    def catch_up(self, connection: Connection) -> None:
        """Take in the notices that others stored; at first those of every event that is not over."""
        newest = events.newest(connection)
        if newest == self._seq:
            return
        if self._seq is None:
            for notice in events.notices(connection, events.open_ones(connection), self.damaged):
                self.active.update(notice)
        else:
            for event_id, is_over in events.told_since(connection, self._seq):
                for notice in events.notices(connection, [event_id], self.damaged):
                    self.active.update(notice, now=math.inf if is_over else None)
                if is_over:
                    self._closed_s = math.inf  # for others, who may be ahead of us
        self._seq = newest

    def unlocated(self) -> dict[str, str]:
        """Events that have no region since their newest map is damaged: what is wrong with it, by their ids."""
        return {name: why for name, why in self.damaged.items() if name in self.active and not self._has_region(name)}

    def mark_unlocated(self, store: Store) -> None:
        """Whoever asks is told so."""
        if without := sorted(self.unlocated()):
            with store.begin() as connection:
                events.mark_unlocated(connection, without)

    def _has_region(self, event_id: str) -> bool:
        return self.active[event_id].region is not None

    def take(self, connection: Connection, notice: Event, place: str, received: float, clock: float) -> Change:
        """Take in a notice of our own; it is stored where it is new.

        Parameters
        ----------
        place
            Where it came from: topic, partition and offset.
        received
            Unix seconds.
        clock
            Events whose window closed before are not matched with new alerts. Unix seconds.
        """
        self.remember(connection, notice.id)
        if notice.id in self.damaged and isinstance(notice.region, SkyMap) and notice.skymap_sha256:
            maps.save(connection, notice.region)
            events.mark_located(connection, notice.skymap_sha256)
            self.is_mended = True
        change = self.active.update(notice, clock)
        if change.is_news:
            self._seq = events.save_notice(connection, notice, received=received, place=place)
            events.save_event(
                connection, change.after, revision=change.revision, parameters=self._parameters, now=clock
            )
        return change

    def remember(self, connection: Connection, event_id: str) -> None:
        """Load an event that is over but known: its notices still count."""
        if event_id not in self.active and events.event_row(connection, event_id) is not None:
            for earlier in events.notices(connection, [event_id], self.damaged):
                self.active.update(earlier, now=math.inf)

    def reach_back(self, connection: Connection, clock: float) -> None:
        """Search events again that were closed, here or by another worker, and were not at this time.

        Partitions are not read in step, least of all after an outage: the alerts of one may be days behind those of
        another that closed a window.
        """
        if clock < self._closed_s:
            for event_id in events.closed_since(connection, clock):
                self.remember(connection, event_id)
            self.active.reopen(clock)
            self._closed_s = clock

    def expire(self, connection: Connection, clock: float) -> list[str]:
        """Close the windows that ended before; the events' ids."""
        self._closed_s = max(self._closed_s, clock)
        over = self.active.expire(clock)
        events.expire(connection, over)
        return over
