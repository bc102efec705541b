"""Recorded messages in files, folders and archives."""

from __future__ import annotations

import errno
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError
from .message import Message

MAX_BYTES = 256 << 20
"""No message is larger."""

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip")
LINES = (".jsonl", ".ndjson")
UNREADABLE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
)
"""What damaged, encrypted (RuntimeError) or oddly packed (NotImplementedError, one of them) archives raise."""

NO_FILE = "file: it is gone, or no plain file"
NO_FILE_ERRORS = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO)
"""Of opening what is not there, a folder, a link to itself or a socket."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where a recorded message is; its bytes are read when they are needed, and not kept."""

    path: Path
    offset: int = 0
    member: str | None = None
    payload: bytes | None = None
    """Held only for messages out of archives."""

    fault: str | None = None
    """Why there are no bytes."""

    def message(self, timestamp: float | None = None) -> Message:
        """The message itself; where its file cannot be read, one that says why."""
        payload, fault = self.payload, self.fault
        if payload is None:
            payload, fault = (b"", fault) if fault else _read(self.path)
        return Message(
            payload=payload,
            topic=str(self.path),
            offset=self.offset,
            name=self.member or self.path.name,
            timestamp=timestamp,
            fault=fault,
        )


def check_there(paths: Iterable[Path]) -> None:
    """Refuse paths where there is nothing, before anything else is done.

    Raises
    ------
    ConfigError
        With the first of them.
    """
    for path in paths:
        if not path.exists():
            raise ConfigError(f"no file or folder {path}")


def find(paths: Iterable[Path], leave_out: Iterable[Path] = ()) -> Iterator[Recorded]:
    """Every recorded message under some files, folders and archives, by name.

    Parameters
    ----------
    leave_out
        Files that are not even opened: see ``mma.store.files_of``.

    Raises
    ------
    ConfigError
        A path that is not there.
    """
    ours = {path.resolve() for path in leave_out}
    for path in paths:
        if path.is_dir():
            for folder, inner, names in os.walk(path, onerror=_unreadable):
                inner.sort()
                files = (Path(folder) / name for name in sorted(names))
                yield from (r for file in files if file.resolve() not in ours for r in _of_file(file))
        elif path.is_file():
            yield from () if path.resolve() in ours else _of_file(path)
        else:
            raise ConfigError(f"no file or folder {path}")


def _unreadable(error: OSError) -> None:
    raise ConfigError(f"cannot read {error.filename}: {error.strerror}") from error


def _of_file(path: Path) -> Iterator[Recorded]:
    if path.name.startswith("."):
        return
    if path.name.endswith(ARCHIVES):
        yield from _of_archive(path)
    elif path.name.endswith(LINES):
        content, fault = _read(path)
        if fault:
            yield Recorded(path, fault=fault)
        lines = enumerate(content.splitlines())
        yield from (Recorded(path, i, f"{path.name}:{i + 1}", line) for i, line in lines if line.strip())
    else:
        yield Recorded(path)


def _of_archive(path: Path) -> Iterator[Recorded]:
    """Members of an archive. Where it cannot be read on, the last message is one that says so."""
    place = 0
    try:
        for name, payload, fault in _zip(path) if path.name.endswith(".zip") else _tar(path):
            yield Recorded(path, place, name, payload, fault)
            place += 1
    except UNREADABLE as error:
        yield Recorded(path, place, fault=f"archive: {error} (after {place} messages)")


def _tar(path: Path) -> Iterator[tuple[str, bytes, str | None]]:
    total = 0
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isfile():
                if fault := _too_large(member.size):
                    yield member.name, b"", fault
                    continue
                total += member.size
                _limit(total)
                handle = archive.extractfile(member)
                yield member.name, handle.read() if handle else b"", None


def _zip(path: Path) -> Iterator[tuple[str, bytes, str | None]]:
    total = 0
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                if fault := _too_large(member.file_size):
                    yield member.filename, b"", fault
                    continue
                total += member.file_size
                _limit(total)
                yield member.filename, archive.read(member), None


def _limit(size: int) -> None:
    if size > 8 * MAX_BYTES:
        raise ValueError(f"more than {8 * MAX_BYTES} bytes unpacked; unpack it into a folder")


def _too_large(size: int) -> str | None:
    return f"file: {size} bytes are more than the {MAX_BYTES} of one message" if size > MAX_BYTES else None


def _opened(path: str, flags: int) -> int:
    """A file opened without waiting for anybody who would write to it, as for a pipe."""
    return os.open(path, flags | os.O_NONBLOCK)


def _read(path: Path) -> tuple[bytes, str | None]:
    """A file's bytes, or why they cannot be had."""
    try:
        with open(path, "rb", buffering=0, opener=_opened) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return b"", NO_FILE
            fault = _too_large(status.st_size)
            return (b"", fault) if fault else (file.read(), None)
    except OSError as error:
        return b"", NO_FILE if error.errno in NO_FILE_ERRORS else f"file: {error.strerror}"


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
