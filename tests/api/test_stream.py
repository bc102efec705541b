"""The stream: nothing is lost and nothing comes twice, whoever comes back; many listeners cost one question."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mma.answers.stream_filters import resolved
from mma.api.feed import Feed, told
from mma.messages.stream_filter import Filter, StreamFilter, facts, folded
from mma.store import Store, names, outbox, tables
from mma.store.bulk import columns_of, insert_new
from mma.store.retention import prune
from tests.api.filling import START, event_row, message, put


def read(client: httpx.Client, n: int, last: str | None = None, **params: Any) -> list[dict[str, Any]]:
    """The next ``n`` events, and what was in them."""
    headers = {} if last is None else {"Last-Event-ID": last}
    found: list[dict[str, Any]] = []
    with client.stream("GET", "/api/stream", params=params, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for event in events(answer):
            found.append(event)
            if len(found) == n:
                break
    return found


def events(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    """Server-sent events by the WHATWG's rules."""
    event: dict[str, Any] = {}
    last = None
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if line == "":
            if "data" in event:
                yield {"type": event.get("event", "message"), "id": last, "data": json.loads(event["data"])}
            event = {}
        elif name == "id":
            last = value
        elif name in ("event", "data"):
            event[name] = value


def test_everything_that_is_kept_comes_in_order_then_what_is_new(client, store):
    put(store, *(message(n=i) for i in range(5)))
    later = threading.Timer(0.7, put, [store, message(n=5), message(n=6)])
    later.start()
    got = read(client, 7, after=0)
    later.join()
    assert [e["data"]["n"] for e in got] == list(range(7))
    ids = [int(e["id"]) for e in got]
    assert ids == sorted(set(ids))


def test_who_comes_back_misses_none_and_gets_none_twice(client, store):
    put(store, *(message(n=i) for i in range(1300)))  # more than a page
    got = read(client, 700, after=0)
    put(store, *(message(n=i) for i in range(1300, 1310)))
    got += read(client, 610, last=got[-1]["id"])
    assert [e["data"]["n"] for e in got] == list(range(1310))


def test_a_new_listener_hears_only_what_is_new(client, store):
    put(store, message(n=0))
    later = threading.Timer(0.7, put, [store, message(n=1)])
    later.start()
    assert [e["data"]["n"] for e in read(client, 1)] == [1]
    later.join()


def test_what_was_pruned_is_told_as_a_gap(client, store):
    put(store, *(message(n=i) for i in range(10)))
    first = read(client, 3, after=0)
    with store.begin() as connection:
        seqs = [row["seq"] for row in outbox.after(connection, 0, 2**60, 100)]
        outbox.mark_sent(connection, seqs[:6], START)
    prune(store, START + 1)
    got = read(client, 5, last=first[-1]["id"])
    assert got[0]["type"] == "gap"
    assert got[0]["data"] == {"after": int(first[-1]["id"]), "oldest": seqs[6]}
    assert [e["data"].get("n") for e in got[1:]] == [6, 7, 8, 9]
    assert [e["type"] for e in read(client, 1, last=str(seqs[7]))] == ["candidate"]


def test_a_number_that_there_is_not_yet_is_no_gap(client, store):
    put(store, message(n=0))
    later = threading.Timer(0.7, put, [store, message(n=1)])
    later.start()
    with client.stream("GET", "/api/stream", params={"after": 99}) as answer:
        said = []
        for line in answer.iter_lines():
            said.append(line)
            if line.startswith("data: "):
                break
    later.join()
    assert ": no message 99 yet, the newest is 1: only what is new is told" in said
    assert "event: gap" not in said


def test_numbers_go_on_where_all_was_pruned(client, store):
    put(store, message(n=0), message(n=1))
    with store.begin() as connection:
        _, newest = outbox.span(connection)
        outbox.mark_sent(connection, list(range(newest + 1)), START)
    prune(store, START + 1)
    put(store, message(n=2))
    with store.read() as connection:
        assert outbox.span(connection)[1] > newest


