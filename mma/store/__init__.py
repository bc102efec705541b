"""What mma remembers: events, objects, candidates, what was told; in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, NoSuchModuleError, OperationalError

from ..errors import ConfigError, OutageError

__all__ = ["Store", "as_url"]


def as_url(database: str) -> str:
    """A database URL from what a user wrote: a URL, or the path of an SQLite file."""
    if "://" not in database:
        return f"sqlite:///{database}"
    return database.replace("postgresql://", "postgresql+psycopg://", 1)


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
            raise ConfigError(f"database {database!r}: {error}") from error
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _tune_sqlite)
        self.upgrade()

    def upgrade(self) -> None:
        """Bring the tables to the schema of this version."""
        from .migrate import HEAD, upgrade

        with self.begin() as connection:
            if current_revision(connection) != HEAD:
                upgrade(connection)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction: all of it is kept, or none."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except (OperationalError, InterfaceError) as error:
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
