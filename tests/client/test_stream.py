"""The stream, from a database and from a server: nothing missing, nothing twice, taken up where it broke."""

from __future__ import annotations

import json
import re
import socket
import threading
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mma.api import create_app
from mma.api.server import Server, bound
from mma.client import Client, ConfigError, ListeningWarning, MmaError, NotFoundError, OutageError, remote
from mma.client.remote import Remote
from mma.client.source import StreamFilter
from mma.client.sse import Events
from mma.config.settings import Api, Settings
from mma.store import Store, tokens
from tests.api.filling import fill, message, put

IDLE_S = 1.0
CLIENT_MD = Path(__file__).parents[2] / "docs/reference/client.md"


@pytest.fixture
def two(tmp_path):
    """An empty store, and a client of each kind."""
    path = tmp_path / "mma.sqlite"
    store = Store(str(path))
    server = Server(create_app(store, replace(Settings(), api=Api(rate_limit=0.0))), bound("127.0.0.1", 0))
    server.begin()
    clients = [Client(str(path)), Client(server.url)]
    yield store, clients
    for client in clients:
        client.close()
    server.shutdown()
    store.close()


@pytest.fixture
def small_two(two):
    """The same with some events."""
    fill(two[0], n_events=2, n_objects=3)
    return two


def numbers(client, **asked):
    return [m.number for m in client.subscribe(idle_s=IDLE_S, **asked)]


def test_everything_comes_in_order_and_goes_on_where_it_ended(two):
    store, clients = two
    put(store, *(message(n=n) for n in range(5)))
    for client in clients:
        first = [m for m, _ in zip(client.subscribe(since=0, idle_s=IDLE_S), range(3), strict=False)]
        assert [m.body["n"] for m in first] == [0, 1, 2]
        rest = list(client.subscribe(since=first[-1].number, idle_s=IDLE_S))
        assert [m.body["n"] for m in rest] == [3, 4]
        assert {m.kind for m in first + rest} == {"candidate"}
        assert first[0].event == "S1a"


WISHES = [
    {},
    {"event": "S1a"},
    {"event": "GRB 1"},
    {"min_probability": 0.4},
    {"probability_min": 0.4},
    {"messenger": "gw"},
    {"kind": "event"},
    {"tests": True},
    {"event": "S1b", "min_probability": 0.9, "tests": True},
]


@pytest.mark.filterwarnings("ignore:no event")
@pytest.mark.parametrize("stream_filter", WISHES, ids=str)
def test_wishes_are_the_same_both_ways(two, stream_filter):
    store, clients = two
    other = {"id": "S1b", "aliases": ["GRB 1"], "messenger": "gw"}
    put(
        store,
        message(n=0),
        message(n=1, probability=0.1),
        message(n=2, probability=None),
        message(n=3, event={"id": "S1b"} | other),
        message(n=4, kind="event"),
        message(n=5, test=True),
        json.dumps({"schema": "urn:mma:association:1", "test": False, "events": ["S1a", "S1b"], "n": 6}),
    )
    local, http = (numbers(client, since=0, **stream_filter) for client in clients)
    assert local == http
    assert local or stream_filter == WISHES[-1]


@pytest.mark.filterwarnings("ignore:no event")
def test_from_now_on_means_what_comes_later(two):
    store, clients = two
    put(store, message(n=0))
    for i, client in enumerate(clients):
        stream = client.subscribe(idle_s=4.0, event=f"new {i}")
        timer = threading.Timer(1.0, put, [store, message(f"new {i}", n=10 + i)], {"name": f"later{i}"})
        timer.start()
        assert next(stream).body["n"] == 10 + i
        timer.join()
        stream.close()


def test_an_event_or_a_tag_that_there_is_not_is_told_and_may_come_later(small_two):
    store, clients = small_two
    for i, client in enumerate(clients):
        stream = client.subscribe(idle_s=6.0, event="CBC0x0O", tag="nosuchtag")
        later = [store, message("MAGIC-cbc0x0o", n=i, tags=["nosuchtag"])]
        timer = threading.Timer(1.5, put, later, {"name": f"later{i}"})
        timer.start()
        with pytest.warns(ListeningWarning) as told:
            assert next(stream).body["n"] == i
        timer.join()
        stream.close()
        assert [str(one.message) for one in told] == [
            "no event 'CBC0x0O' yet; did you mean 'CBC0000'? Still listening",
            "no candidate has the tag 'nosuchtag' (yet); still listening",
        ]
        assert {one.filename for one in told} == {__file__}


