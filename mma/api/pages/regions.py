"""Pictures of events' regions: drawn once for each region, whoever asks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from fastapi import Request
from sqlalchemy import Connection, select

from skymaps import Region
from skymaps.units import DAY_S

from ...errors import NotFoundError
from ...observing import sample
from ...store import event_of, maps, tables
from ...store import events as stored
from ..maps import Once
from ..responses import store_of
from . import rendering, skyview

Row = dict[str, Any]
OTHERS = 6
"""Other events' regions on a map."""

SMALL_DEG2 = 40.0
"""Smaller ones are ringed on the whole sky, or nobody would see them."""

WIDE_DEG2 = 15_000.0
"""Regions larger than this are not drawn over another one: they are everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is worked out once for a region."""

    frame: skyview.Frame
    ra: tuple[float, ...]
    dec: tuple[float, ...]
    weight: tuple[float, ...]
    """Positions all over it, and their shares of the probability."""


def tag(document: Row) -> str:
    """Name of a region: of the bytes of a map, or of a shape's numbers."""
    return hashlib.sha256(orjson.dumps(document["region"])).hexdigest()[:24]


def documents(connection: Connection, event_ids: Sequence[str]) -> dict[str, Row]:
    """Documents of those of these events that have a region."""
    found = {name: row["document"] for name, row in stored.rows(connection, list(event_ids)).items()}
    return {name: document for name, document in found.items() if document["region"] is not None}


def others(connection: Connection, event: Row, associated: Sequence[str]) -> list[str]:
    """Events whose regions belong on this one's map: associated ones, then active ones of the same days."""
    e = tables.events.c
    statement = select(e.id).where(
        e.id != event["id"], e.is_test == event["is_test"], e.area90_deg2 < WIDE_DEG2, e.state != "retracted"
    )
    near = statement.where(e.id.in_(list(associated))).limit(OTHERS)
    found = list(connection.execute(near).scalars())
    if event["time"] is not None and len(found) < OTHERS:
        days = e.time.between(event["time"] - 3 * DAY_S, event["time"] + 10 * DAY_S)
        active = statement.where(days, e.state == "active", e.id.not_in(found)).order_by(e.time.desc(), e.id)
        found += connection.execute(active.limit(OTHERS - len(found))).scalars()
    return found


def kept(request: Request, document: Row) -> Kept:
    """What is worked out once for a region."""

    def make() -> bytes:
        region = _region(request, document)
        frame = skyview.frame_of(region)
        ra, dec, weight = sample(region)
        parts = {"frame": [frame.ra, frame.dec, frame.half_deg, frame.whole]}
        return orjson.dumps(parts | {"ra": ra.tolist(), "dec": dec.tolist(), "weight": weight.tolist()})

    once: Once = request.app.state.once
    found = orjson.loads(once.get(f"{tag(document)}.kept", make))
    ra, dec, half, whole = found["frame"]
    return Kept(
        frame=skyview.Frame(ra=ra, dec=dec, half_deg=half, whole=whole),
        ra=tuple(found["ra"]),
        dec=tuple(found["dec"]),
        weight=tuple(found["weight"]),
    )


def whole_picture(request: Request, document: Row) -> bytes:
    """The whole sky with a region."""

    def make() -> bytes:
        region = _region(request, document)
        ra, dec = (np.array([angle]) for angle in region.centre())
        return rendering.text(
            request,
            "sky.svg",
            paths=skyview.whole_sky(region),
            ring=skyview.marks_whole(ra, dec)[0] if region.area_deg2(0.9) < SMALL_DEG2 else None,
            plane=skyview.whole_line(skyview.galactic_plane()),
            ecliptic=skyview.whole_line(skyview.ecliptic()),
            graticule=skyview.graticule(),
        ).encode()

    once: Once = request.app.state.once
    return once.get(f"{tag(document)}.whole", make)


def outline_picture(request: Request, document: Row) -> bytes:
    """The border of a region on the whole sky, to be laid over another's."""

    def make() -> bytes:
        (path, _) = skyview.whole_sky(_region(request, document))
        return rendering.text(request, "outline.svg", d=path["d"]).encode()

    once: Once = request.app.state.once
    return once.get(f"{tag(document)}.outline", make)


def part_picture(request: Request, document: Row, beside: dict[str, Row], key: str) -> bytes:
    """The surroundings of an event's region."""
    frame = kept(request, document).frame

    def make() -> bytes:
        region = _region(request, document)
        length, name = skyview.bar(frame)
        return rendering.text(
            request,
            "part.svg",
            paths=skyview.part(region, frame),
            others=[
                {"name": name, "d": skyview.part(_region(request, other), frame, (0.9,))[0]["d"]}
                for name, other in beside.items()
            ],
            plane=skyview.part_line(skyview.galactic_plane(), frame),
            ecliptic=skyview.part_line(skyview.ecliptic(), frame),
            bar=round(length, 1),
            bar_name=name,
            size=skyview.SIZE,
        ).encode()

    once: Once = request.app.state.once
    return once.get(f"{key}.part", make)


def picture_key(document: Row, beside: dict[str, Row]) -> str:
    """Changes when anything on the picture does."""
    names = [tag(document), *(f"{name} {tag(other)}" for name, other in beside.items())]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:24]


def _region(request: Request, document: Row) -> Region:
    with store_of(request).read() as connection:
        region = event_of(document, maps.loader(connection)).region
    if region is None:
        raise NotFoundError(f"{document['id']} has no region (yet)")
    return region
