"""Candidates: their newest score, every score they had, and what was told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, select, update

from coincidence import AlertBatch, Event
from coincidence.objects import versions
from coincidence.score import TERMS, Scores

from . import tables
from .bulk import Columns, Row, insert_new, nullable, select_in, upsert
from .objects import aliases

ACTIVE, VETOED, WITHDRAWN = "active", "vetoed", "withdrawn"
_HISTORY = (
    "event_id",
    "object_id",
    "event_notice",
    "object_version",
    "parameters",
    "state",
    "log_odds",
    "counterpart",
    *TERMS,
)
_TOLD = ("told_revision", "told_state", "told_log_odds", "told_rank", "told_id")


def save_scores(
    connection: Connection,
    event: Event,
    objects: AlertBatch,
    scores: Scores,
    chance_count: Any,
    parameters: str,
    now: float,
) -> None:
    """Write the scores of objects against one event: the newest as candidates, all of them as history."""
    columns = _columns(event, objects, scores, chance_count, parameters)
    upsert(connection, tables.candidates, columns)
    kept = {name: columns[name] for name in _HISTORY}
    insert_new(connection, tables.scores, kept | {"scored": [now] * len(objects)})


def _columns(event: Event, objects: AlertBatch, scores: Scores, chance_count: Any, parameters: str) -> Columns:
    n = len(objects)
    return {
        "event_id": [event.id] * n,
        "object_id": list(objects.object_id),
        "state": [VETOED if veto else ACTIVE for veto in scores.veto],
        "reason": list(scores.veto),
        "log_odds": nullable(scores.log_odds),
        "counterpart": list(scores.counterpart),
        **{name: nullable(scores.terms[name]) for name in TERMS},
        "credible_level": nullable(scores.credible_level),
        "credible_volume": nullable(scores.credible_volume),
        "probdensity": nullable(scores.probdensity),
        "chance_count": nullable(chance_count),
        "delay_s": nullable(scores.delay_s),
        "earliest_s": nullable(scores.earliest_s),
        "detail": _details(scores),
        "object_version": versions(objects),
        "event_notice": [event.notice] * n,
        "skymap_sha256": [event.skymap_sha256] * n,
        "parameters": [parameters] * n,
    }


def _details(scores: Scores) -> list[Row]:
    by_class = {name: nullable(values) for name, values in scores.by_class.items()}
    mpc, error = nullable(scores.event_mpc), nullable(scores.event_error_mpc)
    return [
        {
            "by_class": {name: values[i] for name, values in by_class.items()},
            "host": asdict(host) if host else None,
            "event_mpc": mpc[i],
            "event_error_mpc": error[i],
        }
        for i, host in enumerate(scores.host)
    ]


def withdraw(connection: Connection, event_id: str, object_ids: Sequence[str], reason: str) -> None:
    """Take candidates back: they keep their last score and say why they fell."""
    if object_ids:
        c = tables.candidates.c
        statement = (
            update(tables.candidates)
            .where(c.event_id == event_id, c.object_id == bindparam("fallen"))
            .values(state=WITHDRAWN, reason=reason)
        )
        connection.execute(statement, [{"fallen": object_id} for object_id in object_ids])


def standing(connection: Connection, event_id: str) -> list[str]:
    """Objects that are candidates of an event now, vetoed ones included."""
    c = tables.candidates.c
    found = select(c.object_id).where(c.event_id == event_id, c.state != WITHDRAWN)
    return list(connection.execute(found).scalars())


def events_of(connection: Connection, object_ids: Sequence[str]) -> dict[str, set[str]]:
    """For each event, those of the objects that are its candidates now."""
    c = tables.candidates.c
    statement = select(c.event_id, c.object_id).where(c.state != WITHDRAWN)
    out: dict[str, set[str]] = {}
    for row in select_in(connection, statement, c.object_id, object_ids):
        out.setdefault(row["event_id"], set()).add(row["object_id"])
    return out


def told_and_standing(connection: Connection, event_id: str) -> dict[str, np.ndarray[Any, Any]]:
    """What ranking and telling need of one event: every candidate that stands or was told, as columns."""
    c = tables.candidates.c
    names = ("object_id", "state", "log_odds", "told_state", "told_log_odds", "told_rank")
    relevant = (c.state == ACTIVE) | (c.told_state == ACTIVE)
    rows = connection.execute(select(*(c[n] for n in names)).where(c.event_id == event_id, relevant)).all()
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    text, numbers = names[:2] + names[3:4], (names[2], *names[4:])
    out = {name: np.array(columns[names.index(name)], dtype=object) for name in text}
    for name in numbers:
        out[name] = np.array([np.nan if v is None else v for v in columns[names.index(name)]], dtype=float)
    return out


def full_rows(connection: Connection, event_id: str, object_ids: Sequence[str]) -> list[Row]:
    """Candidates with their objects' columns (named ``object_...``), for messages and answers."""
    c, o = tables.candidates, tables.objects
    theirs = (column.label(f"object_{column.name}") for column in o.c if column.name not in ("id", "version"))
    statement = select(c, *theirs).join(o, o.c.id == c.c.object_id).where(c.c.event_id == event_id)
    names = aliases(connection, object_ids)
    rows = select_in(connection, statement, c.c.object_id, object_ids)
    return [dict(row) | {"object_aliases": names.get(row["object_id"], [])} for row in rows]


def mark_told(connection: Connection, event_id: str, rows: Sequence[Row]) -> None:
    """Remember what was published: rows with ``object_id`` and the ``told_...`` columns."""
    if rows:
        c = tables.candidates.c
        statement = (
            update(tables.candidates)
            .where(c.event_id == event_id, c.object_id == bindparam("whose"))
            .values({name: bindparam(f"b_{name}") for name in _TOLD})
        )
        values = [{"whose": row["object_id"]} | {f"b_{name}": row[name] for name in _TOLD} for row in rows]
        connection.execute(statement, values)
