"""What an open SQLite store wrote stays, whoever else opens and leaves the database, here or in another program."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mma.config.settings import Settings
from mma.engine import play
from mma.errors import OutageError
from mma.store import Store, outbox
from mma.streams import MemorySink
from tests.mma.world import World, burst, detection


def another_program(path: Path) -> str:
    """Ask from another process, which is the last to leave if it does not see that we are there."""
    command = [sys.executable, "-m", "mma.cli", "events", "--db", str(path), "--json"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def is_whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_second_store_of_this_process_gives_up_no_locks(tmp_path: Path):
    path = tmp_path / "mma.sqlite"
    with closing(Store(str(path))) as store:
        world = World(store)
        world.hears(burst())
        Store(str(path)).close()
        Store(str(path), create=False, writes=False).close()
        journal = Path(f"{path}-wal").stat().st_ino
        another_program(path)
        assert Path(f"{path}-wal").stat().st_ino == journal
        world.hears(detection(), *(burst(f"8260001{i:02d}", seconds=i) for i in range(20)))
        assert another_program(path).count('"id": "Fermi-GBM-') == 21
    assert is_whole(path)


def test_a_replay_of_the_folder_that_its_database_is_in(tmp_path: Path):
    path = tmp_path / "mma.sqlite"
    (tmp_path / "1.json").write_bytes(burst())
    with closing(Store(str(path))) as store:
        World(store).hears(burst("826000099"))
        answer = play([tmp_path], Settings(database=str(path)))
        assert answer["messages"]["read"] == 1
        assert Path(f"{path}-wal").stat().st_size > 0
        another_program(path)
        assert Path(f"{path}-wal").exists()
    assert is_whole(path)


def test_a_database_that_does_not_keep_what_was_sent_is_an_outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with closing(Store(str(tmp_path / "mma.sqlite"))) as store:
        world = World(store, MemorySink())
        world.hears(burst())
        monkeypatch.setattr(outbox, "mark_sent", lambda *_: None)  # as a damaged page does
        with pytest.raises(OutageError, match="was sent, and it does not keep that"):
            world.hears(detection())
        assert len(world.told()) == 1
