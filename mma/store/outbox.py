"""Messages that were decided and stored, to be published after the commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, update

from ..messages import LARGEST, STEPS, bounded
from . import tables
from .bulk import Row, as_json, insert_new, select_in
from .storable import storable

LOCK = 0x6D6D61
"""Number of PostgreSQL's advisory lock on publishing."""


Waiting = tuple[str, str, str, str]
"""Id, topic, key and text of a message."""


def waiting_for(topic: str, key: str, message: Mapping[str, Any]) -> Waiting:
    """A message as it waits: it is written out at once, so that not many of them are held as objects."""
    payload = as_json(message)
    for step in range(len(STEPS)):
        if len(payload) <= LARGEST:
            break
        payload = as_json(bounded(dict(message), step))
    return message["id"], topic, key, payload


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
    rows = connection.execute(select(o).where(_waits()).order_by(o.c.seq).limit(limit)).mappings()
    return [dict(row) for row in rows]


def mark_sent(connection: Connection, seqs: list[int], now: float) -> None:
    """Remember that messages were published."""
    statement = update(tables.outbox).where(tables.outbox.c.seq == bindparam("which")).values(sent=now)
    if seqs:
        connection.execute(statement, [{"which": seq} for seq in seqs])


def mark_refused(connection: Connection, reasons: Mapping[int, str], now: float) -> None:
    """Remember that the broker never takes these, by number, and why: they wait for a person, and hold up nobody."""
    o = tables.outbox
    statement = update(o).where(o.c.seq == bindparam("which")).values(refused=now, reason=bindparam("why"))
    if reasons:
        rows = [{"which": seq, "why": storable(reason)} for seq, reason in reasons.items()]
        connection.execute(statement, rows)


def again(connection: Connection, seq: int | None = None) -> int:
    """Let messages that were refused wait again, one or all of them; how many."""
    o = tables.outbox
    which = _is_refused() if seq is None else _is_refused() & (o.c.seq == seq)
    return connection.execute(update(o).where(which).values(refused=None, reason=None)).rowcount


def unsent(connection: Connection, *, limit: int | None = None) -> list[Row]:
    """Messages that were not sent, those that the broker refused first, oldest first; without their text."""
    o = tables.outbox.c
    size = func.length(o.payload).label("bytes")
    chosen = select(o.seq, o.id, o.topic, o.key, o.created, o.refused, o.reason, size).where(o.sent.is_(None))
    order = o.refused.is_(None), o.seq
    return [dict(row) for row in connection.execute(chosen.order_by(*order).limit(limit)).mappings()]


def payload(connection: Connection, seq: int) -> str | None:
    """Text of the message of a number; None where there is none."""
    o = tables.outbox.c
    return connection.execute(select(o.payload).where(o.seq == seq)).scalar()


def refused(connection: Connection) -> int:
    """How many messages the broker refused for good."""
    return connection.execute(select(func.count()).select_from(tables.outbox).where(_is_refused())).scalar_one()


def _waits() -> ColumnElement[bool]:
    o = tables.outbox.c
    return o.sent.is_(None) & o.refused.is_(None)


def _is_refused() -> ColumnElement[bool]:
    o = tables.outbox.c
    return o.sent.is_(None) & o.refused.is_not(None)


def is_empty(connection: Connection) -> bool:
    """Whether nothing waits to be published."""
    o = tables.outbox.c
    return connection.execute(select(o.seq).where(_waits()).limit(1)).first() is None


def counts(connection: Connection) -> dict[str, int]:
    """How many messages are waiting and how many were sent."""
    o = tables.outbox.c
    sent = connection.execute(select(func.count(o.sent))).scalar_one()
    return {"sent": sent, "waiting": waiting(connection)}


def waiting(connection: Connection) -> int:
    """How many messages are to be published."""
    o = tables.outbox.c
    return connection.execute(select(func.count(o.seq)).where(_waits())).scalar_one()


def span(connection: Connection) -> tuple[int, int]:
    """Number of the oldest message that is kept and of the newest; 0 and 0 where there is none."""
    o = tables.outbox.c
    oldest, newest = connection.execute(select(func.min(o.seq), func.max(o.seq))).one()
    return oldest or 0, newest or 0


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
