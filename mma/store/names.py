"""Other names of events and objects, and what a name that somebody says stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, func, or_, select

from coincidence.names import TNS, folded, spellings

from ..errors import NotFoundError
from ..messages import SIGNS
from . import tables
from .bulk import Row, columns_of, insert_new, select_in

EVENT, OBJECT, SOURCE = "event", "object", "source"
"""Whose name it is; a source may have many events."""


def row_of(alias: str, its: str, what: str, survey: str | None = None) -> Row:
    """A row of the table.

    Parameters
    ----------
    survey
        Where the alias is an object's own name in a survey: which.
    """
    return {"alias": alias, "id": its, "what": what, "key": folded(alias), "survey": survey}


def add(connection: Connection, rows: Iterable[Row]) -> None:
    """Keep names; those that are there already are left alone."""
    insert_new(connection, tables.aliases, columns_of(list(rows)))


def of_objects(connection: Connection, object_ids: Sequence[str]) -> dict[str, list[str]]:
    """Other names of objects, for those that have any."""
    a = tables.aliases.c
    shown = (a.what == OBJECT) & (a.alias != a.id) & ~a.alias.startswith(f"{TNS}:")  # its numbers are no names
    statement = select(a.alias, a.id).where(shown).order_by(a.alias)
    out: dict[str, list[str]] = {}
    for row in select_in(connection, statement, a.id, object_ids):
        out.setdefault(row["id"], []).append(row["alias"])
    return out


def of_event(connection: Connection, event_id: str) -> list[str]:
    """Other names of an event, those that people gave it among them."""
    a = tables.aliases.c
    statement = select(a.alias).where(a.what == EVENT, a.id == event_id, a.alias != a.id).order_by(a.alias)
    return list(connection.execute(statement).scalars())


def resolve(connection: Connection, name: str, what: str = EVENT) -> str | None:
    """The id of what somebody calls by this name, None where there is none.

    An exact id goes first, then an exact other name, then either in another case, with other spaces, without the
    prefix that TNS may change, or an object's number without its survey; then an event's id with other signs between
    its parts, or the last part alone; then the name of the source that an event was seen of.

    Raises
    ------
    NotFoundError
        The name belongs to several; the message lists them.
    """
    found = called(connection, name, what)
    if len(found) > 1:
        raise NotFoundError(f"{name!r} may be {' or '.join(sorted(found))}")
    return next(iter(found), None)


def called(connection: Connection, name: str, what: str = EVENT) -> set[str]:
    """The ids of all that somebody may call by this name, in the order of ``resolve``."""
    table = tables.events if what == EVENT else tables.objects
    if connection.execute(select(table.c.id).where(table.c.id == name)).first():
        return {name}
    a = tables.aliases.c
    exact = _ids(connection, a.alias == name, what)
    found = exact or _ids(connection, a.key == folded(name), what) | _spelt(connection, name, what)
    if found or what != EVENT:
        return found
    return _parted(connection, name) or _ids(connection, a.key == folded(name), SOURCE)


def _ids(connection: Connection, condition: object, what: str) -> set[str]:
    a = tables.aliases.c
    return set(connection.execute(select(a.id).where(condition, a.what == what)).scalars())  # type: ignore[arg-type]


def _spelt(connection: Connection, name: str, what: str) -> set[str]:
    """Ids that are this name spelt otherwise."""
    if what == EVENT:
        e = tables.events.c
        plain = name.replace(" ", "").lower()
        return set(connection.execute(select(e.id).where(func.lower(e.id) == plain)).scalars())
    o, words = tables.objects.c, spellings(name)
    found = set(connection.execute(select(o.id).where(o.id.in_(words))).scalars())
    return found | _ids(connection, tables.aliases.c.key.in_({folded(word) for word in words}), what)


def _bare(name: Any) -> Any:
    """A column of names in lower case, without the signs between their parts."""
    bare = func.lower(name)
    for sign in (*SIGNS, " "):
        bare = func.replace(bare, sign, "")
    return bare


def _parted(connection: Connection, name: str) -> set[str]:
    """Events whose id is this with other signs between its parts; else those whose id ends with this part."""
    plain = re.sub(r"[\s_-]+", "", name).lower()
    last = re.sub(r"\s+", "", name).lower()
    if not plain:
        return set()
    e = tables.events.c
    bare = _bare(e.id)
    found = set(connection.execute(select(e.id).where(bare == plain)).scalars())
    found |= _ids(connection, _bare(tables.aliases.c.key) == plain, EVENT)
    ending = or_(*(func.lower(e.id).endswith(f"{sign}{last}", autoescape=True) for sign in SIGNS))
    return found or set(connection.execute(select(e.id).where(ending)).scalars())
