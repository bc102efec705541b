"""The book of messages: how many came, what became of each, and those that could not be handled."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import Connection, func, select

from ..streams import Message
from . import tables
from .bulk import Row, columns_of, insert, insert_new

Entry = tuple[str, str, str]
"""Source, outcome (read, decoded, set_aside, ignored) and reason ('' where there is none to give)."""


def storable(text: str) -> str:
    """Text that every database takes: NUL (PostgreSQL) and lone surrogates (all) written as escapes.

    Examples
    --------
    >>> storable("S1\\x00")
    'S1\\\\x00'
    """
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def count(connection: Connection, entries: Counter[Entry], now: float) -> None:
    """Add to the counts of what became of messages."""
    rows = [
        {"source": storable(source), "outcome": outcome, "reason": storable(reason), "n": n, "last": now}
        for (source, outcome, reason), n in sorted(entries.items())
    ]
    if rows:
        statement = insert(connection, tables.intake)
        statement = statement.on_conflict_do_update(
            index_elements=["source", "outcome", "reason"],
            set_={"n": tables.intake.c.n + statement.excluded.n, "last": statement.excluded.last},
        )
        connection.execute(statement, rows)


def set_aside(connection: Connection, message: Message, reasons: list[tuple[str, str | None]], now: float) -> None:
    """Keep a message that could not be handled, with what was wrong with it; each fault once."""
    rows = [
        {
            "topic": storable(message.topic),
            "partition": message.partition,
            "offset": message.offset,
            "part": part,
            "name": message.name and storable(message.name),
            "reason": storable(reason),
            "traceback": traceback and storable(traceback),
            "payload": message.payload if part == 0 else b"",
            "received": now,
        }
        for part, (reason, traceback) in enumerate(reasons)
    ]
    insert_new(connection, tables.dead_letters, columns_of(rows))


def totals(connection: Connection) -> list[Row]:
    """Counts by source, outcome and reason."""
    i = tables.intake.c
    rows = connection.execute(select(tables.intake).order_by(i.source, i.outcome, i.reason)).mappings()
    return [dict(row) for row in rows]


def dead_letters(connection: Connection, *, limit: int | None = None) -> list[Row]:
    """Messages that were set aside, oldest first, without their bytes."""
    d = tables.dead_letters.c
    columns = [column for column in d if column.name != "payload"]
    size = func.length(d.payload).label("bytes")
    rows = connection.execute(select(*columns, size).order_by(d.id).limit(limit)).mappings()
    return [dict(row) for row in rows]


def dead_letter(connection: Connection, letter: int) -> Row | None:
    """One message that was set aside, with its bytes."""
    d = tables.dead_letters
    row: Any = connection.execute(select(d).where(d.c.id == letter)).mappings().first()
    return dict(row) if row else None