@pytest.mark.parametrize(
    ("params", "kept"),
    [
        ({"event": "S2b"}, {1, 5}),
        ({"probability_min": 0.4}, {0, 1, 3, 4, 5, 6}),
        ({"kind": "event"}, {5}),
        ({"kind": "candidate"}, {0, 1, 2, 3, 6}),
        ({"tag": "good"}, {3}),
        ({"messenger": "gamma"}, {6}),
        ({"messenger": "gw", "kind": "candidate"}, {0, 1, 2, 3}),
        ({"test": True, "tag": "tested"}, {7}),
        ({"event": "S1a", "probability_min": 0.55}, {3, 4}),
    ],
)
def test_each_filter_of_the_stream(client_of_small, small, params, kept):
    put(
        small,
        message(n=0),
        message("S2b", n=1, probability=0.9),
        message(n=2, probability=0.3),
        message(n=3, probability=None, tags=["good"]),  # a withdrawal
        message(kind="association", event=None, events=["S1a", "G3"], n=4),
        message("S2b", kind="event", n=5),
        message(n=6, event={"id": "G3", "messenger": "gamma"}),
        message(n=7, test=True, tags=["tested"]),
        message(
            n=99, tags=["good", "tested"], event={"id": "S1a", "aliases": ["S2b"], "messenger": "gw"}, kind="event"
        ),
    )
    want = kept | ({99} if not {"kind", "messenger"} & set(params) or params.get("kind") == "event" else set())
    got = read(client_of_small, len(want), after=0, **params)
    assert {e["data"]["n"] for e in got} == want


WISHES = st.builds(
    StreamFilter,
    events=st.sampled_from([frozenset(), frozenset({folded("S1a")}), frozenset({folded("S2b")})]),
    messenger=st.sampled_from([None, "gw", "gamma"]),
    probability=st.sampled_from([None, 0.2, 0.6]),
    kind=st.sampled_from([None, "candidate", "event"]),
    tags=st.sampled_from([frozenset(), frozenset({"good"})]),
    tests=st.booleans(),
)


@given(
    WISHES,
    st.sampled_from(["S1a", "S2b"]),
    st.sampled_from(["gw", "gamma"]),
    st.sampled_from([None, 0.1, 0.6, 0.7]),
    st.sampled_from(["candidate", "event"]),
    st.booleans(),
    st.booleans(),
)
def test_a_wish_takes_what_fulfils_every_part_of_it(stream_filter, event, messenger, probability, kind, tagged, test):
    tags = ["good"] if tagged else []
    payload = message(
        kind=kind, probability=probability, event={"id": event, "messenger": messenger}, test=test, tags=tags
    )
    told_probability = probability if kind == "candidate" else None
    expected = [
        not stream_filter.events or folded(event) in stream_filter.events,
        stream_filter.messenger in (None, messenger),
        stream_filter.kind in (None, kind),
        not stream_filter.tags or tagged,
        stream_filter.tests or not test,
        stream_filter.probability is None or told_probability is None or told_probability >= stream_filter.probability,
    ]
    assert Filter(stream_filter).takes(told({"seq": 1, "payload": payload}).facts) == all(expected)


@pytest.mark.parametrize("name", ["s1A", "GW170817", "gw 170817"])
def test_an_event_by_any_name_that_the_store_knows(client_of_small, small, name):
    with small.begin() as connection:
        names.add(connection, [names.row_of("GW170817", "S1a", names.EVENT)])
    put(small, message(n=0), message("S2b", n=1))
    assert [e["data"]["n"] for e in read(client_of_small, 1, after=0, event=name)] == [0]


def comments(client: httpx.Client, n: int, **params: Any) -> list[str]:
    """The first lines of a stream that are comments."""
    with client.stream("GET", "/api/stream", params=params) as answer:
        assert answer.status_code == 200
        found = (line for line in answer.iter_lines() if line.startswith(":"))
        return [next(found) for _ in range(n)]


def test_an_event_that_there_is_not_is_told_and_the_stream_stays_open(client_of_small):
    told = comments(client_of_small, 2, event="CBC0x0O", tag="intresting", after=0)
    assert told[0] == ": no event 'CBC0x0O' yet; did you mean 'CBC0000' or 'CBC0003'? Still listening"
    assert told[1].startswith(": no candidate has the tag 'intresting' (yet); ")
    odd = comments(client_of_small, 1, event="x\ny: z", after=0)
    assert odd == [": no event 'x\\ny: z' yet; still listening"]


