"""Virtual Observatory: Simple Cone Search 1.03 (IVOA Recommendation, 2008) on objects and on candidates.

An error is a VOTable as well: ``INFO name="QUERY_STATUS" value="ERROR"`` as later protocols have it, and the
``INFO name="Error"`` of section 2.3.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from ..answers import cone, fields, listing, queries
from ..errors import NotFoundError, OutageError
from ..export import Column
from ..messages import version
from ..text import did_you_mean
from . import columns, writers
from .problems import ProblemError
from .responses import Rows, Whole, documented, store_of

router = APIRouter(prefix="/vo", tags=["virtual observatory"])
Row = dict[str, Any]
MEDIA_TYPE = "application/x-votable+xml"
MOST = 100_000
"""Rows of an answer, unless MAXREC says less."""

UCD1 = {
    "meta.id;meta.main": "ID_MAIN",
    "pos.eq.ra;meta.main": "POS_EQ_RA_MAIN",
    "pos.eq.dec;meta.main": "POS_EQ_DEC_MAIN",
}
"""The three that section 2.2 demands are of the first vocabulary."""

VERBS = {
    1: ("key", "id", "event", "object", "ra", "dec", "probability", "log_odds", "class", "mag"),
    2: ("survey", "first_seen", "last_seen", "n_detections", "band", "separation_arcsec", "credible_level", "delay_s"),
}
"""Columns that are shown from this verbosity on; all others from 3 on."""


def _with_ucds(found: Iterable[Column]) -> tuple[Column, ...]:
    return tuple(replace(column, ucd=UCD1.get(column.ucd, column.ucd)) for column in found)


OBJECTS = _with_ucds((*columns.OBJECTS, columns.SEPARATION))
KEY = Column(
    name="key",
    kind="text",
    ucd="ID_MAIN",
    text="Event and object",
    value=lambda event, row: f"{row['event']}/{row['object']}",
)
CANDIDATES = (
    KEY,
    *(
        c if c.ucd != "ID_MAIN" else replace(c, ucd="meta.id")
        for c in _with_ucds(columns.CANDIDATES)
        if c.name != "rank"
    ),
    replace(columns.SEPARATION),
)
QUERY = [
    {"name": "RA", "in": "query", "required": True, "schema": {"type": "number", "minimum": 0, "maximum": 360}},
    {"name": "DEC", "in": "query", "required": True, "schema": {"type": "number", "minimum": -90, "maximum": 90}},
    {"name": "SR", "in": "query", "required": True, "schema": {"type": "number", "minimum": 0, "maximum": 180}},
    {"name": "VERB", "in": "query", "schema": {"type": "integer", "enum": [1, 2, 3]}},
    {"name": "MAXREC", "in": "query", "schema": {"type": "integer", "minimum": 0}},
]
EVENT: dict[str, Any] = {"name": "EVENT", "in": "query", "schema": {"type": "string"}}


class _ConeError(Exception):
    """A parameter that cannot be."""


@router.get(
    "/conesearch", responses=documented("VOTable, of an error too", MEDIA_TYPE), openapi_extra={"parameters": QUERY}
)
def conesearch(request: Request) -> Response:
    """Objects within SR degrees of RA, DEC (Simple Cone Search)."""

    def found(connection: Connection, asked: Mapping[str, str], circle: tuple[float, float, float]) -> Iterator[Row]:
        return cone.every_object(connection, *circle)

    return _search(request, "objects", OBJECTS, found)


@router.get(
    "/candidates",
    responses=documented("VOTable, of an error too", MEDIA_TYPE),
    openapi_extra={"parameters": [*QUERY, EVENT]},
)
def candidates(request: Request) -> Response:
    """Candidates that stand within SR degrees of RA, DEC; of one event, where EVENT names it (Simple Cone Search)."""

    def found(connection: Connection, asked: Mapping[str, str], circle: tuple[float, float, float]) -> Iterator[Row]:
        name = asked.get("EVENT")
        event = fields.SEARCHED["event"].column
        conditions = [event == queries.event_id(connection, name)] if name else []
        return cone.every_candidate(connection, *circle, conditions)

    return _search(request, "candidates", CANDIDATES, found)


def _search(request: Request, name: str, table: tuple[Column, ...], found: Any) -> Response:
    asked = {key.upper(): value for key, value in request.query_params.multi_items()}
    ignored = _ignored(request.query_params, [*LIMITS, *MORE, *(["EVENT"] if name == "candidates" else [])])
    try:
        circle = tuple(_number(asked, key, *limits) for key, limits in LIMITS.items())
        verb = int(_number(asked, "VERB", 1, 3, 2))
        most = min(MOST, int(_number(asked, "MAXREC", 0, 2**31, MOST)))
        if circle[2] == 0.0:
            most = 0
        event = asked.get("EVENT")
        if name == "candidates" and event:
            with store_of(request).read() as connection:
                asked["EVENT"] = queries.event_id(connection, event)
    except (_ConeError, NotFoundError) as error:
        return refused(str(error))
    except OutageError:
        return refused("the database does not answer now")
    shown = tuple(c for c in table if verb == 3 or any(c.name in VERBS[level] for level in range(1, verb + 1)))

    def make(connection: Connection) -> Iterator[bytes]:
        taken = _Taken(found(connection, asked, circle), most)
        return writers.votable(
            shown, _pairs(connection, name, taken), name=name, infos=[*_infos(), *ignored], overflow=lambda: taken.more
        )

    try:
        rows = Rows(store_of(request), request.app.state.places, make)
    except ProblemError as error:
        return refused(error.detail)
    return Whole(rows, MEDIA_TYPE, {"Cache-Control": "no-cache"})


def _ignored(given: Iterable[str], known: list[str]) -> list[tuple[str, str]]:
    """Parameters that nobody reads: by section 2.1 they are no error, so the answer tells of them."""
    names = list(dict.fromkeys(name[:SHOWN] for name in given if name.upper() not in known))[:MOST_IGNORED]
    return [("ignored", f"no parameter {name!r}; {did_you_mean(name, known)}") for name in names]


MORE = ("VERB", "MAXREC")
SHOWN, MOST_IGNORED = 100, 10
LIMITS = {"RA": (0.0, 360.0), "DEC": (-90.0, 90.0), "SR": (0.0, 180.0)}


def _number(asked: Mapping[str, str], name: str, low: float, high: float, default: float | None = None) -> float:
    text = asked.get(name, "").strip()
    if not text and default is not None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise _ConeError(
            f"{name}: {text[:50]!r} is no number from {low:g} to {high:g}" if text else f"{name} is missing"
        )
    return value


class _Taken:
    """The first rows, and whether there were more."""

    def __init__(self, rows: Iterator[Row], most: int) -> None:
        self._rows, self._most, self.more = rows, most, False

    def __iter__(self) -> Iterator[Row]:
        """At most so many."""
        yield from islice(self._rows, self._most)
        self.more = self._most > 0 and next(self._rows, None) is not None


def _pairs(connection: Connection, name: str, rows: Iterable[Row]) -> Iterator[writers.Pair]:
    events: dict[str, Row] = {}
    for row in rows:
        event = row.get("event", "")
        if event not in events:
            events[event] = listing.event_facts(connection, event) if name == "candidates" else {}
        yield events[event], row


def _infos() -> list[tuple[str, str]]:
    return [("creator", f"mma {version()}")]


def refused(text: str) -> Response:
    """An error as Simple Cone Search has it: a VOTable, with status 200."""
    text = writers.clean(text.encode("utf-8", "replace").decode())
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<VOTABLE version="1.4" xmlns="{writers.VOTABLE_NS}">\n'
        f'<INFO ID="Error" name="Error" value={quoteattr(text)}/>\n<RESOURCE type="results">\n'
        f'<INFO name="QUERY_STATUS" value="ERROR">{escape(text)}</INFO>\n</RESOURCE>\n</VOTABLE>\n'
    )
    return Response(body, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-cache"})
