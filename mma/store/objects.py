"""Objects and their detections."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, and_, func, select

from coincidence import AlertBatch
from coincidence.objects import combine, never_detected, told_times, versions
from skymaps import FloatArray, IntArray, healpix

from ..alerts import Histories
from ..errors import ConflictError
from . import tables
from .bulk import Columns, Row, among, count_of, floats, insert_new, nullable, select_in, upsert, within

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
    "position_error_arcsec": "position_error_arcsec",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of some objects before their newest alerts."""

    states: AlertBatch
    told_at: FloatArray
    placed_at: FloatArray
    whole: frozenset[str]
    """Objects whose history is stored, as a packet told it."""

    version: dict[str, str]
    """Object id to version."""

    def first_seen(self, alerts: AlertBatch) -> FloatArray:
        """First detection that the alerts or their objects' states tell; NaN where neither does. Shape (n,)."""
        return np.asarray(np.fmin(alerts.first_seen, self._of(alerts, self._first)), dtype=np.float64)

    def tell_all(self, alerts: AlertBatch) -> npt.NDArray[np.bool_]:
        """Where the history in an alert's packet can add nothing: another packet's is known, it reached to before
        the first detection, and this packet tells of no earlier one. Shape (n,)."""
        is_whole = np.array([name in self.whole for name in alerts.object_id], dtype=np.bool_)
        unseen = self._of(alerts, self.states.last_unseen)
        first = self._of(alerts, self._first)
        earlier = np.fmin(alerts.first_seen, alerts.time) < first - 1.0
        return np.asarray(is_whole & np.isfinite(unseen + first) & ~earlier)

    @property
    def _first(self) -> FloatArray:
        """First detections of the states, NaN for those that were never detected."""
        return np.where(never_detected(self.states), np.nan, self.states.first_seen)

    def renamed(self, ids: Mapping[str, str]) -> Known:
        """The same with other ids for some; one that two have then is new, unless it was there itself."""
        column = np.empty(len(self.states), dtype=object)
        column[:] = [ids.get(name, name) for name in self.states.object_id]
        return replace(
            self,
            states=replace(self.states, object_id=column),
            whole=frozenset(ids.get(name, name) for name in self.whole),
            version={name: version for name, version in self.version.items() if name not in ids},
        )

    def _of(self, alerts: AlertBatch, values: FloatArray) -> FloatArray:
        """A column of the states, for each alert its object's; NaN where the object is new."""
        by_name = dict(zip(self.states.object_id, values.tolist(), strict=True))
        return np.array([by_name.get(name, np.nan) for name in alerts.object_id], dtype=np.float64)


def known(connection: Connection, alerts: AlertBatch, more: Iterable[str] = ()) -> Known:
    """The objects of these alerts, and ``more``, as they are stored; no other worker changes them until the transaction
    ends."""
    o = tables.objects
    ids = sorted({*map(str, alerts.object_id), *more})
    statement = select(o).where(among(connection, o.c.id, ids)).order_by(o.c.id).with_for_update()
    found = connection.execute(statement).all()
    return Known(
        states=_batch(found),
        told_at=floats(row.told_at for row in found),
        placed_at=floats(row.last_seen if row.placed_at is None else row.placed_at for row in found),
        whole=frozenset(row.id for row in found if row.whole),
        version={row.id: row.version for row in found},
    )


def merge(
    connection: Connection, alerts: AlertBatch, before: Known | None = None, whole: Iterable[str] = ()
) -> AlertBatch:
    """Add alerts to the objects they belong to; the new states of those that changed, one row each.

    Parameters
    ----------
    before
        The objects as they are stored, where the caller has them already.
    whole
        Objects whose history these alerts tell.

    Raises
    ------
    ConflictError
        Another worker stored one of the new objects meanwhile: the transaction has to begin again.
    """
    before = before or known(connection, alerts)
    told = np.concatenate([before.told_at, told_times(alerts)])
    placed = np.concatenate([before.placed_at, alerts.time])
    states, told_at, placed_at = combine(AlertBatch.concatenate([before.states, alerts]), told, placed)
    is_whole = before.whole.union(whole)
    columns = _columns(states, told_at, placed_at) | {"whole": [name in is_whole for name in states.object_id]}
    is_new = np.array([name not in before.version for name in states.object_id], dtype=np.bool_)
    _write(connection, columns, is_new)
    changed = np.array(
        [before.version.get(name) != v for name, v in zip(states.object_id, columns["version"], strict=True)],
        dtype=np.bool_,
    )
    same = frozenset(states.object_id[~changed])
    more = _with_new_points(connection, alerts, same) if same else frozenset()
    insert_new(connection, tables.detections, _detections(alerts))
    changed |= np.array([name in more for name in states.object_id], dtype=np.bool_)
    return states.take(changed)


