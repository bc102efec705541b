"""Recorded messages in files, folders and archives; and a file that published messages go to."""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from ..errors import ConfigError, DecodeError
from .message import Message

MAX_BYTES = 256 << 20
"""No message is larger."""

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip")
LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where a recorded message is; its bytes are read when they are needed, and not kept."""

    path: Path
    offset: int = 0
    member: str | None = None
    payload: bytes | None = None
    """Held only for messages out of archives."""

    def message(self, timestamp: float | None = None) -> Message:
        """The message itself."""
        payload = self.payload if self.payload is not None else _read(self.path)
        return Message(
            payload=payload,
            topic=str(self.path),
            offset=self.offset,
            name=self.member or self.path.name,
            timestamp=timestamp,
        )


def find(paths: Iterable[Path]) -> Iterator[Recorded]:
    """Every recorded message under some files, folders and archives, by name.

    Raises
    ------
    ConfigError
        A path that is not there.
    """
    for path in paths:
        if path.is_dir():
            for folder, inner, names in os.walk(path):
                inner.sort()
                yield from (r for name in sorted(names) for r in _of_file(Path(folder) / name))
        elif path.is_file():
            yield from _of_file(path)
        else:
            raise ConfigError(f"no file or folder {path}")


def _of_file(path: Path) -> Iterator[Recorded]:
    if path.name.startswith("."):
        return
    if path.name.endswith(ARCHIVES):
        yield from _of_archive(path)
    elif path.name.endswith(LINES):
        lines = enumerate(_read(path).splitlines())
        yield from (Recorded(path, i, f"{path.name}:{i + 1}", line) for i, line in lines if line.strip())
    else:
        yield Recorded(path)


def _of_archive(path: Path) -> Iterator[Recorded]:
    """Members of an archive. One that is not readable is a message of its own, to be refused."""
    try:
        members = list(_zip(path) if path.name.endswith(".zip") else _tar(path))
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError):
        yield Recorded(path)
        return
    yield from (Recorded(path, i, name, payload) for i, (name, payload) in enumerate(members))


def _tar(path: Path) -> Iterator[tuple[str, bytes]]:
    total = 0
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile():
                total += member.size
                _limit(path, total)
                handle = archive.extractfile(member)
                yield member.name, handle.read() if handle else b""


def _zip(path: Path) -> Iterator[tuple[str, bytes]]:
    total = 0
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                total += member.file_size
                _limit(path, total)
                yield member.filename, archive.read(member)


def _limit(path: Path, size: int) -> None:
    if size > 8 * MAX_BYTES:
        raise ConfigError(f"{path}: more than {8 * MAX_BYTES >> 20} MB unpacked; unpack it into a folder")


def _read(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise DecodeError(f"{path}: {size >> 20} MB is more than the {MAX_BYTES >> 20} MB of one message")
    return path.read_bytes()


class FileSource:
    """Recorded messages in the order given, each with the time at which it is played."""

    def __init__(self, recorded: Iterable[tuple[Recorded, float]], batch_size: int = 500) -> None:
        self._recorded = list(recorded)
        self._batch_size = batch_size

    def __len__(self) -> int:
        return len(self._recorded)

    def batches(self) -> Iterator[list[Message]]:
        """Messages in order, some at a time."""
        for start in range(0, len(self._recorded), self._batch_size):
            yield [r.message(t) for r, t in self._recorded[start : start + self._batch_size]]

    def commit(self, batch: list[Message]) -> None:
        """Files stay where they are."""


class JsonLinesSink:
    """Published messages as lines of a file, or of the standard output."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"cannot write to {path}: {error.strerror}") from error

    def write(self, topic: str, key: str, payload: str) -> None:
        """Add one line."""
        self._file.write(payload + "\n")

    def flush(self) -> None:
        """Hand the lines over to the operating system."""
        self._file.flush()

    def __enter__(self) -> JsonLinesSink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
