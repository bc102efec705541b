"""Poll, decode, match, score, store, publish, commit: the loop and nothing else."""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from coincidence import DEFAULT, ActiveEvents, Parameters

from ..answers import current_parameters
from ..errors import ConflictError, LongError, MmaError, OutageError, TrippingError, UnfinishedError
from ..sandbox import Room
from ..store import (
    Store,
    facts,
    handled,
    hold_events,
    message_log,
    rates,
)
from ..streams import Message, Sink, Source
from . import reading
from .additions import Additions
from .alert_step import AlertStep
from .event_step import EventStep
from .event_tracker import LATE_S, OUTAGE_S, EventTracker
from .ingest import Intake, Locate, newest, source_of, take_in
from .publishing import Publisher
from .sending import Sender
from .setting_aside import SettingAside

log = logging.getLogger(__name__)

TRIPS = 50
"""After so many messages of a source in a row that trip us, nothing more of it is set aside: the fault may be ours."""


class Engine:
    """One worker: everything it knows is in the store, so that it can stop at any moment."""

    def __init__(
        self,
        store: Store,
        sink: Sink | None = None,
        *,
        parameters: Parameters = DEFAULT,
        prefix: str = "mma",
        tells: bool = False,
        clock: Callable[[], float] = time.time,
        locate: Locate | None = None,
        additions: Additions | None = None,
        room: Room | None = None,
    ) -> None:
        self.store = store
        self.sink = sink
        self._given = parameters
        self.prefix = prefix if sink is not None or tells else None
        if self.prefix is not None:
            with store.read() as connection:
                facts.check_prefix(connection, self.prefix)
        self._clock = clock
        self._handing = Sender(store, sink, prefix, clock) if sink is not None else None
        self.additions = additions or Additions()
        self._locate = locate
        self.room = room or reading.room()
        self._aside = SettingAside(store, clock)
        self._tripped: Counter[str] = Counter()  # by source
        self._seen = -math.inf  # time of the newest alert
        self.recall()

    def recall(self) -> None:
        """Take up the events where the store has them: at the start, and after a transaction that failed."""
        with self.store.read() as connection:
            self._rates, self.parameters = current_parameters(connection, self._given)
            self.tracker = EventTracker(self.parameters)
            self.publisher = Publisher(self.parameters, self.prefix, self.additions)
            self._take_alerts = AlertStep(self.tracker, self.publisher, self.room, self._clock)
            self._take_event = EventStep(self.tracker, self.publisher, self.prefix)
            self._is_stale = False
            self.tracker.catch_up(connection)
        self.tracker.mark(self.store)

    @property
    def active(self) -> ActiveEvents:
        """The events that are followed."""
        return self.tracker.active

    def run(self, source: Source, progress: Callable[[int], None] = lambda n: None) -> None:
        """Handle a source to its end; first publish what an earlier run left in the outbox."""
        self.publish()
        for batch in source.batches():
            self._whole(batch)
            self.publish()
            source.commit(batch)
            progress(len(batch))
        self.finish()

    def _whole(self, batch: Sequence[Message]) -> None:
        """Handle all of a batch, in parts where reading takes long."""
        left = batch
        while left:
            try:
                self.handle(left)
                return
            except LongError as error:
                left = [message for message in error.rest if isinstance(message, Message)]

    def finish(self) -> None:
        """Close the windows that ended before the newest alert: its source is at its end, nothing older comes."""
        if math.isfinite(self._seen):
            with self.store.begin() as connection:
                self._close(connection, self._seen - LATE_S)

    def handle(self, batch: Sequence[Message]) -> None:
        """Handle messages in one transaction. One that trips us is set aside alone.

        Raises
        ------
        OutageError
            The database is away; nothing of the batch is kept.
        LongError
            Some are left: reading the others took long. Those are handled.
        """
        try:
            if self._is_stale:
                self.recall()
            intake = take_in(batch, self._locate, self.room)
            with self.store.begin() as connection:
                self._handle(connection, batch[: intake.n], intake)
        except OutageError:
            self._is_stale = True
            raise
        except ConflictError as conflict:
            log.info("again: %s", conflict)
            self._is_stale = True
            self.handle(batch)
        except Exception as error:  # noqa: BLE001 - a bad message costs one message, whatever is wrong with it
            self._is_stale = True
            if len(batch) > 1:
                self._halves(batch)
            else:
                self._trip(batch[0], error)
        else:
            self._tripped.pop(batch[0].source, None)
            if intake.n < len(batch):
                raise LongError(f"{len(batch) - intake.n} messages wait: reading takes long", batch[intake.n :])

    def _halves(self, batch: Sequence[Message]) -> None:
        """Handle the halves of a batch, to find the message that trips us."""
        half = len(batch) // 2
        try:
            self.handle(batch[:half])
        except UnfinishedError as error:
            error.rest = [*error.rest, *batch[half:]]
            raise
        self.handle(batch[half:])

    def _trip(self, message: Message, error: Exception) -> None:
        """Set a message aside that trips us; not too many of a source, unless the fault is surely theirs."""
        self._aside.keep(message, error)
        if isinstance(error, MmaError) or self.store.is_of_data(error):
            return
        self._tripped[message.source] += 1
        if self._tripped[message.source] >= TRIPS:
            del self._tripped[message.source]
            raise TrippingError(f"{TRIPS} messages in a row could not be handled, the last: {error!r}") from error

    def handle_again(self, message: Message) -> str | None:
        """Handle a dead letter once more; what is still wrong with it, None where it is none any more."""
        intake = take_in([message], self._locate, self.room)
        try:
            if self._is_stale:
                self.recall()
            with self.store.begin() as connection:
                message_log.take_back(connection, source_of(message), message)
                self._handle(connection, [message], intake, is_letter=True)
        except Exception as error:
            self._is_stale = True
            if isinstance(error, OutageError | ConflictError):
                raise
            return f"{type(error).__name__}: {error}"  # it stays among the dead letters, as it was
        return intake.faults[0][0][0] if intake.faults else None

    def _handle(
        self, connection: Connection, batch: Sequence[Message], intake: Intake, *, is_letter: bool = False
    ) -> None:
        hold_events(connection, alone=bool(intake.events))
        self.tracker.catch_up(connection)
        self._is_stale |= rates.newest_number(connection) != self._rates  # another worker learnt
        if len(intake.alerts):
            self.tracker.reach_back(connection, float(intake.alerts.time.min()) - LATE_S)
        for i, reasons in intake.faults.items():
            log.warning("set aside %s: %s", batch[i].place, reasons[0][0])
            message_log.set_aside(connection, batch[i], reasons, self._when(batch[i]))
        done = 0
        for i, event in intake.events:
            self._take_alerts.take(connection, batch, *intake.between(done, i), self._when)
            self._is_stale |= self._take_event.take(connection, batch[i], event, self._when(batch[i]))
            done = i
        self._take_alerts.take(connection, batch, *intake.between(done, len(batch)), self._when)
        self._expire(connection, batch, intake)
        again = set[int]() if is_letter else handled.again(connection, batch)
        new = [message for i, message in enumerate(batch) if i not in again]
        counts = take_in(new, room=self.room).counts if again else intake.counts  # what comes again counts once
        how_new = newest(batch, self._when, intake.alerts, self._clock())
        message_log.count(connection, counts, how_new)  # last: workers wait for one another at these rows

    def _when(self, message: Message) -> float:
        """When a message came, Unix seconds: now, where nobody noted it."""
        return self._clock() if message.timestamp is None else message.timestamp

    def _expire(self, connection: Connection, batch: Sequence[Message], intake: Intake) -> None:
        """Close windows by when the alerts that are read were seen; without any, by when notices were sent.

        A time that is later than when the message came is none to go by.
        """
        came = max(map(self._when, batch))
        if len(intake.alerts):
            self._seen = max(self._seen, min(float(intake.alerts.time.max()), came))
            clock = float(intake.alerts.time.min()) - LATE_S
        elif intake.events:
            clock = min(notice.issued.timestamp() for _, notice in intake.events) - OUTAGE_S
        else:
            return
        self._close(connection, min(clock, came))

    def _close(self, connection: Connection, clock: float) -> None:
        self.publisher.rank_cache.forget(self.tracker.expire(connection, clock))
        self._is_stale |= self.tracker.is_mended

    def publish(self) -> None:
        """Hand over what waits in the outbox, oldest first."""
        if self._handing is not None:
            self._handing.all()