@pytest.mark.parametrize("name", ["ac506060deb6", "AC506060DEB6", "ctao ac506060deb6"])
def test_an_event_by_the_last_part_of_its_id(client_of_small, small, name):
    with small.begin() as connection:
        row = event_row(np.random.default_rng(1), 999) | {"id": "CTAO-ac506060deb6"}
        insert_new(connection, tables.events, columns_of([row]))
    put(small, message(n=0), message("CTAO-ac506060deb6", n=1))
    pair = message(kind="association", event=None, events=["S1a", "CTAO-ac506060deb6"], n=2)
    put(small, pair)
    assert [e["data"]["n"] for e in read(client_of_small, 2, after=0, event=name)] == [1, 2]


def test_withdrawals_of_what_passed_alone_and_by_type(client_of_small, small):
    def about(name: str, kind: str, probability: float | None, n: int) -> str:
        return message(type=kind, object={"id": name}, probability=probability, n=n)

    put(
        small,
        about("A", "new", 0.9, 0),
        about("B", "new", 0.1, 1),
        about("B", "withdrawal", None, 2),
        about("A", "update", 0.2, 3),
        about("A", "withdrawal", None, 4),
        about("C", "new", 0.8, 5),
    )
    assert [e["data"]["n"] for e in read(client_of_small, 4, after=0, probability_min=0.5)] == [0, 3, 4, 5]
    got = read(client_of_small, 2, after=0, type="withdrawal")
    assert [e["data"]["n"] for e in got] == [2, 4]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"probabilty_min": 0.5}, "no parameter 'probabilty_min'; did you mean 'probability_min'?"),
        ({"probability_min": 1.5}, "less than or equal to 1"),
        ({"type": "gone"}, "there are new, update, withdrawal"),
        ({"kind": "gossip"}, "there are candidate, event, association, group"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(client_of_small, params, says):
    got = client_of_small.get("/api/stream", params=params)
    assert got.status_code == 422
    assert says in got.json()["detail"]


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/api/events?limt=3", "limit"),
        ("/api/associations?evnt=S1", "event"),
        ("/api/cone?ra=1&dec=2&radus=1", "radius"),
    ],
)
def test_a_misspelt_parameter_is_refused_with_the_nearest(client_of_small, path, near):
    got = client_of_small.get(path)
    assert got.status_code == 422
    assert f"did you mean {near!r}?" in got.json()["detail"]


def test_a_number_that_was_drawn_early_and_committed_late_is_not_lost(postgres_database, serve):
    """Of two workers on PostgreSQL the one that drew the smaller number commits last."""
    store = Store(postgres_database)
    client = serve(store)
    put(store, message(n=0), name="first")
    got: list[dict[str, Any]] = []
    listener = threading.Thread(target=lambda: got.extend(read(client, 4, after=0)))
    listener.start()
    time.sleep(1.0)
    with store.begin() as slow:
        outbox.put(slow, [("slow", "mma.candidates", "k", message(n=1))], START)
        with store.begin() as quick:
            outbox.put(quick, [("quick", "mma.candidates", "k", message(n=2))], START)
        time.sleep(1.0)
        assert [e["data"]["n"] for e in got] in ([], [0])
    put(store, message(n=3), name="last")
    listener.join(20)
    assert [e["data"]["n"] for e in got] == [0, 1, 2, 3]
    store.close()


def test_many_listeners_cost_one_question_and_hear_within_a_second(bare):
    """200 of them, on one loop, as the server has them."""

    async def play() -> tuple[list[float], int]:
        feed = Feed(bare)
        heard: list[float] = []

        async def listen() -> None:
            async for wire in feed.listen(StreamFilter(), None):
                if b"data" in wire:
                    heard.append(time.monotonic())
                    return

        tasks = [asyncio.create_task(listen()) for _ in range(200)]
        await asyncio.sleep(1.0)
        before = feed.polls
        begun = time.monotonic()
        await asyncio.to_thread(put, bare, message())
        await asyncio.wait_for(asyncio.gather(*tasks), 10)
        return [t - begun for t in heard], feed.polls - before

    waits, polls = asyncio.run(play())
    assert len(waits) == 200
    assert max(waits) < 1.0
    assert polls <= 8


