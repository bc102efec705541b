"""Tags by the client: the same on a database and on a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mma.client import Client, ConfigError, NotFoundError
from mma.store import Store, outbox, tokens
from tests.client.conftest import Both, both_ways
from tests.mma.world import HERE, World, detection, superevent

EVENT = "S270301ab"


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    """Two candidates; the client of the server has a token to write."""
    store = Store(str(tmp_path / "mma.sqlite"))
    places = {"a": HERE, "b": (HERE[0], HERE[1] + 0.3)}
    World(store).hears(superevent(), *(detection(f"ZTF27{n}", place, 9.0) for n, place in places.items()))
    with store.begin() as connection:
        token = tokens.add(connection, "ann", writes=True, now=0.0)
    store.close()
    for made in both_ways(tmp_path / "mma.sqlite"):
        made.http.close()
        with Client(made.url, token=token) as client:
            yield replace(made, http=client)


def test_put_ask_by_and_take_off_either_way(both):
    for client in both.clients:
        assert client.tag(EVENT, "ZTF27a", "Moving", "late").tags == ["late", "moving"]
        assert client.tag(EVENT, "ZTF27b", "late").tags == ["late"]
        for other in both.clients:
            assert other.tags() == other.tags(EVENT) == {"late": 2, "moving": 1}
            assert [c.object for c in other.candidates(EVENT, tag="moving")] == ["ZTF27a"]
            assert len(list(other.candidates(EVENT, tag=["moving", "late"]))) == 2
            assert other.candidate(EVENT, "ZTF27a").tags == ["late", "moving"]
        assert client.untag(EVENT, "ZTF27a", "late", "moving").tags == []
        assert client.untag(EVENT, "ZTF27b", "late").tags == []


@pytest.mark.filterwarnings("ignore:no candidate has the tag")  # it is taken off meanwhile
def test_listening_by_tag(both):
    for client in both.clients:
        with both.store.read() as connection:
            since = outbox.span(connection)[1]
        client.tag(EVENT, "ZTF27a", "moving")
        client.tag(EVENT, "ZTF27b", "other")
        client.untag(EVENT, "ZTF27a", "moving")
        client.untag(EVENT, "ZTF27b", "other")
        for listener in both.clients:
            heard = list(listener.subscribe(tag="Moving", since=since, idle_s=0.6))
            assert [m.body["object"]["id"] for m in heard] == ["ZTF27a"] * 2
            assert [(m.body.get("tags"), m.body.get("untagged")) for m in heard] == [
                (["moving"], None),
                (None, ["moving"]),
            ]


def test_what_is_told_goes_to_the_topics_that_there_are(tmp_path):
    from mma.engine.engine import Engine
    from mma.streams import MemorySink, MemorySource
    from tests.mma.world import NOW, as_message

    store = Store(str(tmp_path / "mma.sqlite"))
    messages = [as_message(m) for m in (superevent(), detection("ZTF27a", HERE, 9.0))]
    Engine(store, MemorySink(), prefix="obs.night", clock=lambda: NOW).run(MemorySource(messages))
    with Client(str(tmp_path / "mma.sqlite")) as client:
        client.tag(EVENT, "ZTF27a", "moving")
    with store.read() as connection:
        newest = outbox.after(connection, 0, outbox.span(connection)[1], 100)[-1]
    assert (newest["topic"], json.loads(newest["payload"])["tags"]) == ("obs.night.candidates", ["moving"])
    store.close()


def test_what_cannot_be_is_refused_either_way(both):
    for client in both.clients:
        with pytest.raises(ConfigError, match="1 to 32"):
            client.tag(EVENT, "ZTF27a", "two words")
        with pytest.raises(ConfigError, match="which tag"):
            client.tag(EVENT, "ZTF27a")
        with pytest.raises(ConfigError, match="1 to 32"):
            client.subscribe(tag="two words")
        with pytest.raises(NotFoundError, match="no tag 'gone'"):
            client.untag(EVENT, "ZTF27a", "gone")
        for event, name in ((EVENT, "ZTF99"), ("S1", "ZTF27a")):
            with pytest.raises(NotFoundError):
                client.tag(event, name, "moving")
        assert client.tags() == {}
    with Client(both.url) as stranger, pytest.raises(ConfigError, match="needs a token"):
        stranger.tag(EVENT, "ZTF27a", "moving")
