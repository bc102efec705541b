"""What the search page shows: candidates of all events, by what they have in common, each choice with its count."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, true

from skymaps import positions

from ...answers import SEARCHED, Order, limited, listing
from ...answers import chosen as one_of
from ...errors import NotFoundError
from ...store import names, tables
from ..responses import store_of

Row = dict[str, Any]
Condition = ColumnElement[bool]
C, E, O = tables.candidates.c, tables.events.c, tables.objects.c  # noqa: E741 - tables, not numbers
T = tables.tags.c
PAGE = 25
NAMED = {
    "state": "state",
    "class": "class",
    "survey": "survey",
    "messenger": "event_messenger",
    "kind": "event_kind",
    "event_state": "event_state",
}
"""Of those facets that are a field: its name."""

BANDS = {"50": (0.5, None), "10": (0.1, 0.5), "1": (0.01, 0.1), "0": (None, 0.01)}
"""Of probability: from, and below; None where open."""

BAND_NAMES = {"50": "50 % or more", "10": "10 to 50 %", "1": "1 to 10 %", "0": "below 1 %"}
FACETS = (*NAMED, "tag", "p")
TITLES = {
    "state": "State",
    "class": "Counterpart",
    "survey": "Survey",
    "messenger": "Messenger",
    "kind": "Kind of event",
    "event_state": "State of the event",
    "tag": "Tag",
    "p": "Probability",
}


def context(request: Request, q: str, asked: Mapping[str, Sequence[str]], after: int) -> Row:
    """A page of what was found, and the choices."""
    q = q.strip()
    chosen = {name: [v for v in values if _is_known(name, v)] for name, values in asked.items()}
    conditions = {name: _condition(name, values) for name, values in chosen.items() if values}
    text = _text(q)
    with store_of(request).read() as connection:
        facets = [_facet(connection, name, chosen[name], conditions, text) for name in FACETS]
        everything = and_(text, *conditions.values())
        total = connection.execute(_from(select(func.count())).where(everything)).scalar_one()
        order = Order(field=SEARCHED["log_odds"], falling=True)
        rows = list(islice(listing.searched(connection, everything, order, after + PAGE), after, None))
        exact = _exact(connection, q) if q else None
    kept = [("q", q)] * bool(q) + [(name, value) for name, values in chosen.items() for value in values]
    return {
        "q": q,
        "rows": rows,
        "total": total,
        "facets": facets,
        "exact": exact,
        "unread": _unread(q) if exact is None and not total else None,
        "after": after,
        "following": urlencode([*kept, ("after", after + PAGE)]) if total > after + PAGE <= 10_000 else None,
        "previous": urlencode([*kept, ("after", max(after - PAGE, 0))]) if after else None,
    }


def _is_known(name: str, value: str) -> bool:
    return value in BANDS if name == "p" else len(value) <= 200 and value.isprintable()


def _condition(name: str, values: Sequence[str]) -> Condition:
    if name != "p":
        return one_of(SEARCHED[NAMED.get(name, name)], values)
    return or_(*(_band(value) for value in values))


def _band(name: str) -> Condition:
    low, high = BANDS[name]
    field = SEARCHED["probability"]
    parts = [limited(field, "gte", low)] if low is not None else []
    parts += [limited(field, "lt", high)] if high is not None else []
    return and_(*parts)


def _text(q: str) -> Condition:
    """Names of events or objects that begin so, or other names of either."""
    if not q:
        return true()
    a = tables.aliases.c
    named = select(a.id).where(a.alias.startswith(q, autoescape=True))
    begins = [column.startswith(q, autoescape=True) for column in (C.event_id, C.object_id)]
    return or_(*begins, C.event_id.in_(named), C.object_id.in_(named))


def _from(statement: Any) -> Select[Any]:
    """A statement on candidates with their objects and events."""
    joined: Select[Any] = (
        statement.select_from(tables.candidates)
        .join(tables.objects, O.id == C.object_id)
        .join(tables.events, E.id == C.event_id)
    )
    return joined


def _facet(
    connection: Connection, name: str, chosen: Sequence[str], conditions: Mapping[str, Condition], text: Condition
) -> Row:
    """A field's values, each with the number of candidates that all other choices leave."""
    others = and_(text, *(condition for other, condition in conditions.items() if other != name))
    if name == "p":
        counts = [
            (band, connection.execute(_from(select(func.count())).where(others, _band(band))).scalar_one())
            for band in BANDS
        ]
    else:
        column = T.tag if name == "tag" else SEARCHED[NAMED[name]].column
        grouped = _from(select(column, func.count())).where(others).group_by(column)
        if name == "tag":  # a candidate counts for each that it has
            grouped = grouped.where(T.event_id == C.event_id, T.object_id == C.object_id)
        counts = [(value, n) for value, n in connection.execute(grouped) if value is not None]
        counts += [(value, 0) for value in chosen if value not in dict(counts)]
        counts.sort(key=lambda pair: (-pair[1], pair[0]))
    values = [
        {"value": value, "name": BAND_NAMES[value] if name == "p" else value, "n": n, "chosen": value in chosen}
        for value, n in counts[:20]
    ]
    return {"name": name, "title": TITLES[name], "values": values}


def _exact(connection: Connection, q: str) -> Row | None:
    """The event or object of exactly this name; or what several it may be."""
    try:
        event = names.resolve(connection, q)
        object_id = names.resolve(connection, q, names.OBJECT) if event is None else None
    except NotFoundError as error:
        return {"event": None, "object": None, "several": str(error)}
    if event is None and object_id is None:
        return None
    return {"event": event, "object": object_id, "several": None}


def _unread(q: str) -> str | None:
    """Why a text that begins like a position is none."""
    if not re.match(r"[-+]?\d+[:.,\s\dhd]", q):
        return None
    try:
        positions.read(q)
    except ValueError as error:
        return str(error)
    return None
