"""Which stored objects may be the source of an alert: by their names, and by their places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, delete, select, text, update

from coincidence.names import folded, numbered
from skymaps import FloatArray, IntArray, healpix
from skymaps.region import ORDER_MAX

from . import tables
from .bulk import Row, as_json, insert_new, select_in
from .names import OBJECT

ARCSEC = np.pi / 180.0 / 3600.0
_SQLITE = """SELECT r.value ->> 2 AS row, o.id FROM json_each(:ranges) AS r
CROSS JOIN objects AS o ON o.hpx BETWEEN r.value ->> 0 AND r.value ->> 1 {also}"""
_POSTGRESQL = """SELECT (r.value ->> 2)::bigint AS row, o.id FROM json_array_elements(CAST(:ranges AS json)) AS r
CROSS JOIN LATERAL (
    SELECT id FROM objects WHERE hpx BETWEEN (r.value ->> 0)::bigint AND (r.value ->> 1)::bigint {also}
) AS o"""
_UNCERTAIN = "AND position_error_arcsec IS NOT NULL"
_IN_RANGES = {  # made once: what a statement is made of stays in memory until Python looks for cycles
    (dialect, also): text(words.format(also=also))
    for dialect, words in (("sqlite", _SQLITE), ("postgresql", _POSTGRESQL))
    for also in ("", _UNCERTAIN)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A stored object, as far as it matters for who it is."""

    id: str
    survey: str
    ra: float
    dec: float
    error_arcsec: float
    """Of its position; 0 where it is small."""

    moves: bool
    surveys: frozenset[str]
    """Whose names it has."""


def named(connection: Connection, own: Iterable[str], told: Iterable[str]) -> dict[str, set[str]]:
    """For each name the ids of the objects that have it; names without any are left out.

    Parameters
    ----------
    own
        Ids that no stored object has.
    told
        What packets call objects: ids or other names of stored objects.
    """
    wanted = {name: {name, *numbered(name)} for name in told}
    out: dict[str, set[str]] = {}
    if wanted:
        o = tables.objects.c
        ids = {row["id"] for row in select_in(connection, select(o.id), o.id, sorted(set().union(*wanted.values())))}
        out = {name: ids & words for name, words in wanted.items() if ids & words}
    keys: dict[str, list[str]] = {}
    for name in {*own, *wanted}:
        keys.setdefault(folded(name), []).append(name)
    a = tables.aliases.c
    for row in select_in(connection, select(a.key, a.id).where(a.what == OBJECT), a.key, sorted(keys)):
        for name in keys[row["key"]]:
            out.setdefault(name, set()).add(row["id"])
    return out


def near(connection: Connection, ra: FloatArray, dec: FloatArray, radius_arcsec: float) -> list[tuple[int, str]]:
    """Index of a place, and the id of an object that is about this near; a few that are farther come, too.

    Parameters
    ----------
    ra, dec
        ICRS degrees. Shape (n,).
    """
    return _in_ranges(connection, ra, dec, radius_arcsec, "")


def near_uncertain(
    connection: Connection, ra: FloatArray, dec: FloatArray, radius_arcsec: float
) -> list[tuple[int, str]]:
    """The same of objects whose positions have an error that is told."""
    o = tables.objects.c
    if connection.execute(select(o.id).where(o.position_error_arcsec.is_not(None)).limit(1)).first() is None:
        return []
    return _in_ranges(connection, ra, dec, radius_arcsec, _UNCERTAIN)


def _in_ranges(
    connection: Connection, ra: FloatArray, dec: FloatArray, radius_arcsec: float, also: str
) -> list[tuple[int, str]]:
    row, first, last = cells_about(ra, dec, radius_arcsec)
    ranges = np.stack([first, last, row], axis=1).tolist()
    if not ranges:
        return []
    statement = _IN_RANGES[connection.dialect.name, also]
    return [(int(at), name) for at, name in connection.execute(statement, {"ranges": as_json(ranges)})]


