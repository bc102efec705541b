"""Routes on sky maps by the sha256 of the bytes they came in: as stored, as coverage, as shapes, as a picture."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field as About
from sqlalchemy import Connection
from starlette.responses import Response

import skymaps
from skymaps import Region

from ..answers import queries
from ..errors import NotFoundError
from ..store import event_of
from ..store import events as stored
from ..store import maps as kept
from . import drawing, query_params, responses
from .problems import problem_responses

router = APIRouter(prefix="/api", tags=["skymaps"])
Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="sha256 of the bytes the map came in, hex")]
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
REMEMBERED_BYTES = 64_000_000


class Once:
    """What was made for a key is kept, and made once however many ask at the same time; the oldest go first."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._size = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._making: dict[str, Lock] = {}
        self._lock = Lock()

    def get(self, key: str, make: Callable[[], bytes]) -> bytes:
        """Of this key."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            making = self._making.setdefault(key, Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            try:
                made = make()
                with self._lock:
                    self._kept[key] = made
                    self._size += len(made)
                    while self._size > self._most and len(self._kept) > 1:
                        self._size -= len(self._kept.popitem(last=False)[1])
            finally:  # of what there is not, nothing is remembered
                with self._lock:
                    self._making.pop(key, None)
        return made


class LevelAsked(query_params.Asked):
    """How deep."""

    level: Annotated[float, About(gt=0.0, le=1.0, description="Credible level, 0 to 1")] = 0.9


LEVEL_ASKED = query_params.query(LevelAsked)
SHUT = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
"""Of pictures: opened by themselves they run nothing."""

FITS, MOC, GEOJSON, SVG = "application/fits", "application/fits", "application/geo+json", "image/svg+xml"


def _fits(connection: Connection, sha256: str) -> bytes:
    data = kept.fits(connection, sha256)
    if data is None:
        raise NotFoundError(f"no sky map {sha256}")
    return data


def _made(request: Request, sha256: str, kind: str, make: Callable[[Region], bytes]) -> bytes:
    def build() -> bytes:
        with responses.store_of(request).read() as connection:
            data = _fits(connection, sha256)
        return make(replace(skymaps.read(data), sha256=sha256))

    once: Once = request.app.state.once
    return once.get(f"{sha256}.{kind}", build)


@router.get("/skymaps/{sha256}.moc.fits", responses=responses.documented("MOC 1.1", MOC) | problem_responses(404))
def moc(request: Request, sha256: Sha256, asked: Annotated[Any, Depends(LEVEL_ASKED)]) -> Response:
    """A credible region as a coverage map."""
    body = _made(request, sha256, f"moc-{asked.level!r}", lambda region: skymaps.write_moc(region, asked.level))
    return responses.tagged(request, body, MOC, f"{sha256}-moc-{asked.level!r}", FOREVER)


@router.get("/skymaps/{sha256}.fits", responses=responses.documented("Multi-order FITS", FITS) | problem_responses(404))
def fits(request: Request, sha256: Sha256) -> Response:
    """The map as it is kept: every cell and distance layer, multi-order."""
    with responses.store_of(request).read() as connection:
        body = _fits(connection, sha256)
    return responses.tagged(request, body, FITS, f"{sha256}-fits", FOREVER)


@router.get("/skymaps/{sha256}.geojson", responses=responses.documented("GeoJSON", GEOJSON) | problem_responses(404))
def geojson(request: Request, sha256: Sha256) -> Response:
    """The 50 % and 90 % regions as polygons of HEALPix cells."""

    def make(region: Region) -> bytes:
        return orjson.dumps(drawing.geojson(region, {"skymap_sha256": sha256}))

    body = _made(request, sha256, "geojson", make)
    return responses.tagged(request, body, GEOJSON, f"{sha256}-geojson", FOREVER)


@router.get("/skymaps/{sha256}.svg", responses=responses.documented("A picture", SVG) | problem_responses(404))
def svg(request: Request, sha256: Sha256) -> Response:
    """The whole sky with the 50 % and 90 % regions."""
    body = _made(request, sha256, "svg", lambda region: drawing.svg(region, f"sky map {sha256[:12]}").encode())
    return responses.tagged(request, body, SVG, f"{sha256}-svg", FOREVER | SHUT)


@router.get("/events/{event}/region.svg", responses=responses.documented("A picture", SVG) | problem_responses(404))
def event_svg(request: Request, event: query_params.Name) -> Response:
    """The whole sky with an event's newest region, map or circle."""
    body, tag = _of_event(request, event, "svg", lambda region, name: drawing.svg(region, name).encode())
    return responses.tagged(request, body, SVG, tag, SHUT)


@router.get(
    "/events/{event}/region.geojson", responses=responses.documented("GeoJSON", GEOJSON) | problem_responses(404)
)
def event_geojson(request: Request, event: query_params.Name) -> Response:
    """An event's newest region, map or circle, as polygons of HEALPix cells."""
    body, tag = _of_event(
        request, event, "geojson", lambda region, name: orjson.dumps(drawing.geojson(region, {"event": name}))
    )
    return responses.tagged(request, body, GEOJSON, tag)


@router.get("/events/{event}/region.moc.fits", responses=responses.documented("MOC 1.1", MOC) | problem_responses(404))
def event_moc(request: Request, event: query_params.Name, asked: Annotated[Any, Depends(LEVEL_ASKED)]) -> Response:
    """An event's newest region, map or circle, as a coverage map."""
    level: float = asked.level
    body, tag = _of_event(request, event, f"moc-{level!r}", lambda region, _: skymaps.write_moc(region, level))
    return responses.tagged(request, body, MOC, tag)


def _of_event(request: Request, event: str, kind: str, make: Callable[[Region, str], bytes]) -> tuple[bytes, str]:
    """What is made of an event's region, and its tag: both stay the same until the region changes."""
    with responses.store_of(request).read() as connection:
        name = queries.event_id(connection, event)
        row = stored.event_row(connection, name)
        document = row["document"] if row else {"region": None}
        if document["region"] is None:
            raise NotFoundError(f"{name} has no region (yet)")
        tag = hashlib.sha256(orjson.dumps([name, document["region"]])).hexdigest()

    def build() -> bytes:
        with responses.store_of(request).read() as connection:
            region = event_of(document, kept.loader(connection)).region
        if region is None:
            raise NotFoundError(f"{name} has no region (yet)")
        return make(region, name)

    once: Once = request.app.state.once
    return once.get(f"{tag}.{kind}", build), f"{tag}-{kind}"
