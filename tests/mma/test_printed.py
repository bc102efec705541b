"""What others wrote reaches no terminal as a command, no spreadsheet as a formula, and no other user's eyes."""

from __future__ import annotations

import csv
import io
import logging
import os
import pty
import stat
import subprocess
import sys
import zlib
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from mma.cli import main
from mma.commands import subscribe
from mma.export import Wanted, read
from mma.export.formats import FORMATS
from mma.logs import LINES, Seldom
from mma.messages.stream_filter import Filter, StreamFilter
from mma.store import Store, tables
from mma.text.printable import printable
from tests.mma.world import NOW, World, detection, superevent

EVENT = "S270301ab"
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m"
STARTS = ("=", "+", "-", "@", "\t", "\r")


def on_a_terminal(*arguments: str) -> bytes:
    """Everything that a command writes where both its outputs are a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-m", "mma.cli", *arguments], stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        told = b""
        while True:
            try:
                some = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not some:
                break
            told += some
        process.wait(timeout=60)
    os.close(ours)
    return told


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A database whose texts are as bad as they can be."""
    path = tmp_path / "mma.sqlite"
    with closing(Store(str(path))) as store:
        World(store).hears(superevent(), detection("ZTF27a"))
        with store.begin() as connection:
            connection.execute(update(tables.objects).values(survey=f"ztf{EVIL}", classification=f"SN{EVIL}"))
            connection.execute(update(tables.originals).values(packed=zlib.compress(EVIL.encode())))
            connection.execute(update(tables.intake).values(source=f"topic{EVIL}"))
    return path


def is_steering(told: bytes) -> bool:
    """Whether there is any control but the colours and the line ends of our own tables."""
    text = told.decode("utf-8", "replace")
    return "\x1b]" in text or "\x1b[2J" in text or "\x07" in text or "\x9b" in text


@pytest.mark.parametrize(
    "command",
    [
        ("candidates", EVENT),
        ("candidates", EVENT, "--json"),
        ("object", "ZTF27a"),
        ("event", EVENT),
        ("event", EVENT, "--raw"),
        ("status",),
        ("export", "csv", EVENT),
        ("export", "csv", EVENT, "--raw"),
        ("export", "votable", EVENT),
        ("export", "circular", EVENT),
        ("event", f"no{EVIL}"),
    ],
)
def test_no_command_steers_a_terminal(hostile: Path, command: tuple[str, ...]):
    told = on_a_terminal(*command, "--db", str(hostile))
    assert told
    assert not is_steering(told)


def test_in_a_pipe_the_bytes_are_as_they_came(hostile: Path, capfdbinary: Any):
    assert main(["event", EVENT, "--raw", "--db", str(hostile)]) == 0
    assert capfdbinary.readouterr().out == EVIL.encode()


def test_half_a_character_is_written_out():
    assert printable("a\ud800") == "a\\ud800"


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("form", ["csv", "tom"])
def test_a_text_of_others_is_no_formula(tmp_path: Path, start: str, form: str):
    """The cell begins with an apostrophe, unless it is asked for as it is; numbers below zero stay numbers."""
    evil = f'{start}HYPERLINK("http://evil.example")'
    path = tmp_path / "mma.sqlite"
    with closing(Store(str(path))) as store:
        World(store).hears(superevent(), detection("ZTF27a", place=(150.0, 20.0)))
        with store.begin() as connection:
            for table, column in (
                (tables.objects, "id"),
                (tables.candidates, "object_id"),
                (tables.scores, "object_id"),
            ):
                connection.execute(update(table).values({column: evil}))
        now = datetime.fromtimestamp(NOW, UTC)
        for raw, wanted in ((False, f"'{evil}"), (True, evil)):
            event, rows, more = read(store, FORMATS[form], Wanted(event=EVENT, raw=raw), now)
            text = FORMATS[form].write(event, rows, more)
            assert isinstance(text, str)
            cells = [cell for line in csv.reader(io.StringIO(text, newline="")) for cell in line]
            assert wanted in cells
            assert any(cell.startswith("-") and float(cell) < 0 for cell in cells if _is_number(cell)) or form == "tom"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"\xff\xfe", b"null", b"[]", b"7", b'"text"', b"[" * 100_000, b'{"a":' * 100_000, b"1" * 5000,
        b'{"schema": "urn:mma:candidate:1", "event": 7, "object": [], "score": "high"}',
        b'{"schema": "urn:mma:candidate:1", "type": {}, "score": {"probability": "x", "rank": {}}}',
        b'{"schema": "urn:mma:candidate:1", "score": {"probability": 1e999}, "tags": {"a": 1}, "time": 5}',
        b'{"schema": "urn:mma:event:1", "event": {"time": 7, "skymap": [], "far_hz": "often"}}',
        b'{"schema": "urn:mma:event:1", "event": {"id": "\\ud800", "skymap": {"distance_mpc": 1}}, "issued": 5}',
        b'{"schema": "urn:mma:association:1", "events": [1, null], "delay_s": "late", "odds": 4}',
        b'{"schema": "urn:mma:group:1", "events": 8, "log_odds": []}',
        b'{"schema": "urn:mma:heartbeat:1", "lag": {"a": []}, "worker": {}}',
        b'{"schema": 5, "events": {"a": 1}, "before": 3}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_json", [False, True])
def test_strangers_on_a_topic_end_no_subscription(payload: bytes, as_json: bool, capsys: Any):
    for stream_filter in (
        StreamFilter(tests=True),
        StreamFilter(probability=0.5, events=frozenset({"s1"}), tags=frozenset({"t"}), type="new"),
    ):
        subscribe._print(payload, Filter(stream_filter), subscribe.Missing(stream_filter), as_json=as_json)
    assert "\x1b" not in capsys.readouterr().out


def test_a_database_is_for_its_owner_alone(tmp_path: Path):
    before = os.umask(0o022)
    try:
        with closing(Store(str(tmp_path / "mma.sqlite"))) as store:
            World(store).hears(superevent())
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("mma.sqlite*")}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("mma.sqlite", "mma.sqlite-wal", "mma.sqlite-shm"), 0o600)


def test_a_flood_of_requests_is_no_flood_of_lines():
    seldom = Seldom()

    def passed(name: str, text: str, n: int, at: float) -> int:
        records = [logging.LogRecord(name, logging.WARNING, "", 0, text, (), None) for _ in range(n)]
        for record in records:
            record.created = at
        return sum(map(seldom.filter, records))

    assert passed("asyncio", "socket.accept() out of system resource", 10_000, 100.0) == LINES
    assert passed("asyncio", "socket.send() raised exception.", 10, 100.0) == 0
    assert passed("uvicorn.error", "Invalid HTTP request received.", 10_000, 130.0) == LINES
    assert passed("asyncio", "socket.accept() out of system resource", 10_000, 161.0) == LINES
    assert passed("mma.engine.engine", "set aside", 1000, 130.0) == 1000
