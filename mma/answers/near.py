"""Names by which an event is known; names like one that there is not."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, func, or_, select

from ..messages import SIGN, SIGNS, folded
from ..store import names, tables
from ..text import asked, nearest

LOOKED_AT = 2000
"""Names are compared with so many at most."""

SHOWN = 3
BEGINNING = 6


def names_of(connection: Connection, name: str) -> frozenset[str]:
    """All names, folded, of the events that somebody may call so; none where there is no such event."""
    ids = names.called(connection, name)
    a = tables.aliases.c
    others = connection.execute(select(a.alias).where(a.what == names.EVENT, a.id.in_(ids))).scalars()
    return frozenset(map(folded, (*ids, *others)))


def events_like(connection: Connection, name: str) -> list[str]:
    """Ids and aliases of events that are much like a name, or end with something like it, the most alike first."""
    e, a = tables.events.c, tables.aliases.c
    begins, within = name[:3].lower(), [f"{sign}{name[:3].lower()}" for sign in SIGNS]
    id_, alias = func.lower(e.id), func.lower(a.alias)
    wanted = or_(id_.startswith(begins, autoescape=True), *(id_.contains(w, autoescape=True) for w in within))
    ids = select(e.id).where(wanted).limit(LOOKED_AT)
    other = select(a.alias).where(a.what == names.EVENT, alias.startswith(begins, autoescape=True))
    known = [*connection.execute(ids).scalars(), *connection.execute(other.limit(LOOKED_AT)).scalars()]
    endings = {ending: word for word in known for ending in (word, SIGN.split(word)[-1])}
    found = nearest(name, endings, SHOWN) or _beginning(name, known)
    return list(dict.fromkeys(endings.get(word, word) for word in found))


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


def or_rather(some: list[str]) -> str:
    """The end of a sentence about a name that there is not."""
    return f"; {asked(some)}" if some else ""
