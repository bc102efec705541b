"""One notice: the event's state, its candidates, its associations."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from coincidence import Event, News, associate

from ..store import associations, events, originals
from ..streams import Message
from . import grouping, namesakes, scoring
from .event_tracker import OUTAGE_S, EventTracker
from .publishing import Publisher


@dataclass(frozen=True, slots=True)
class EventStep:
    """Takes in notices."""

    _tracker: EventTracker
    _publisher: Publisher
    _prefix: str | None

    def take(self, connection: Connection, message: Message, notice: Event, at: float) -> bool:
        """Take in one notice; whether what is in memory is stale then."""
        notice = namesakes.under_its_id(connection, notice)
        clock = notice.issued.timestamp() - OUTAGE_S
        change = self._tracker.take(connection, notice, message.place, at, clock)
        is_stale = self._tracker.is_mended
        if change.is_news:
            originals.keep(connection, notice.id, notice.notice, message.payload)
        if change.news in (News.REPEATED, News.OLDER):
            return is_stale
        self._publisher.event(connection, change.after, at)
        if not self._tracker.is_without_its_map(notice.id):
            self._publisher.settle(connection, scoring.event(connection, self._tracker.active, notice.id), at)
        self._associate(connection, change.after, at)
        return is_stale

    def _associate(self, connection: Connection, event: Event, at: float) -> None:
        found = []
        if event.time is not None:
            for other in events.partners(connection, event.kind, event.time.timestamp()):
                self._tracker.remember(connection, other)
                association = associate(event, self._tracker.active[other])
                if association is not None:
                    found.append(association)
        associations.replace(connection, event.id, found, at)
        self._publisher.associations_of(connection, event.id, at)
        grouping.settle(connection, event.id, lambda name: self._known(connection, name), self._prefix, at)

    def _known(self, connection: Connection, event_id: str) -> Event:
        self._tracker.remember(connection, event_id)
        return self._tracker.active[event_id]
