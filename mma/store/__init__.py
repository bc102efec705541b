"""What mma remembers: events, objects, candidates, what was told; in SQLite or PostgreSQL."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, NoSuchModuleError, OperationalError

from ..errors import ConfigError, OutageError

__all__ = ["Store", "as_url", "masked"]

TOO_MUCH = "54"
"""SQLSTATE class "program limit exceeded": psycopg calls it operational, but it is one row that is too large."""


def as_url(database: str) -> str:
    """A database URL from what a user wrote: a URL, or the path of an SQLite file."""
    if "://" not in database:
        return f"sqlite:///{database}"
    return database.replace("postgresql://", "postgresql+psycopg://", 1)


def masked(database: str) -> str:
    """A database URL as it may be shown: with its password hidden, whatever else is wrong with it.

    Examples
    --------
    >>> masked("postgresql://mma:p@ss/word@host/db")
    'postgresql://mma:***@host/db'
    """
    url = re.sub(r"(://[^:/@]*):.*@", r"\1:***@", database)
    return re.sub(r"([?&](?:ssl)?password=)[^&]*", r"\1***", url)


class Store:
    """A database of ours, at the newest schema."""

    def __init__(self, database: str, *, create: bool = True) -> None:
        """Open, and bring the schema up to date.

        Parameters
        ----------
        database
            SQLAlchemy URL, or the path of an SQLite file.
        create
            Make an SQLite file where there is none; otherwise that is an error.

        Raises
        ------
        ConfigError
            A URL that names no database, or a file that is not there.
        OutageError
            A server that does not answer.
        """
        self.url = as_url(database)
        try:
            url = make_url(self.url)
            if not create and url.get_backend_name() == "sqlite" and url.database != ":memory:":
                _must_exist(Path(url.database or ""))
            self.engine: Engine = create_engine(url, **_options(url.get_backend_name()))
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise ConfigError(f"database {masked(database)!r}: {error}") from error
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _tune_sqlite)
        self.upgrade()

    def upgrade(self) -> None:
        """Bring the tables to the schema of this version."""
        from .migrate import HEAD, known, upgrade

        try:
            with self.begin() as connection:
                revision = current_revision(connection)
                if revision is not None and not known(revision):
                    raise ConfigError(
                        f"database {masked(self.url)!r} has schema {revision}, of a newer version than this one"
                    )
                if revision != HEAD:
                    upgrade(connection)
        except (DatabaseError, sqlite3.DatabaseError) as error:
            raise ConfigError(f"database {masked(self.url)!r}: {getattr(error, 'orig', error)}") from error

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: all of it is kept, or none."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except (OperationalError, InterfaceError) as error:
            if str(getattr(error.orig, "sqlstate", None)).startswith(TOO_MUCH):
                raise
            raise OutageError(f"database: {error.orig}") from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read with."""
        try:
            with self.engine.connect() as connection:
                yield connection
        except (OperationalError, InterfaceError) as error:
            raise OutageError(f"database: {error.orig}") from error

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def current_revision(connection: Connection) -> str | None:
    """The schema revision that a database says it has."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise ConfigError(f"no database at {path}: run 'mma replay' or 'mma demo' first, or name one with --db")


def _options(backend: str) -> dict[str, Any]:
    return {"connect_args": {"timeout": 30}} if backend == "sqlite" else {"pool_pre_ping": True}


def _tune_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "temp_store=MEMORY", "cache_size=-65536"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
