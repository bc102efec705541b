"""Recorded messages: files, folders, archives, lines; what cannot be read costs itself."""

from __future__ import annotations

import io
import os
import random
import tarfile
import zipfile
from pathlib import Path

import pytest

from mma.engine.ingest import take_in
from mma.errors import ConfigError
from mma.streams import FileSource, JsonLinesSink, MemorySink, MemorySource, Message, Recorded
from mma.streams import files as recorded_files
from mma.streams.files import find


def tar_of(path: Path, members: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def zip_of(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def read(*paths: Path) -> list[Message]:
    return [recorded.message() for recorded in find(paths)]


def contents(*paths: Path) -> list[tuple[str | None, bytes]]:
    return [(m.name, m.payload) for m in read(*paths)]


def faults(*paths: Path) -> list[str | None]:
    return [m.fault for m in read(*paths)]


def test_a_folder_is_its_files_by_name_without_hidden_ones(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("c.json", "b/2.json", "b/1.json", ".hidden", "a.xml"):
        (tmp_path / name).write_bytes(name.encode())
    assert [payload for _, payload in contents(tmp_path)] == [b"a.xml", b"c.json", b"b/1.json", b"b/2.json"]
    (message, *_) = read(tmp_path / "a.xml")
    assert (message.topic, message.partition, message.offset, message.name) == (str(tmp_path / "a.xml"), 0, 0, "a.xml")


MEMBERS = {"x/1.json": b"one", "x/2.avro": b"\x00two", "x/3": b""}


@pytest.mark.parametrize(
    ("name", "mode"),
    [("n.tar", "w"), ("n.tar.gz", "w:gz"), ("n.tgz", "w:gz"), ("n.tar.bz2", "w:bz2"), ("n.tar.xz", "w:xz")],
)
def test_archives_are_their_members(tmp_path, name, mode):
    messages = read(tar_of(tmp_path / name, MEMBERS, mode))
    assert [(m.name, m.payload, m.offset) for m in messages] == [
        ("x/1.json", b"one", 0),
        ("x/2.avro", b"\x00two", 1),
        ("x/3", b"", 2),
    ]
    assert {m.topic for m in messages} == {str(tmp_path / name)}


def test_a_zip_is_its_members(tmp_path):
    assert contents(zip_of(tmp_path / "n.zip", MEMBERS)) == list(MEMBERS.items())


def test_lines_are_messages_and_blank_ones_are_none(tmp_path):
    path = tmp_path / "night.jsonl"
    path.write_bytes(b'{"a": 1}\n\n  \n{"b": 2}\r\n')
    assert contents(path) == [("night.jsonl:1", b'{"a": 1}'), ("night.jsonl:4", b'{"b": 2}')]


def test_a_path_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="no file or folder"):
        list(find([tmp_path / "none"]))


@pytest.mark.parametrize("name", ["n.tar", "n.tar.gz", "n.tar.bz2", "n.tar.xz", "n.zip"])
@pytest.mark.parametrize("content", [b"", b"no archive at all", b"PK\x03\x04" + b"x" * 50])
def test_an_archive_that_is_none_is_one_refused_message(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    (fault,) = faults(tmp_path / name)
    assert fault.startswith("archive: ")


@pytest.mark.parametrize("mode", ["", "gz", "xz", "bz2"])
def test_of_an_archive_cut_short_the_sound_part_is_read(tmp_path, mode):
    members = {f"{i}.bin": random.Random(i).randbytes(20_000) for i in range(6)}
    path = tar_of(tmp_path / f"n.tar.{mode}".rstrip("."), members, f"w:{mode}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 5])
    *sound, last = read(path)
    assert [(m.name, m.payload) for m in sound] == list(members.items())[: len(sound)]
    assert mode == "bz2" or len(sound) > 0
    assert [m.offset for m in (*sound, last)] == list(range(len(sound) + 1))
    assert last.fault.startswith("archive: ")
    assert last.fault.endswith(f"(after {len(sound)} messages)")


def test_an_archive_with_damage_inside_is_read_up_to_it(tmp_path):
    path = tar_of(tmp_path / "n.tar.xz", {f"{i}.bin": random.Random(i).randbytes(20_000) for i in range(6)}, "w:xz")
    content = bytearray(path.read_bytes())
    content[60_000:60_050] = b"\xff" * 50
    path.write_bytes(content)
    assert read(path)[-1].fault.startswith("archive: ")


def test_a_damaged_member_of_a_zip_is_told(tmp_path):
    path = zip_of(tmp_path / "n.zip", {"a": b"a" * 99, "b": random.Random(0).randbytes(5000)})
    content = bytearray(path.read_bytes())
    content[400:500] = b"\0" * 100
    path.write_bytes(content)
    assert faults(path)[0] is None
    assert faults(path)[1].startswith("archive: ")


@pytest.fixture
def small(monkeypatch) -> int:
    """The size limit of one message, made small."""
    monkeypatch.setattr(recorded_files, "MAX_BYTES", 1000)
    return 1000


def test_a_file_over_the_limit_costs_itself_alone(tmp_path, small):
    for name, size in (("a.json", 10), ("b.json", 1001), ("c.json", 1000), ("d.jsonl", 1001)):
        (tmp_path / name).write_bytes(b"x" * size)
    told = [(m.name, m.fault) for m in read(tmp_path)]
    reason = "file: 1001 bytes are more than the 1000 of one message"
    assert told == [("a.json", None), ("b.json", reason), ("c.json", None), ("d.jsonl", reason)]


@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_a_member_over_the_limit_costs_itself_alone(tmp_path, small, make):
    name = "n.zip" if make is zip_of else "n.tar.gz"
    path = make(tmp_path / name, {"a": b"x", "b": b"x" * 1001, "c": b"x"})
    assert [f is None for f in faults(path)] == [True, False, True]


@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_an_archive_over_the_limit_is_read_up_to_it(tmp_path, small, make):
    name = "n.zip" if make is zip_of else "n.tar.gz"
    path = make(tmp_path / name, {f"{i}": b"x" * 1000 for i in range(12)})
    told = faults(path)
    assert told[:8] == [None] * 8
    assert told[8:] == ["archive: more than 8000 bytes unpacked; unpack it into a folder (after 8 messages)"]


def test_links_to_nothing_and_pipes_are_refused_not_waited_for(tmp_path):
    (tmp_path / "dangling.json").symlink_to(tmp_path / "none")
    os.mkfifo(tmp_path / "pipe.json")
    assert faults(tmp_path) == ["file: it is gone, or no plain file"] * 2


def test_a_fault_is_a_dead_letter(tmp_path, small):
    (tmp_path / "a.json").write_bytes(b"x" * 1001)
    intake = take_in(read(tmp_path))
    assert intake.faults == {0: [("file: 1001 bytes are more than the 1000 of one message", None)]}
    assert intake.counts == {(str(tmp_path), "read", ""): 1, (str(tmp_path), "set_aside", ""): 1}


def test_a_file_source_gives_batches_in_the_order_given(tmp_path):
    recorded = [(Recorded(Path("x"), i, payload=bytes([i])), float(i)) for i in range(7)]
    source = FileSource(recorded, batch_size=3)
    batches = list(source.batches())
    assert len(source) == 7
    assert [len(batch) for batch in batches] == [3, 3, 1]
    assert [m.timestamp for batch in batches for m in batch] == [float(i) for i in range(7)]


def test_a_memory_source_gives_again_what_was_not_committed():
    source = MemorySource([Message(payload=bytes([i]), topic="t") for i in range(5)], batch_size=2)
    first = next(source.batches())
    assert next(source.batches()) == first
    source.commit(first)
    assert [m.payload[0] for batch in source.batches() for m in batch] == [2, 3, 4]


def test_published_messages_are_lines(tmp_path):
    path = tmp_path / "out.jsonl"
    for text in ("1", "2"):
        with JsonLinesSink(path) as sink:
            sink.write("t", "k", text)
            sink.flush()
            assert path.read_text().endswith(text + "\n")
    assert path.read_text() == "1\n2\n"
    with pytest.raises(ConfigError, match="cannot write to"):
        JsonLinesSink(tmp_path / "none" / "out.jsonl")


def test_a_memory_sink_keeps_what_it_was_given():
    sink = MemorySink()
    sink.write("t", "k", "p")
    sink.flush()
    assert sink.written == [("t", "k", "p")]


def test_a_place_names_topic_partition_and_offset():
    assert Message(payload=b"", topic="igwn.gwalert", partition=2, offset=7).place == "igwn.gwalert[2]@7"
