"""What the list of events and the page on the state of things show."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
import pybase64
from fastapi import Request
from sqlalchemy import Connection, func, select

from ...answers import CANDIDATES, EVENTS, Order, Place, listing, queries, without_folder
from ...answers import chosen as one_of
from ...messages import iso
from ...store import sources as live
from ...store import tables
from ..problems import ProblemError
from ..responses import store_of
from . import regions

Row = dict[str, Any]
PAGE = 20
LETTERS = 20
LATE_S = 300.0
"""A worker that has not been heard of for so long is shown as silent."""


def events(request: Request, chosen: Mapping[str, Sequence[str]], tests: bool, after: str | None) -> Row:
    """The newest events of a choice."""
    e = tables.events.c
    conditions = [one_of(EVENTS[name], values) for name, values in chosen.items() if values]
    if not tests:
        conditions.append(e.is_test.is_(False))
    order = Order(field=EVENTS["time"], falling=True)
    with store_of(request).read() as connection:
        rows, end = listing.page(connection, listing.events(conditions, order), place(after), PAGE)
        known = regions.documents(connection, [row["id"] for row in rows])
        facets = {name: _counts(connection, name, tests) for name in chosen}
        best = _best(connection, [row["id"] for row in rows])
    kept = [(name, value) for name, values in chosen.items() for value in values] + [("test", "1")] * tests
    return {
        "events": [
            row
            | {
                "map": regions.tag(known[row["id"]]) if row["id"] in known else None,
                "best": best.get(row["id"]),
            }
            for row in rows
        ],
        "facets": facets,
        "chosen": chosen,
        "tests": tests,
        "following": urlencode([*kept, ("after", cursor(end))]) if end is not None else None,
        "first": urlencode(kept) if after is not None else None,
    }


def _counts(connection: Connection, name: str, tests: bool) -> list[tuple[str, int]]:
    """Values of a field and how many events have each."""
    column = EVENTS[name].column
    statement = select(column, func.count()).group_by(column).order_by(column)
    if not tests:
        statement = statement.where(tables.events.c.is_test.is_(False))
    return [(value, n) for value, n in connection.execute(statement)]


def _best(connection: Connection, event_ids: Sequence[str]) -> dict[str, Row]:
    """The best standing candidate of each event."""
    found = {}
    for name in event_ids:  # by the index of odds, a row each
        rows, _ = listing.page(connection, standing(connection, name), None, 1)
        if rows:
            found[name] = rows[0]
    return found


def standing(connection: Connection, event: str) -> listing.Listing:
    """An event's ranking."""
    order = Order(field=CANDIDATES["log_odds"], falling=True)
    return listing.candidates(connection, event, [], ["active"], order)


def cursor(end: Place) -> str:
    """A place as text."""
    return pybase64.urlsafe_b64encode(orjson.dumps(end)).decode().rstrip("=")


def place(text: str | None) -> Place | None:
    """The place that a page's address tells."""
    if not text:
        return None
    try:
        value, key = orjson.loads(pybase64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, TypeError) as error:
        raise ProblemError(422, "after is not a place in this list", field="query.after") from error
    known = value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))
    if not known or not isinstance(key, str) or "\0" in key or not key.isprintable():
        raise ProblemError(422, "after is not a place in this list", field="query.after")
    return value, key


def status(request: Request) -> Row:
    """Sources, what came in, what could not be handled, what went out."""
    d = tables.dead_letters.c
    shown = (d.id, d.topic, d.partition, d.offset, d.name, d.reason, d.received)
    with store_of(request).read() as connection:
        found = queries.for_all(queries.status(connection))
        rows = live.listing(connection)
        letters = connection.execute(select(*shown).order_by(d.id.desc()).limit(LETTERS)).mappings()
        dead = [_letter(dict(row)) for row in letters]
    now = time.time()
    return {
        "status": found,
        "live": [row | {"silent": now - row["told"] > LATE_S} for row in rows],
        "letters": dead,
        "now": now,
    }


def _letter(row: Row) -> Row:
    """A dead letter as everybody may see it: files without their folders."""
    names = {name: row[name] and without_folder(row[name]) for name in ("topic", "name")}
    return row | names | {"received": iso(row["received"])}
