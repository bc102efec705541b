"""A database of ours, SQLite or PostgreSQL, at the newest schema."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from ..errors import ConfigError, OutageError
from . import session
from .failing import is_of_data, is_outage
from .locks import hold_schema
from .place import as_url, check_file, masked, path_of, read_only
from .session import WRITES

SYNC = "mma_sync"
"""Option of a connection: SQLite's ``synchronous`` for its next transaction."""

TUNING = (
    "journal_mode=WAL",
    "synchronous=FULL",  # what Kafka is told was kept is on the disk before
    "temp_store=MEMORY",
    "cache_size=-32768",  # kB; of twice as much nothing got quicker, even among a million objects
    "wal_autocheckpoint=8000",  # pages; pages that are written again and again go to the file less often
)
"""SQLite's settings."""

STATEMENTS = 200
"""Statements that are kept as they were compiled: we have half as many, and whoever asks may make more."""

READING = ("query_only=ON", "temp_store=MEMORY", "cache_size=-32768")
"""... of somebody who only reads."""


class Store:
    """A database of ours, at the newest schema."""

    def __init__(self, database: str, *, create: bool = True, writes: bool = True) -> None:
        """Open, and bring the schema up to date.

        Parameters
        ----------
        database
            SQLAlchemy URL, or the path of an SQLite file.
        create
            Make an SQLite file where there is none; otherwise that is an error.
        writes
            Otherwise nothing is ever written: neither rows, nor tables, nor a newer schema.

        Raises
        ------
        ConfigError
            A URL that names no database, a file that is not there, or a database that is not ours.
        OutageError
            A server that does not answer.
        """
        self.url = as_url(database)
        self.writes = writes
        self._patience = 1.0
        self._lazy = threading.local()
        try:
            url = make_url(self.url)
            if (path := path_of(url)) is not None:
                check_file(path, create=create, writes=writes)
            self.engine: Engine = create_engine(*_place(url, writes=writes), **_options(url, writes=writes))
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise ConfigError(f"database {masked(database)!r}: {_help(error)}") from error
        self._driver: Any = self.engine.dialect.loaded_dbapi  # its own errors come through where we COPY
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _tune_to_write if writes else _tune_to_read)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            event.listen(self.engine, "connect", session.tune)
        try:
            if writes:
                self.upgrade()
            else:
                self._check()
        except BaseException:
            self.close()
            raise

    def upgrade(self) -> None:
        """Bring the tables to the schema of this version."""
        from .migrate import HEAD, upgrade

        try:
            with self.begin() as connection:
                hold_schema(connection)
                if self._revision(connection) != HEAD:
                    upgrade(connection)
        except OutageError as error:
            cause: Any = error.__cause__
            cause = getattr(cause, "orig", cause)
            if isinstance(cause, self._driver.OperationalError | self._driver.InterfaceError):
                raise
            raise ConfigError(f"database {masked(self.url)!r}: {_one_line(cause)}") from error

    def _check(self) -> None:
        """Whether it can be read as it is."""
        from .migrate import HEAD

        with self.read() as connection:
            revision = self._revision(connection)
        if revision is None:
            raise ConfigError(f"database {masked(self.url)!r} is empty: 'mma replay' or 'mma run' fills one")
        if revision != HEAD:
            older = f"database {masked(self.url)!r} has schema {revision}, and this version reads {HEAD}"
            raise ConfigError(f"{older}: 'mma db upgrade' brings it up to date")

    def _revision(self, connection: Connection) -> str | None:
        """The schema that it has; a database that is not ours is refused."""
        from .migrate import obstacle

        revision = current_revision(connection)
        if reason := obstacle(set(inspect(connection).get_table_names()), revision):
            raise ConfigError(f"database {masked(self.url)!r} {reason}")
        return revision

    @contextmanager
    def begin(self, idle_s: float = session.IDLE_S) -> Iterator[Connection]:
        """One transaction: all of it is kept, or none. PostgreSQL waits so long for us within it, seconds."""
        begun = time.monotonic()
        try:
            with (
                self._outages_told(),
                self.engine.connect().execution_options(**{WRITES: self._patience, SYNC: self._sync()}) as connection,
                connection.begin(),
            ):
                if connection.dialect.name == "postgresql":
                    session.limit(connection, idle_s)
                yield connection
        except OutageError:
            if time.monotonic() - begun > idle_s * self._patience:  # it may have ended since we computed
                self._patience = min(2.0 * self._patience, session.MOST_PATIENCE)
            raise
        self._patience = 1.0

    @contextmanager
    def lazily(self) -> Iterator[None]:
        """Transactions of this thread need not be on SQLite's disk at once: what is lost of them comes again."""
        self._lazy.on = True
        try:
            yield
        finally:
            self._lazy.on = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read with."""
        with self._outages_told(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def _outages_told(self) -> Iterator[None]:
        """Errors that are the database's own are outages."""
        try:
            yield
        except (DBAPIError, self._driver.Error) as error:
            if not is_outage(error, self._driver):
                raise
            if self.engine.dialect.name == "postgresql":
                self.engine.dispose()  # another server may have taken over; an old connection never finds it
            cause = getattr(error, "orig", error)
            if getattr(cause, "sqlstate", None) == session.HELD:
                with self.read() as connection:
                    held = session.holders(connection)
                raise OutageError(f"database: no lock within {session.LOCK_S:g} s; held by {held}") from error
            raise OutageError(f"database: {_one_line(cause)}") from error

    def is_of_data(self, error: BaseException) -> bool:
        """Whether what was to be stored was at fault: no outage, and no fault of the program's."""
        return is_of_data(error, self._driver)

    def _sync(self) -> str:
        return "NORMAL" if getattr(self._lazy, "on", False) else "FULL"

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def current_revision(connection: Connection) -> str | None:
    """The schema revision that a database says it has."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _one_line(cause: object) -> str:
    """What a driver says; some say it on several lines."""
    return "; ".join(line.strip() for line in str(cause).splitlines() if line.strip())


def _place(url: URL, *, writes: bool) -> tuple[URL | str]:
    """Where SQLAlchemy finds it. A file in a folder where no journal can be made is read as it lies there."""
    path = path_of(url)
    if path is None or writes or os.access(path.absolute().parent, os.W_OK):
        return (url,)
    return (f"sqlite:///{read_only(path)}&uri=true",)


def _options(url: URL, *, writes: bool) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": 30}, "query_cache_size": STATEMENTS}
    said = url.query.get("options", "")
    reads = {} if writes else {"options": f"{said} -c default_transaction_read_only=on"}
    return {"pool_pre_ping": True, "query_cache_size": STATEMENTS, "connect_args": session.arguments(url) | reads}


def _help(error: Exception) -> str:
    """What to do about a URL that no driver opens."""
    if isinstance(error, ModuleNotFoundError) and error.name == "psycopg":
        return "PostgreSQL's driver is not installed: pip install 'mma-coincidence[postgres]'"
    if isinstance(error, NoSuchModuleError | ModuleNotFoundError):
        return "mma keeps its data in SQLite (a path) or PostgreSQL (postgresql://USER@HOST/NAME)"
    return "no URL of a database: write the path of an SQLite file, or postgresql://USER@HOST/NAME"


def _tune_to_write(connection: Any, _record: Any) -> None:
    _tune(connection, TUNING)


def _tune_to_read(connection: Any, _record: Any) -> None:
    _tune(connection, READING)


def _tune(connection: Any, pragmas: tuple[str, ...]) -> None:
    connection.isolation_level = None  # else Python begins transactions late, and none at all around CREATE TABLE
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Writers wait for one another at the beginning: a transaction that has read cannot wait any more."""
    options = connection.get_execution_options()
    if WRITES in options:
        connection.exec_driver_sql(f"PRAGMA synchronous={options[SYNC]}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if WRITES in options else "BEGIN")
