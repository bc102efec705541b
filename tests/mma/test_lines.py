"""The file of published messages: a line is whole and on the disk, or it is not there; a full disk is an outage."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mma.engine.engine import Engine
from mma.errors import ConfigError, OutageError
from mma.store import Store, outbox
from mma.streams import JsonLinesSink, MemorySource
from tests.mma.world import NOW, as_message, burst

LINE = '{"n": 1}\n'
N_BEFORE = 300_000
"""Lines that are there already: more bytes than the database writes, which has the same limit in this test."""


@contextmanager
def files_no_larger_than(n_bytes: int) -> Iterator[None]:
    """The system refuses what goes beyond, as it does where a disk is full: the part before it is written."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_an_outage_and_no_line_is_half_or_twice_there(tmp_path: Path):
    path = tmp_path / "out.jsonl"
    path.write_text(LINE * N_BEFORE)
    full = path.stat().st_size + 1000
    with closing(Store(str(tmp_path / "mma.sqlite"))) as store, JsonLinesSink(path) as sink:
        engine = Engine(store, sink, clock=lambda: NOW)
        heard = [as_message(burst(f"8260001{i:02d}", seconds=i)) for i in range(20)]
        with files_no_larger_than(full), pytest.raises(OutageError, match=r"20 messages not written .*File too large"):
            engine.run(MemorySource(heard))
        assert path.stat().st_size == len(LINE) * N_BEFORE
        with store.read() as connection:
            assert outbox.counts(connection) == {"sent": 0, "waiting": 20}
        engine.publish()
        assert sink.confirmed == 20
    told = [json.loads(line)["id"] for line in path.read_text().splitlines()[N_BEFORE:]]
    assert len(told) == len({*told}) == 20


def test_a_device_without_room_is_an_outage():
    with JsonLinesSink(Path("/dev/full")) as sink:
        sink.write("t", "k", "{}")
        with pytest.raises(OutageError, match="No space left on device"):
            sink.flush()


@pytest.mark.parametrize("broken", ['{"n": 2', "{", "\0\0\0\0", '\0\0{"n"'])
def test_a_line_without_an_end_is_cut_off_where_the_file_is_opened_again(tmp_path: Path, broken: str):
    path = tmp_path / "out.jsonl"
    path.write_text(LINE + broken)
    with JsonLinesSink(path) as sink:
        sink.write("t", "k", '{"n": 2}')
        sink.flush()
    assert path.read_text() == LINE + '{"n": 2}\n'


def test_what_is_not_ours_is_left_alone(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_text("buy milk")
    with pytest.raises(ConfigError, match="none of ours"):
        JsonLinesSink(path)
    assert path.read_text() == "buy milk"


@pytest.mark.parametrize("end", ["moved", "deleted"])
def test_a_file_that_was_moved_away_is_made_anew(tmp_path: Path, end: str):
    path, aside = tmp_path / "out.jsonl", tmp_path / "out.1.jsonl"
    with JsonLinesSink(path) as sink:
        sink.write("t", "k", "1")
        sink.flush()
        path.rename(aside) if end == "moved" else path.unlink()
        sink.write("t", "k", "2")
        sink.flush()
    assert path.read_text() == "2\n"
    assert end == "deleted" or aside.read_text() == "1\n"
