"""Messages that were decided and stored, to be published after the commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from . import tables
from .bulk import Row, as_json, insert_new, select_in

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


def known(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of some message ids that were put in before."""
    return {row["id"] for row in select_in(connection, select(tables.outbox.c.id), tables.outbox.c.id, ids)}


def payloads(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Texts of messages by id, of those that are still kept."""
    o = tables.outbox.c
    return {row["id"]: row["payload"] for row in select_in(connection, select(o.id, o.payload), o.id, ids)}


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


def span(connection: Connection) -> tuple[int, int]:
    """Number of the oldest message that is kept and of the newest; 0 and 0 where there is none."""
    o = tables.outbox.c
    oldest, newest = connection.execute(select(func.min(o.seq), func.max(o.seq))).one()
    return oldest or 0, newest or 0


def prefix(connection: Connection) -> str | None:
    """First part of the names of the topics that messages go to; None where nobody was ever told anything."""
    o = tables.outbox.c
    newest = connection.execute(select(o.topic).order_by(o.seq.desc()).limit(1)).scalar()
    return None if newest is None else newest.removesuffix(".test").rpartition(".")[0]


def after(connection: Connection, seq: int, upto: int, limit: int) -> list[Row]:
    """Messages with numbers above ``seq``, up to and with ``upto``, oldest first; sent or not."""
    o = tables.outbox.c
    chosen = select(o.seq, o.topic, o.key, o.payload).where(o.seq > seq, o.seq <= upto)
    return [dict(row) for row in connection.execute(chosen.order_by(o.seq).limit(limit)).mappings()]


def is_kept(connection: Connection, seq: int) -> bool:
    """Whether the message of this number is still there."""
    o = tables.outbox.c
    return connection.execute(select(o.seq).where(o.seq == seq)).first() is not None


def writers(connection: Connection) -> frozenset[str]:
    """Transactions that are adding messages now, and may have drawn numbers below those that are to be seen.

    On SQLite none: there only one writes at a time, and its numbers follow one another.
    """
    if connection.dialect.name != "postgresql":
        return frozenset()
    found = connection.exec_driver_sql(
        "SELECT virtualtransaction FROM pg_locks WHERE relation = 'outbox'::regclass AND mode = 'RowExclusiveLock'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return frozenset(found.scalars())
