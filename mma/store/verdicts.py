"""What people say of candidates: appended, never changed; the newest word stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from coincidence.evidence import AMBIGUOUS, CONFIRMED, PENDING, REJECTED, Verdicts

from ..messages import iso
from . import tables
from .bulk import Row, select_in

STATUSES = (PENDING, CONFIRMED, AMBIGUOUS, REJECTED)
NO_CLASS = "none"
"""The word that takes a spectral class back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One word about one candidate."""

    event_id: str
    object_id: str
    status: str | None = None
    """One of ``STATUSES``; None: it stays what it was, and this is a comment."""

    spectral_class: str | None = None
    """As the one who judged wrote it: ``SN Ia``."""

    who: str | None = None
    why: str | None = None
    time: float
    """When it was said, Unix seconds."""


def save(connection: Connection, verdict: Verdict, stood: Row | None) -> None:
    """Append a verdict, with how the candidate stood when it was judged."""
    row = {
        "event_id": verdict.event_id,
        "object_id": verdict.object_id,
        "status": verdict.status or standing(connection, verdict.event_id, verdict.object_id),
        "class": verdict.spectral_class,
        "who": verdict.who,
        "why": verdict.why,
        "time": verdict.time,
    }
    facts = {name: stood[name] if stood else None for name in ("log_odds", "probability", "counterpart")}
    connection.execute(tables.verdicts.insert(), row | facts)


def standing(connection: Connection, event_id: str, object_id: str) -> str:
    """The newest status of a candidate; pending where nobody has judged it."""
    v = tables.verdicts.c
    said = select(v.status).where(v.event_id == event_id, v.object_id == object_id)
    newest = connection.execute(said.order_by(v.time.desc(), v.seq.desc()).limit(1)).scalar()
    return PENDING if newest is None else str(newest)


def of_objects(connection: Connection, object_ids: Sequence[str], event_ids: Sequence[str]) -> Verdicts:
    """What stands of these objects as candidates of these events.

    A spectral class holds for the object, whatever the event; the status for its event alone. The newest word stands.
    """
    v = tables.verdicts.c
    rows = [dict(row) for row in select_in(connection, select(tables.verdicts), v.object_id, object_ids)]
    if not rows:
        return Verdicts.none()
    rows.sort(key=lambda row: (row["time"], row["seq"]))
    status = {(row["event_id"], row["object_id"]): row["status"] for row in rows}
    spectral = {row["object_id"]: row["class"] for row in rows if row["class"]}
    spectral = {name: text for name, text in spectral.items() if text.strip().casefold() != NO_CLASS}
    pairs = sorted({(event, name) for event in event_ids for name in spectral} | status.keys())
    return Verdicts.from_rows(
        {
            "event_id": event,
            "object_id": name,
            "status": status.get((event, name), PENDING),
            "spectral_class": spectral.get(name),
        }
        for event, name in pairs
    )


def listing(connection: Connection, event_id: str | None = None) -> list[Row]:
    """Verdicts, the newest first."""
    statement = select(tables.verdicts)
    if event_id is not None:
        statement = statement.where(tables.verdicts.c.event_id == event_id)
    order = tables.verdicts.c.time.desc(), tables.verdicts.c.seq.desc()
    return [dict(row) for row in connection.execute(statement.order_by(*order)).mappings()]


def shown(row: Row) -> Row:
    """A verdict as it is told to others."""
    return {
        "event": row["event_id"],
        "object": row["object_id"],
        "status": row["status"],
        "spectral_class": row["class"],
        "who": row["who"],
        "why": row["why"],
        "time": iso(row["time"]),
        "probability_then": row["probability"],
    }


def judged(connection: Connection) -> list[Row]:
    """Candidates that were confirmed or rejected while they stood: class, probability then, and which it was."""
    newest: dict[tuple[str, str], Row] = {}
    for row in reversed(listing(connection)):
        newest[row["event_id"], row["object_id"]] = row
    said = [row for row in newest.values() if row["status"] in (CONFIRMED, REJECTED) and row["probability"] is not None]
    return [
        {"counterpart": row["counterpart"], "probability": row["probability"], "confirmed": row["status"] == CONFIRMED}
        for row in said
    ]
