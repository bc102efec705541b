"""Events that may be one."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from coincidence import Association

from . import tables
from .bulk import Row, columns_of, upsert

ACTIVE, WITHDRAWN = "active", "withdrawn"
_FACTS = ("delay_s", "overlap", "far_temporal_hz", "far_spacetime_hz", "state")


def replace(connection: Connection, event_id: str, found: list[Association], now: float) -> None:
    """The associations of an event are these; others it had are withdrawn. Changed ones are to be told."""
    before = {(row["first"], row["second"]): row for row in of_event(connection, event_id)}
    for association in found:
        row = _row(association)
        old = before.pop((association.first, association.second), None)
        changed = old is None or any(old[name] != row[name] for name in _FACTS)
        upsert(connection, tables.associations, columns_of([row | {"changed": changed}]))
    a = tables.associations.c
    for first, second in before:
        connection.execute(
            update(tables.associations)
            .where(a.first == first, a.second == second, a.state == ACTIVE)
            .values(state=WITHDRAWN, changed=True)
        )


def _row(association: Association) -> Row:
    far = association.far_spacetime_hz
    return {
        "first": association.first,
        "second": association.second,
        "state": ACTIVE,
        "delay_s": association.delay_s,
        "window_start_s": association.window_s[0],
        "window_end_s": association.window_s[1],
        "overlap": association.overlap,
        "far_temporal_hz": association.far_temporal_hz,
        "far_spacetime_hz": None if far == float("inf") else far,
        "by_construction": association.by_construction,
        "is_test": association.is_test,
    }


def of_event(connection: Connection, event_id: str | None = None) -> list[Row]:
    """Associations, of one event or of all."""
    a = tables.associations.c
    statement = select(tables.associations).order_by(a.first, a.second)
    if event_id is not None:
        statement = statement.where((a.first == event_id) | (a.second == event_id))
    return [dict(row) for row in connection.execute(statement).mappings()]


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
