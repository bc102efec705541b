"""What an event's page shows."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np
from fastapi import Request
from sqlalchemy import Connection, func, select

from coincidence import apart
from coincidence.terms import TERMS

from ...answers import CANDIDATES, Order, assumed, listing, queries, without_folder
from ...export import measured
from ...messages import iso
from ...store import events as stored
from ...store import groups, tables
from ..problems import ProblemError
from ..responses import store_of
from . import links, lists, nights, regions, skyview

Row = dict[str, Any]
PAGE = 25
STATES = ("active", "vetoed", "withdrawn")
BAR = 20.0
"""Half the width of a term's bar."""

FULL = 8.0
"""The term that fills it; larger ones do too."""

LABELS = 12
"""Marks that have a number on the map, where there is room for it."""

LATEST_S = 30 * 86400.0


def context(request: Request, name: str, show: str, after: str | None) -> Row:
    """All that is shown of an event."""
    if show not in STATES:
        raise ProblemError(422, f"show is {', '.join(STATES[:-1])} or {STATES[-1]}", field="query.show")
    place = lists.place(after)
    with store_of(request).read() as connection:
        event_id = queries.event_id(connection, name)
        event = _event(connection, event_id)
        rows, following = _candidates(connection, event_id, show, place)
        counts = _counts(connection, event_id)
        document, beside = on_the_map(connection, event_id)
        pairs = queries.associations_(connection, event_id)
        together = groups.listing(connection, event_id)
        notices = _notices(connection, event_id)
    view = _map(request, document, beside, rows) if document is not None else None
    kept = [("show", show)] if show != "active" else []
    return {
        "event": event,
        "sorts": dict(zip(("classes", "properties"), apart(event["classes"]), strict=True)),
        "rows": [row | {"bars": bars(row["terms"])} for row in rows],
        "terms": [name for name in TERMS if _is_told(rows, name)],
        "silent": [name for name in TERMS if not _is_told(rows, name)],
        "untold": assumed(event),
        "counts": counts,
        "show": show,
        "following": urlencode([*kept, ("after", following)]) if following else None,
        "first": urlencode(kept) if after else None,
        "associations": pairs,
        "groups": together,
        "notices": notices,
        "measured": measured.lines(event["gamma"]) if event["gamma"] else [],
        "place": measured.position(event["gamma"], document["region"] if document is not None else None),
        "links": links.of_event(event),
        "view": view,
        "nights": _nights(request, document, rows) if document is not None else [],
    }


def _event(connection: Connection, event_id: str) -> Row:
    row = dict(connection.execute(select(tables.events).where(tables.events.c.id == event_id)).mappings().one())
    return queries.as_event(row)


def _candidates(connection: Connection, event: str, show: str, place: Any) -> tuple[list[Row], str | None]:
    """A page of candidates: the ranking, or those that do not stand, by name."""
    if show == "active":
        found = lists.standing(connection, event)
    else:
        order = Order(field=CANDIDATES["object"], falling=False)
        found = listing.candidates(connection, event, [], [show], order)
    rows, end = listing.page(connection, found, place, PAGE)
    return rows, lists.cursor(end) if end is not None else None


def _counts(connection: Connection, event: str) -> dict[str, int]:
    c = tables.candidates.c
    statement = select(c.state, func.count()).where(c.event_id == event).group_by(c.state)
    found: Row = dict(connection.execute(statement).all())
    return {state: found.get(state, 0) for state in STATES}


def _notices(connection: Connection, event: str) -> list[Row]:
    """Its notices, the newest first, each with what it said."""
    r = tables.event_revisions.c
    number = func.row_number().over(order_by=r.seq).label("number")
    named = (number, r.notice, r.stage, r.issued, r.received, r.place, r.document)
    statement = select(*named).where(r.event_id == event).order_by(r.seq.desc()).limit(100)
    found = []
    for row in connection.execute(statement).mappings():
        document = row["document"]
        found.append(
            {
                "number": row["number"],
                "notice": row["notice"],
                "stage": row["stage"],
                "issued": iso(row["issued"]),
                "late_s": _late_s(row["received"] - row["issued"]),
                "place": without_folder(row["place"]),
                "far_hz": document["far_hz"],
                "map": document["skymap_sha256"],
                "remarks": document["remarks"],
            }
        )
    return found


