"""What cannot be delivered holds up nothing else; messages stay small; everything goes to topics of one prefix."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from mma.cli import main
from mma.engine import sending
from mma.engine.engine import Engine
from mma.errors import ConfigError, OutageError, UndeliveredError
from mma.store import Store, outbox
from mma.streams import MemorySink, MemorySource, kafka_sink
from tests.mma.world import World, as_message, detection, superevent

EVENT = "S270301ab"


class Choosy(MemorySink):
    """A broker that refuses some messages for good, and does not answer about others."""

    def __init__(self, refused: set[int] = frozenset(), missing: set[int] = frozenset()) -> None:
        super().__init__()
        self.refused, self.missing, self.flushes = refused, missing, 0

    def flush(self) -> Mapping[int, str]:
        self.flushes += 1
        refused, self.refused = dict.fromkeys(self.refused, "too large"), set()
        missing, self.missing = self.missing, set()
        if missing:
            raise UndeliveredError("broker away", missing, refused)
        return refused


def test_refused_messages_wait_for_a_person_and_the_others_go_on(world: World) -> None:
    sink = Choosy(refused={1})
    Engine(world.store, sink).run(MemorySource([as_message(m) for m in (superevent(), detection("ZTF27a"))]))
    assert world.ask(outbox.counts) == {"sent": 1, "waiting": 0}
    assert world.status()["refused"] == 1
    (row,) = world.ask(outbox.unsent)
    assert (row["reason"], row["topic"], row["key"]) == ("too large", "mma.candidates", EVENT)
    Engine(world.store, sink).run(MemorySource([as_message(detection("ZTF27b"))]))
    assert len(sink.written) == 3  # the refused one was not tried again
    with world.store.begin() as connection:
        assert outbox.again(connection) == 1
    Engine(world.store, sink).publish()
    assert [json.loads(payload)["id"] for _, _, payload in sink.written][-1] == row["id"]
    assert world.ask(outbox.counts) == {"sent": 3, "waiting": 0}


def test_what_was_confirmed_is_not_sent_again(world: World) -> None:
    sink = Choosy(missing={1})
    engine = Engine(world.store, sink)
    messages = [as_message(m) for m in (superevent(), detection("ZTF27a"), detection("ZTF27b", (150.1, 20.1)))]
    with pytest.raises(OutageError, match="broker away"):
        engine.run(MemorySource(messages))
    first = list(sink.written)
    engine.publish()
    assert sink.written == [*first, first[1]]
    assert world.ask(outbox.counts) == {"sent": len(first), "waiting": 0}


class Slow(MemorySink):
    """A broker that confirms, after a while."""

    def flush(self) -> None:
        time.sleep(1.0)


def _rest(store: Store, idle_s: float, seconds: float) -> None:
    with store.begin(idle_s) as connection:
        time.sleep(seconds)
        connection.exec_driver_sql("SELECT 1")


def test_a_slow_broker_has_longer_than_an_idle_transaction(postgres_database: str, monkeypatch) -> None:
    assert sending.CONFIRMED_S > sending.WRITE_S + kafka_sink.FLUSH_S
    monkeypatch.setattr(sending, "CONFIRMED_S", 4.0)
    store = Store(postgres_database)
    with pytest.raises(OutageError, match="idle"):
        _rest(store, 0.5, 1.5)
    sink = Slow()
    Engine(store, sink).run(MemorySource([as_message(superevent()), as_message(detection("ZTF27a"))]))
    with store.read() as connection:
        assert outbox.counts(connection) == {"sent": 2, "waiting": 0}
    assert len(sink.written) == 2
    store.close()


def test_what_cannot_be_written_in_time_comes_next(world: World, monkeypatch) -> None:
    monkeypatch.setattr(sending, "WRITE_S", 0.0)
    sink = Choosy()
    Engine(world.store, sink).run(MemorySource([as_message(superevent()), as_message(detection("ZTF27a"))]))
    assert [name for name, _, _ in sink.written] == ["mma.events", "mma.candidates"]
    assert sink.flushes >= 2


def test_the_command_lists_shows_and_tries_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "mma.sqlite")
    store = Store(path)
    Engine(store, Choosy(refused={0})).run(MemorySource([as_message(superevent())]))
    store.close()
    assert main(["outbox", "list", "--db", path, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["reason"], row["topic"], row["key"]) == ("too large", "mma.events", EVENT)
    assert main(["outbox", "show", str(row["seq"]), "--db", path]) == 0
    assert json.loads(capsys.readouterr().out)["event"]["id"] == EVENT
    assert main(["status", "--db", path]) == 0
    assert "refused by the broker: 1: see 'mma outbox list'" in capsys.readouterr().out
    assert main(["outbox", "retry", "77", "--db", path]) == 1
    assert main(["outbox", "retry", "--db", path]) == 0
    assert "1 messages wait again" in capsys.readouterr().out
    assert main(["outbox", "list", "--db", path]) == 0
    assert "it waits" in capsys.readouterr().out


def test_everything_of_a_database_goes_to_one_prefix(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.hears(superevent(), detection("ZTF27a"))
    with pytest.raises(ConfigError, match=r"'obs'.*write prefix = 'mma'"):
        Engine(world.store, MemorySink(), prefix="obs")
    settings = tmp_path / "mma.toml"
    settings.write_text('prefix = "obs"\n')
    database = world.store.url
    assert main(["tag", EVENT, "ZTF27a", "seen", "--db", database, "-c", str(settings)]) == 1
    assert "prefix = 'mma'" in capsys.readouterr().err
    assert main(["outbox", "prefix", "no/topic", "--db", database]) == 1
    assert main(["outbox", "prefix", "obs", "--db", database]) == 0
    assert main(["tag", EVENT, "ZTF27a", "seen", "--db", database, "-c", str(settings)]) == 0
    assert [row["topic"] for row in world.ask(outbox.unsent)] == ["obs.candidates"]


def test_a_notice_with_very_long_texts_is_told_in_a_small_message(world: World) -> None:
    """Brokers take 1,048,588 bytes (Kafka's max.message.bytes) unless they are told otherwise."""
    long = "x" * 600_000
    links = {"gracedb": f"https://gracedb.ligo.org/{long}"}
    sink = MemorySink()
    notice = json.loads(superevent())
    notice["urls"] = links
    notice["event"]["classification"] = {f"{i}{long[:20_000]}": 0.01 for i in range(100)}
    Engine(world.store, sink).run(MemorySource([as_message(json.dumps(notice).encode()), as_message(detection())]))
    assert sink.written
    assert max(len(payload) for _, _, payload in sink.written) <= 200_000
    assert {json.loads(payload)["event"]["id"] for _, _, payload in sink.written} == {notice["superevent_id"]}
