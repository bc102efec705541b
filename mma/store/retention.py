"""Forgetting old nights: a survey's detections grow without end; candidates and events are kept."""

from __future__ import annotations

from sqlalchemy import Connection, delete, exists, func, select

from . import Store, tables
from .fence import is_first

NIGHT_S = 86_400.0


def prune(store: Store, before: float) -> dict[str, int]:
    """Delete what is older.

    Objects that are or were a candidate stay whole, with every detection; so do events, scores and messages that
    wait. Messages that were published long ago go: their ids are made of what they say, and come out the same.

    Parameters
    ----------
    before
        Unix seconds.

    Returns
    -------
    :
        Rows deleted, by table; nothing where another worker is at it.
    """
    with store.begin() as connection:
        if not is_first(connection):
            return {}
        sent, seq = tables.outbox.c.sent, tables.outbox.c.seq
        newest = select(func.max(seq)).scalar_subquery()  # stays: SQLite would give its number once more
        return {
            "detections": _detections(connection, before),
            "objects": _objects(connection, before),
            "aliases": _aliases(connection),
            "messages": connection.execute(delete(tables.outbox).where(sent < before, seq < newest)).rowcount,
        }


def _detections(connection: Connection, before: float) -> int:
    d, c = tables.detections, tables.candidates
    is_candidate = exists().where(c.c.object_id == d.c.object_id)
    return connection.execute(delete(d).where(d.c.time < before, ~is_candidate)).rowcount


def _objects(connection: Connection, before: float) -> int:
    o, c = tables.objects, tables.candidates
    is_candidate = exists().where(c.c.object_id == o.c.id)
    return connection.execute(delete(o).where(o.c.last_seen < before, ~is_candidate)).rowcount


def _aliases(connection: Connection) -> int:
    a, o = tables.aliases, tables.objects
    has_object = exists().where(o.c.id == a.c.id)
    return connection.execute(delete(a).where(a.c.what == "object", ~has_object)).rowcount
