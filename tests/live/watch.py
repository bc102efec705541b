"""A database as another process sees it, while workers write to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from tests.live.doing import until


class SqliteWatch:
    """An SQLite file."""

    def __init__(self, database: str) -> None:
        self._connection = sqlite3.connect(database, timeout=0.0, isolation_level=None, check_same_thread=False)

    def writes(self) -> bool:
        """Whether somebody is in the middle of a transaction that changes something."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        self._connection.execute("ROLLBACK")
        return False

    def ask(self, statement: str) -> Any:
        """One number; None while there is nothing to ask."""
        try:
            return self._connection.execute(statement).fetchone()[0]
        except sqlite3.OperationalError:
            return None

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else can write."""
        until(self._hold)
        yield
        self._connection.execute("ROLLBACK")

    def _hold(self) -> bool:
        with suppress(sqlite3.OperationalError):
            self._connection.execute("BEGIN IMMEDIATE")
            return True
        return False


class PostgresWatch:
    """A PostgreSQL database, whose server may be away."""

    WRITES = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL "
        "AND pid <> pg_backend_pid()"
    )

    def __init__(self, database: str) -> None:
        self._database = database
        self._connection: psycopg.Connection | None = None

    def writes(self) -> bool:
        """Whether somebody is in the middle of a transaction that changes something."""
        return bool(self.ask(self.WRITES))

    def ask(self, statement: str) -> Any:
        """One number; None while there is nothing to ask, or nobody."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(self._database, autocommit=True)
            return self._connection.execute(statement).fetchone()[0]
        except psycopg.errors.UndefinedTable:
            return None
        except psycopg.OperationalError:
            self.close()
            return None

    def close(self) -> None:
        """Let go of the database."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