def test_a_number_that_there_is_not_yet_is_told_and_is_no_gap(two):
    store, clients = two
    put(store, message(n=0))
    for i, client in enumerate(clients):
        timer = threading.Timer(1.5, put, [store, message(n=1 + i)])
        timer.start()
        with pytest.warns(
            ListeningWarning, match=f"no message 99 yet, the newest is {1 + i}: only what is new is told"
        ):
            told = list(client.subscribe(since=99, idle_s=4.0))
        timer.join()
        assert [(m.kind, m.body["n"]) for m in told] == [("candidate", 1 + i)]


WRONG_WORDS = [
    ({"probability": 0.1}, "did you mean 'probability_min'?"),
    ({"prob_min": 0.1}, "did you mean 'probability_min'?"),
    ({"evnt": "S1"}, "did you mean 'event'?"),
    ({"messenger": "gama"}, "did you mean 'gamma'?"),
    ({"min_probability": 0.1, "probability_min": 0.1}, "are the same"),
]


@pytest.mark.parametrize(("wrong", "says"), WRONG_WORDS, ids=str)
def test_a_word_that_there_is_not_is_refused_with_the_right_one(two, wrong, says):
    for client in two[1]:
        with pytest.raises(ConfigError, match=re.escape(says)):
            client.subscribe(**wrong)


def test_a_number_that_was_pruned_is_told_as_a_gap(two):
    store, clients = two
    put(store, *(message(n=n) for n in range(4)))
    with store.begin() as connection:
        connection.exec_driver_sql("DELETE FROM outbox WHERE seq <= 2")
    for client in clients:
        first, *rest = client.subscribe(since=1, idle_s=IDLE_S)
        assert (first.kind, first.body) == ("gap", {"after": 1, "oldest": 3})
        assert [m.body["n"] for m in rest] == [2, 3]


@pytest.mark.parametrize("wrong", [{"since": -1}, {"min_probability": 2.0}, {"kind": "gossip"}], ids=str)
def test_a_wish_that_cannot_be_is_refused(two, wrong):
    for client in two[1]:
        with pytest.raises(ConfigError):
            client.subscribe(**wrong)


class Broken(httpx.SyncByteStream):
    """A stream that breaks after what it was given."""

    def __init__(self, *parts):
        self.parts = parts

    def __iter__(self):
        yield from self.parts
        raise httpx.ReadError("connection lost")


def test_a_stream_that_breaks_goes_on_after_the_last_number():
    asked = []

    def answer(request):
        asked.append(dict(request.url.params))
        n = len(asked)
        half = b"id: 99\nevent: candidate\nda"  # lost on the way: never told, and its number not taken
        body = [b"retry: 10\n\n", f"id: {n}\nevent: candidate\ndata: {{}}\n\n".encode(), half]
        return httpx.Response(200, stream=Broken(*body))

    remote = Remote("http://test")
    remote._http = httpx.Client(base_url="http://test", transport=httpx.MockTransport(answer))
    stream = remote.messages(StreamFilter(), None, None)
    assert [next(stream)["number"] for _ in range(3)] == [1, 2, 3]
    assert asked == [{}, {"after": "1"}, {"after": "2"}]


@given(
    data=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")), min_size=1
    )
)
def test_any_message_comes_through_the_format(data):
    events = Events(after=None)
    lines = []
    for number, text in enumerate(data, start=1):
        lines += [f"id: {number}", "event: candidate", f"data: {json.dumps(text)}", "", ": a sign of life", ""]
    told = [row for line in lines for row in events.feed(line)]
    assert [row["body"] for row in told if row is not None] == data
    assert told.count(None) == len(data)
    assert events.last == len(data)


