"""Forgetting old nights: a survey's detections grow without end; candidates and events are kept."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select

from ..errors import ConfigError
from ..messages import iso
from . import tables
from .database import Store
from .locks import is_first

NIGHT_S = 86_400.0
MOST = 0.5
"""Share of the detections that is forgotten at once without being told to."""


def forget(store: Store, nights: float, now: float, *, force: bool = False) -> dict[str, int]:
    """Delete what is older than so many nights before the newest that came in.

    The clock alone does not tell: one that is years ahead would have nearly everything deleted. Nor do the data
    alone, in which a time may be wrong.

    Parameters
    ----------
    nights
        Days that are kept.
    now
        Unix seconds.
    force
        Delete even more than half of the detections.

    Returns
    -------
    :
        As of ``prune``.

    Raises
    ------
    ConfigError
        More than half of the detections would go.
    """
    with store.read() as connection:
        newest = _newest(connection)
        if newest is None:
            return dict.fromkeys(("detections", "objects", "aliases", "messages"), 0)
        before = min(now, newest) - nights * NIGHT_S
        old, every = (0, 0) if force else _share(connection, before)
    if old > MOST * every:
        kept = f"{nights:g} nights before {iso(min(now, newest))}"
        raise ConfigError(
            f"{old:,} of {every:,} detections are older than {kept}, more than half: nothing was deleted. If that is "
            f"meant, 'mma db prune --keep {nights:g} --force' does it"
        )
    return prune(store, before)


def _newest(connection: Connection) -> float | None:
    """Time of the newest detection, or of the newest notice; Unix seconds."""
    times = (func.max(tables.detections.c.time), func.max(tables.events.c.issued))
    found = [connection.execute(select(time)).scalar() for time in times]
    return max((time for time in found if time is not None), default=None)


def _share(connection: Connection, before: float) -> tuple[int, int]:
    """How many detections would be deleted, and how many there are."""
    d = tables.detections
    old = select(func.count()).select_from(d).where(*_is_old(before))
    return connection.execute(old).scalar_one(), connection.execute(select(func.count()).select_from(d)).scalar_one()


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
    return connection.execute(delete(tables.detections).where(*_is_old(before))).rowcount


def _is_old(before: float) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Conditions: a detection that is older, and of no candidate."""
    d, c = tables.detections.c, tables.candidates.c
    return d.time < before, ~exists().where(c.object_id == d.object_id)


def _objects(connection: Connection, before: float) -> int:
    o, c = tables.objects, tables.candidates
    is_candidate = exists().where(c.c.object_id == o.c.id)
    return connection.execute(delete(o).where(o.c.last_seen < before, ~is_candidate)).rowcount


def _aliases(connection: Connection) -> int:
    a, o = tables.aliases, tables.objects
    has_object = exists().where(o.c.id == a.c.id)
    return connection.execute(delete(a).where(a.c.what == "object", ~has_object)).rowcount
