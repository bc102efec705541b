"""Candidates: their newest score, every score they had, and what was told of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, select, update

from coincidence import AlertBatch, Event
from coincidence.evidence import Evidence
from coincidence.objects import versions
from coincidence.pairs import Pairs
from coincidence.score import Scores
from coincidence.terms import TERMS
from skymaps import FloatArray

from . import tables
from .bulk import Columns, Row, among, as_json, insert_new, nullable, select_in, upsert

ACTIVE, VETOED, WITHDRAWN = "active", "vetoed", "withdrawn"
Key = tuple[str, str]
"""Event id and object id."""

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
    "scored",
)
_OF = ("event_notice", "object_version", "parameters")
"""What a score of a candidate is a function of."""

TOLD = ("told_revision", "told_state", "told_log_odds", "told_id")
_STOOD = (*_HISTORY, "delay_s", "earliest_s", "detail", *TOLD)


def save(connection: Connection, columns: Columns, before: Sequence[Row], scored: Sequence[float]) -> None:
    """Write scores as candidates; those that stood ``before`` them, row by row, go to the history.

    Parameters
    ----------
    scored
        When each was scored, Unix seconds.
    """
    if not scored:
        return
    upsert(connection, tables.candidates, {**columns, "scored": scored})
    now_scored = zip(*(columns[name] for name in _OF), strict=True)
    pairs = zip(before, now_scored, strict=True)
    earlier = [row for row, key in pairs if row["scored"] is not None and tuple(row[n] for n in _OF) != key]
    insert_new(connection, tables.scores, {name: [row[name] for row in earlier] for name in _HISTORY})


def columns_of(
    events: Sequence[Event],
    objects: AlertBatch,
    pairs: Pairs,
    scores: Scores,
    chance_count: FloatArray,
    evidence: Evidence,
    parameters: str,
) -> dict[str, Sequence[Any]]:
    """Scores as the table has them, without what was told: one row a pair.

    Parameters
    ----------
    events
        ``pairs.event`` counts in them.
    objects
        ``pairs.alert`` counts in them.
    evidence
        What else was known of the objects.
    parameters
        Id of the parameter set.
    """
    version = _known(events, objects, pairs, evidence)
    of_event = pairs.event.tolist()
    return {
        "event_id": [events[i].id for i in of_event],
        "object_id": list(objects.object_id[pairs.alert]),
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
        "object_version": version,
        "event_notice": [events[i].notice for i in of_event],
        "skymap_sha256": [events[i].skymap_sha256 for i in of_event],
        "parameters": [parameters] * len(pairs),
    }


def _known(events: Sequence[Event], objects: AlertBatch, pairs: Pairs, evidence: Evidence) -> list[str]:
    """A short hash of what was known of each pair's object: its state, light curve, classifiers, verdicts."""
    state, curve = versions(objects), evidence.curves.digests(len(objects))
    said = evidence.classified.digests(len(objects))
    of_object = [_short(*parts) if any(parts[1:]) else parts[0] for parts in zip(state, curve, said, strict=True)]
    out = [of_object[row] for row in pairs.alert.tolist()]
    if judged := evidence.verdicts.by_pair():
        for i, (row, event) in enumerate(zip(pairs.alert.tolist(), pairs.event.tolist(), strict=True)):
            word = judged.get((events[event].id, objects.object_id[row]))
            out[i] = out[i] if word is None else _short(out[i], *map(str, word))
    return out


def _short(*parts: str) -> str:
    return hashlib.blake2b("|".join(parts).encode(), digest_size=6).hexdigest()


def _details(scores: Scores) -> list[str]:
    """Odds by class, host and the event's distance there, as JSON text: the same record for each of very many rows."""
    by_class = {name: _numbers(values) for name, values in scores.by_class.items()}
    known = [(~np.isnan(values)).tolist() for values in scores.by_class.values()]
    classes = [
        ",".join(f'"{name}":{text}' for name, text, k in zip(by_class, texts, knows, strict=True) if k)
        for texts, knows in zip(zip(*by_class.values(), strict=True), zip(*known, strict=True), strict=True)
    ]
    hosts = ["null" if host is None else as_json(asdict(host)) for host in scores.host]
    distances = (_numbers(scores.event_mpc), _numbers(scores.event_error_mpc))
    return [
        f'{{"by_class":{{{odds}}},"host":{host},"event_mpc":{mpc},"event_error_mpc":{error}}}'
        for odds, host, mpc, error in zip(classes, hosts, *distances, strict=True)
    ]


def _numbers(values: FloatArray) -> list[str]:
    """JSON numbers; null where there is none."""
    return as_json(values.tolist())[1:-1].split(",") if len(values) else []


def withdraw(connection: Connection, fallen: Sequence[Row]) -> None:
    """Take candidates back: they keep their last score and say why they fell.

    Parameters
    ----------
    fallen
        Rows with ``event_id``, ``object_id``, ``reason`` and what was told (``TOLD``).
    """
    if fallen:
        c = tables.candidates.c
        statement = (
            update(tables.candidates)
            .where(c.event_id == bindparam("b_event"), c.object_id == bindparam("b_object"))
            .values(state=WITHDRAWN, reason=bindparam("b_reason"), **{name: bindparam(f"b_{name}") for name in TOLD})
        )
        values = [
            {"b_event": row["event_id"], "b_object": row["object_id"], "b_reason": row["reason"]}
            | {f"b_{name}": row[name] for name in TOLD}
            for row in sorted(fallen, key=lambda row: (row["event_id"], row["object_id"]))
        ]
        connection.execute(statement, values)


def row_of(connection: Connection, event_id: str, object_id: str) -> Row:
    """The whole row of a candidate that there is."""
    c = tables.candidates.c
    statement = select(tables.candidates).where(c.event_id == event_id, c.object_id == object_id)
    return dict(connection.execute(statement).mappings().one())


def mark_told(connection: Connection, event_id: str, object_id: str, told: Row) -> None:
    """Remember what was told of a candidate (``TOLD``)."""
    c = tables.candidates.c
    which = (c.event_id == event_id) & (c.object_id == object_id)
    connection.execute(update(tables.candidates).where(which).values({name: told[name] for name in TOLD}))


def of_objects(connection: Connection, object_ids: Sequence[str]) -> dict[Key, Row]:
    """Candidates of objects, withdrawn ones included: what stood and what was told."""
    c = tables.candidates.c
    statement = select(*(c[name] for name in _STOOD))
    rows = select_in(connection, statement, c.object_id, object_ids)
    return {(row["event_id"], row["object_id"]): dict(row) for row in rows}


def of_event(connection: Connection, event_id: str) -> dict[Key, Row]:
    """Candidates of an event, withdrawn ones included: what stood and what was told."""
    c = tables.candidates.c
    rows = connection.execute(select(*(c[name] for name in _STOOD)).where(c.event_id == event_id)).mappings()
    return {(event_id, row["object_id"]): dict(row) for row in rows}


def standing_odds(connection: Connection, event_ids: Iterable[str]) -> Mapping[str, FloatArray]:
    """Log odds of the candidates of events that stand, in rising order."""
    c = tables.candidates.c
    odds: dict[str, list[float]] = {event_id: [] for event_id in event_ids}
    if not odds:
        return {}
    stands = (c.state == ACTIVE) & among(connection, c.event_id, sorted(odds))
    for event_id, log_odds in connection.execute(select(c.event_id, c.log_odds).where(stands)).all():
        odds[event_id].append(log_odds)
    return {event_id: np.sort(np.array(values, dtype=np.float64)) for event_id, values in odds.items()}