def answered(status, **more):
    """A client of a server that answers everything alike, and what it was asked."""
    asked = []

    def answer(request):
        asked.append(request)
        return httpx.Response(status, **more)

    client = Client("http://test")
    client._source._http = httpx.Client(base_url="http://test", transport=httpx.MockTransport(answer))
    return client, asked


PROBLEM = {"json": {"detail": "the reason"}}


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotFoundError), (401, ConfigError), (422, ConfigError), (503, OutageError), (500, MmaError)],
)
def test_each_refusal_is_an_error_of_ours_with_its_reason(status, kind):
    client, _ = answered(status, **PROBLEM)
    with pytest.raises(kind, match="the reason"):
        client.event("S1")
    with pytest.raises(kind, match="the reason"):
        next(client.subscribe())


def test_a_busy_server_is_asked_again_but_not_for_ever():
    client, asked = answered(429, headers={"Retry-After": "0"}, **PROBLEM)
    with pytest.raises(OutageError, match="the reason"):
        client.event("S1")
    assert len(asked) == 3


@pytest.mark.parametrize("more", [{"text": "<html>"}, {"json": [1]}])
def test_a_server_that_is_none_of_ours_is_told_as_such(more):
    client, _ = answered(404, **more)
    with pytest.raises(NotFoundError, match="is it an mma server"):
        client.event("S1")
    client, _ = answered(200, text="<html>")
    with pytest.raises(MmaError, match="is it an mma server"):
        client.event("S1")


def test_a_server_that_is_away_is_an_outage_with_its_address():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        with Client(url) as client:
            with pytest.raises(OutageError, match=f"{url} does not answer"):
                client.event("S1")
            with pytest.raises(OutageError, match=url):
                next(client.subscribe())


def test_a_server_that_never_answers_a_stream_is_an_outage(monkeypatch):
    monkeypatch.setattr(remote, "QUIET_S", 0.5)
    with bound("127.0.0.1", 0) as sock:
        client = Client(f"http://127.0.0.1:{sock.getsockname()[1]}")
        with client, pytest.raises(OutageError, match="nothing for"):
            next(client.subscribe())


def test_a_token_opens_what_is_closed(tmp_path):
    store = Store(str(tmp_path / "mma.sqlite"))
    with store.begin() as connection:
        secret = tokens.add(connection, "astronomer", writes=False, now=0.0)
    app = create_app(store, replace(Settings(), api=Api(read="token", rate_limit=0.0)))
    server = Server(app, bound("127.0.0.1", 0))
    server.begin()
    try:
        with Client(server.url) as client, pytest.raises(ConfigError, match="token"):
            list(client.events())
        with Client(server.url, token=secret) as client:
            assert list(client.events()) == []
    finally:
        server.shutdown()
        store.close()


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ({"type": ["new", "withdrawal"]}, r"type \['new', 'withdrawal'\]: one only"),
        ({"event": ("S1a", "S1b")}, "one only"),
        ({"event": 7}, "event 7: not a text"),
        ({"probability_min": "50%"}, "probability_min '50%' is no number; write it without its unit"),
        ({"probability_min": "high"}, "probability_min 'high' is no number$"),
        ({"probability_min": float("nan")}, "not a probability"),
        ({"since": "yesterday"}, "since 'yesterday': not a number of a message"),
    ],
)
def test_what_cannot_be_is_refused_in_words(two, word, text):
    for client in two[1]:
        with pytest.raises(ConfigError, match=text):
            list(client.subscribe(idle_s=IDLE_S, **word))


def test_the_loop_of_the_documentation_runs(two, capsys):
    store, clients = two
    found = message(probability=0.9, type="new", object={"id": "ZTF27a"})
    put(store, message(kind="event", type="new"), found)
    (loop,) = re.findall(r"^for message in mma\.subscribe.*?(?=^```)", CLIENT_MD.read_text(), re.DOTALL | re.MULTILINE)
    for client in clients:
        exec(loop.replace("since=last", f"since=last, idle_s={IDLE_S}"), {"mma": client, "last": 0})
        assert capsys.readouterr().out.endswith(" ZTF27a 0.9\n")
