"""Events that may be one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, select, update

from coincidence import Association
from coincidence.joint import Search

from . import tables
from .bulk import Row, among, columns_of, upsert
from .events import RETRACTED

ACTIVE, WITHDRAWN = "active", "withdrawn"
_PLAIN = tuple(f.name for f in fields(Association) if f.name not in ("first", "second", "window_s", "search"))
_FACTS = ("state", "search", *(name for name in _PLAIN if name != "is_test"))


def replace(connection: Connection, event_id: str, found: list[Association], now: float) -> None:
    """The associations of an event are these; others it had are withdrawn. Changed ones are to be told."""
    before = {(row["first"], row["second"]): row for row in of_event(connection, event_id)}
    for association in found:
        row = _row(association)
        old = before.pop((association.first, association.second), None)
        changed = old is None or old["changed"] or any(old[name] != row[name] for name in _FACTS)
        upsert(connection, tables.associations, columns_of([row | {"changed": changed}]))
    a = tables.associations.c
    for first, second in before:
        connection.execute(
            update(tables.associations)
            .where(a.first == first, a.second == second, a.state == ACTIVE)
            .values(state=WITHDRAWN, reason=_why_not(connection, first, second), changed=True)
        )


def _why_not(connection: Connection, *pair: str) -> str:
    """Why two events are no longer associated."""
    e = tables.events.c
    retracted = connection.scalars(select(e.id).where(e.id.in_(pair), e.state == RETRACTED).order_by(e.id)).all()
    return f"retracted: {', '.join(retracted)}" if retracted else "their newest notices do not fit together"


def _row(association: Association) -> Row:
    """Numbers that are infinite, for regions that do not meet, become NULL; the reason says so."""
    return {
        "first": association.first,
        "second": association.second,
        "state": ACTIVE,
        "window_start_s": association.window_s[0],
        "window_end_s": association.window_s[1],
        "search": association.search.value,
        **{name: _finite(getattr(association, name)) for name in _PLAIN},
    }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _association(row: Row) -> Association:
    """As it was, but for what is infinite; of regions that do not meet, the sky says so again."""
    given = {name: row[name] for name in _PLAIN}
    if row["overlap"] == 0.0:
        given["sky"] = -math.inf
    window = (row["window_start_s"], row["window_end_s"])
    return Association(first=row["first"], second=row["second"], window_s=window, search=Search(row["search"]), **given)


def of_event(connection: Connection, event_id: str | None = None) -> list[Row]:
    """Associations, of one event or of all."""
    a = tables.associations.c
    statement = select(tables.associations).order_by(a.first, a.second)
    if event_id is not None:
        statement = statement.where((a.first == event_id) | (a.second == event_id))
    return [dict(row) for row in connection.execute(statement).mappings()]


def neighbours(connection: Connection, event_id: str) -> set[str]:
    """Ids of the events that one is or was associated with, and its own where there are any."""
    return {name for row in of_event(connection, event_id) for name in (row["first"], row["second"])}


def standing(connection: Connection, event_ids: Sequence[str]) -> list[Association]:
    """Associations that stand and that name any of these events. Those of an older version of ours, which told no
    odds, are left out until one of their events is heard of again."""
    a = tables.associations
    named = among(connection, a.c.first, event_ids), among(connection, a.c.second, event_ids)
    found: dict[tuple[str, str], Row] = {}
    for condition in named:
        statement = select(a).where(condition, a.c.state == ACTIVE, a.c.search.is_not(None))
        found |= {(row["first"], row["second"]): dict(row) for row in connection.execute(statement).mappings()}
    return [_association(row) for _, row in sorted(found.items())]


def untold(connection: Connection, event_id: str) -> list[Row]:
    """Associations of an event that changed since they were told."""
    return [
        row
        for row in of_event(connection, event_id)
        if row["changed"] and (row["state"] == ACTIVE or row["told_revision"])
    ]


def mark_told(connection: Connection, row: Row, revision: int, message_id: str) -> None:
    """Remember what was published."""
    a = tables.associations.c
    connection.execute(
        update(tables.associations)
        .where(a.first == row["first"], a.second == row["second"])
        .values(told_revision=revision, told_id=message_id, changed=False)
    )
