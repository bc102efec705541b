"""Rates that were learnt, set after set; and what of the store they are learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import orjson
from sqlalchemy import Connection, func, select

from coincidence import AlertBatch
from coincidence.parameters import Learnt
from coincidence.taught import Looks

from . import objects, tables
from .bulk import columns_of, floats, insert_new

PREFIX = "rates/"


@dataclass(frozen=True, slots=True, kw_only=True)
class LearntSet:
    """One set of what was learnt."""

    number: int
    """From 1 on; 0: nothing was learnt yet."""

    made: float
    """When, Unix seconds."""

    until: float | None
    """Transients first seen before this are counted, Unix seconds."""

    learnt: Mapping[str, Learnt]


NOTHING = LearntSet(number=0, made=0.0, until=None, learnt={})


def newest_number(connection: Connection) -> int:
    """Number of the newest set; 0 without any."""
    f = tables.facts.c
    name = connection.execute(select(func.max(f.name)).where(f.name.startswith(PREFIX))).scalar()
    return 0 if name is None else int(name.removeprefix(PREFIX))


def newest(connection: Connection) -> LearntSet:
    """The newest set."""
    number, f = newest_number(connection), tables.facts.c
    if not number:
        return NOTHING
    document = orjson.loads(connection.execute(select(f.value).where(f.name == _name(number))).scalar_one())
    learnt = {name: Learnt(**cell) for name, cell in document["learnt"].items()}
    return LearntSet(number=number, made=document["made"], until=document["until"], learnt=learnt)


def save(connection: Connection, found: LearntSet) -> None:
    """Keep a set; those before it stay. Of two workers that make one at once the first one's counts."""
    document = {"made": found.made, "until": found.until, "learnt": {n: asdict(c) for n, c in found.learnt.items()}}
    row = {"name": _name(found.number), "value": orjson.dumps(document).decode()}
    insert_new(connection, tables.facts, columns_of([row]))


def _name(number: int) -> str:
    return f"{PREFIX}{number:08d}"


def span(connection: Connection) -> tuple[float, float] | None:
    """First and last time of a detection, Unix seconds; None without any."""
    time = tables.detections.c.time
    first, last = connection.execute(select(func.min(time), func.max(time))).one()
    return None if first is None else (first, last)


def looks(connection: Connection, start: float, end: float) -> Looks:
    """Exposures that alerts and their histories tell of, between two Unix times."""
    o, d = tables.objects.c, tables.detections.c
    wanted = select(o.survey, o.ra, o.dec, d.time, d.limit_mag, d.object_id)
    rows = connection.execute(
        wanted.join_from(tables.objects, tables.detections, o.id == d.object_id).where(d.time >= start, d.time < end)
    ).all()
    columns = list(zip(*rows, strict=True)) if rows else [()] * 6
    number = np.unique(np.array(columns[5], dtype=str), return_inverse=True)[1]
    return Looks(
        object=np.asarray(number, dtype=np.int64),
        survey=np.array(columns[0], dtype=object),
        ra=floats(columns[1]),
        dec=floats(columns[2]),
        time=floats(columns[3]),
        limit_mag=floats(columns[4]),
    )


def new_objects(connection: Connection, start: float, end: float) -> AlertBatch:
    """Objects that were first seen between two Unix times."""
    first = tables.objects.c.first_seen
    ids = connection.execute(select(tables.objects.c.id).where(first >= start, first < end)).scalars().all()
    return objects.in_order(connection, sorted(ids))
