"""What comes again after an outage is handled again and counted once; what is new is counted whatever its offset."""

from __future__ import annotations

import pytest

from mma.store import Store, message_log
from mma.streams import Message
from tests.mma.world import World, as_message, burst

BROKER, TOPIC = "broker:9092", "mma.gamma"


def at(offset: int, payload: bytes, *, time: float = 0.0, partition: int = 0) -> Message:
    """A message of a broker."""
    place = {"source": BROKER, "topic": TOPIC, "partition": partition, "offset": offset}
    return as_message(payload, **place, timestamp=1e9 + (time or offset))


def counts(world: World) -> tuple[int, int, int]:
    n = world.status()["messages"]
    return n["read"], n["decoded"], n["set_aside"]


@pytest.mark.parametrize("batch_size", [1, 2, 7])
def test_what_comes_again_is_counted_once(world: World, batch_size: int):
    some = [at(i, burst(f"8260001{i:02d}", seconds=i) if i != 3 else b"{") for i in range(6)]
    world.hears(*some[:4], batch_size=batch_size)
    assert counts(world) == (4, 3, 1)
    world.hears(*some[1:], batch_size=batch_size)  # the broker was not told of all
    assert counts(world) == (6, 5, 1)
    world.restart()
    world.hears(*some, batch_size=batch_size)
    assert counts(world) == (6, 5, 1)
    assert len(world.dead_letters()) == 1


def test_each_partition_has_offsets_of_its_own(world: World):
    world.hears(at(5, burst()), at(2, burst("826000201", seconds=1), partition=1))
    world.hears(at(3, burst("826000301", seconds=2), partition=1), at(5, burst()))
    assert counts(world) == (3, 3, 0)


def test_a_topic_that_was_made_anew_counts_from_zero(world: World):
    world.hears(*(at(i, burst(f"8260001{i:02d}", seconds=i)) for i in range(4)))
    world.hears(*(at(i, burst(f"8260002{i:02d}", seconds=i), time=1000.0 + i) for i in range(2)))
    assert counts(world) == (6, 6, 0)


def test_a_letter_that_is_handled_again_is_counted_as_before(database: str):
    store = Store(database)
    world = World(store)
    world.hears(at(0, b"{"), at(1, burst()))
    assert counts(world) == (2, 1, 1)
    with store.read() as connection:
        letter = message_log.message(connection, 1)
    assert letter is not None
    assert world.engine.handle_again(letter) is not None
    assert counts(world) == (2, 1, 1)
    store.close()
