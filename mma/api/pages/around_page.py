"""What a search around a position shows: objects, the nearest first, whether they are candidates or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from sqlalchemy import Connection, select

from skymaps import positions

from ...answers import cone, position
from ...errors import NotFoundError
from ...store import ACTIVE, names, select_in, tables
from ..responses import store_of
from .words import radius as in_words

Row = dict[str, Any]
MOST = 100
"""Objects on the page: the nearest."""

USUAL_DEG = 1.0 / 60.0
"""Radius where a position is told and none with it."""


def context(request: Request, q: str, radius: str) -> Row | None:
    """Objects around what somebody wrote: a position, or with a radius any name; None where it is neither."""
    with store_of(request).read() as connection:
        if not radius and (not q or not _is_position(connection, q)):
            return None
        shown: Row = {"q": q, "radius": radius, "problem": None, "place": None, "rows": [], "more": False}
        try:
            degrees = positions.radius(radius) if radius else USUAL_DEG
            ra, dec = position(connection, q)
        except (NotFoundError, ValueError) as error:
            return shown | {"problem": str(error)}
        rows, end = cone.objects(connection, ra, dec, degrees, None, MOST)
        events = _events(connection, [row["id"] for row in rows])
    return shown | {
        "place": (ra, dec),
        "within": in_words(degrees),
        "rows": [row | {"events": events.get(row["id"], [])} for row in rows],
        "more": end is not None,
        "whole": urlencode({"ra": ra, "dec": dec, "radius": degrees, "format": "csv"}),
    }


def _is_position(connection: Connection, q: str) -> bool:
    """Whether a text is a position, and no name of an event or object."""
    try:
        positions.read(q)
    except ValueError:
        return False
    try:
        return names.resolve(connection, q) is None and names.resolve(connection, q, names.OBJECT) is None
    except NotFoundError:  # several are called so
        return False


def _events(connection: Connection, object_ids: Sequence[str]) -> dict[str, list[str]]:
    """Events that objects stand as candidates of, for those that do."""
    c = tables.candidates.c
    statement = select(c.object_id, c.event_id).where(c.state == ACTIVE).order_by(c.event_id)
    found: dict[str, list[str]] = {}
    for row in select_in(connection, statement, c.object_id, object_ids):
        found.setdefault(row["object_id"], []).append(row["event_id"])
    return found
