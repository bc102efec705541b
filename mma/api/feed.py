"""The stream of published messages: one poller reads the outbox for all who listen.

Messages are told in the order of their numbers, and a number is told once all below it are settled: on PostgreSQL
a transaction may draw a number, and another one draw the next and commit first. Who comes back with the number of
the last message they saw misses none and gets none twice; where it was pruned meanwhile, they are told so.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from anyio import to_thread

from ..answers import ahead
from ..errors import OutageError
from ..messages import Facts, Filter, StreamFilter, facts
from ..store import Store, outbox

log = logging.getLogger(__name__)

GAP = "gap"
"""Type of the event that says that messages were pruned before they were told; of all others it is their kind."""

POLL_S = 0.2
KEPT = 5000
"""Messages in memory; who is further behind reads on from the database."""

PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message as listeners get it."""

    seq: int
    facts: Facts
    wire: bytes
    """As a server-sent event."""


def told(row: dict[str, Any]) -> Told:
    """A row of the outbox, read."""
    message = orjson.loads(row["payload"])
    seq, about = row["seq"], facts(message)
    wire = f"id: {seq}\nevent: {about.kind}\ndata: ".encode() + orjson.dumps(message) + b"\n\n"
    return Told(seq=seq, facts=about, wire=wire)


class Feed:
    """Asks the outbox for new messages while somebody listens, and keeps the newest for them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: deque[Told] = deque(maxlen=KEPT)
        self._low = self.head = 0
        """Messages above the one and up to the other are kept; the head is settled."""

        self._news = asyncio.Condition()
        self._waiting: tuple[int, frozenset[str]] | None = None
        self._poller: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self.listeners = 0
        self.polls = 0
        """Times that the database was asked."""

    async def listen(
        self, stream_filter: StreamFilter, after: int | None, remarks: Sequence[str] = (), beat_s: float = 15.0
    ) -> AsyncIterator[bytes]:
        """Server-sent events after a number, or from now on; a sign of life whenever there are none.

        Remarks on the wish go first, as comments, each a line without an end.

        The sign of life carries the number reached, so that who wishes for rare things comes back near the end.
        """
        self.listeners += 1
        wanted = Filter(stream_filter)
        try:
            await self._begin()
            seen = self.head if after is None else min(after, self.head)
            yield b"retry: 2000\n\n"
            for remark in remarks:
                yield f": {remark}\n\n".encode()
            if (beyond := ahead(after, self.head)) is not None:
                yield f": {beyond}\n\n".encode()
            elif after and (gap := await to_thread.run_sync(self._gap, after)):
                yield gap
            while True:
                messages, seen = await self._next(seen, beat_s)
                for message in messages:
                    if wanted.takes(message.facts):
                        yield message.wire
                if not messages:
                    yield b": nothing new\n" + (f"id: {seen}\n\n".encode() if seen else b"\n")
        finally:
            self.listeners -= 1
            if not self.listeners and self._poller is not None:
                self._poller.cancel()
                self._poller = None

    async def _begin(self) -> None:
        """Poll, where nobody listened until now."""
        async with self._starting:
            if self._poller is not None and not self._poller.done():
                return
            _, newest = await to_thread.run_sync(self._span)
            pending = await to_thread.run_sync(self._writers)
            while pending:  # nobody can add a message below that number any more once these are done
                await asyncio.sleep(POLL_S)
                pending &= await to_thread.run_sync(self._writers)
            self._kept.clear()
            self._waiting = None
            self._low = self.head = newest
            self._poller = asyncio.create_task(self._poll())

    async def _next(self, seen: int, beat_s: float) -> tuple[list[Told], int]:
        """Messages above a number, and the number reached; none after a while without any."""
        if seen >= self._low:
            async with self._news:
                try:
                    async with asyncio.timeout(beat_s):
                        await self._news.wait_for(lambda: self.head > seen)
                except TimeoutError:
                    return [], seen
        if seen < self._low:
            upto = self.head
            found = await to_thread.run_sync(self._page, seen, upto)
            return found, found[-1].seq if len(found) == PAGE else upto
        return [message for message in self._kept if message.seq > seen], self.head

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            try:
                found = await to_thread.run_sync(self._look)
            except OutageError as error:
                log.warning("the stream's database is away: %s", error)
                await asyncio.sleep(10 * POLL_S)
                continue
            if found:
                async with self._news:
                    if len(self._kept) + len(found) > KEPT:
                        dropped = (list(self._kept) + found)[: len(self._kept) + len(found) - KEPT]
                        self._low = dropped[-1].seq
                    self._kept.extend(found)
                    self.head = found[-1].seq
                    self._news.notify_all()

    def _look(self) -> list[Told]:
        """New messages that are settled. Of those that were there when writers were at work, once these are done."""
        self.polls += 1
        with self._store.read() as connection:
            if self._waiting is None:
                _, newest = outbox.span(connection)
                if newest <= self.head:
                    return []
                self._waiting = (newest, outbox.writers(connection))
            newest, pending = self._waiting
            if pending and (pending := pending & outbox.writers(connection)):
                self._waiting = (newest, pending)
                return []
            rows = outbox.after(connection, self.head, newest, PAGE)
        if not rows or rows[-1]["seq"] >= newest:
            self._waiting = None
        return [told(row) for row in rows]

    def _page(self, seen: int, upto: int) -> list[Told]:
        with self._store.read() as connection:
            return [told(row) for row in outbox.after(connection, seen, upto, PAGE)]

    def _span(self) -> tuple[int, int]:
        with self._store.read() as connection:
            return outbox.span(connection)

    def _writers(self) -> frozenset[str]:
        with self._store.read() as connection:
            return outbox.writers(connection)

    def _gap(self, after: int) -> bytes | None:
        """An event that says that messages after this number may have been pruned; None where none can have been."""
        with self._store.read() as connection:
            if outbox.is_kept(connection, after):
                return None
            oldest, _ = outbox.span(connection)
        return f"event: {GAP}\ndata: ".encode() + orjson.dumps({"after": after, "oldest": oldest or None}) + b"\n\n"
