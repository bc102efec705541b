"""Where a database is: its URL, and whether what stands there is ours, before anything is written to it."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, make_url

from ..errors import ConfigError
from .migrate import obstacle

POSTGRESQL = re.compile(r"postgres(ql)?://")
SERVER = re.compile(r"[\w.-]+:\d+")


def as_url(database: str) -> str:
    """A database URL from what a user wrote: a URL, or the path of an SQLite file.

    Examples
    --------
    >>> as_url("postgres://host/db"), as_url("mma.sqlite")
    ('postgresql+psycopg://host/db', 'sqlite:///mma.sqlite')
    """
    if "://" not in database:
        return f"sqlite:///{database}"
    return POSTGRESQL.sub("postgresql+psycopg://", database, count=1)


def masked(database: str) -> str:
    """A database URL as it may be shown: with its password hidden, whatever else is wrong with it.

    Examples
    --------
    >>> masked("postgresql://mma:p@ss/word@host/db")
    'postgresql://mma:***@host/db'
    """
    url = re.sub(r"(://[^:/@]*):.*@", r"\1:***@", database)
    return re.sub(r"([?&](?:ssl)?password=)[^&]*", r"\1***", url)


def path_of(url: URL) -> Path | None:
    """The file of an SQLite database; None for one in memory, one that SQLite's own URI names, and a server."""
    name = url.database or ":memory:"
    return None if url.get_backend_name() != "sqlite" or name.startswith((":", "file:")) else Path(name)


def files_of(database: str) -> list[Path]:
    """The files of an SQLite database, with its journals; none of a server's.

    While a store has them open, nobody but SQLite may open and close them in the same process: see ``check_file``.
    """
    path = path_of(make_url(as_url(database)))
    return [] if path is None else [path.with_name(path.name + end) for end in ("", "-wal", "-shm", "-journal")]


def check_file(path: Path, *, create: bool, writes: bool) -> None:
    """Refuse what cannot be opened, or is no database of ours. Nothing on the disk is changed by it.

    Only SQLite opens it: a process that closes a file gives up all its locks on it (POSIX), those of a store that it
    has open among them, and the next program that leaves the database would delete the journal under that store
    (sqlite.org/howtocorrupt.html, section 2.2).

    Raises
    ------
    ConfigError
        With the path and the reason.
    """
    try:
        if path.is_dir():
            raise ConfigError(f"{path} is a folder: name a file in it, such as {path / 'mma.sqlite'}")
        if not path.exists():
            _check_new(path, create=create)
            _make(path)
            return
        is_empty = path.stat().st_size == 0
    except OSError as error:
        raise ConfigError(f"database {path}: {error.strerror}") from error
    if not os.access(path, os.R_OK):
        raise ConfigError(f"database {path}: no permission to read it")
    if is_empty:
        if create:
            return
        raise ConfigError(f"{path} is not a database: it is empty")
    if reason := _obstacle(path):
        raise ConfigError(f"database {str(path)!r} {reason}")
    if writes and not os.access(path, os.W_OK):
        raise ConfigError(f"database {path}: no permission to write to it")


def _check_new(path: Path, *, create: bool) -> None:
    if not create:
        if SERVER.fullmatch(str(path)):
            raise ConfigError(f"no database at {path}; a server is named by http://{path}")
        raise ConfigError(f"no database at {path}: run 'mma replay' or 'mma demo' first, or name one with --db")
    folder = path.parent
    if not folder.is_dir():
        raise ConfigError(f"cannot make the database {path}: {folder} is no folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"cannot make the database {path}: no permission to write to {folder}")


def _make(path: Path) -> None:
    """An empty file for its owner alone; SQLite gives its journals the same permissions."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _obstacle(path: Path) -> str | None:
    """Why a file is no database of ours; it is read as it lies there, so that not even its journal is touched."""
    try:
        with closing(sqlite3.connect(read_only(path), uri=True)) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            found = connection.execute("SELECT version_num FROM alembic_version") if "alembic_version" in names else ()
            return obstacle(names, next((str(row[0]) for row in found), None))
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise ConfigError(f"{path} is not a database: its bytes are of another kind") from error
        return f"cannot be read: {error}"


def read_only(path: Path) -> str:
    """SQLite's URI of a file that is only read. Without a journal beside it, it is taken as nobody's who writes."""
    alone = "" if Path(f"{path}-wal").exists() else "&immutable=1"
    return f"file:{quote(str(path))}?mode=ro{alone}"
