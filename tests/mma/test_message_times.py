"""What is told, scored and counted carries the time of its own message, however messages come in batches."""

from __future__ import annotations

import pytest

from mma.answers import queries
from mma.store import Store
from tests.mma.world import HERE, T0, World, as_message, detection, of_type, retraction, superevent

HOUR = 3600.0


def at(payload: bytes, hours: float, topic: str) -> object:
    return as_message(payload, timestamp=T0.timestamp() + hours * HOUR, topic=topic)


def iso(hours: float) -> str:
    return (T0.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z").replace("T02", f"T{2 + hours:02.0f}")


@pytest.mark.parametrize("batch_size", [1, 500])
def test_messages_are_issued_when_their_own_message_came(batch_size: int):
    world = World(Store(":memory:"))
    told = world.hears(
        at(superevent(), 1.0, "gw"),
        at(detection("ZTF27a", hours=2.0), 3.0, "ztf"),
        at(detection("ZTF27b", HERE, hours=4.0), 5.0, "ztf"),
        at(retraction(minutes=360.0), 7.0, "gw"),
        batch_size=batch_size,
    )
    issued = {(m["object"]["id"], m["type"]): m["issued"] for m in of_type(told, "candidate")}
    assert issued == {
        ("ZTF27a", "new"): iso(3.0),
        ("ZTF27b", "new"): iso(5.0),
        ("ZTF27a", "withdrawal"): iso(7.0),
        ("ZTF27b", "withdrawal"): iso(7.0),
    }
    assert [m["issued"] for m in of_type(told, "event")] == [iso(1.0), iso(7.0)]
    assert all(m["issued"] > m["object"]["first_seen"] for m in of_type(told, "candidate"))
    sources = world.status()["sources"]
    assert {name: source["last"] for name, source in sources.items()} == {"gw": iso(7.0), "ztf": iso(5.0)}
    history = world.ask(queries.history, "S270301ab", "ZTF27a")
    assert [row["scored"] for row in history] == [iso(3.0)]


def test_an_event_whose_window_closed_is_over_in_a_short_replay():
    world = World(Store(":memory:"))
    late = detection("ZTF27b", HERE, hours=720.0)
    world.hears(superevent(), at(detection("ZTF27a"), 10.5, "ztf"), at(late, 720.5, "ztf"))
    assert world.events()["S270301ab"]["state"] == "expired"
    assert world.objects("S270301ab") == ["ZTF27a"]
