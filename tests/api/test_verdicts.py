"""Verdicts over HTTP: who may tell, what follows, what is refused."""

from __future__ import annotations

import json

import pytest

from mma.store import Store, outbox, tokens
from tests.mma.world import HERE, World, detection, superevent

EVENT = "S270301ab"
PATH = f"/api/candidates/{EVENT}/ZTF27a/verdicts"


@pytest.fixture
def served(database, serve):
    """A world with two candidates, and a client of it."""
    store = Store(database)
    world = World(store)
    world.hears(
        superevent(), *(detection(f"ZTF27{n}", (HERE[0], HERE[1] + d), 9.0) for n, d in (("a", 0.0), ("b", 0.3)))
    )
    yield world, serve(store)
    store.close()


def bearer(world: World, name: str, *, writes: bool) -> dict[str, str]:
    with world.store.begin() as connection:
        return {"Authorization": f"Bearer {tokens.add(connection, name, writes=writes, now=0.0)}"}


def test_a_word_counts_at_once_and_is_told(served):
    world, client = served
    headers = bearer(world, "ann", writes=True)
    before = {row["object"]: row["probability"] for row in world.candidates(EVENT)}
    word = {"status": "rejected", "spectral_class": "SN Ia", "why": "spectrum"}
    answer = client.post(PATH, json=word, headers=headers)
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["object"]) == ("vetoed", "ZTF27a")
    (said,) = client.get(PATH).json()["items"]
    assert {name: said[name] for name in ("status", "spectral_class", "who", "why")} == word | {"who": "ann"}
    assert said["probability_then"] == pytest.approx(before["ZTF27a"])
    assert {row["object"] for row in world.candidates(EVENT)} == {"ZTF27b"}
    with world.store.read() as connection:
        newest = outbox.after(connection, 0, outbox.span(connection)[1], 1000)[-1]
    assert json.loads(newest["payload"])["type"] == "withdrawal"


def test_only_those_who_may_write(served):
    world, client = served
    assert client.post(PATH, json={"status": "rejected"}).status_code == 401
    assert client.post(PATH, json={"status": "rejected"}, headers=bearer(world, "bob", writes=False)).status_code == 403
    assert client.get(PATH).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "word", "status"),
    [
        (PATH, {"status": "wrong"}, 422),
        (PATH, {}, 422),
        (PATH, {"status": "rejected", "extra": 1}, 422),
        (PATH, {"status": "rejected", "why": "x" * 3000}, 422),
        (PATH, {"status": "rejected", "why": "\0"}, 422),
        (PATH.replace("ZTF27a", "ZTF99x"), {"status": "rejected"}, 404),
        (PATH.replace(EVENT, "S999999z"), {"status": "rejected"}, 404),
    ],
)
def test_what_is_refused_changes_nothing(served, path, word, status):
    world, client = served
    answer = client.post(path, json=word, headers=bearer(world, "ann", writes=True))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get(PATH).json()["items"] == []