def _with_new_points(connection: Connection, alerts: AlertBatch, same: frozenset[str]) -> frozenset[str]:
    """Of objects whose state stays as it was: those of which one of the alerts is not stored yet."""
    d = tables.detections.c
    ids = sorted({str(alert) for alert, name in zip(alerts.id, alerts.object_id, strict=True) if name in same})
    wanted = select(d.object_id, d.id).where(among(connection, d.id, ids, "also"))
    rows = select_in(connection, wanted, d.object_id, sorted(same))
    stored = {(row["object_id"], row["id"]) for row in rows}
    told = zip(alerts.object_id, alerts.id, strict=True)
    return frozenset(name for name, alert in told if name in same and (name, alert) not in stored)


def sample(connection: Connection, n: int) -> tuple[AlertBatch, float]:
    """About n objects, evenly and always the same ones; and the share of all that they are."""
    o = tables.objects
    whole = connection.execute(select(func.count()).select_from(o)).scalar_one()
    statement = select(o).order_by(o.c.id)
    share = min(1.0, n / max(whole, 1))
    if share < 1.0:
        statement = statement.where(o.c.version < f"{int(share * 0xFFFF):04x}")  # versions are hashes: even numbers
    found = _batch(connection.execute(statement).all())
    return found, len(found) / max(whole, 1)


def _write(connection: Connection, columns: Columns, is_new: npt.NDArray[np.bool_]) -> None:
    def chosen(which: npt.NDArray[np.bool_]) -> Columns:
        rows = np.flatnonzero(which).tolist()
        return {name: [values[i] for i in rows] for name, values in columns.items()}

    upsert(connection, tables.objects, chosen(~is_new))
    if insert_new(connection, tables.objects, chosen(is_new)) != int(is_new.sum()):
        raise ConflictError("another worker stored the same object")


def in_order(connection: Connection, ids: Sequence[str]) -> AlertBatch:
    """Stored objects by id, in the order asked for, each as often as asked for."""
    if not ids:
        return AlertBatch.empty()
    o = tables.objects
    rows = connection.execute(select(o).where(among(connection, o.c.id, sorted(set(ids))))).all()
    found = {row.id: row for row in rows}
    return _batch([found[name] for name in ids])


def add_history(connection: Connection, found: Histories) -> None:
    """Keep the earlier detections and non-detections that packets tell."""
    p = found.points
    bands, is_seen = p.band.tolist(), (~np.isnan(p.flux_njy)).tolist()
    told = zip(p.alert_id.tolist(), np.rint(p.time).astype(np.int64).tolist(), bands, is_seen, strict=True)
    columns = {
        "object_id": found.object_id[p.owner].tolist(),
        "id": [name or f"{second}/{band}/{'+' if seen else '-'}" for name, second, band, seen in told],
        "time": p.time.tolist(),
        "band": bands,
        "flux_njy": nullable(p.flux_njy),
        "flux_error_njy": nullable(p.flux_error_njy),
        "limit_mag": nullable(p.limit_mag),
    }
    insert_new(connection, tables.detections, columns)


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
    found: list[Any] = []
    for piece in range(0, len(ranges), RANGES):
        inside = within(*ranges[piece : piece + RANGES].T)
        found += connection.execute(select(tables.objects).where(seen, inside)).all()
    return _batch(found)


_SHOWN_TEXT = ("survey", "band")
_SHOWN = tuple(
    (name, f"object_{_NUMBERS[name]}")
    for name in ("ra", "dec", "first_seen", "time", "last_unseen", "n_detections", "flux_njy", "flux_error_njy")
)


def as_row(states: AlertBatch, i: int) -> Row:
    """What messages say of one object, named ``object_...`` as the table's columns are."""
    row: Row = {f"object_{name}": getattr(states, name)[i] for name in _SHOWN_TEXT}
    for ours, name in _SHOWN:
        value = float(getattr(states, ours)[i])
        row[name] = value if math.isfinite(value) else None
    row["object_n_detections"] = count_of(row["object_n_detections"])
    return row


def light_curve(connection: Connection, object_id: str) -> list[Row]:
    """Detections and non-detections of an object, oldest first."""
    d = tables.detections
    rows = connection.execute(select(d).where(d.c.object_id == object_id).order_by(d.c.time, d.c.id)).mappings()
    return [dict(row) for row in rows]


def _columns(states: AlertBatch, told_at: FloatArray, placed_at: FloatArray) -> dict[str, Sequence[Any]]:
    return {
        **{name: list(getattr(states, ours)) for ours, name in _TEXT.items()},
        **{name: nullable(getattr(states, ours)) for ours, name in _NUMBERS.items()},
        "hpx": healpix.pixel_at(states.ra, states.dec).tolist(),
        "told_at": nullable(told_at),
        "placed_at": nullable(np.where(placed_at == states.time, np.nan, placed_at)),
        "version": versions(states),
    }


def _batch(rows: Sequence[Any]) -> AlertBatch:
    """Whole rows of the table as columns."""
    of = dict(zip(tables.objects.c.keys(), zip(*rows, strict=True), strict=True)) if rows else {}
    columns: dict[str, Any] = {}
    for ours, name in _TEXT.items():
        column = np.empty(len(rows), dtype=object)
        column[:] = of.get(name, ())
        columns[ours] = column
    for ours, name in _NUMBERS.items():
        columns[ours] = np.array(of.get(name, ()), dtype=np.float64)
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
