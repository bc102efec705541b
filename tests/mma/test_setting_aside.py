"""Setting aside never fails; whose fault an error of the database is; streams of several brokers."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from mma.engine.engine import TRIPS
from mma.errors import OutageError
from mma.store import Store, message_log
from mma.streams import MemorySource, Message
from tests.mma.test_engine_faults import json_alert
from tests.mma.world import World, as_message, burst, detection, superevent

RAW_ID = bytes(range(256))
HEADERS = {"_id": RAW_ID, "_format\0": b"\0json", "half\ud800": b"\xff", "\u2400": "\u2400".encode()}


def test_nul_and_half_characters_anywhere_around_an_unreadable_message(world: World) -> None:
    broken = Message(
        payload=b"\0{", topic="igwn.gwalert\0\ud800", source="b\0", name="n\0\ud800", key=b"\0k\0", headers=HEADERS
    )
    world.hears(superevent(), broken, detection("ZTF27good"))
    assert world.status()["messages"] == {"read": 3, "decoded": 2, "set_aside": 1, "ignored": 0}
    (letter,) = world.dead_letters()
    again = world.ask(message_log.message, letter["id"])
    assert (again.payload, again.key) == (b"\0{", b"\0k\0")
    assert sorted(again.headers.values()) == sorted(HEADERS.values())  # as they came, the names with escapes
    assert again.headers["_id"] == RAW_ID


def test_a_topic_and_a_reason_longer_than_an_index_takes(world: World) -> None:
    names = ["x" * 5_000 + "a", "x" * 5_000 + "b"]
    world.hears(*(Message(payload=b"{", topic=name) for name in names))
    assert len(world.dead_letters()) == 2
    assert world.status()["messages"]["set_aside"] == 2


class Refusing(Store):
    """Does not take the dead letters' bytes."""

    def __init__(self, database: str) -> None:
        super().__init__(database)
        with self.begin() as connection:
            _refuse_bytes(connection)


def _refuse_bytes(connection) -> None:
    """A rule that the database has against bytes of dead letters: whatever they are, they cannot be kept."""
    if connection.dialect.name == "sqlite":
        connection.execute(
            text(
                "CREATE TRIGGER no_bytes BEFORE INSERT ON dead_letters WHEN length(NEW.payload) > 0"
                " BEGIN SELECT RAISE(ABORT, 'no bytes'); END"
            )
        )
    else:
        connection.execute(text("ALTER TABLE dead_letters ADD CONSTRAINT no_bytes CHECK (length(payload) = 0)"))


def test_what_cannot_be_set_aside_is_kept_by_hash_place_and_reason(database: str) -> None:
    store = Refusing(database)
    world = World(store)
    world.hears(superevent(), Message(payload=b"{", topic="t", partition=3, offset=7), detection("ZTF27good"))
    (letter,) = world.dead_letters()
    assert (letter["topic"], letter["partition"], letter["offset"], letter["bytes"]) == ("t", 3, 7, 0)
    sha256_of_brace = "021fb596db81e6d02bf3d2586ee3981fe519f275c0ac9ca76bbcf2ebb4097d96"  # printf { | sha256sum
    assert sha256_of_brace in letter["reason"]
    assert world.status()["messages"] == {"read": 3, "decoded": 2, "set_aside": 1, "ignored": 0}
    store.close()


def test_any_number_of_alerts_with_half_a_character_in_the_id_stops_nothing(world: World) -> None:
    bad = [json_alert(f"ZTF27{i}\ud800") for i in range(3 * TRIPS)]
    world.hears(superevent(), *bad, detection("ZTF27good"))
    assert world.status()["messages"]["set_aside"] == 3 * TRIPS
    assert world.objects("S270301ab") == ["ZTF27good"]


