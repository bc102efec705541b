"""What is known in the end does not depend on the order of messages, on how they come in batches, or on restarts."""

from __future__ import annotations

import math
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mma.answers import cone, queries
from mma.store import Store
from mma.streams import Message
from tests.mma.world import HERE, THERE, World, as_message, burst, detection, retraction, superevent

EVENT, BURST = "S270301ab", "Fermi-GBM-826000000"
CLOSE = 1e-9


@cache
def notices(*, retracted: bool) -> tuple[Message, ...]:
    """Two maps of one event with distances, perhaps a retraction between them in time, and a burst."""
    payloads = [
        superevent(radius_deg=6.0, mpc=(120.0, 40.0), stage="PRELIMINARY", minutes=5.0),
        superevent(place=(HERE[0], HERE[1] + 2.0), radius_deg=3.0, mpc=(100.0, 20.0), stage="UPDATE", minutes=60.0),
        burst(place=(HERE[0] + 1.0, HERE[1]), error_deg=4.0, seconds=1.7),
    ]
    if retracted:
        payloads.append(retraction(minutes=90.0))
    return tuple(as_message(p) for p in payloads)


def place(east: float, north: float) -> tuple[float, float]:
    return HERE[0] + east, HERE[1] + north


@cache
def alerts() -> tuple[Message, ...]:
    """Inside both maps, inside one, on the edges, moving out, moving, bogus, old; and a table of one more source."""
    table = "object_id,candid,ra,dec,mjd,mag,filter,redshift\n" + "".join(
        f"SRC1,{i},{HERE[0] + 0.3},{HERE[1] + 1.0},{mjd},{19.0 + i / 10},r,{z}\n"
        for i, (mjd, z) in enumerate([(61465.9, ""), (61466.2, 0.0225), (61465.4, "")])
    )
    payloads = [
        detection("ZTF27a", place(0.0, 2.0), 10.0, first_hours=10.0, unseen_hours=-5.0, ndethist=1),
        detection("ZTF27a", place(0.0, 2.0001), 34.0, first_hours=10.0, ndethist=2),
        detection("ZTF27b", place(0.5, -3.0), 20.0),
        detection("ZTF27c", place(2.0, 4.0), 15.0, drb=0.1),
        detection("ZTF27d", place(-1.0, 1.0), 5.0, ssdistnr=1.0),
        detection("ZTF27d", place(-1.0, 1.0), 6.0, ssdistnr=30.0),
        detection("ZTF27e", place(1.0, 3.0), 8.0, first_hours=-300.0),
        detection("ZTF27f", THERE, 9.0),
        detection("ZTF27g", place(0.0, 1.0), 30.0, sgscore1=0.99, distpsnr1=0.4),
        table.encode(),
    ]
    return tuple(as_message(p) for p in payloads)


def known(world: World) -> dict[str, Any]:
    """Everything that must be the same: events, objects, standing candidates, associations."""
    hidden = {"published"}
    events = world.events()
    return {
        "events": events,
        "objects": world.ask(cone.all_objects, *HERE, 180.0),
        "candidates": {
            name: [
                {key: value for key, value in row.items() if key not in hidden}
                for row in world.candidates(name, everything=True)
                if row["state"] != "withdrawn"
            ]
            for name in events
        },
        "associations": world.ask(queries.associations_),
        "counts": world.status()["messages"],
    }


def same(a: Any, b: Any, path: str = "") -> None:
    """Equal, with numbers equal to rounding: sums over batches of other lengths round otherwise."""
    if isinstance(a, dict):
        assert isinstance(b, dict), path
        assert a.keys() == b.keys(), path
        for key in a:
            same(a[key], b[key], f"{path}.{key}")
    elif isinstance(a, list):
        assert isinstance(b, list), path
        assert len(a) == len(b), path
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            same(x, y, f"{path}[{i}]")
    elif isinstance(a, float) and isinstance(b, float):
        assert math.isclose(a, b, rel_tol=CLOSE, abs_tol=CLOSE), path
    else:
        assert a == b, path


def play(messages: list[Message], cuts: list[int], *, restart: bool = False) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        store = Store(f"{folder}/mma.sqlite")
        world = World(store)
        for start, end in zip([0, *cuts], [*cuts, len(messages)], strict=True):
            world.hears(*messages[start:end])
            if restart:
                world.restart()
        answer = known(world)
        store.close()
    return answer


@cache
def usual(*, retracted: bool) -> dict[str, Any]:
    return play([*notices(retracted=retracted), *alerts()], [])


def test_the_usual_order_gives_what_it_should():
    answer = usual(retracted=False)
    states = {row["object"]: row["state"] for row in answer["candidates"][EVENT]}
    assert states == {
        "ZTF27a": "active",
        "ZTF27d": "active",
        "ZTF27g": "active",
        "SRC1": "active",
        "ZTF27c": "vetoed",
        "ZTF27e": "vetoed",
    }
    assert answer["candidates"][EVENT][0]["object"] == "SRC1"
    assert len(answer["associations"]) == 1
    assert [row["state"] for row in usual(retracted=True)["candidates"][EVENT]] == []
    assert usual(retracted=True)["associations"] == []


@settings(max_examples=25)
@given(data=st.data())
def test_any_order_and_any_batches_end_the_same(data):
    retracted = data.draw(st.booleans(), label="retracted")
    messages = data.draw(st.permutations([*notices(retracted=retracted), *alerts()]), label="order")
    places = st.lists(st.integers(1, len(messages) - 1), unique=True, max_size=5)
    cuts = sorted(data.draw(places, label="cuts"))
    same(play(messages, cuts, restart=data.draw(st.booleans(), label="restart")), usual(retracted=retracted))


def test_every_message_alone_and_backwards_on_both_databases(world: World):
    world.hears(*reversed([*notices(retracted=False), *alerts()]), batch_size=1)
    same(known(world), usual(retracted=False))


@pytest.mark.parametrize("batch_size", [1, 3, 500])
def test_twice_is_once(small_world: World, batch_size):
    messages = [*notices(retracted=False), *alerts()]
    small_world.hears(*messages, *messages, batch_size=batch_size)
    answer = known(small_world)
    assert answer.pop("counts")["read"] == 2 * len(messages)
    same(answer, {k: v for k, v in usual(retracted=False).items() if k != "counts"})
