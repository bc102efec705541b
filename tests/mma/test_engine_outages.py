"""Outages of database and broker, and faults of our own: nothing lost, nothing doubled, nothing half done."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from mma.engine.engine import TRIPS, Engine
from mma.errors import OutageError, TrippingError
from mma.store import Store, outbox
from mma.streams import MemorySink, MemorySource
from tests.mma.world import World, as_message, burst, detection, of_type, superevent

EVENT = "S270301ab"


class Trips(Store):
    """A store that fails in some transactions: by number, before they are committed."""

    failing: frozenset[int] = frozenset()
    error: type[Exception] = OutageError
    n = 0

    @contextmanager
    def begin(self, *patience):
        with super().begin(*patience) as connection:
            yield connection
            self.n += 1
            if self.n in self.failing:
                raise self.error("on purpose")


def test_a_failing_transaction_leaves_nothing(database: str):
    store = Trips(database)
    world = World(store)
    store.failing = frozenset({store.n + 1})
    with pytest.raises(OutageError):
        world.hears(superevent(), detection("ZTF27a"), b"{")
    assert world.status()["messages"] == dict.fromkeys(("read", "decoded", "set_aside", "ignored"), 0)
    assert (world.events(), world.dead_letters(), world.told()) == ({}, [], [])
    assert world.status()["objects"] == 0
    store.close()


def test_after_an_outage_the_same_messages_come_again_and_count_once(database: str):
    store = Trips(database)
    world = World(store)
    source = MemorySource([as_message(m) for m in (burst(), superevent(), detection("ZTF27a"))], 1)
    store.failing = frozenset({store.n + 1, store.n + 4})
    for _ in range(2):
        with pytest.raises(OutageError):
            world.engine.run(source)
    world.engine.run(source)
    assert source.committed == 3
    assert world.objects(EVENT) == world.objects("Fermi-GBM-826000000") == ["ZTF27a"]
    keys = [(m["event"]["id"], m["type"]) for m in of_type(world.told(), "candidate")]
    assert sorted(keys) == [("Fermi-GBM-826000000", "new"), (EVENT, "new")]
    assert world.status()["messages"] == {"read": 3, "decoded": 3, "set_aside": 0, "ignored": 0}
    store.close()


def test_an_outage_after_publishing_publishes_the_same_messages_again(database: str):
    store = Trips(database)
    world = World(store)
    source = MemorySource([as_message(m) for m in (superevent(), detection("ZTF27a"))])
    store.failing = frozenset({store.n + 2})
    with pytest.raises(OutageError):
        world.engine.run(source)
    first = list(world.sink.written)
    world.engine.run(source)
    assert world.sink.written == first + first
    assert world.ask(outbox.counts) == {"sent": 2, "waiting": 0}
    store.close()


def test_a_fault_of_our_own_stops_the_engine_before_it_sets_everything_aside(database: str):
    store = Trips(database)
    world = World(store)
    store.error = ZeroDivisionError
    store.failing = frozenset(range(store.n + 1, store.n + 400, 2))  # each handling fails, each setting aside does not
    messages = [as_message(detection(f"ZTF27{i}")) for i in range(TRIPS + 10)]
    with pytest.raises(TrippingError, match="ZeroDivisionError"):
        world.engine.run(MemorySource(messages, 1))
    assert world.status()["messages"] == {"read": TRIPS, "decoded": 0, "set_aside": TRIPS, "ignored": 0}
    assert len(world.dead_letters()) == TRIPS
    store.close()


class Broken(MemorySink):
    """A broker that is away for a while."""

    is_away = True

    def flush(self) -> None:
        if self.is_away:
            raise OutageError("broker away")


def test_what_could_not_be_published_waits_and_is_published_by_the_next_run(world: World):
    sink = Broken()
    engine = Engine(world.store, sink)
    with pytest.raises(OutageError):
        engine.run(MemorySource([as_message(superevent()), as_message(detection())]))
    waiting = world.ask(outbox.counts)["waiting"]
    assert waiting > 0
    later = MemorySink()
    Engine(world.store, later).run(MemorySource([]))
    assert len(later.written) == waiting
    assert world.ask(outbox.counts) == {"sent": waiting, "waiting": 0}


def test_without_a_sink_nobody_is_told_until_there_is_one(small_world: World):
    Engine(small_world.store).run(MemorySource([as_message(superevent()), as_message(detection())]))
    assert small_world.ask(outbox.counts) == {"sent": 0, "waiting": 0}
    later = MemorySink()
    Engine(small_world.store, later).run(MemorySource([as_message(detection("ZTF27x"))]))
    assert {topic for topic, _, _ in later.written} == {"mma.candidates"}
