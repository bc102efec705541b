"""The book of messages: how many came, what became of each, and those that could not be handled."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, delete, func, select, update

from ..streams import Message
from . import tables
from .bounds import bounded
from .bulk import Row, columns_of, insert, insert_new
from .storable import as_key, from_bytes, storable, to_bytes

MOST_FAULTS = 100
"""Of one message that are kept, each by itself."""

Entry = tuple[str, str, str]
"""Source, outcome (read, decoded, set_aside, ignored) and reason ('' where there is none to give)."""


def count(connection: Connection, entries: Counter[Entry], newest: Mapping[str, float]) -> None:
    """Add to the counts of what became of messages.

    Parameters
    ----------
    newest
        When the newest message of each source came, Unix seconds.
    """
    rows = [
        {"source": as_key(source), "outcome": outcome, "reason": as_key(reason), "n": n, "last": newest[source]}
        for (source, outcome, reason), n in sorted(entries.items())
    ]
    if rows:
        i = tables.intake.c
        statement = insert(connection, tables.intake)
        statement = statement.on_conflict_do_update(
            index_elements=["source", "outcome", "reason"],
            set_={"n": i.n + statement.excluded.n, "last": _later(i.last, statement.excluded.last)},
        )
        connection.execute(statement, rows)


def _later(a: ColumnElement[Any], b: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((a > b, a), else_=b)


def set_aside(connection: Connection, message: Message, reasons: list[tuple[str, str | None]], now: float) -> None:
    """Keep a message that could not be handled, with what was wrong with it; each fault once, of very many the first.

    Whatever a sender put into it, it is kept, with the first fault: what no database takes is written as escapes.
    """
    message, cut = bounded(message)
    if (n_left := len(reasons) - MOST_FAULTS) > 0:
        reasons = [*reasons[:MOST_FAULTS], (f"{n_left} more faults of this message are not kept", None)]
    reasons = [(f"{reason} ({cut})" if cut else reason, traceback) for reason, traceback in reasons]
    rows = [
        {
            "source": as_key(message.source),
            "topic": as_key(message.topic),
            "partition": message.partition,
            "offset": message.offset,
            "part": part,
            "name": message.name and storable(message.name),
            "reason": storable(reason),
            "traceback": traceback and storable(traceback),
            "payload": message.payload if part == 0 else b"",
            "key": message.key if part == 0 else None,
            "headers": {storable(name): from_bytes(value) for name, value in message.headers.items()}
            if part == 0
            else {},
            "timestamp": message.timestamp,
            "received": now,
        }
        for part, (reason, traceback) in enumerate(reasons)
    ]
    _make_room(connection, message)
    insert_new(connection, tables.dead_letters, columns_of(rows))


def _make_room(connection: Connection, message: Message) -> None:
    """Where another message was kept at this place, of a topic that was made anew since, or of a file: it stays.

    The same message comes at the same time again; where nobody noted that, with the same bytes, if these were kept.
    """
    d = tables.dead_letters
    here = _of(as_key(message.source), as_key(message.topic), message.partition, message.offset)
    differ = (d.c.payload != message.payload) & (func.length(d.c.payload) > 0)
    kept = connection.execute(select(d.c.id, d.c.timestamp, differ).where(*here, d.c.part == 0)).first()
    if kept is None:
        return
    noted = kept.timestamp is not None and message.timestamp is not None
    if kept.timestamp != message.timestamp if noted else kept[2]:
        older = as_key(f"{message.source} before {kept.id}")
        connection.execute(update(d).where(*here).values(source=older))


def bare(message: Message, reason: str, error: BaseException) -> tuple[Message, str]:
    """Of a message that cannot be kept its place alone, and a reason that tells the checksum of its bytes."""
    found = hashlib.sha256(message.payload).hexdigest()
    why = f"{reason}; not kept, as that failed too ({type(error).__name__}): {len(message.payload)} bytes"
    place = Message(
        payload=b"", source=message.source, topic=message.topic, partition=message.partition, offset=message.offset
    )
    return place, f"{why}, sha256 {found}"


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


def aside_for(connection: Connection, place: tuple[str, str, int], reason: str) -> dict[int, float | None]:
    """Messages of a source, topic and partition that were set aside for a reason: when each came, by offset."""
    d = tables.dead_letters.c
    where = d.source == as_key(place[0]), d.topic == as_key(place[1]), d.partition == place[2], d.reason == reason
    return {row.offset: row.timestamp for row in connection.execute(select(d.offset, d.timestamp).where(*where))}


def dead_letter(connection: Connection, letter: int) -> Row | None:
    """One message that was set aside, with its bytes."""
    d = tables.dead_letters
    row: Any = connection.execute(select(d).where(d.c.id == letter)).mappings().first()
    return dict(row) if row else None


def message(connection: Connection, letter: int) -> Message | None:
    """The message of a dead letter as it came, whichever of its faults is named; None where there is none.

    One of which no bytes were kept, as it was too large, has its fault again: there is nothing to handle.
    """
    row = dead_letter(connection, letter)
    if row is None:
        return None
    d = tables.dead_letters
    first = d.c.part == 0
    of_it = *_of(row["source"], row["topic"], row["partition"], row["offset"]), first
    kept = connection.execute(select(d.c.payload, d.c.reason, d.c.key, d.c.headers).where(*of_it)).one()
    return Message(
        payload=kept.payload,
        fault=None if kept.payload else kept.reason,
        source=row["source"],
        topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        name=row["name"],
        key=kept.key,
        headers={name: to_bytes(value) for name, value in (kept.headers or {}).items()},
        timestamp=row["timestamp"],
    )


def take_back(connection: Connection, source: str, message: Message) -> None:
    """Forget that a message was set aside: it is to be handled again, and counted then."""
    deleted = delete(tables.dead_letters).where(*_of(message.source, message.topic, message.partition, message.offset))
    if connection.execute(deleted).rowcount:
        i = tables.intake
        counted = i.c.outcome.in_(("read", "set_aside")) & (i.c.source == as_key(source)) & (i.c.reason == "")
        connection.execute(update(i).where(counted).values(n=i.c.n - 1))


def _of(source: str, topic: str, partition: int, offset: int) -> tuple[ColumnElement[bool], ...]:
    d = tables.dead_letters.c
    return d.source == as_key(source), d.topic == as_key(topic), d.partition == partition, d.offset == offset
