"""What is exported, out of the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from skymaps import Region

from ..answers import queries
from ..errors import ConfigError, NotFoundError
from ..messages import event_part, iso
from ..store import Store, event_of, maps, names, objects, select_in, tables
from ..store import events as stored
from .formats import Format, More

Row = dict[str, Any]

OBJECT = (
    "first_seen",
    "last_seen",
    "last_unseen",
    "n_detections",
    "flux_njy",
    "flux_error_njy",
    "redshift",
    "redshift_error",
)
"""Columns of an object that a candidate has besides those of the list of candidates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks for."""

    event: str
    """Exact id or alias."""

    limit: int | None = None
    min_probability: float | None = None
    everything: bool = False
    """Vetoed and withdrawn candidates too."""

    object_id: str | None = None
    """Only this object, by its id or alias."""

    level: float = 0.9
    """Credible level of a region, 0 to 1."""

    test: bool = False
    """The event may be a test even where that is refused."""

    raw: bool = False
    """CSV for programs: every text as it is."""

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise ConfigError(f"--limit {self.limit}: not a number of candidates")
        if self.min_probability is not None and not 0.0 <= self.min_probability <= 1.0:
            raise ConfigError(f"--min-probability {self.min_probability}: not a probability")
        if not 0.0 < self.level <= 1.0:
            raise ConfigError(f"--level {self.level}: a credible level is more than 0 and at most 1, such as 0.9")


def read(store: Store, form: Format, wanted: Wanted, now: datetime) -> tuple[Row, list[Row], More]:
    """The event, its candidates from the best on, and what else the format wants.

    Raises
    ------
    NotFoundError
        No such event, or no such object among its candidates.
    ConfigError
        A format that wants one object and was told none; a test event where that is refused.
    """
    if form.one_object and wanted.object_id is None:
        raise ConfigError("this format is about one object: name it with --object ID")
    with store.read() as connection:
        event = _event(connection, wanted.event)
        if form.telescopes and event["test"] and not wanted.test:
            raise ConfigError(f"{event['id']} is a test event: --test makes a draft of it nevertheless")
        if wanted.test and not event["test"]:
            raise ConfigError(f"{event['id']} is not a test event")
        candidates = _candidates(connection, event["id"], wanted, wanted.limit or form.limit)
        shown = [row["object"] for row in candidates] if form.light_curves else []
        more = More(
            now=now,
            level=wanted.level,
            raw=wanted.raw,
            region=_region(connection, event["id"]) if form.region else None,
            light_curves={name: objects.light_curve(connection, name) for name in shown},
        )
    return event, candidates, more


def _event(connection: Connection, name: str) -> Row:
    event_id = queries.event_id(connection, name)
    row = stored.event_row(connection, event_id)
    if row is None:
        raise NotFoundError(f"no event {event_id!r}")
    return event_part(row) | {
        "state": row["state"],
        "test": row["is_test"],
        "url": row["document"]["url"],
        "n_candidates": row["n_candidates"],
        "log_none": row["log_none"],
    }


def _region(connection: Connection, event_id: str) -> Region | None:
    row = stored.event_row(connection, event_id)
    return event_of(row["document"], maps.loader(connection)).region if row else None


def _candidates(connection: Connection, event_id: str, wanted: Wanted, limit: int | None) -> list[Row]:
    object_id = wanted.object_id and (names.resolve(connection, wanted.object_id, "object") or wanted.object_id)
    limit = None if object_id else limit
    rows = queries.candidates(connection, event_id, everything=wanted.everything, limit=limit)
    if object_id:
        rows = [row for row in rows if row["object"] == object_id]
        if not rows:
            more = "" if wanted.everything else " that stands; --all has vetoed and withdrawn ones too"
            raise NotFoundError(f"{wanted.object_id!r} is no candidate of {event_id}{more}")
    if wanted.min_probability is not None:
        rows = [row for row in rows if (row["probability"] or 0.0) >= wanted.min_probability]
    return _with_objects(connection, rows)


def _with_objects(connection: Connection, rows: list[Row]) -> list[Row]:
    """Candidates with what is known of their objects; times as ISO 8601."""
    ids = [row["object"] for row in rows]
    o = tables.objects.c
    statement = select(o.id, *(o[name] for name in OBJECT))
    found = {row["id"]: row for row in select_in(connection, statement, o.id, ids)}
    others = names.of_objects(connection, ids)
    out = []
    for row in rows:
        seen = found[row["object"]]
        facts = {name: iso(seen[name]) if name.endswith(("seen", "unseen")) else seen[name] for name in OBJECT}
        out.append(row | facts | {"aliases": others.get(row["object"], [])})
    return out
