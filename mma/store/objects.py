"""Objects and their detections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, RowMapping, and_, or_, select

from coincidence import Alert, AlertBatch
from coincidence.objects import combine, told_times, versions
from skymaps import IntArray, healpix

from . import tables
from .bulk import Row, floats, insert_new, nullable, select_in, upsert

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
    upsert(connection, tables.objects, _rows(states, told_at))
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
    insert_new(connection, tables.detections, rows)


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
        inside = or_(*(o.hpx.between(int(a), int(b) - 1) for a, b in ranges[piece : piece + RANGES]))
        found += connection.execute(select(tables.objects).where(seen, inside)).mappings()
    return _batch(found)


def light_curve(connection: Connection, object_id: str) -> list[Row]:
    """Detections and non-detections of an object, oldest first."""
    d = tables.detections
    rows = connection.execute(select(d).where(d.c.object_id == object_id).order_by(d.c.time, d.c.id)).mappings()
    return [dict(row) for row in rows]


def _rows(states: AlertBatch, told_at: Any) -> list[Row]:
    columns = {name: list(getattr(states, ours)) for ours, name in _TEXT.items()}
    columns |= {name: nullable(getattr(states, ours)) for ours, name in _NUMBERS.items()}
    columns["hpx"] = healpix.pixel_at(states.ra, states.dec).tolist()
    columns["told_at"] = nullable(told_at)
    columns["version"] = versions(states)
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _batch(rows: Sequence[RowMapping]) -> AlertBatch:
    columns: dict[str, Any] = {}
    for ours, name in _TEXT.items():
        column = np.empty(len(rows), dtype=object)
        column[:] = [row[name] for row in rows]
        columns[ours] = column
    for ours, name in _NUMBERS.items():
        columns[ours] = floats(row[name] for row in rows)
    return AlertBatch(**columns, message=np.full(len(rows), -1, dtype=np.int64))


def _detections(alerts: AlertBatch) -> list[Row]:
    columns = zip(
        alerts.object_id,
        alerts.id,
        alerts.time.tolist(),
        alerts.band,
        nullable(alerts.flux_njy),
        nullable(alerts.flux_error_njy),
        strict=True,
    )
    names = ("object_id", "id", "time", "band", "flux_njy", "flux_error_njy")
    return [{**dict(zip(names, row, strict=True)), "limit_mag": None} for row in columns]
