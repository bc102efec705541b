"""Objects and their detections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, RowMapping, and_, select

from coincidence import Alert, AlertBatch
from coincidence.objects import combine, told_times, versions
from skymaps import IntArray, healpix

from . import tables
from .bulk import Columns, Row, columns_of, floats, insert_new, nullable, select_in, upsert, within

_TEXT = {
    "id": "alert_id",
    "object_id": "id",
    "survey": "survey",
    "band": "band",
    "classification": "classification",
}
_NUMBERS = {
    "ra": "ra",
    "dec": "dec",
    "time": "last_seen",
    "flux_njy": "flux_njy",
    "flux_error_njy": "flux_error_njy",
    "first_seen": "first_seen",
    "last_unseen": "last_unseen",
    "n_detections": "n_detections",
    "reliability": "reliability",
    "star_score": "star_score",
    "star_distance_arcsec": "star_distance_arcsec",
    "solar_system_arcsec": "solar_system_arcsec",
    "redshift": "redshift",
    "redshift_error": "redshift_error",
    "distance_mpc": "distance_mpc",
}
RANGES = 400
"""No more HEALPix ranges than this in one query."""


def merge(connection: Connection, alerts: AlertBatch) -> AlertBatch:
    """Add alerts to the objects they belong to; the objects' new states, one row each."""
    known, known_told = of_ids(connection, sorted({str(i) for i in alerts.object_id}))
    states, told_at = combine(AlertBatch.concatenate([known, alerts]), np.concatenate([known_told, told_times(alerts)]))
    upsert(connection, tables.objects, _columns(states, told_at))
    insert_new(connection, tables.detections, _detections(alerts))
    return states


def add_history(connection: Connection, alerts: Iterable[Alert]) -> None:
    """Keep the earlier detections and non-detections that whole packets tell."""
    rows = [
        {
            "object_id": alert.object_id,
            "id": d.alert_id or f"{d.time.timestamp():.0f}/{d.band}/{'-' if d.flux_njy is None else '+'}",
            "time": d.time.timestamp(),
            "band": d.band,
            "flux_njy": d.flux_njy,
            "flux_error_njy": d.flux_error_njy,
            "limit_mag": d.limit_mag,
        }
        for alert in alerts
        for d in alert.history
    ]
    insert_new(connection, tables.detections, columns_of(rows))


def add_aliases(connection: Connection, alerts: Iterable[Alert]) -> None:
    """Keep the other names of objects that whole packets tell."""
    names = {(name, a.object_id) for a in alerts for name in a.aliases if name and name != a.object_id}
    rows = [{"alias": name, "id": object_id, "what": "object"} for name, object_id in sorted(names)]
    insert_new(connection, tables.aliases, columns_of(rows))


def aliases(connection: Connection, object_ids: Sequence[str]) -> dict[str, list[str]]:
    """Other names of objects, for those that have any."""
    a = tables.aliases.c
    out: dict[str, list[str]] = {}
    for row in select_in(
        connection, select(a.alias, a.id).where(a.what == "object").order_by(a.alias), a.id, object_ids
    ):
        out.setdefault(row["id"], []).append(row["alias"])
    return out


def of_ids(connection: Connection, ids: Sequence[str]) -> tuple[AlertBatch, Any]:
    """States of the objects with these ids, and when each was told what few packets tell."""
    found = list(select_in(connection, select(tables.objects), tables.objects.c.id, ids))
    return _batch(found), floats(row["told_at"] for row in found)


def in_region(connection: Connection, ranges: IntArray, start: float, end: float) -> AlertBatch:
    """Objects within HEALPix ranges that were seen in a time window.

    Parameters
    ----------
    ranges
        First and one past the last order-29 NESTED pixel. Shape (n, 2).
    start, end
        Unix seconds: last seen after the start, first seen before the end.
    """
    o = tables.objects.c
    seen = and_(o.last_seen >= start, o.first_seen <= end)
    found: list[RowMapping] = []
    for piece in range(0, len(ranges), RANGES):
        inside = within(*ranges[piece : piece + RANGES].T)
        found += connection.execute(select(tables.objects).where(seen, inside)).mappings()
    return _batch(found)


def light_curve(connection: Connection, object_id: str) -> list[Row]:
    """Detections and non-detections of an object, oldest first."""
    d = tables.detections
    rows = connection.execute(select(d).where(d.c.object_id == object_id).order_by(d.c.time, d.c.id)).mappings()
    return [dict(row) for row in rows]


def _columns(states: AlertBatch, told_at: Any) -> Columns:
    return {
        **{name: list(getattr(states, ours)) for ours, name in _TEXT.items()},
        **{name: nullable(getattr(states, ours)) for ours, name in _NUMBERS.items()},
        "hpx": healpix.pixel_at(states.ra, states.dec).tolist(),
        "told_at": nullable(told_at),
        "version": versions(states),
    }


def _batch(rows: Sequence[RowMapping]) -> AlertBatch:
    columns: dict[str, Any] = {}
    for ours, name in _TEXT.items():
        column = np.empty(len(rows), dtype=object)
        column[:] = [row[name] for row in rows]
        columns[ours] = column
    for ours, name in _NUMBERS.items():
        columns[ours] = floats(row[name] for row in rows)
    return AlertBatch(**columns, message=np.full(len(rows), -1, dtype=np.int64))


def _detections(alerts: AlertBatch) -> Columns:
    return {
        "object_id": list(alerts.object_id),
        "id": list(alerts.id),
        "time": alerts.time.tolist(),
        "band": list(alerts.band),
        "flux_njy": nullable(alerts.flux_njy),
        "flux_error_njy": nullable(alerts.flux_error_njy),
        "limit_mag": [None] * len(alerts),
    }
