"""Poll, decode, match, score, store, publish, commit: the loop and nothing else."""

from __future__ import annotations

import logging
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from coincidence import DEFAULT, ActiveEvents, AlertBatch, Event, News, Parameters, associate

from . import matching, telling, whole
from .errors import MmaError, OutageError
from .intake import Intake, source_of, take_in
from .store import Store, associations, events, ledger, objects, outbox
from .streams import Message, Sink, Source

log = logging.getLogger(__name__)

DAY_S = 86400.0
TRIPS = 50
"""After so many messages in a row that trip us, the fault is in the program: stop rather than set all aside."""

YOUNG_D = 30.0
"""Alerts of objects younger than this are decoded whole even where no event is: one may come later."""


class Engine:
    """One worker: everything it knows is in the store, so that it can stop at any moment."""

    def __init__(
        self,
        store: Store,
        sink: Sink | None = None,
        *,
        parameters: Parameters = DEFAULT,
        prefix: str = "mma",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.sink = sink
        self.parameters = parameters
        self.prefix = prefix if sink is not None else None
        self._clock = clock
        self.active = ActiveEvents(parameters)
        self._is_stale = True
        """What we hold in memory may differ from the store: a transaction failed."""
        self._tripped = 0
        self.recall()

    def recall(self) -> None:
        """Take up the events where the store has them."""
        self.active = ActiveEvents(self.parameters)
        with self.store.read() as connection:
            for notice in events.notices(connection):
                self.active.update(notice)
        self._is_stale = False

    def run(self, source: Source, progress: Callable[[int], None] = lambda n: None) -> None:
        """Handle a source to its end; first publish what an earlier run left in the outbox."""
        self.publish()
        for batch in source.batches():
            self.handle(batch)
            self.publish()
            source.commit(batch)
            progress(len(batch))

    def handle(self, batch: Sequence[Message]) -> None:
        """Handle messages in one transaction. One that trips us is set aside alone.

        Raises
        ------
        OutageError
            The database is away; nothing of the batch is kept.
        """
        if self._is_stale:
            self.recall()
        try:
            self._handle(batch, take_in(batch))
        except OutageError:
            self._is_stale = True
            raise
        except Exception as error:
            self._is_stale = True
            if len(batch) > 1:
                for message in batch:
                    self.handle([message])
                return
            self._set_aside(batch[0], error)
            self._tripped += 1
            if self._tripped >= TRIPS:
                raise  # the fault is ours, not the messages'
        else:
            self._tripped = 0

    def _handle(self, batch: Sequence[Message], intake: Intake) -> None:
        stamps = [m.timestamp for m in batch if m.timestamp is not None]
        now = min(stamps) if stamps else None
        at = now if now is not None else self._clock()
        with self.store.begin() as connection:
            ledger.count(connection, intake.counts, at)
            for i, reasons in intake.faults.items():
                log.warning("set aside %s: %s", batch[i].place, reasons[0][0])
                ledger.set_aside(connection, batch[i], reasons, at)
            for message, event in intake.events:
                self._notice(connection, message, event, now, at)
            if len(intake.alerts):
                self._alerts(connection, batch, intake, at)
            if now is not None:
                events.expire(connection, self.active.expire(now))

    def _notice(self, connection: Connection, message: Message, notice: Event, now: float | None, at: float) -> None:
        """Take in one notice: the event's state, its candidates, its associations."""
        self._remember(connection, notice.id)
        change = self.active.update(notice, now)
        if change.news is News.REPEATED:
            return
        events.save_notice(connection, notice, received=at, place=message.place)
        events.save_event(connection, change.after, revision=change.revision, parameters=self.parameters, now=now)
        if change.news is News.OLDER:
            return
        matching.event(connection, self.active, notice.id, at)
        telling.event(connection, notice.id, at, self.prefix)
        telling.candidates_of(connection, notice.id, self.parameters, at, self.prefix)
        self._associate(connection, change.after, at)

    def _remember(self, connection: Connection, event_id: str) -> None:
        """Load an event that is no longer active but known: its notices still count."""
        if event_id not in self.active and events.event_row(connection, event_id) is not None:
            for earlier in events.notices(connection, [event_id]):
                self.active.update(earlier, now=np.inf)

    def _associate(self, connection: Connection, event: Event, at: float) -> None:
        found = []
        if event.time is not None:
            for other in events.partners(connection, event.kind, event.time.timestamp()):
                self._remember(connection, other)
                association = associate(event, self.active[other])
                if association is not None:
                    found.append(association)
        associations.replace(connection, event.id, found, at)
        telling.associations_of(connection, event.id, at, self.prefix)

    def _alerts(self, connection: Connection, batch: Sequence[Message], intake: Intake, at: float) -> None:
        """Take in alerts: the objects' states, their candidates, the ranks of the events touched."""
        before = objects.known(connection, intake.alerts)
        wanted = self._worth_whole(intake.alerts, before)
        found = whole.decode(batch, intake.alerts.take(wanted), list(intake.survey_ids[wanted]))
        columns = whole.with_history(intake.alerts, found)
        states = objects.merge(connection, columns, before, {alert.object_id for alert in found})
        objects.add_history(connection, found)
        objects.add_aliases(connection, found)
        for event_id in sorted(matching.batch(connection, self.active, states, at)):
            telling.candidates_of(connection, event_id, self.parameters, at, self.prefix)

    def _worth_whole(self, alerts: AlertBatch, before: objects.Known) -> npt.NDArray[np.bool_]:
        """Alerts to decode whole: those that hit a region, and those of young objects, which a later event will
        want; what an event finds must not depend on which of the two came first. Not those whose packet can tell
        nothing that is not known."""
        first = before.first_seen(alerts)
        wanted = alerts.time - first <= YOUNG_D * DAY_S
        wanted[self.active.match(replace(alerts, first_seen=first)).alert] = True
        wanted &= ~(alerts.solar_system_arcsec <= self.parameters.moving_arcsec)
        return np.asarray(wanted & ~before.tell_all(alerts), dtype=np.bool_)

    def _set_aside(self, message: Message, error: Exception) -> None:
        trace = "".join(traceback.format_exception(error))
        log.error("set aside %s: %r", message.place, error)
        source = source_of(message)
        reason = str(error) if isinstance(error, MmaError) else f"{type(error).__name__}: {error}"
        with self.store.begin() as connection:
            counts = Counter({(source, "read", ""): 1, (source, "set_aside", ""): 1})
            ledger.count(connection, counts, self._clock())
            ledger.set_aside(connection, message, [(reason, trace)], self._clock())

    def publish(self) -> None:
        """Hand over what waits in the outbox, oldest first. One worker does it at a time, so that order is kept.

        A message handed over whose commit fails comes again, with the same id.
        """
        if self.sink is None:
            return
        while self._something_waits():
            with self.store.begin() as connection:
                waiting = outbox.claim(connection)
                if not waiting:
                    return
                for row in waiting:
                    self.sink.write(row["topic"], row["key"], row["payload"])
                self.sink.flush()
                outbox.mark_sent(connection, [row["seq"] for row in waiting], self._clock())

    def _something_waits(self) -> bool:
        with self.store.read() as connection:
            return not outbox.is_empty(connection)
