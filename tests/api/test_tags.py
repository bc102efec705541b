"""Tags over HTTP: who may put them, what is asked by them, what is told."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from mma.store import Store, tokens
from tests.api.filling import message, put, shown
from tests.api.test_stream import read
from tests.mma.world import HERE, World, detection, superevent

EVENT = "S270301ab"
PATH = f"/api/candidates/{EVENT}/ZTF27a/tags"


@pytest.fixture
def served(database, serve):
    """A world with two candidates, and a client of it."""
    store = Store(database)
    world = World(store)
    places = {"a": HERE, "b": (HERE[0], HERE[1] + 0.3)}
    world.hears(superevent(), *(detection(f"ZTF27{n}", place, 9.0) for n, place in places.items()))
    yield world, serve(store)
    store.close()


def bearer(world: World, name: str = "ann", *, writes: bool = True) -> dict[str, str]:
    with world.store.begin() as connection:
        return {"Authorization": f"Bearer {tokens.add(connection, name, writes=writes, now=0.0)}"}


def names(client: Any, path: str, **params: Any) -> list[str]:
    return [row["object"] for row in client.get(path, params=params).json()["items"]]


def test_a_tag_is_put_told_listed_and_taken_off(served):
    world, client = served
    headers = bearer(world)
    answer = client.put(f"{PATH}/Followed-Up", headers=headers)
    assert (answer.status_code, answer.json()["tags"]) == (200, ["followed-up"])
    assert client.put(f"{PATH}/followed-up", headers=headers).json() == answer.json()
    (said,) = client.get(PATH).json()["items"]
    assert (said["tag"], said["who"]) == ("followed-up", "ann")
    assert client.get("/api/tags").json()["items"] == [{"tag": "followed-up", "candidates": 1}]
    assert client.get("/api/tags", params={"event": "S1"}).status_code == 404
    (told,) = read(client, 1, after=0, tag="followed-up")
    assert told["data"]["tags"] == ["followed-up"]
    assert client.delete(f"{PATH}/followed-up", headers=headers).json()["tags"] == []
    assert client.get(PATH).json()["items"] == []
    heard = read(client, 2, after=0, tag="FOLLOWED-UP")
    assert [m["data"].get("untagged") for m in heard] == [None, ["followed-up"]]
    assert client.delete(f"{PATH}/followed-up", headers=headers).status_code == 404


def test_only_those_who_may_write(served):
    world, client = served
    reader = bearer(world, "bob", writes=False)
    for method in ("PUT", "DELETE"):
        assert client.request(method, f"{PATH}/moving").status_code == 401
        assert client.request(method, f"{PATH}/moving", headers=reader).status_code == 403
    assert client.get(PATH).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{PATH}/two%20words", 422),
        (f"{PATH}/{'x' * 33}", 422),
        (f"{PATH}/caf%C3%A9", 422),
        (f"{PATH}/%C4%B0", 422),  # a capital whose small letter is two characters, one of them plain
        (PATH.replace("ZTF27a", "ZTF99x") + "/moving", 404),
        (PATH.replace(EVENT, "S999999z") + "/moving", 404),
    ],
)
def test_what_is_refused_changes_nothing(served, path, status):
    world, client = served
    answer = client.put(path, headers=bearer(world))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    if status == 422:
        assert "1 to 32 of a-z, 0-9, dot, underscore and minus" in answer.json()["detail"]
    assert client.get("/api/tags").json()["items"] == []


def test_lists_and_searches_by_tag_keep_what_python_keeps(client, store):
    every = shown(store, "CBC0000")
    path = "/api/events/CBC0000/candidates"
    for wanted in (["moving"], ["Moving", "interesting"], ["nothing"]):
        lower = {name.lower() for name in wanted}
        expected = {row["object"] for row in every if lower & set(row["tags"])}
        assert (len(expected) > 3) == (wanted != ["nothing"])
        assert set(names(client, path, tag=wanted, everything=True, limit=1000)) == expected
        clauses = [{"match": {"event": "CBC0000"}}, {"terms": {"tag": wanted}}]
        for query in ({"must": clauses}, {"must": clauses[0], "should": [{"match": {"tag": t}} for t in wanted]}):
            found = client.post("/api/search/candidates", json={"query": {"bool": query}, "size": 1000}).json()
            assert {row["object"] for row in found["items"]} == expected
    without = {"bool": {"must": {"match": {"event": "CBC0000"}}, "must_not": {"exists": {"field": "tag"}}}}
    found = client.post("/api/search/candidates", json={"query": without, "size": 1000}).json()["items"]
    assert {row["object"] for row in found} == {row["object"] for row in every if not row["tags"]}
    assert client.post("/api/search/candidates", json={"query": {"range": {"tag": {"gt": "a"}}}}).status_code == 422


def test_ranks_are_places_among_all_whatever_the_tag(client, store):
    ranks = {row["object"]: row["rank"] for row in shown(store, "CBC0000")}
    got = client.get("/api/events/CBC0000/candidates", params={"tag": "moving"}).json()["items"]
    assert {row["object"]: row["rank"] for row in got} == {row["object"]: ranks[row["object"]] for row in got}


def test_tables_have_tags_with_spaces_between(client, store):
    tags = {row["object"]: " ".join(row["tags"]) for row in shown(store, "CBC0000")}
    text = client.get("/api/events/CBC0000/candidates?format=csv&everything=true").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["object"]: row["tags"] for row in rows} == tags
    assert any(" " in value for value in tags.values())
    lines = client.post("/api/search/candidates?format=csv", json={"query": {"match": {"event": "CBC0000"}}}).text
    assert {row["object"]: row["tags"] for row in csv.DictReader(io.StringIO(lines))} == tags


def test_a_message_that_takes_a_tag_off_reaches_those_who_listen_by_it(client_of_small, small):
    put(small, message(n=0, tags=["a"]), message(n=1, untagged=["a"]), message(n=2), message(n=3, tags=["b"]))
    assert [e["data"]["n"] for e in read(client_of_small, 2, after=0, tag="a")] == [0, 1]


def test_pages_of_other_origins_that_may_ask_may_write_with_a_token(small, serve):
    client = serve(small, cors=("https://example.org",))
    asks = {"Origin": "https://example.org", "Access-Control-Request-Method": "PUT"}
    got = client.options(PATH + "/moving", headers=asks | {"Access-Control-Request-Headers": "authorization"})
    assert got.status_code == 200
    assert "access-control-allow-credentials" not in got.headers  # so no cookie comes along