def test_two_brokers_with_one_topic_keep_a_dead_letter_each(world: World) -> None:
    letters = [Message(payload=payload, topic="alerts", source=payload.decode()) for payload in (b"{one", b"{two")]
    world.engine.run(MemorySource(letters))
    world.engine.run(MemorySource(letters))  # they come again: nothing new
    rows = world.dead_letters()
    assert [row["source"] for row in rows] == ["{one", "{two"]
    assert [world.ask(message_log.message, row["id"]).payload for row in rows] == [b"{one", b"{two"]
    with world.store.begin() as connection:
        message_log.take_back(connection, "alerts", letters[0])
    assert [row["source"] for row in world.dead_letters()] == ["{two"]


def test_a_read_only_server_is_an_outage_and_costs_no_message(postgres_database: str) -> None:
    store = Store(postgres_database)
    world = World(store)
    name = make_url(postgres_database).database
    with store.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    store.close()
    with pytest.raises(OutageError, match="read-only"):
        world.engine.handle([as_message(m) for m in (superevent(), detection("ZTF27a"), b"{")])
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        connection.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
    store.close()
    world.hears(superevent(), detection("ZTF27a"))
    assert world.objects("S270301ab") == ["ZTF27a"]
    assert world.dead_letters() == []
    store.close()


def test_idle_in_transaction_is_an_outage(postgres_database: str) -> None:
    store = Store(postgres_database)
    with pytest.raises(OutageError):
        _be_idle(store)
    store.close()


def _be_idle(store: Store) -> None:
    """Do nothing within a transaction for longer than the server allows."""
    with store.begin() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 50"))
        time.sleep(0.5)
        connection.execute(text("SELECT 1"))


@pytest.mark.parametrize("table", ["intake", "objects"])
def test_a_table_or_a_permission_that_is_missing_is_an_outage(postgres_database: str, table: str) -> None:
    store = Store(postgres_database)
    world = World(store)
    with store.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO gone"))
    with pytest.raises(OutageError, match="does not exist"):
        world.engine.handle([as_message(m) for m in (superevent(), detection("ZTF27a"))])
    with store.begin() as connection:
        connection.execute(text(f"ALTER TABLE gone RENAME TO {table}"))
    world.hears(superevent(), detection("ZTF27a"))
    assert (world.objects("S270301ab"), world.dead_letters()) == (["ZTF27a"], [])
    store.close()


def test_a_damaged_page_is_an_outage(tmp_path: Path) -> None:
    path = tmp_path / "mma.sqlite"
    world = World(Store(str(path)))
    world.hears(superevent(), detection("ZTF27a"))
    world.store.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'objects'").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    store = Store(str(path))
    damaged = World(store)
    with pytest.raises(OutageError, match="malformed"):
        damaged.engine.handle([as_message(m) for m in (detection("ZTF27b"), burst("7"))])
    assert damaged.dead_letters() == []
    store.close()


def test_rules_of_the_schema_are_the_messages_fault(world: World) -> None:
    with pytest.raises(Exception, match=r"NULL|null") as caught, world.store.begin() as connection:
        connection.execute(text("INSERT INTO facts (name, value) VALUES ('a', NULL)"))
    assert world.store.is_of_data(caught.value)


def test_messages_of_a_topic_that_was_made_anew_are_kept_beside_the_old_ones(world: World) -> None:
    def at_five(payload: bytes, came: float) -> Message:
        return Message(payload=payload, topic="t", source="b", offset=5, timestamp=came)

    world.hears(at_five(b"{old", 1.0))
    world.hears(at_five(b"{old", 1.0))  # the same once more
    assert len(world.dead_letters()) == 1
    for payload, came in ((b"{new", 1000.0), (b"{new", 2000.0)):
        world.hears(at_five(payload, came))
    letters = world.dead_letters()
    kept = [world.ask(message_log.message, row["id"]) for row in letters]
    assert [(m.payload, m.timestamp) for m in kept] == [(b"{old", 1.0), (b"{new", 1000.0), (b"{new", 2000.0)]
    assert len({row["source"] for row in letters}) == 3
