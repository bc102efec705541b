"""Answers to what people ask of the store."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sqlalchemy import Connection, select, union_all

from coincidence.terms import TERMS

from ..errors import NotFoundError
from ..messages import ab_mag, ab_mag_error, aliases_of, iso
from ..store import (
    ACTIVE,
    WITHDRAWN,
    Row,
    associations,
    chances,
    count_of,
    groups,
    names,
    objects,
    resolve,
    tables,
    tags,
)
from .near import events_like, objects_like, or_rather
from .status import for_all as for_all
from .status import since as since
from .status import status as status
from .status import totals as totals
from .status import without_folder


def event_id(connection: Connection, name: str) -> str:
    """The event of an exact id or alias.

    Raises
    ------
    NotFoundError
        No such event; the message names those that begin alike.
    """
    found = resolve(connection, name)
    if found is None:
        near = or_rather(events_like(connection, name)) or "; see 'mma events'"
        raise NotFoundError(f"no event {name!r}{near}")
    return found


def events(connection: Connection, *, state: str | None = None, limit: int | None = None) -> list[Row]:
    """Events, the newest first."""
    e = tables.events
    statement = select(e).order_by(e.c.time.desc().nulls_last(), e.c.id).limit(limit)
    if state is not None:
        statement = statement.where(e.c.state == state)
    return [as_event(dict(row)) for row in connection.execute(statement).mappings()]


def as_event(row: Row) -> Row:
    """An event's row as it is shown."""
    document = row.pop("document")
    return {
        "id": row["id"],
        "aliases": aliases_of(document),
        "messenger": row["messenger"],
        "kind": row["kind"],
        "observatory": row["observatory"],
        "time": iso(row["time"]),
        "issued": iso(row["issued"]),
        "stage": row["stage"],
        "state": row["state"],
        "revision": row["revision"],
        "test": row["is_test"],
        "far_hz": row["far_hz"],
        "classes": document["classes"],
        "significance_sigma": document["significance_sigma"],
        "follows": document["follows"],
        "gamma": document.get("gamma"),
        "area50_deg2": row["area50_deg2"],
        "area90_deg2": row["area90_deg2"],
        "distance_mpc": row["distance_mpc"],
        "distance_error_mpc": row["distance_error_mpc"],
        "window": [iso(row["window_start"]), iso(row["window_end"])],
        "skymap_sha256": row["skymap_sha256"],
        "url": document["url"],
        "n_candidates": row["n_candidates"],
        "p_none": math.exp(-row["log_none"]),
        "remarks": document["remarks"],
    }


def event(connection: Connection, name: str) -> Row:
    """One event by exact id or alias, with the shape of its region, its notices and its associations.

    Notices are numbered from 1 on in the order in which they came.

    ``region`` is None where there is none, and where it is a map: that one is told by ``skymap_sha256``.

    Raises
    ------
    NotFoundError
        No such event.
    """
    found = event_id(connection, name)
    e, r = tables.events, tables.event_revisions.c
    row = dict(connection.execute(select(e).where(e.c.id == found)).mappings().one())
    region = row["document"]["region"]
    notices = select(r.notice, r.stage, r.issued, r.received, r.place).where(r.event_id == found).order_by(r.seq)
    told = aliases_of(row["document"])
    return as_event(row) | {
        "aliases": [*told, *(name for name in names.of_event(connection, found) if name not in told)],
        "region": None if region is None or region["type"] == "skymap" else region,
        "notices": [{"number": i} | _notice(dict(n)) for i, n in enumerate(connection.execute(notices).mappings(), 1)],
        "associations": paired(connection, found),
    }


def _notice(row: Row) -> Row:
    times = {name: iso(row[name]) for name in ("issued", "received")}
    return row | times | {"place": without_folder(row["place"])}


