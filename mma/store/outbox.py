"""Messages that were decided and stored, to be published after the commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from . import tables
from .bulk import Row, as_json, insert_new

LOCK = 0x6D6D61
"""Number of PostgreSQL's advisory lock on publishing."""


Waiting = tuple[str, str, str, str]
"""Id, topic, key and text of a message."""


def waiting_for(topic: str, key: str, message: Mapping[str, Any]) -> Waiting:
    """A message as it waits: it is written out at once, so that not many of them are held as objects."""
    return message["id"], topic, key, as_json(message)


def put(connection: Connection, messages: Sequence[Waiting], now: float) -> None:
    """Add messages; one whose id is there already is left alone."""
    columns: dict[str, list[Any]] = {"id": [], "topic": [], "key": [], "payload": []}
    for values, name in zip(zip(*messages, strict=True), columns, strict=False):
        columns[name] = list(values)
    insert_new(connection, tables.outbox, columns | {"created": [now] * len(messages), "sent": [None] * len(messages)})


def claim(connection: Connection, limit: int = 1000) -> list[Row]:
    """Messages not published yet, oldest first, for this transaction alone; none while another worker has them."""
    if connection.dialect.name == "postgresql":
        mine = connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({LOCK})").scalar()
        if not mine:
            return []
    o = tables.outbox
    rows = connection.execute(select(o).where(o.c.sent.is_(None)).order_by(o.c.seq).limit(limit)).mappings()
    return [dict(row) for row in rows]


def mark_sent(connection: Connection, seqs: list[int], now: float) -> None:
    """Remember that messages were published."""
    statement = update(tables.outbox).where(tables.outbox.c.seq == bindparam("which")).values(sent=now)
    if seqs:
        connection.execute(statement, [{"which": seq} for seq in seqs])


def is_empty(connection: Connection) -> bool:
    """Whether nothing waits to be published."""
    o = tables.outbox.c
    return connection.execute(select(o.seq).where(o.sent.is_(None)).limit(1)).first() is None


def counts(connection: Connection) -> dict[str, int]:
    """How many messages are waiting and how many were sent."""
    o = tables.outbox.c
    total, sent = connection.execute(select(func.count(o.seq), func.count(o.sent))).one()
    return {"sent": sent, "waiting": total - sent}


def waiting(connection: Connection) -> int:
    """How many messages are to be published."""
    o = tables.outbox.c
    return connection.execute(select(func.count(o.seq)).where(o.sent.is_(None))).scalar_one()
