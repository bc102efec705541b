"""Routes that search: documents of conditions on candidates or objects, and uploaded regions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, File, Form, Request, UploadFile
from sqlalchemy import Connection
from starlette.responses import Response

from coincidence import Kind

from ..answers import LOCI, OF_CANDIDATES, SORTABLE, Field, Order, SearchError, listing, search
from ..answers import region as regions
from ..text import asked, nearest
from . import columns, query_params, responses
from .documents import search_body
from .problems import ProblemError, problem_responses

router = APIRouter(prefix="/api/search", tags=["search"])
Row = dict[str, Any]
LIMIT, LARGEST = 100, 10_000
ASKED = query_params.query(query_params.Asked)
ONCE: dict[str, Any] = {"compiled_cache": None}
"""A document makes a statement of its own, with all its values: it is not kept when it was answered."""

Found = Callable[[Connection, search.Condition, Order | None, int | None], Iterator[Row]]


@router.post(
    "/candidates",
    responses=responses.described("Candidates of all events", "A candidate, without rank") | problem_responses(503),
    openapi_extra=search_body(OF_CANDIDATES, tuple(SORTABLE["searched"])),
)
def candidates(request: Request, document: Annotated[Any, Body()], asked: Annotated[Any, Depends(ASKED)]) -> Response:
    """Candidates of all events that fulfil a document of conditions; CSV and NDJSON hold the whole result."""
    return _answer(request, document, asked, "candidates", OF_CANDIDATES, listing.searched)


@router.post(
    "/objects",
    responses=responses.described("Objects", "An object") | problem_responses(503),
    openapi_extra=search_body(LOCI, tuple(SORTABLE["objects"])),
)
def objects(request: Request, document: Annotated[Any, Body()], asked: Annotated[Any, Depends(ASKED)]) -> Response:
    """Objects that fulfil a document of conditions; CSV and NDJSON hold the whole result."""
    return _answer(request, document, asked, "objects", LOCI, listing.searched_objects)


def _answer(
    request: Request, document: Any, asked: Any, what: str, fields: Mapping[str, Field], found: Found
) -> Response:
    form = responses.form_of(request, asked.format)
    if not isinstance(document, dict):
        raise SearchError("document", "expected an object with a query")
    if wrong := [name for name in document if name not in ("query", "sort", "size")]:
        raise SearchError("document", f"unknown {wrong[0][:100]!r}; there are query, sort, size")
    condition = search.condition(document.get("query", {"match_all": {}}), fields)
    kind, first = ("searched", "-log_odds") if what == "candidates" else ("objects", "-last_seen")
    size = _size(document.get("size")) or (LIMIT if form == "json" else None)
    wanted = document.get("sort", None if size is None else first)
    order = None if wanted is None else _order(wanted, kind)
    if form == "json":
        with responses.store_of(request).read() as connection:
            connection.execution_options(**ONCE)
            return responses.page(request, list(found(connection, condition, order, size)), None)

    def pairs(connection: Connection) -> Iterator[tuple[Row, Row]]:
        facts: dict[str, Row] = {}
        connection.execution_options(**ONCE)
        for row in found(connection, condition, order, size):
            if what == "candidates" and form != "ndjson":
                facts.setdefault(row["event"], {})
                facts[row["event"]] = facts[row["event"]] or listing.event_facts(connection, row["event"])
                row["rank"] = None
            yield facts.get(row.get("event", ""), {}), row

    table = columns.CANDIDATES if what == "candidates" else columns.OBJECTS
    return responses.whole(request, form, table, pairs, what)


def _size(wanted: Any) -> int | None:
    """A number of rows; JSON may write 5 as 5.0."""
    if wanted is None:
        return None
    if isinstance(wanted, bool) or not isinstance(wanted, (int, float)) or not 1 <= wanted <= LARGEST or wanted % 1:
        raise SearchError("size", f"expected a whole number from 1 to {LARGEST}")
    return int(wanted)


def _order(wanted: Any, kind: str) -> Order:
    """``"-log_odds"``, or Elasticsearch's ``[{"log_odds": "desc"}]`` and ``[{"log_odds": {"order": "desc"}}]``."""
    one = wanted[0] if isinstance(wanted, list) and len(wanted) == 1 else wanted
    if isinstance(one, dict) and len(one) == 1:
        name, how = next(iter(one.items()))
        how = how.get("order", "asc") if isinstance(how, dict) else how
        one = {"asc": name, "desc": f"-{name}"}.get(how) if isinstance(how, str) else None
    order = listing.order_of(one, SORTABLE[kind]) if isinstance(one, str) else None
    if order is None:
        near = nearest(one.removeprefix("-")[:100], SORTABLE[kind]) if isinstance(one, str) else []
        meant = asked(near) if near else f"there are {', '.join(SORTABLE[kind])}"
        raise SearchError("sort", f"expected one field, with a minus from the largest on; {meant}")
    return order


@router.post(
    "/region",
    responses=responses.described("Objects inside, the best first", "A candidate") | problem_responses(413, 503),
)
def region(
    request: Request,
    asked: Annotated[Any, Depends(ASKED)],
    file: Annotated[UploadFile, File(description="A sky map, multi-order or flat, or a MOC; FITS, gzipped or not")],
    time: Annotated[query_params.Time, Form(description="When the event happened, ISO 8601, UTC")],
    kind: Annotated[Kind, Form(description="What it is: decides which counterparts are looked for")] = Kind.CBC,
    level: Annotated[float, Form(gt=0.0, le=1.0, description="Credible level of the region searched")] = 0.9,
    start_d: Annotated[
        float | None, Form(ge=-4000.0, le=4000.0, allow_inf_nan=False, description="Seen after, days from the event")
    ] = None,
    end_d: Annotated[
        float | None, Form(ge=-4000.0, le=4000.0, allow_inf_nan=False, description="Seen before, days from the event")
    ] = None,
    limit: Annotated[int, Form(ge=1, le=LARGEST)] = LARGEST,
) -> Response:
    """Stored objects inside an uploaded map or MOC and a time window, scored as its candidates. Nothing is kept."""
    form = responses.form_of(request, asked.format)
    at = time if time.tzinfo else time.replace(tzinfo=UTC)
    event = regions.uploaded(file.file.read(), at, kind)
    with responses.store_of(request).read() as connection:
        try:
            rows = regions.inside(connection, event, request.app.state.settings.score, level, (start_d, end_d))
        except regions.TooManyError as error:
            raise ProblemError(413, str(error)) from error
    if form == "json":
        return responses.page(request, rows[:limit], None)
    return responses.table(request, form, REGION, (({}, row) for row in rows[:limit]), "region")


REGION = tuple(
    c for c in columns.CANDIDATES if not c.name.startswith(("event", "test", "skymap", "parameters", "tags"))
)
"""Columns of candidates of an event that is not stored."""