def cells_about(ra: FloatArray, dec: FloatArray, radius_arcsec: float) -> tuple[IntArray, IntArray, IntArray]:
    """Cells that discs of this radius touch: index of the disc, first and last order-29 pixel. Shape (m,) each.

    A disc that is eight times smaller than a cell touches no cell but those of its centre and of the corners of the
    square around it.
    """
    order = min(int(np.log2(0.125 / (radius_arcsec * ARCSEC))), 20)
    step = radius_arcsec * ARCSEC
    east, north = step * np.array([0.0, -1.0, -1.0, 1.0, 1.0]), step * np.array([0.0, -1.0, 1.0, -1.0, 1.0])
    a, d = np.radians(ra)[:, None], np.radians(dec)[:, None]
    level = np.cos(d) - north * np.sin(d)
    x, y = level * np.cos(a) - east * np.sin(a), level * np.sin(a) + east * np.cos(a)
    lon, lat = (
        np.degrees(np.arctan2(y, x)) % 360.0,
        np.degrees(np.arctan2(np.sin(d) + north * np.cos(d), np.hypot(x, y))),
    )
    pixel = np.sort(healpix.pixel_at(lon.ravel(), lat.ravel(), order).reshape(len(ra), -1), axis=1)
    first = np.concatenate([np.ones((len(ra), 1), dtype=np.bool_), np.diff(pixel, axis=1) > 0], axis=1)
    row, each = np.nonzero(first)
    shift = 2 * (ORDER_MAX - order)
    lower = pixel[row, each] << shift
    return row, lower, lower + (1 << shift) - 1


def stored(connection: Connection, ids: Iterable[str]) -> dict[str, Stored]:
    """Stored objects by id, with the surveys whose names they have."""
    wanted = sorted(set(ids))
    o, a = tables.objects.c, tables.aliases.c
    surveys: dict[str, set[str]] = {}
    told = select(a.id, a.survey).where(a.what == OBJECT, a.survey.is_not(None)).distinct()
    for row in select_in(connection, told, a.id, wanted):
        surveys.setdefault(row["id"], set()).add(row["survey"])
    statement = select(o.id, o.survey, o.ra, o.dec, o.position_error_arcsec, o.solar_system_arcsec)
    return {
        row["id"]: Stored(
            id=row["id"],
            survey=row["survey"],
            ra=row["ra"],
            dec=row["dec"],
            error_arcsec=row["position_error_arcsec"] or 0.0,
            moves=row["solar_system_arcsec"] is not None,
            surveys=frozenset(surveys.get(row["id"], {row["survey"]}) | {row["survey"]}),
        )
        for row in select_in(connection, statement, o.id, wanted)
    }


def join(connection: Connection, joined: Mapping[str, str]) -> None:
    """Give what is stored of some objects to others, which are the same sources; the first are gone then.

    Parameters
    ----------
    joined
        Id of an object to the id that it becomes.
    """
    for old, new in sorted(joined.items()):
        for table in (tables.detections, tables.classifications, tables.tags, tables.aliases):
            key = table.c.id if table is tables.aliases else table.c.object_id
            _move(connection, table, key, old, new)
        v = tables.verdicts
        connection.execute(update(v).where(v.c.object_id == old).values(object_id=new))
        connection.execute(delete(tables.objects).where(tables.objects.c.id == old))


def _move(connection: Connection, table: Any, key: Any, old: str, new: str) -> None:
    """Rows of one object to another; what the other has already stays as it has it."""
    rows: list[Row] = [
        dict(row) | {key.name: new} for row in connection.execute(select(table).where(key == old)).mappings()
    ]
    if rows:
        insert_new(connection, table, {name: [row[name] for row in rows] for name in rows[0]})
        connection.execute(delete(table).where(key == bindparam("old")), {"old": old})
