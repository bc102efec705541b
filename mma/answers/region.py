"""Stored objects inside a region that somebody brings along: scored, and not kept."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

import skymaps
from coincidence import AlertBatch, Event, Kind, Messenger, Parameters, Stage, rank, score
from coincidence.event import located, unix
from coincidence.score import window
from skymaps import IntArray, RegionError, SkyMap
from skymaps.units import DAY_S

from ..errors import MmaError
from ..messages import ab_mag, iso
from ..store import Row, count_of, gather, objects, tables, within

MOST = 50_000
"""Objects that are scored for one question."""

MAX_TILES = 1_000_000
MAX_BYTES = 512 << 20
"""Of an uploaded map, unpacked."""


class TooManyError(MmaError):
    """More objects than are scored for one question."""


def uploaded(data: bytes, time: datetime, kind: Kind) -> Event:
    """An event of an uploaded map or coverage map.

    Raises
    ------
    RegionError
        The bytes are neither.
    """
    try:
        region = skymaps.read(data, max_bytes=MAX_BYTES, max_tiles=MAX_TILES)
    except RegionError as error:
        if "coverage map" not in str(error) and "no column" not in str(error):
            raise
        region = skymaps.read_moc(data)
    return Event(
        id="uploaded",
        messenger=Messenger.GW,
        kind=kind,
        observatory="uploaded",
        issued=time,
        stage=Stage.INITIAL,
        time=time,
        region=region,
        notice=hashlib.sha256(data).hexdigest(),
    )


def inside(
    connection: Connection,
    event: Event,
    parameters: Parameters,
    level: float,
    days: tuple[float | None, float | None] = (None, None),
) -> list[Row]:
    """Objects inside the region's credible level that the event's kind allows, scored and ranked, the best first.

    Parameters
    ----------
    days
        Seen after and first seen before, in days from the event; None: as the event's kind allows.

    Raises
    ------
    TooManyError
        There are more than can be scored at once.
    """
    region, at = located(event), unix(event)
    first, last = window(event, parameters)
    is_coverage = isinstance(region, SkyMap) and region.creator == skymaps.COVERAGE
    level = 1.0 if is_coverage else level
    start = first if days[0] is None else at + days[0] * DAY_S
    end = last if days[1] is None else at + days[1] * DAY_S
    found = region.ranges(level)
    _not_too_many(connection, found, start, end)
    near = objects.in_region(connection, found, start, end)
    if level >= 1.0:  # the levels of cells add up to 1 but for rounding, and outside of all cells it is 1
        near = near.take(region.probdensity_at(near.ra, near.dec) > 0.0)
        level = math.inf
    known = gather(connection, near, np.arange(len(near), dtype=np.int64), [])
    asked = replace(parameters, level=level)
    scored = rank(score(event, near, known.galaxies, asked, curves=known.curves, classified=known.classified))
    rows = [_row(candidate, near, i) for candidate, i in zip(scored, _places(near, scored), strict=True)]
    return [row | {"credible_level": None} for row in rows] if is_coverage else rows


def _not_too_many(connection: Connection, found: IntArray, start: float, end: float) -> None:
    o = tables.objects.c
    n = 0
    for piece in range(0, len(found), 200):
        chosen = select(o.id).where(o.last_seen >= start, o.first_seen <= end, within(*found[piece : piece + 200].T))
        n += connection.execute(select(func.count()).select_from(chosen.limit(MOST + 1).subquery())).scalar_one()
        if n > MOST:
            raise TooManyError(f"more than {MOST} objects in that region and time: ask for less of either")


def _places(near: AlertBatch, scored: list[Any]) -> list[int]:
    place = {name: i for i, name in enumerate(near.object_id)}
    return [place[candidate.object_id] for candidate in scored]


def _row(found: Any, near: AlertBatch, i: int) -> Row:
    """A candidate as lists show it; what only stored ones have is left out."""

    def known(name: str) -> float | None:
        value = float(getattr(near, name)[i])
        return value if np.isfinite(value) else None

    flux, host = known("flux_njy"), found.host
    return {
        "object": found.object_id,
        "survey": near.survey[i],
        "ra": found.ra,
        "dec": found.dec,
        "state": "vetoed" if found.veto else "active",
        "reason": found.veto,
        "rank": found.rank,
        "probability": found.probability,
        "log_odds": found.log_odds if np.isfinite(found.log_odds) else None,
        "class": found.counterpart,
        "terms": found.terms,
        "by_class": {name: value if np.isfinite(value) else None for name, value in found.by_class.items()},
        "chance_count": None,
        "chance_by": None,
        "credible_level": found.credible_level,
        "credible_volume": found.credible_volume,
        "delay_s": found.delay_s,
        "earliest_s": None,
        "first_seen": iso(known("first_seen")),
        "last_seen": iso(known("time")),
        "last_unseen": iso(known("last_unseen")),
        "n_detections": count_of(known("n_detections")),
        "mag": ab_mag(flux),
        "flux_njy": flux,
        "flux_error_njy": known("flux_error_njy"),
        "band": near.band[i],
        "redshift": known("redshift"),
        "classification": near.classification[i],
        "host": None if host is None else {name: getattr(host, name) for name in host.__slots__},
        "event_mpc": None,
        "event_error_mpc": None,
        "parameters": found.parameters,
    }
