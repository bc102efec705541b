"""Groups of events that may be one source."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, select, update

from coincidence.joint import Group

from . import tables
from .associations import ACTIVE, WITHDRAWN
from .bulk import Row, columns_of, insert_new, select_in, upsert

_FACTS = ("state", "kind", "members", "links", "log_overlap", "log_odds", "p_values", "p_product", "p_fisher")


def of_events(connection: Connection, event_ids: Sequence[str]) -> list[Row]:
    """Standing groups that hold any of these events, by id."""
    m, g = tables.group_members.c, tables.groups
    ids = sorted({row["group_id"] for row in select_in(connection, select(m.group_id), m.event_id, event_ids)})
    return [dict(row) for row in select_in(connection, select(g).order_by(g.c.id), g.c.id, ids)]


def replace(connection: Connection, event_ids: Iterable[str], found: list[Group]) -> list[Row]:
    """The groups of these events are now as found; the others they had are withdrawn. Rows that are to be told."""
    before = {row["id"]: row for row in of_events(connection, sorted(event_ids))}
    g, m = tables.groups, tables.group_members
    now = {group.id: _row(group) for group in found}
    known = {row["id"]: dict(row) for row in select_in(connection, select(g), g.c.id, sorted(now))}
    for name in sorted(before.keys() | now.keys()):
        connection.execute(delete(m).where(m.c.group_id == name))
    for name, row in sorted(now.items()):
        old = known.get(name)
        changed = old is None or old["changed"] or any(old[fact] != row[fact] for fact in _FACTS)
        upsert(connection, g, columns_of([row | {"changed": changed}]))
        insert_new(connection, m, columns_of([{"event_id": e, "group_id": name} for e in row["members"]]))
    for name in sorted(before.keys() - now.keys()):
        connection.execute(update(g).where(g.c.id == name).values(state=WITHDRAWN, changed=True))
    touched = select_in(connection, select(g).order_by(g.c.id), g.c.id, sorted(before.keys() | now.keys()))
    return [dict(row) for row in touched if row["changed"] and (row["state"] == ACTIVE or row["told_revision"])]


def _row(group: Group) -> Row:
    odds = group.log_odds
    return {
        "id": group.id,
        "anchor": group.anchor,
        "state": ACTIVE,
        "kind": group.kind,
        "members": list(group.members),
        "links": [list(pair) for pair in group.links],
        "log_overlap": group.log_overlap,
        "log_odds": None if odds is None or not math.isfinite(odds) else odds,
        "p_values": list(group.p_values),
        "p_product": group.p_product,
        "p_fisher": group.p_fisher,
        "is_test": group.is_test,
    }


def listing(connection: Connection, event_id: str | None = None) -> list[Row]:
    """Standing groups, of one event or of all, the most probable first."""
    g = tables.groups
    rows = connection.execute(select(g).where(g.c.state == ACTIVE)).mappings()
    found = [dict(row) for row in rows if event_id is None or event_id in row["members"]]
    found.sort(key=lambda row: (-math.inf if row["log_odds"] is None else row["log_odds"], row["id"]), reverse=True)
    hidden = ("changed", "told_id", "told_revision", "state")
    return [{name: value for name, value in row.items() if name not in hidden} for row in found]


def mark_told(connection: Connection, group_id: str, revision: int, message_id: str) -> None:
    """Remember what was published."""
    g = tables.groups
    connection.execute(
        update(g).where(g.c.id == group_id).values(told_revision=revision, told_id=message_id, changed=False)
    )
