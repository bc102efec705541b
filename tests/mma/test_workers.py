"""Several workers on one database, and the same messages in other batches: what is known and published is the same."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coincidence import DEFAULT
from mma.engine.engine import Engine
from mma.store import Store
from mma.streams import MemorySink, Message
from tests.mma.test_engine_order import EVENT, alerts, known, notices, same
from tests.mma.world import HERE, NOW, World, detection, of_type


def published(sink: MemorySink) -> set[tuple[str, str]]:
    """Topic and id of every message, each of which was published once."""
    all_of_them = [(topic, json.loads(payload)["id"]) for topic, _, payload in sink.written]
    assert len(set(all_of_them)) == len(all_of_them)
    return set(all_of_them)


def stream() -> list[Message]:
    """Notices and alerts mixed; twice as many alerts as objects."""
    first, *rest = notices(retracted=True)
    again = [detection(f"ZTF27{name}", (HERE[0] + i, HERE[1] + 1.0), 11.0 + i) for i, name in enumerate("hij")]
    more = [detection(f"ZTF27{name}", (HERE[0] + i, HERE[1] + 1.2), 21.0 + i) for i, name in enumerate("hij")]
    messages = [first, *alerts()[:4], rest[0], *alerts()[4:], *again, *rest[1:], *more]
    return [m if isinstance(m, Message) else Message(payload=m, topic="more", offset=i) for i, m in enumerate(messages)]


def told(folder: Any, cuts: Sequence[int], restarts: Sequence[bool]) -> tuple[set[tuple[str, str]], Any]:
    store = Store(f"{folder}/mma.sqlite")
    world = World(store)
    messages = stream()
    for start, end, restart in zip([0, *cuts], [*cuts, len(messages)], restarts, strict=True):
        if restart:
            world.restart()
        world.hears(*messages[start:end])
    answer = published(world.sink), known(world)
    store.close()
    return answer


@cache
def one_by_one() -> tuple[set[tuple[str, str]], Any]:
    n = len(stream())
    with TemporaryDirectory() as folder:
        return told(folder, range(1, n), [False] * n)


@settings(max_examples=15)
@given(data=st.data())
def test_what_is_published_does_not_depend_on_batches_or_restarts(tmp_path_factory, data):
    n = len(stream())
    cuts = sorted(data.draw(st.lists(st.integers(1, n - 1), unique=True, max_size=8), label="cuts"))
    restarts = data.draw(st.lists(st.booleans(), min_size=len(cuts) + 1, max_size=len(cuts) + 1), label="restarts")
    ids, state = told(tmp_path_factory.mktemp("cut"), cuts, restarts)
    usual_ids, usual = one_by_one()
    assert ids == usual_ids
    same(state, usual)


def many(n: int = 400) -> list[Message]:
    """Alerts of objects around a place, four of each object over some days."""
    random = np.random.default_rng(7)
    out = []
    for i in range(n // 4):
        east, north = random.uniform(-5, 5, 2)
        hours = np.sort(random.uniform(1, 60, 4))
        for k, hour in enumerate(hours):
            place = (HERE[0] + east, HERE[1] + north)
            given = {"first_hours": float(hours[0]), "ndethist": k + 1, "drb": float(random.uniform(0.2, 1.0))}
            out.append(detection(f"ZTF27w{i:05d}", place, float(hour), **given))
    return [Message(payload=p, topic="many", offset=i) for i, p in enumerate(out)]


class Worker(threading.Thread):
    """An engine of its own on the common database, playing its share batch by batch."""

    def __init__(self, database: str, share: Sequence[Message], size: int) -> None:
        super().__init__()
        self.store = Store(database)
        self.sink = MemorySink()
        self.share, self.size = share, size
        self.failed: BaseException | None = None

    def run(self) -> None:
        try:
            engine = Engine(self.store, self.sink, clock=lambda: NOW)
            for start in range(0, len(self.share), self.size):
                engine.handle(self.share[start : start + self.size])
                engine.publish()
        except BaseException as error:  # noqa: BLE001 - told by the test
            self.failed = error
        finally:
            self.store.close()


@pytest.mark.parametrize("by_object", [True, False], ids=["each object with one worker", "every object with both"])
def test_two_workers_are_as_one(postgres_database: str, tmp_path, by_object):
    messages, events = many(), list(notices(retracted=False))
    alone = World(Store(str(tmp_path / "alone.sqlite")))
    alone.hears(*events, *messages)
    shares: list[list[Message]] = [events[:1], events[1:]]
    for i, message in enumerate(messages):
        shares[(i // 4 if by_object else i) % 2].append(message)
    workers = [Worker(postgres_database, share, size) for share, size in zip(shares, (7, 11), strict=True)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert worker.failed is None
    together = World(Store(postgres_database))
    same(known(together), known(alone))
    ids = [published(worker.sink) for worker in workers]
    assert not ids[0] & ids[1]
    rows = together.candidates(EVENT)
    standing = {row["published"]["id"] for row in rows} - {None}
    assert {i for _, i in ids[0] | ids[1]} >= standing
    assert len(standing) >= sum(row["log_odds"] >= DEFAULT.tell_from_log_odds for row in rows)
    together.store.close()
    alone.store.close()


def test_a_notice_that_another_worker_took_in_is_used_at_once(database: str):
    from tests.mma.world import as_message, retraction, superevent

    first, second = World(Store(database)), World(Store(database))
    first.hears(superevent())
    assert [m["object"]["id"] for m in of_type(second.hears(detection("ZTF27a")), "candidate")] == ["ZTF27a"]
    assert len(of_type(first.hears(as_message(retraction())), "candidate", "withdrawal")) == 1
    assert of_type(second.hears(detection("ZTF27b")), "candidate") == []
    first.store.close()
    second.store.close()
