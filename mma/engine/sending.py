"""What waits in the outbox is handed over, and what became of each message is kept."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection

from ..errors import OutageError, UndeliveredError
from ..store import Row, Store, facts, outbox
from ..streams import Sink

log = logging.getLogger(__name__)

WRITE_S = 2.0
"""Messages are written for so long; what is left of those claimed comes next."""

CONFIRMED_S = 27.0
"""A transaction of the database waits so long for a broker, which confirms within ``FLUSH_S`` or is away."""


class Sender:
    """Hands messages over, oldest first. One worker does it at a time, so that order is kept."""

    def __init__(self, store: Store, sink: Sink, prefix: str, clock: Callable[[], float]) -> None:
        self._store = store
        self._sink = sink
        self._prefix = prefix
        self._clock = clock
        self._is_prefix_kept = False

    def all(self) -> None:
        """Hand over all that waits.

        What the broker has confirmed is marked at once, whatever became of the others. What it refuses for good waits
        for a person. A message handed over whose commit fails comes again, with the same id.

        Raises
        ------
        OutageError
            Some are not confirmed.
        """
        sent: set[int] = set()
        while self._something_waits():
            with (
                self._store.lazily(),
                self._store.begin(CONFIRMED_S) as connection,
            ):  # marks that are lost are made again
                waiting = outbox.claim(connection)
                if not waiting:
                    return
                again = sent & {row["seq"] for row in waiting}
                if again:
                    raise OutageError(f"database: message {min(again)} was sent, and it does not keep that")
                self._keep_prefix(connection)
                written = self._written(waiting)
                sent.update(row["seq"] for row in written)
                failure = self._flushed(connection, written)
            self._is_prefix_kept = True
            if failure is not None:
                raise failure

    def _written(self, waiting: Sequence[Row]) -> list[Row]:
        """Those of the messages that were written in time; after a halt the others may be another worker's."""
        begun = time.monotonic()
        written: list[Row] = []
        for row in waiting:
            if written and time.monotonic() - begun > WRITE_S:
                break
            self._sink.write(row["topic"], row["key"], row["payload"])
            written.append(row)
        return written

    def _flushed(self, connection: Connection, waiting: Sequence[Row]) -> UndeliveredError | None:
        """Mark what became of the messages that were written; why some of them have to come again."""
        failure: UndeliveredError | None = None
        try:
            refused: Mapping[int, str] = self._sink.flush() or {}
        except UndeliveredError as error:
            failure, refused = error, error.refused
        reasons = {waiting[i]["seq"]: reason for i, reason in refused.items()}
        for seq, reason in reasons.items():
            log.warning("message %d is refused, see 'mma outbox list': %s", seq, reason)
        left = {waiting[i]["seq"] for i in (failure.missing if failure else ())} | reasons.keys()
        now = self._clock()
        outbox.mark_refused(connection, reasons, now)
        outbox.mark_sent(connection, [row["seq"] for row in waiting if row["seq"] not in left], now)
        return failure

    def _something_waits(self) -> bool:
        with self._store.read() as connection:
            return not outbox.is_empty(connection)

    def _keep_prefix(self, connection: Connection) -> None:
        """From the first message on, everything of this database goes to the same topics."""
        if not self._is_prefix_kept:
            facts.keep_prefix(connection, self._prefix)
            facts.check_prefix(connection, self._prefix)
