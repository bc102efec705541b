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
from .fence import hold_schema

__all__ = ["Store", "as_url", "masked"]

WRITES = "mma_writes"
TUNING = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "temp_store=MEMORY",
    "cache_size=-32768",  # kB; of twice as much nothing got quicker, even among a million objects
    "wal_autocheckpoint=8000",  # pages; pages that are written again and again go to the file less often
)
"""SQLite's settings."""

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
        driver: Any = self.engine.dialect.loaded_dbapi  # its own errors come through where we COPY
        self._outages = (OperationalError, InterfaceError, driver.OperationalError, driver.InterfaceError)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _tune_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        try:
            self.upgrade()
        except BaseException:
            self.close()
            raise

    def upgrade(self) -> None:
        """Bring the tables to the schema of this version."""
        from .migrate import HEAD, obstacle, upgrade

        try:
            with self.begin() as connection:
                hold_schema(connection)
                revision = current_revision(connection)
                if revision == HEAD:
                    return
                if reason := obstacle(connection, revision):
                    raise ConfigError(f"database {masked(self.url)!r} {reason}")
                upgrade(connection)
        except (DatabaseError, sqlite3.DatabaseError) as error:
            raise ConfigError(f"database {masked(self.url)!r}: {getattr(error, 'orig', error)}") from error

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: all of it is kept, or none."""
        try:
            with self.engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
                yield connection
        except self._outages as error:
            cause = getattr(error, "orig", error)
            if str(getattr(cause, "sqlstate", None)).startswith(TOO_MUCH):
                raise
            raise OutageError(f"database: {cause}") from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read with."""
        try:
            with self.engine.connect() as connection:
                yield connection
        except self._outages as error:
            raise OutageError(f"database: {getattr(error, 'orig', error)}") from error

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
    connection.isolation_level = None  # else Python begins transactions late, and none at all around CREATE TABLE
    cursor = connection.cursor()
    for pragma in TUNING:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Writers wait for one another at the beginning: a transaction that has read cannot wait any more."""
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
