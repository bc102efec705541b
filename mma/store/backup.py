"""A copy of an SQLite database, whole as of one moment, while workers write to it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from ..errors import ConfigError, OutageError
from .place import check_file

PAGES = 10_000
"""Copied at a time; writers wait no longer."""


def backup(source: Path, file: Path) -> int:
    """Copy a database to a file that is not there yet; its size in bytes.

    Raises
    ------
    ConfigError
        There is such a file, or it cannot be written.
    OutageError
        The database is damaged, or the disk is full. Nothing is left of the copy.
    """
    check_file(source, create=False, writes=False)
    if file.exists():
        raise ConfigError(f"{file} is there already: a backup is written to a new file")
    part = file.with_name(f"{file.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(source, part)
        part.rename(file)
        return file.stat().st_size
    except FileExistsError as error:
        raise ConfigError(f"{part} is there already: another backup writes it, or did not come to its end") from error
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ConfigError(f"cannot write to {file}: {error.strerror}") from error
    except sqlite3.Error as error:
        part.unlink(missing_ok=True)
        raise OutageError(f"backup of {source}: {error}") from error


def _copy(source: Path, part: Path) -> None:
    """SQLite's own online backup; the copy needs no journal beside it, and is on the disk."""
    with closing(sqlite3.connect(source, timeout=30)) as database, closing(sqlite3.connect(part)) as copy:
        copy.execute("PRAGMA synchronous=FULL")
        database.backup(copy, pages=PAGES)
        copy.execute("PRAGMA journal_mode=DELETE")
        (told,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        if told != "ok":
            raise sqlite3.DatabaseError(told)
    with part.open("rb") as written:
        os.fsync(written.fileno())
