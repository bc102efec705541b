"""Names by which an event is known; names like one that there is not."""

from __future__ import annotations

from sqlalchemy import Column, ColumnElement, Connection, func, or_, select

from ..nearest import nearest
from ..publish.wish import folded
from . import tables

LOOKED_AT = 2000
"""Names are compared with so many at most."""

SHOWN = 3
BEGINNING = 6


def names_of(connection: Connection, name: str) -> frozenset[str]:
    """All names, folded, of the event that has this one in any case; of one that is not known that name alone."""
    e, a = tables.events.c, tables.aliases.c
    wanted, of_events = folded(name), a.what == "event"
    ids = [
        *connection.execute(select(e.id).where(_folded(e.id) == wanted)).scalars(),
        *connection.execute(select(a.id).where(of_events, _folded(a.alias) == wanted)).scalars(),
    ]
    others = connection.execute(select(a.alias).where(of_events, a.id.in_(ids))).scalars()
    return frozenset({wanted, *map(folded, ids), *map(folded, others)})


def _folded(column: Column[str]) -> ColumnElement[str]:
    return func.replace(func.lower(column), " ", "")


def events_like(connection: Connection, name: str) -> list[str]:
    """Ids and aliases of events that are much like a name, the most alike first."""
    e, a = tables.events.c, tables.aliases.c
    begins = name[:3].lower()
    ids = select(e.id).where(func.lower(e.id).startswith(begins, autoescape=True)).limit(LOOKED_AT)
    other = select(a.alias).where(a.what == "event", func.lower(a.alias).startswith(begins, autoescape=True))
    known = [*connection.execute(ids).scalars(), *connection.execute(other.limit(LOOKED_AT)).scalars()]
    return nearest(name, known, SHOWN) or _beginning(name, known)


def _beginning(name: str, known: list[str]) -> list[str]:
    """Those that begin like a name, or go on where it ends."""
    stem = name[:BEGINNING].lower()
    return [word for word in known if word.lower().startswith(stem)][:SHOWN]


def objects_like(connection: Connection, name: str) -> list[str]:
    """Ids of objects that begin like a name, in whichever case; there may be very many, so an index finds them."""
    o = tables.objects.c
    stems = {
        stem for word in (name, name.upper(), name.lower()) if (stem := word[: max(1, min(BEGINNING, len(word) - 2))])
    }
    ranges: list[ColumnElement[bool]] = [(o.id >= stem) & (o.id < stem + "\U0010ffff") for stem in sorted(stems)]
    known = connection.execute(select(o.id).where(or_(*ranges)).limit(LOOKED_AT)).scalars() if ranges else ()
    return nearest(name, known, SHOWN)


def there_are(names: list[str]) -> str:
    """The end of a sentence about a name that there is not."""
    return f"; there are {', '.join(names)}" if names else ""
