"""One notice: the event's state, its candidates, its associations."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from coincidence import Event, News, associate

from ..store import associations, events, originals
from ..streams import Message
from . import grouping, namesakes, scoring
from .event_tracker import OUTAGE_S, Following
from .publishing import Teller


@dataclass(frozen=True, slots=True)
class EventStep:
    """Takes in notices."""

    _following: Following
    _teller: Teller
    _prefix: str | None

    def take(self, connection: Connection, message: Message, notice: Event, at: float) -> bool:
        """Take in one notice; whether what is in memory is stale then."""
        notice = namesakes.under_its_id(connection, notice)
        clock = notice.issued.timestamp() - OUTAGE_S
        change = self._following.take(connection, notice, message.place, at, clock)
        is_stale = self._following.is_mended
        if change.is_news:
            originals.keep(connection, notice.id, notice.notice, message.payload)
        if change.news in (News.REPEATED, News.OLDER):
            return is_stale
        self._teller.event(connection, change.after, at)
        if not self._following.is_without_its_map(notice.id):
            self._teller.settle(connection, scoring.event(connection, self._following.active, notice.id), at)
        self._associate(connection, change.after, at)
        return is_stale

    def _associate(self, connection: Connection, event: Event, at: float) -> None:
        found = []
        if event.time is not None:
            for other in events.partners(connection, event.kind, event.time.timestamp()):
                self._following.remember(connection, other)
                association = associate(event, self._following.active[other])
                if association is not None:
                    found.append(association)
        associations.replace(connection, event.id, found, at)
        self._teller.associations_of(connection, event.id, at)
        grouping.settle(connection, event.id, lambda name: self._known(connection, name), self._prefix, at)

    def _known(self, connection: Connection, event_id: str) -> Event:
        self._following.remember(connection, event_id)
        return self._following.active[event_id]
