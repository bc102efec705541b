"""Objects and candidates near a position or within a region: any size, the poles and RA 0/360 included."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, select

from skymaps import IntArray, healpix

from ..store import ACTIVE, Row, resolve, select_in, tables, tags, within
from . import queries
from .fields import CANDIDATES
from .listing import shown_candidate
from .search import Condition

O, C, E = tables.objects, tables.candidates, tables.events  # noqa: E741 - tables, not numbers
RANGES = 200
"""Ranges asked for in one statement."""

PER_RADIUS = 8.0
"""Cells are this much smaller than the radius, so that few objects outside are looked at."""

CHUNK = 20_000

FEW = 4_000
"""So many rows are read whole at once; of more only the places first, then the rows of those that are shown."""

Near = tuple[float, str]
"""Separation in degrees, and key: the place of a row in a cone's list."""


def ranges(ra: float, dec: float, radius_deg: float) -> IntArray:
    """A disc as ranges of order-29 NESTED pixels, first and one past the last. Shape (n, 2)."""
    order = int(np.clip(np.ceil(np.log2(58.6 * PER_RADIUS / max(radius_deg, 1e-4))), 0, 13))
    if radius_deg > 20.0:  # more ranges than they are worth
        order = min(order, 4)
    cells = healpix.disc(ra, dec, np.radians(radius_deg), order)
    breaks = np.flatnonzero(np.diff(cells) > 1)
    first = np.concatenate([cells[:1], cells[breaks + 1]])
    last = np.concatenate([cells[breaks], cells[-1:]])
    shift = 2 * (29 - order)
    return np.stack([first << shift, (last + 1) << shift], axis=1)


def _rows(connection: Connection, statement: Select[Any], found: IntArray) -> Iterator[list[Row]]:
    """Rows of a statement on objects within ranges, a chunk at a time."""
    for start in range(0, len(found), RANGES):
        part = statement.where(within(*found[start : start + RANGES].T)).execution_options(yield_per=CHUNK)
        with connection.execute(part) as result:
            for rows in result.mappings().partitions():
                yield list(map(dict, rows))


def _inside(
    connection: Connection, statement: Select[Any], ra: float, dec: float, radius_deg: float
) -> Iterator[tuple[float, Row]]:
    """Rows within the radius, with their separation in degrees, in no order."""
    for rows in _rows(connection, statement, ranges(ra, dec, radius_deg)):
        yield from _near(rows, ra, dec, radius_deg)


def _near(rows: list[Row], ra: float, dec: float, radius_deg: float) -> Iterator[tuple[float, Row]]:
    places = np.array([(row["ra"], row["dec"]) for row in rows]).reshape(-1, 2)
    angle = queries.separation_deg(ra, dec, places[:, 0], places[:, 1])
    for i in np.flatnonzero(angle <= radius_deg).tolist():
        yield float(angle[i]), rows[i]


def _few(connection: Connection, found: IntArray) -> list[Row] | None:
    """The objects within ranges; None where they are not few."""
    if len(found) > RANGES:
        return None
    result = connection.execute(select(O).where(within(*found.T)).limit(FEW + 1))
    names = [str(name) for name in result.keys()]  # noqa: SIM118 - a result is no dictionary
    rows = result.all()
    return None if len(rows) > FEW else [dict(zip(names, row, strict=True)) for row in rows]


def objects(
    connection: Connection, ra: float, dec: float, radius_deg: float, after: Near | None, limit: int
) -> tuple[list[Row], Near | None]:
    """The nearest objects beyond a place, and the place where the next page begins.

    Parameters
    ----------
    ra, dec, radius_deg
        ICRS degrees.
    """
    rows = _few(connection, ranges(ra, dec, radius_deg))
    if rows is None:
        inside = _inside(connection, select(O.c.id, O.c.ra, O.c.dec), ra, dec, radius_deg)
    else:
        inside = _near(rows, ra, dec, radius_deg)
    near = ((angle, row["id"]) for angle, row in inside)
    beyond = near if after is None else (place for place in near if place > after)
    places = heapq.nsmallest(limit + 1, beyond)
    names = [name for _, name in places[:limit]]
    if rows is None:
        rows = [dict(row) for row in select_in(connection, select(O), O.c.id, names)]
    known = {row["id"]: row for row in rows}
    shown = [queries.as_object(known[name]) | {"separation_arcsec": angle * 3600.0} for angle, name in places[:limit]]
    return shown, places[limit - 1] if len(places) > limit else None


def every_object(connection: Connection, ra: float, dec: float, radius_deg: float) -> Iterator[Row]:
    """All objects within the radius, in no order, few of them in memory at a time."""
    for angle, row in _inside(connection, select(O), ra, dec, radius_deg):
        yield queries.as_object(row) | {"separation_arcsec": angle * 3600.0}


def all_objects(connection: Connection, ra: float, dec: float, radius_deg: float) -> list[Row]:
    """All objects within the radius, the nearest first."""
    found = every_object(connection, ra, dec, radius_deg)
    return sorted(found, key=lambda row: (row["separation_arcsec"], row["id"]))


def every_candidate(
    connection: Connection, ra: float, dec: float, radius_deg: float, conditions: Iterable[Condition] = ()
) -> Iterator[Row]:
    """Candidates that stand within the radius, in no order; their probability is told, not their rank."""
    facts = ("survey", "band", "classification", "first_seen", "last_seen", "last_unseen", "n_detections")
    columns = (*facts, "ra", "dec", "flux_njy", "flux_error_njy", "redshift", "redshift_error")
    statement = (
        select(C, *(O.c[name] for name in columns), E.c.log_none, tags.joined())
        .join(O, O.c.id == C.c.object_id)
        .join(E, E.c.id == C.c.event_id)
        .where(CANDIDATES["state"].column == ACTIVE, *conditions)
    )
    for angle, row in _inside(connection, statement, ra, dec, radius_deg):
        shown = shown_candidate(row, 0, row["log_none"])
        yield shown | {"rank": None, "separation_arcsec": angle * 3600.0}


def named(connection: Connection, name: str) -> tuple[float, float] | None:
    """Position of an object by id or alias; None where there is none."""
    found = resolve(connection, name, "object")
    if found is None:
        return None
    row = connection.execute(select(O.c.ra, O.c.dec).where(O.c.id == found)).one()
    return float(row.ra), float(row.dec)