def test_nobody_listens_nobody_asks(bare):
    async def play() -> int:
        feed = Feed(bare)
        listening = feed.listen(StreamFilter(), None)
        await anext(listening)
        await asyncio.sleep(0.5)
        await listening.aclose()
        polls = feed.polls
        await asyncio.sleep(0.7)
        return feed.polls - polls

    assert asyncio.run(play()) == 0


def test_a_sign_of_life_carries_the_number_reached(bare):
    async def play() -> list[bytes]:
        feed = Feed(bare)
        put(bare, message(n=0), message(n=1))
        listening = feed.listen(StreamFilter(events=frozenset({"other"})), 0, beat_s=0.2)
        return [await anext(listening), await anext(listening)]

    assert asyncio.run(play())[1].endswith(b"id: 2\n\n")


@pytest.mark.parametrize("last", ["x", "-1", "9" * 25, "1.5"])
def test_a_number_that_is_none_is_refused(client_of_small, last):
    got = client_of_small.get("/api/stream", headers={"Last-Event-ID": last})
    assert got.status_code == 422
    assert got.json()["errors"][0]["field"] == "header.Last-Event-ID"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/stream?event=S1a&event=S1b", "event"),
        ("/api/stream?type=new&type=withdrawal", "type"),
        ("/api/events?limit=3&limit=4", "limit"),
        ("/api/events?sort=time&sort=-time", "sort"),
        ("/search?q=a&q=b", "q"),
    ],
)
def test_a_parameter_with_one_value_may_come_once_only(client, path, name):
    answer = client.get(path)
    assert answer.status_code == 422
    assert f"{name} may come once only" in answer.text


def test_a_parameter_with_several_values_may_come_again(client):
    assert client.get("/api/events?kind=cbc&kind=burst").status_code == 200
    assert client.get("/search?kind=cbc&kind=burst").status_code == 200


def test_a_sort_that_there_is_not_has_a_nearest_one(client):
    for said, meant in (("prob", "probability"), ("-prob", "-probability")):
        problem = client.get("/api/events/CBC0000/candidates", params={"sort": said}).json()
        assert problem["detail"] == f"query.sort: no {said!r}; did you mean {meant!r}?"
    problem = client.get("/api/events/CBC0000/candidates", params={"sort": "xyz"}).json()
    assert problem["detail"].count(" log_odds,") == 1
    document = {"query": {"match_all": {}}, "sort": "prob"}
    assert "did you mean 'probability'?" in client.post("/api/search/candidates", json=document).json()["detail"]


def test_the_page_of_what_is_not_there_has_one_stop(client):
    page = client.get("/events/CBC00000").text
    assert "CBC0000" in page
    assert "?." not in page


def test_who_follows_a_source_hears_of_its_later_events_too(store):
    with store.begin() as connection:
        names.add(connection, [names.row_of("Mrk 421", "GRB0001", names.SOURCE)])
    with store.read() as connection:
        stream_filter, remarks = resolved(connection, StreamFilter(event="mrk421"))
    later = {"id": "CTAO-new", "gamma": {"event_name": ["Mrk 421"]}}
    assert remarks == []
    assert [Filter(stream_filter).takes(facts(json.loads(message(about)))) for about in (later, "GRB0001", "S1a")] == [
        True,
        True,
        False,
    ]


def test_the_last_part_of_an_id_is_after_either_sign(store):
    row = event_row(np.random.default_rng(1), 2) | {"id": "IceCube-142000_12345678"}
    with store.begin() as connection:
        insert_new(connection, tables.events, columns_of([row]))
    with store.read() as connection:
        assert names.resolve(connection, "12345678") == "IceCube-142000_12345678"
        assert names.resolve(connection, "142000_12345678") == "IceCube-142000_12345678"
        assert names.resolve(connection, "345678") is None