def candidates(connection: Connection, event: str, *, everything: bool = False, limit: int | None = None) -> list[Row]:
    """One event's candidates from the best on; with vetoed and withdrawn ones at the end, if wanted."""
    c, o = tables.candidates, tables.objects
    log_none = connection.execute(select(tables.events.c.log_none).where(tables.events.c.id == event)).scalar_one()
    statement = (
        select(c, o.c.survey, o.c.ra, o.c.dec, o.c.band, o.c.flux_njy, o.c.classification, tags.joined())
        .join(o, o.c.id == c.c.object_id)
        .where(c.c.event_id == event)
    )
    active = statement.where(c.c.state == ACTIVE).order_by(c.c.log_odds.desc(), c.c.object_id).limit(limit)
    rows = [dict(row) for row in connection.execute(active).mappings()]
    answer = [as_candidate(row, rank, log_none) for rank, row in enumerate(rows, start=1)]
    if everything:
        rest = statement.where(c.c.state != ACTIVE).order_by(c.c.state, c.c.object_id)
        rest = rest.limit(None if limit is None else limit - len(rows))
        answer += [as_candidate(dict(row), None, log_none) for row in connection.execute(rest).mappings()]
    measured = chances.of_event(connection, event, answer[0]["event_notice"]) if answer else None
    if measured is not None:
        told = chances.told(measured, (row["log_odds"] for row in answer))
        answer = [row | counted for row, counted in zip(answer, told, strict=True)]
    return answer


def candidate_row(connection: Connection, event: str, object_id: str) -> Row | None:
    """A candidate's state, odds and class, with its event's ``log_none``; None where there is none."""
    c, e = tables.candidates, tables.events
    statement = select(c.c.state, c.c.log_odds, c.c.counterpart, e.c.log_none).join(e, e.c.id == c.c.event_id)
    row = connection.execute(statement.where(c.c.event_id == event, c.c.object_id == object_id)).mappings().first()
    return None if row is None else dict(row)


def as_candidate(row: Row, rank: int | None, log_none: float) -> Row:
    """A candidate's row, with its object's columns, as it is shown; ``rank`` None: it does not stand."""
    detail = row["detail"]
    stands = rank is not None and row["log_odds"] is not None
    return {
        "event": row["event_id"],
        "object": row["object_id"],
        "survey": row["survey"],
        "ra": row["ra"],
        "dec": row["dec"],
        "state": row["state"],
        "reason": row["reason"],
        "rank": rank,
        "probability": math.exp(row["log_odds"] - log_none) if stands else None,
        "log_odds": row["log_odds"],
        "class": row["counterpart"],
        "terms": {name: row[name] for name in TERMS},
        "by_class": detail["by_class"],
        "chance_count": row["chance_count"],
        "chance_by": "sky",
        "credible_level": row["credible_level"],
        "credible_volume": row["credible_volume"],
        "delay_s": row["delay_s"],
        "earliest_s": row["earliest_s"],
        "mag": ab_mag(row["flux_njy"]),
        "band": row["band"],
        "classification": row["classification"],
        "host": detail["host"],
        "event_mpc": detail["event_mpc"],
        "event_error_mpc": detail["event_error_mpc"],
        "event_notice": row["event_notice"],
        "skymap_sha256": row["skymap_sha256"],
        "object_version": row["object_version"],
        "parameters": row["parameters"],
        "tags": tags.split(row["tags"]),
        "published": {"id": row["told_id"], "revision": row["told_revision"], "state": row["told_state"]},
    }


def history(connection: Connection, event: str, object_id: str) -> list[Row]:
    """Every score that a candidate had, oldest first."""
    s, c = tables.scores, tables.candidates
    both = [
        select(*(table.c[column.name] for column in s.c)).where(
            table.c.event_id == event, table.c.object_id == object_id
        )
        for table in (s, c)
    ]
    rows = connection.execute(union_all(*both).order_by("scored", "object_version")).mappings()
    return [dict(row) | {"scored": iso(row["scored"])} for row in rows]


