"""Who is blamed for a worker's end: nobody for an outage, no message of another topic, and nothing is read unmarked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import select

from mma.engine.deliveries import REASON, SMALL, Deliveries
from mma.engine.engine import Engine
from mma.engine.worker import Live
from mma.errors import LongError, OutageError
from mma.store import Store, deliveries, message_log, tables
from mma.streams import Message
from mma.streams.merged import Merged

PLACE = ("broker", "topic", 0)


def message(offset: int, came: float | None = None, payload: bytes = b"new") -> Message:
    at = float(offset) if came is None else came
    return Message(payload=payload, source=PLACE[0], topic=PLACE[1], offset=offset, timestamp=at)


@pytest.fixture
def store(database: str):
    opened = Store(database)
    yield opened
    opened.close()


def ended(store: Store, batch: Sequence[Message]) -> None:
    """A worker took these up and ended without a word."""
    Deliveries(store, len(batch)).claim(batch)


def worker(store: Store, handle: Callable[[Sequence[Message]], None], most: int = 200) -> Live:
    """One that is told to stop, so that it waits for no outage's end."""
    stop = threading.Event()
    live = Live(Engine(store), Merged([], most, stop), store)
    live.engine.handle = handle  # type: ignore[method-assign]
    return live


def test_a_message_of_a_topic_that_was_made_anew_is_not_the_one_that_ended_workers(store: Store) -> None:
    with store.begin() as connection:
        message_log.set_aside(connection, message(5, 1.0, b"deadly"), [(REASON, None)], 1.0)
    batch = [message(i, 1000.0 + i) for i in range(10)]
    ours = Deliveries(store, 100)
    ours.claim(batch)
    assert [m.offset for part in ours.parts(batch) for m in part.messages if m.fault] == []
    again = [message(i, 1.0) for i in range(10)]  # the old one, as a group that was set back reads it
    other = Deliveries(store, 100)
    other.claim(again)
    assert [m.offset for part in other.parts(again) for m in part.messages if m.fault] == [5]


def test_the_suspect_of_a_topic_that_was_made_anew_is_forgotten(store: Store) -> None:
    batch = [message(i) for i in range(10)]
    for _ in range(2):  # two workers end while they read message 5 alone
        ended(store, batch)
        with store.begin() as connection:
            deliveries.mark(connection, PLACE, 5, 5)
    anew = Deliveries(store, len(batch))
    anew.claim(batch)
    anew.made_anew(PLACE[0], [PLACE[1:]])
    assert [m.fault for part in anew.parts(batch) for m in part.messages] == [None] * 10
    anew.release()
    after = Deliveries(store, len(batch))
    after.claim(batch)
    assert [len(part.messages) for part in after.parts(batch)] == [10]  # as ever


def test_a_worker_that_is_killed_in_an_outage_blames_no_message(store: Store) -> None:
    batch = [message(3)]
    ended(store, batch)

    def away(_batch: Sequence[Message]) -> None:
        raise OutageError("database: no room on the disk for what is large")

    for _ in range(3):  # each is killed while it waits, and cannot give anything back
        live = worker(store, away)
        live.merged.stop.set()
        assert not live._handled(batch)
    with store.begin() as connection:
        found = deliveries.claim(connection, [PLACE], "next", REASON)[PLACE]
    assert (found.first, found.suspect, found.deaths) == (None, None, 0)


def test_what_is_put_back_is_still_read_with_care(store: Store) -> None:
    batch = [message(i) for i in range(3 * SMALL)]
    ended(store, batch)
    marked: list[tuple[int | None, int | None]] = []

    def slow(part: Sequence[Message]) -> None:
        with store.begin() as connection:
            row = connection.execute(select(tables.deliveries.c["first", "last"])).one()
        marked.append((row.first, row.last))
        if len(marked) == 1:
            raise LongError("reading takes long", part[10:])

    live = worker(store, slow, len(batch))
    with pytest.raises(LongError) as error:
        live._handled(batch)
    rest = [m for m in error.value.rest if isinstance(m, Message)]
    assert [m.offset for m in rest] == list(range(10, 3 * SMALL))
    assert live._handled(rest)
    assert marked == [(0, 49), (10, 59), (60, 109), (110, 149)]
    live._handled([message(1000)])
    assert marked[-1] == (None, None)  # as ever
