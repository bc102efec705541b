"""A file that published messages go to, a line each: a line is whole and on the disk, or it is not there."""

from __future__ import annotations

import errno
import logging
import os
import stat
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ..errors import ConfigError, OutageError
from .troubles import Troubles
from .urls import WITHOUT_SCHEME

log = logging.getLogger(__name__)

LONGEST = 4 << 20
"""Bytes of a line, with much to spare: a broken one that is longer is none of ours."""

GONE = (errno.ENOENT, errno.ENOTDIR)


def file_for(text: str) -> Path:
    """The file that published messages are to go to, by its path.

    Raises
    ------
    ConfigError
        It is a broker's address.
    """
    if "://" in text:
        raise ConfigError(f"--publish takes a file, and {text} is none; 'mma run' publishes to Kafka")
    if WITHOUT_SCHEME.fullmatch(text):
        raise ConfigError(f"--publish {text}: write kafka://{text} for a broker, ./{text} for a file")
    return Path(text)


def check_writable(path: Path) -> None:
    """Refuse a file that cannot be written, before anything else is done.

    Raises
    ------
    ConfigError
        With the path and the reason.
    """
    folder = path.parent
    if path.is_dir():
        raise ConfigError(f"cannot write to {path}: it is a folder")
    if not folder.is_dir():
        raise ConfigError(f"cannot write to {path}: {folder} is no folder")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise ConfigError(f"cannot write to {path}: no permission")


class JsonLinesSink:
    """Published messages as lines of a file, or of the standard output."""

    def __init__(self, path: Path) -> None:
        check_writable(path)
        self.name = f"the file {path}"
        self.confirmed = 0
        """Lines that are on the disk."""
        self.troubles = Troubles(self.name)
        self._path = path
        self._waiting: list[bytes] = []
        self._is_broken = False
        try:
            self._file = _opened(path)
        except OSError as error:
            raise ConfigError(f"cannot write to {path}: {error.strerror}") from error

    def write(self, topic: str, key: str, payload: str) -> None:
        """Take one line."""
        self._waiting.append(payload.encode() + b"\n")

    def flush(self) -> None:
        """Return when the lines are on the disk.

        Raises
        ------
        OutageError
            They are not, and nothing of them is in the file: the disk is full, say.
        """
        lines, self._waiting = self._waiting, []
        if not lines:
            return
        try:
            self._stay()
            _add(self._file, b"".join(lines))
        except OSError as error:
            self._is_broken = True
            raise OutageError(f"{len(lines)} messages not written to {self.name}: {error.strerror}") from error
        self.confirmed += len(lines)

    def _stay(self) -> None:
        """Open the file again where somebody moved it away or deleted it meanwhile."""
        try:
            is_ours = os.path.samestat(self._path.stat(), os.fstat(self._file))
        except OSError as error:
            if error.errno not in GONE:
                raise
            is_ours = False
        if not is_ours:
            before, self._file = self._file, _opened(self._path)
            os.close(before)
        elif self._is_broken and self._path.is_file():
            _mend(self._path, self._file)
        self._is_broken = False

    def __enter__(self) -> JsonLinesSink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)


def _opened(path: Path) -> int:
    """A file to add to, without a broken line at its end; whatever is no plain file, as it is."""
    is_new = not path.exists()
    is_plain = is_new or path.is_file()
    how = (os.O_RDWR if is_plain else os.O_WRONLY) | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOCTTY
    file = os.open(path, how, 0o666)
    try:
        if is_plain:
            _mend(path, file)
        if is_new:
            _sync_folder(path.parent)
    except BaseException:
        os.close(file)
        raise
    return file


def _mend(path: Path, file: int) -> None:
    """Cut off the last line where its end is missing: the message was not marked as sent, and comes again.

    Raises
    ------
    ConfigError
        It is no line of ours.
    """
    size = os.fstat(file).st_size
    begin = max(0, size - LONGEST)
    end = os.pread(file, size - begin, begin)
    whole = end.rfind(b"\n") + 1
    broken = end[whole:]
    if not broken:
        return
    if not broken.lstrip(b"\0").startswith(b"{") and broken.strip(b"\0"):
        raise ConfigError(f"cannot add to {path}: its last line has no end, and is none of ours")
    os.ftruncate(file, begin + whole)
    os.fsync(file)
    log.warning("%s: cut off a last line of %d bytes that had no end", path, len(broken))


def _add(file: int, lines: bytes) -> None:
    """Write all of it, or nothing."""
    told = os.fstat(file)
    is_plain = stat.S_ISREG(told.st_mode)
    left = memoryview(lines)
    try:
        while left:
            left = left[os.write(file, left) :]
        if is_plain:
            os.fsync(file)
    except OSError:
        if is_plain:
            with suppress(OSError):  # a part that stays is cut off when the file is opened again
                os.ftruncate(file, told.st_size)
        raise


def _sync_folder(folder: Path) -> None:
    """The name of a new file is on the disk as well."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