def object_id(connection: Connection, name: str) -> str:
    """The object of an exact id or alias.

    Raises
    ------
    NotFoundError
        No such object.
    """
    found = resolve(connection, name, "object")
    if found is None:
        near = or_rather(objects_like(connection, name))
        raise NotFoundError(f"no object {name!r}{near}; 'mma cone' finds objects by position")
    return found


def object_(connection: Connection, name: str) -> Row:
    """An object with its light curve and every event it is a candidate of.

    Raises
    ------
    NotFoundError
        No such object.
    """
    its = object_id(connection, name)
    o, c, e = tables.objects, tables.candidates, tables.events
    row = dict(connection.execute(select(o).where(o.c.id == its)).mappings().one())
    touched = connection.execute(
        select(c.c.event_id, c.c.state, c.c.log_odds, c.c.reason, e.c.log_none)
        .join(e, e.c.id == c.c.event_id)
        .where(c.c.object_id == its)
        .order_by(c.c.event_id)
    ).mappings()
    return as_object(row) | {
        "aliases": names.of_objects(connection, [its]).get(its, []),
        "light_curve": [as_measurement(row) for row in objects.light_curve(connection, its)],
        "events": [
            {
                "event": t["event_id"],
                "state": t["state"],
                "reason": t["reason"],
                "log_odds": t["log_odds"],
                "probability": math.exp(t["log_odds"] - t["log_none"]) if t["state"] == ACTIVE else None,
            }
            for t in touched
        ],
    }


def as_measurement(row: Row) -> Row:
    """A detection or non-detection as it is shown: with the AB magnitude of what is positive, and its error."""
    flux, error = row["flux_njy"], row["flux_error_njy"]
    return row | {"time": iso(row["time"]), "mag": ab_mag(flux), "mag_error": ab_mag_error(flux, error)}


def as_object(row: Row) -> Row:
    """An object's row as it is shown."""
    shown = dict(row)
    for name in ("hpx", "told_at", "placed_at", "version", "whole"):
        shown.pop(name, None)
    for name in ("first_seen", "last_seen", "last_unseen"):
        shown[name] = iso(row[name])
    shown["n_detections"] = count_of(row["n_detections"])
    shown["mag"] = ab_mag(row["flux_njy"])
    return shown


def separation_deg(ra: float, dec: float, ras: Any, decs: Any) -> Any:
    """Angle between a position and others, by Vincenty's formula, right at all angles."""
    a, b, c, d = np.radians(ra), np.radians(dec), np.radians(ras), np.radians(decs)
    x = np.cos(b) * np.sin(d) - np.sin(b) * np.cos(d) * np.cos(c - a)
    y = np.cos(d) * np.sin(c - a)
    z = np.sin(b) * np.sin(d) + np.cos(b) * np.cos(d) * np.cos(c - a)
    return np.degrees(np.arctan2(np.hypot(x, y), z))


def associations_(connection: Connection, event: str | None = None) -> list[Row]:
    """Associations that stand, the most significant first."""
    rows = [row for row in associations.of_event(connection, event) if row["state"] != WITHDRAWN]
    rows.sort(key=lambda row: (_joint_far(row), row["first"], row["second"]))
    hidden = ("changed", "told_id", "told_revision")
    return [{name: value for name, value in row.items() if name not in hidden} for row in rows]


def paired(connection: Connection, event: str | None = None) -> list[Row]:
    """Associations that stand, each with the id of the group that holds both events; None where none does."""
    together = groups.listing(connection, event)
    return [row | {"group": _group_of(row, together)} for row in associations_(connection, event)]


def _group_of(pair: Row, together: list[Row]) -> str | None:
    both = {pair["first"], pair["second"]}
    return next((group["id"] for group in together if both <= set(group["members"])), None)


def _joint_far(row: Row) -> float:
    """Joint false-alarm rate to sort by: with the sky where it is known, infinite for regions that do not meet."""
    if row["overlap"] is not None and row["far_spacetime_hz"] is None:
        return math.inf
    known = (row["far_spacetime_hz"], row["far_temporal_hz"])
    return next((far for far in known if far is not None), math.inf)
