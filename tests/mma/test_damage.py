"""What is damaged in a database costs what it is about and no more; 'mma db check' names it, and copies are whole."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
import stat
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from coincidence import DEFAULT
from mma.answers import queries
from mma.cli import main
from mma.engine.engine import Engine
from mma.engine.vetting import Vetting
from mma.errors import ConfigError, OutageError
from mma.store import Store, tables
from mma.streams import MemorySink
from tests.mma.world import NOW, World, burst, detection, of_type, retraction, superevent

EVENT = "S270301ab"


def url(world: World) -> str:
    return str(world.store.engine.url.render_as_string(hide_password=False))


def damage_map(world: World) -> str:
    """Turn a byte in the middle of the event's stored map; its sha256 by which it is known."""
    s = tables.skymaps
    with world.store.begin() as connection:
        sha256, fits = connection.execute(select(s.c.sha256, s.c.fits)).one()
        content = bytearray(fits)
        content[len(content) // 2] ^= 0xFF
        connection.execute(update(s).values(fits=bytes(content)))
    return str(sha256)


def check(database: str, capsys: Any, *more: str) -> tuple[int, dict[str, Any]]:
    """Exit code and what was printed."""
    code = main(["db", "check", "--json", "--db", database, *more])
    return code, json.loads(capsys.readouterr().out)


def test_an_event_whose_map_is_damaged_is_unlocated_and_the_worker_starts(world: World, capsys: Any):
    world.hears(superevent(), detection("ZTF27a"), burst())
    sha256 = damage_map(world)
    world.restart()
    told = world.engine.tracker.unlocated()
    assert told.keys() == {EVENT}
    assert sha256 in told[EVENT]
    assert sorted(row["state"] for row in world.events().values()) == ["active", "unlocated"]
    assert world.events()[EVENT]["state"] == "unlocated"
    world.hears(detection("ZTF27b"))
    assert world.objects(EVENT) == ["ZTF27a"]
    code, answer = check(url(world), capsys)
    assert code == 1
    assert any(sha256 in one["what"] and "mma replay" in one["advice"] for one in answer["damaged"])
    world.hears(superevent(), detection("ZTF27c"))  # the notice again
    assert check(url(world), capsys) == (0, {"damaged": [], "mended": []})
    world.hears(detection("ZTF27d"))
    assert world.engine.tracker.unlocated() == {}
    assert world.events()[EVENT]["state"] == "active"
    assert "ZTF27d" in world.objects(EVENT)


def test_a_map_that_is_whole_in_its_notice_is_used_from_there(world: World, capsys: Any):
    notice = superevent()
    world.hears(notice, detection("ZTF27a"))
    came = base64.b64decode(json.loads(notice)["event"]["skymap"])
    with world.store.begin() as connection:  # as large maps are kept
        row = {"sha256": hashlib.sha256(came).hexdigest(), "packed": zlib.compress(came)}
        connection.execute(tables.map_files.insert(), row)
    sha256 = damage_map(world)
    assert sha256 == row["sha256"]
    world.restart()
    assert world.engine.tracker.unlocated() == {}
    world.hears(detection("ZTF27b"))
    assert sorted(world.objects(EVENT)) == ["ZTF27a", "ZTF27b"]
    code, answer = check(url(world), capsys)
    assert (code, [sha256 in one["what"] for one in answer["damaged"]]) == (1, [True])
    assert check(url(world), capsys, "--mend") == (0, {"damaged": [], "mended": [sha256]})


def test_a_record_that_cannot_be_read_and_an_index_that_is_gone_are_named(world: World, capsys: Any):
    world.hears(superevent(), detection("ZTF27a"))
    assert check(url(world), capsys)[0] == 0
    with world.store.begin() as connection:
        connection.execute(update(tables.events).values(document={"id": EVENT}))
        connection.execute(text("DROP INDEX candidates_by_odds"))
    code, answer = check(url(world), capsys)
    assert code == 1
    assert any(f"event {EVENT}: its record" in one["what"] for one in answer["damaged"])
    lost = next(one for one in answer["damaged"] if "candidates_by_odds" in one["what"])
    assert lost["advice"] == "CREATE INDEX candidates_by_odds ON candidates (event_id, log_odds)"


def damaged_file(tmp_path: Path) -> Path:
    """A database with some pages of noise in its middle, as a bad disk leaves them."""
    path = tmp_path / "mma.sqlite"
    with closing(Store(str(path))) as store:
        World(store).hears(superevent(), *(burst(f"8260001{i:02d}", seconds=i) for i in range(60)))
    content = bytearray(path.read_bytes())
    pages = len(content) // 4096
    for page in range(pages // 3, pages - 1):
        content[4096 * page : 4096 * page + 2048] = b"\x5a" * 2048
    path.write_bytes(content)
    return path


def test_a_damaged_file_is_named(tmp_path: Path, capsys: Any):
    path = damaged_file(tmp_path)
    code, answer = check(str(path), capsys)
    assert code == 1
    assert "restore a backup" in answer["damaged"][0]["advice"]
    assert main(["db", "check", "--db", str(path)]) == 1
    assert "damaged: " in capsys.readouterr().out


def test_a_worker_on_a_damaged_file_says_so_and_sets_nothing_aside(tmp_path: Path):
    path = damaged_file(tmp_path)
    with pytest.raises((ConfigError, OutageError), match="malformed"), closing(Store(str(path))) as store:
        World(store).hears(*(burst(f"8260002{i:02d}", seconds=i) for i in range(60)))


def test_a_backup_is_whole_while_a_worker_writes(tmp_path: Path, capsys: Any):
    path, copy = tmp_path / "mma.sqlite", tmp_path / "copy.sqlite"
    with closing(Store(str(path))) as store:
        world = World(store)
        world.hears(superevent(), detection("ZTF27a"))
        assert main(["db", "backup", str(copy), "--db", str(path)]) == 0
        world.hears(burst())
    assert sorted(file.name for file in tmp_path.glob("copy*")) == ["copy.sqlite"]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with closing(Store(str(copy))) as store, store.read() as connection:
        assert [row["id"] for row in queries.events(connection)] == [EVENT]
        Engine(store, MemorySink(), clock=lambda: NOW)
    capsys.readouterr()
    assert main(["db", "backup", str(copy), "--db", str(path)]) == 1
    assert "is there already" in capsys.readouterr().err


def test_a_backup_of_what_is_damaged_is_none(tmp_path: Path, capsys: Any):
    path = damaged_file(tmp_path)
    assert main(["db", "backup", str(tmp_path / "copy.sqlite"), "--db", str(path)]) == 1
    assert not list(tmp_path.glob("copy*"))


def test_postgresql_has_its_own_program(postgres_database: str, tmp_path: Path, capsys: Any):
    Store(postgres_database).close()
    assert main(["db", "backup", str(tmp_path / "copy"), "--db", postgres_database]) == 1
    assert "pg_dump --format=custom" in capsys.readouterr().err


def test_candidates_of_an_event_whose_map_is_damaged_stay_until_it_is_there(world: World):
    world.hears(superevent(), detection("ZTF27a"))
    damage_map(world)
    Vetting(store=world.store, parameters=DEFAULT, prefix="mma").afresh(EVENT, NOW)  # a new catalogue, or a verdict
    world.restart()
    world.hears(superevent(stage="UPDATE", minutes=60.0, skymap=None))
    assert world.objects(EVENT) == ["ZTF27a"]
    assert of_type(world.told(), "candidate", "withdrawal") == []
    world.hears(retraction(minutes=90.0))
    assert world.objects(EVENT) == []
