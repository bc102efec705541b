"""Routes on objects: one with its light curve, and those near a position."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import orjson
import pybase64
from fastapi import APIRouter, Depends, Request
from pydantic import Field as About
from sqlalchemy import Connection
from starlette.responses import Response

from ..answers import cone as cones
from ..answers import position, queries
from . import columns, query_params, responses
from .problems import ProblemError, problem_responses

router = APIRouter(prefix="/api", tags=["objects"])
Row = dict[str, Any]
CONE = (*columns.OBJECTS, columns.SEPARATION)


class ConeAsked(query_params.Paged):
    """A circle on the sky."""

    position: Annotated[
        query_params.Text | None,
        About(description="RA Dec in degrees or sexagesimal, or the name of an object or event; else ra and dec"),
    ] = None
    ra: Annotated[query_params.RA | None, About(ge=0.0, le=360.0, description="ICRS right ascension, deg")] = None
    dec: Annotated[query_params.Dec | None, About(ge=-90.0, le=90.0, description="ICRS declination, deg")] = None
    radius: Annotated[query_params.Radius, About(gt=0.0, le=180.0, description="Radius, deg, or with a unit: 30arcsec")]


CONE_ASKED = query_params.query(ConeAsked)


@router.get("/objects/{object_id}", responses=responses.documented("The object") | problem_responses(404))
def object_(request: Request, object_id: query_params.Name) -> Response:
    """One object by id or alias, with its light curve and every event that it is or was a candidate of."""
    with responses.store_of(request).read() as connection:
        return responses.json(request, queries.object_(connection, object_id))


@router.get(
    "/cone", responses=responses.described("Objects, the nearest first", "An object") | problem_responses(404, 503)
)
def cone(request: Request, asked: Annotated[Any, Depends(CONE_ASKED)]) -> Response:
    """Objects within a radius of a position, however large. Whole results are in no order."""
    form = responses.form_of(request, asked.format)
    size = responses.size_of(asked, form)
    with responses.store_of(request).read() as connection:
        ra, dec = _centre(connection, asked)
        if size is not None:
            rows, end = cones.objects(connection, ra, dec, asked.radius, _after(asked), size)
    if size is None:

        def pairs(connection: Connection) -> Iterator[tuple[Row, Row]]:
            return (({}, row) for row in cones.every_object(connection, ra, dec, asked.radius))

        return responses.whole(request, form, CONE, pairs, "cone")
    following = None if end is None else pybase64.urlsafe_b64encode(orjson.dumps(end)).decode().rstrip("=")
    if form == "json":
        return responses.page(request, rows, following)
    return responses.table(request, form, CONE, (({}, row) for row in rows), "cone", following)


def _after(asked: ConeAsked) -> cones.Near | None:
    if asked.cursor is None:
        return None
    try:
        padded = asked.cursor + "=" * (-len(asked.cursor) % 4)
        angle, name = orjson.loads(pybase64.b64decode(padded, altchars=b"-_", validate=True))
        return float(angle), str(name)
    except (ValueError, TypeError) as error:
        raise ProblemError(404, "no such page: not a cursor of ours", field="query.cursor") from error


def _centre(connection: Connection, asked: ConeAsked) -> tuple[float, float]:
    """Where a cone is, ICRS degrees."""
    if asked.position is None:
        if asked.ra is None or asked.dec is None:
            raise ProblemError(422, "say where: position, or ra and dec", field="query.position")
        return asked.ra, asked.dec
    if asked.ra is not None or asked.dec is not None:
        raise ProblemError(422, "either position, or ra and dec", field="query.position")
    return position(connection, asked.position)
