"""Messages that end a worker: found after it ended without a word, by reading with care, and then set aside unread.

While all goes well nothing is written but one row for each partition, when a worker begins to read it. Whoever finds
that row of a worker that did not give the partition back reads so many messages as may have been in its hands in
small parts, each marked before, and the messages of a part that ended a worker one by one. One at which two
workers ended while they read it alone is not read any more.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from operator import attrgetter
from uuid import uuid4

from ..errors import OutageError
from ..store import Handover, Place, Store, deliveries, sources
from ..streams import Message

log = logging.getLogger(__name__)

REASON = "ended a worker twice while it was read"
TWICE = 2
SMALL = 50
"""Messages of a part that is read with care."""

FEW = 100
"""So many, of a partition, are read one by one at once."""

_place = attrgetter("source", "topic", "partition")


@dataclass(slots=True)
class _Care:
    """How far a partition is read with care."""

    left: int
    """Messages that may have been in the hands of the worker that ended."""

    found: Handover

    def is_alone(self, offset: int) -> bool:
        """Whether a message is read alone: it, or the part that it was in, ended a worker."""
        first, last = self.found.first, self.found.last
        within = first is not None and last is not None and first <= offset <= last
        return within or offset == self.found.suspect or offset in self.found.aside

    def is_deadly(self, message: Message) -> bool:
        """Whether a message is not read any more; one of a topic that was made anew is another one."""
        offset = message.offset
        was_aside = offset in self.found.aside and self.found.aside[offset] in (None, message.timestamp)
        return was_aside or (offset == self.found.suspect and self.found.deaths >= TWICE)

    def is_over(self, offset: int) -> bool:
        """Whether after this message all is read as ever."""
        furthest = max(-1 if at is None else at for at in (self.found.last, self.found.suspect, *self.found.aside))
        return self.left <= 0 and offset >= furthest


@dataclass(frozen=True, slots=True)
class Part:
    """Messages that are handled together."""

    messages: list[Message]
    place: Place | None = None
    """Where they are read with care; None where they are read as ever."""


class Deliveries:
    """What one worker reads."""

    def __init__(self, store: Store, most: int) -> None:
        """Begin.

        Parameters
        ----------
        most
            Messages of a batch.
        """
        self._store = store
        self._most = most
        self._worker = f"{sources.worker()}/{uuid4().hex[:8]}"  # in a container each of them has the same process id
        self._ours: set[Place] = set()
        self._care: dict[Place, _Care] = {}

    def claim(self, batch: Sequence[Message]) -> None:
        """Take up the partitions of these messages that we did not read before."""
        new = set(map(_place, batch)) - self._ours
        if not new:
            return
        with self._store.begin() as connection:
            found = deliveries.claim(connection, sorted(new), self._worker, REASON)
        self._ours |= new
        for place, how in found.items():
            begin = min(message.offset for message in batch if _place(message) == place)
            how = replace(how, aside={offset: came for offset, came in how.aside.items() if offset >= begin})
            if not how.in_order or how.suspect is not None or how.aside:
                self._care[place] = _Care(self._most, how)
                log.info("%s[%d] of %s was not given back in order: read with care", place[1], place[2], place[0])

    def parts(self, batch: Sequence[Message]) -> Iterator[Part]:
        """A batch in the parts in which it is handled; messages of one partition stay in order."""
        if not self._care:
            yield Part(list(batch))
            return
        careful: dict[Place, list[Message]] = {}
        plain = []
        for message in batch:
            if (place := _place(message)) in self._care:
                careful.setdefault(place, []).append(message)
            else:
                plain.append(message)
        if plain:
            yield Part(plain)
        for place, messages in careful.items():
            yield from self._with_care(place, messages)

    def _with_care(self, place: Place, messages: list[Message]) -> Iterator[Part]:
        care = self._care[place]
        size = 1 if len(messages) <= FEW else SMALL
        part: list[Message] = []
        for message in messages:
            alone = care.is_alone(message.offset)
            if part and (alone or len(part) >= size):
                yield Part(part, place)
                part = []
            if care.is_deadly(message):
                message = replace(message, fault=REASON)
            part.append(message)
            if alone:
                yield Part(part, place)
                part = []
        if part:
            yield Part(part, place)

    def begin(self, part: Part) -> None:
        """Remember that a part is being read."""
        if part.place is not None and part.messages[0].fault is None:
            with self._store.begin() as connection:
                deliveries.mark(connection, part.place, part.messages[0].offset, part.messages[-1].offset)

    def pause(self, part: Part) -> None:
        """It waits for the end of an outage: a worker that is stopped meanwhile did not end by its messages."""
        if part.place is not None:
            with _without_outage(), self._store.begin() as connection:
                deliveries.mark(connection, part.place, None, None)

    def end(self, part: Part, n_left: int = 0) -> None:
        """Remember that it was, but for the last ``n_left`` messages, which come again."""
        if part.place is None:
            return
        read = part.messages[: max(0, len(part.messages) - n_left)]
        with self._store.begin() as connection:
            deliveries.passed(connection, part.place, part.messages[0].offset, part.messages[-1].offset)
        care = self._care.get(part.place)
        if care is not None and read:
            care.left -= len(read)
            if care.is_over(read[-1].offset):
                del self._care[part.place]

    def release(self) -> None:
        """Give everything back: this worker ends in order."""
        self._release(self._ours)

    def give_back(self, source: str, places: Sequence[tuple[str, int]]) -> None:
        """Others read these partitions from now on."""
        self._release(self._ours & {(source, *place) for place in places})

    def made_anew(self, source: str, places: Sequence[tuple[str, int]]) -> None:
        """Other messages have these offsets from now on: what ended workers there is gone."""
        anew = [(source, *place) for place in places]
        with _without_outage(), self._store.begin() as connection:
            deliveries.forget(connection, anew)
        for place in anew:
            self._care.pop(place, None)

    def _release(self, gone: set[Place]) -> None:
        if gone:
            with _without_outage(), self._store.begin() as connection:
                deliveries.release(connection, gone, self._worker)
            self._ours = self._ours - gone
            self._care = {place: care for place, care in self._care.items() if place in self._ours}

    def known(self, source: str, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], tuple[str, int | None]]:
        """Id of the topic as each was read last, and the offset that was next."""
        found = {}
        with _without_outage(), self._store.read() as connection:
            found = deliveries.known(connection, source, places)
        return found


@contextmanager
def _without_outage() -> Iterator[None]:
    """Nobody waits for the database here: what cannot be told is found by reading with care."""
    try:
        yield
    except OutageError as error:
        log.warning("who reads what is not told: %s", error)