def _late_s(late_s: float) -> float | None:
    """How long after it was sent a notice came; None for one that was played again."""
    return late_s if 0.0 <= late_s < LATEST_S else None


def on_the_map(connection: Connection, event_id: str) -> tuple[Row | None, dict[str, Row]]:
    """The document of an event with a region, and of those others that are on its map."""
    row = stored.event_row(connection, event_id)
    if row is None or row["document"]["region"] is None:
        return None, {}
    pairs = queries.associations_(connection, event_id)
    associated = sorted({name for pair in pairs for name in (pair["first"], pair["second"])} - {event_id})
    names = regions.others(connection, row, associated)
    found = regions.documents(connection, names)
    return row["document"], {name: found[name] for name in names if name in found}


def _map(request: Request, document: Row, beside: dict[str, Row], rows: Sequence[Row]) -> Row:
    """What is laid over the pictures of the region."""
    frame = regions.kept(request, document).frame
    ra, dec = (np.array([row[name] for row in rows], dtype=np.float64) for name in ("ra", "dec"))
    marks = [_mark(row) for row in rows]
    part = [
        mark | {"x": place[0], "y": place[1]}
        for mark, place in zip(marks, skyview.marks_part(ra, dec, frame), strict=True)
        if place is not None
    ]
    whole = [mark | {"x": x, "y": y} for mark, (x, y) in zip(marks, skyview.marks_whole(ra, dec), strict=True)]
    return {
        "tag": regions.tag(document),
        "key": regions.picture_key(document, beside),
        "others": [{"name": name, "tag": regions.tag(other)} for name, other in beside.items()],
        "frame": frame,
        "whole": whole[::-1],
        "labels": skyview.hours(),
        "part": _labelled(part)[::-1],
        "outside": len(marks) - len(part),
    }


def _mark(row: Row) -> Row:
    return {
        "event": row["event"],
        "object": row["object"],
        "rank": row["rank"],
        "probability": row["probability"],
        "r": 4.0 + 4.0 * math.sqrt(row["probability"] or 0.0),
    }


def _labelled(marks: list[Row]) -> list[Row]:
    """Marks with the place of their number where one is free, the best first."""
    taken = [(mark["x"], mark["y"]) for mark in marks]
    shown = []
    for i, mark in enumerate(marks):
        label = None
        if i < LABELS and mark["rank"] is not None:
            for dx, dy in ((11.0, 4.0), (-11.0, 4.0), (0.0, -10.0), (0.0, 18.0), (13.0, -8.0), (-13.0, -8.0)):
                x, y = mark["x"] + dx, mark["y"] + dy
                if all(abs(x - a) > 9.0 or abs(y - 4.0 - b) > 9.0 for a, b in taken) and 8 < x < 492 and 12 < y < 496:
                    label = (round(x, 1), round(y, 1))
                    taken.append((x, y - 4.0))
                    break
        shown.append(mark | {"label": label})
    return shown


def _is_told(rows: Sequence[Row], term: str) -> bool:
    """Whether a term knows something of any of these candidates."""
    return any(row["terms"][term] is not None for row in rows)


def bars(terms: Row) -> list[Row]:
    """Each term with its bar: to the right where it speaks for the candidate, to the left where against."""
    found = []
    for name, value in terms.items():
        length = 0.0 if value is None else BAR * min(abs(value) / FULL, 1.0)
        found.append({"name": name, "value": value, "x": round(BAR - length, 1), "w": round(length, 1)})
        if value is not None and value > 0:
            found[-1]["x"] = BAR
    return found


def _nights(request: Request, document: Row, rows: Sequence[Row]) -> list[Row]:
    """Tonight at each site: how much of the region, and the best candidate."""
    kept = regions.kept(request, document)
    best = next((row for row in rows if row["rank"] is not None), None)
    place = (best["ra"], best["dec"]) if best is not None else None
    found = nights.rows(time.time(), place, (np.array(kept.ra), np.array(kept.dec), np.array(kept.weight)))
    return [row | {"best": best} for row in found]
