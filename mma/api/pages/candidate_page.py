"""What a candidate's page shows."""

from __future__ import annotations

import time
from typing import Any

from fastapi import Request
from sqlalchemy import Connection

from coincidence.terms import TERMS

from ...answers import listing, queries
from ...errors import NotFoundError
from ...messages import iso
from ...store import classifications, verdicts
from ...store import events as stored
from ..responses import store_of
from . import event_page, links, nights, object_page, story

Row = dict[str, Any]
HISTORY = 50
"""Scores shown: the newest."""


def context(request: Request, event: str, object_id: str) -> Row:
    """All that is shown of a candidate."""
    with store_of(request).read() as connection:
        event_id = queries.event_id(connection, event)
        row = listing.one(connection, event_id, object_id)
        if row is None:
            raise NotFoundError(f"{object_id!r} is no candidate of {event_id}")
        name = row["object"]
        stored_event = stored.event_row(connection, event_id)
        if stored_event is None:
            raise NotFoundError(f"no event {event_id!r}")
        light = object_page.light_curve(connection, name, stored_event["time"])
        history = queries.history(connection, event_id, name)
        said = [v for v in verdicts.listing(connection, event_id) if v["object_id"] == name]
        classes = classifications.listing(connection, [name])
        elsewhere = _elsewhere(connection, name, event_id)
    shown = queries.as_event(dict(stored_event))
    return light | {
        "event": shown,
        "row": row,
        "terms": TERMS,
        "story": [part | bar for part, bar in zip(story.told(shown, row), event_page.bars(row["terms"]), strict=True)],
        "summary": story.summary(shown, row),
        "history": history[::-1][:HISTORY],
        "n_history": len(history),
        "verdicts": _said(said),
        "classifications": classes,
        "elsewhere": elsewhere,
        "links": links.of_object(name, row["aliases"], row["ra"], row["dec"]),
        "nights": nights.rows(time.time(), (row["ra"], row["dec"])),
    }


def _said(rows: list[Row]) -> list[Row]:
    """What was said, the newest first; ``changed``: it is a verdict, and no mere comment."""
    before = [*(row["status"] for row in rows[1:]), "pending"]
    return [
        row | {"time": iso(row["time"]), "changed": row["status"] != old}
        for row, old in zip(rows, before, strict=False)
    ]


def _elsewhere(connection: Connection, name: str, event_id: str) -> list[Row]:
    """Other events that it is or was a candidate of."""
    return [row for row in queries.object_(connection, name)["events"] if row["event"] != event_id]
