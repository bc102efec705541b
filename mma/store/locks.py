"""What workers on one database must not do at the same time. SQLite lets one write at a time anyway."""

from __future__ import annotations

from sqlalchemy import Connection

from . import session

EVENTS = 0x6D6D62
"""Number of PostgreSQL's advisory lock on what the events are."""

PRUNING = 0x6D6D63
"""... and on forgetting old nights."""

SCHEMA = 0x6D6D64
"""Number of PostgreSQL's advisory lock on what tables there are."""


def hold_schema(connection: Connection) -> None:
    """Let one worker at a time look what tables there are, and make them: several may be the first."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")  # making tables of many rows takes its time
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SCHEMA})")


def hold_events(connection: Connection, *, alone: bool) -> None:
    """Keep the events as they are until the transaction ends.

    Workers that score alerts hold them together; one that takes in a notice holds them ``alone``: it sees every
    object that was scored without its notice, and whoever scores after it sees the notice.
    """
    if connection.dialect.name == "postgresql":
        how = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
        connection.exec_driver_sql(f"SELECT {how}({EVENTS}){session.bound(connection)}")


def is_first(connection: Connection) -> bool:
    """Whether no other worker is pruning."""
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({PRUNING})").scalar())
