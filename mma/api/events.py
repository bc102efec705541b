"""Routes on events, their candidates, associations and groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field as About
from sqlalchemy import Connection, func
from starlette.responses import Response

from ..answers import CANDIDATES, EVENTS, SORTABLE, listing, queries, refuse_unknown
from ..errors import NotFoundError
from ..store import groups as stored_groups
from ..store import originals, tables
from . import columns, query_params, responses
from .problems import problem_responses

router = APIRouter(prefix="/api", tags=["events"])
Row = dict[str, Any]

CLASS = Annotated[str | None, About(pattern=r"^[A-Za-z0-9_.-]{1,50}$", description="One of the sender's, e.g. BNS")]
LEAST = Annotated[float, About(ge=0.0, le=1.0, description="Least probability of the class that is named")]
EventsAsked: Any = query_params.model("EventsAsked", EVENTS, "-time", SORTABLE["events"], source_class=(CLASS, None),
                                source_class_min=(LEAST, 0.5))  # fmt: skip
STATES = ("active", "vetoed", "withdrawn")
SHUT = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}
"""What strangers wrote does nothing in a browser, whatever it holds."""

EVERY = Annotated[bool, About(description="Vetoed and withdrawn ones too, unless states are named")]
CandidatesAsked: Any = query_params.model(
    "CandidatesAsked", CANDIDATES, "-log_odds", SORTABLE["candidates"], everything=(EVERY, False)
)
EVENTS_ASKED = query_params.query(EventsAsked)
CANDIDATES_ASKED = query_params.query(CandidatesAsked)
ASKED = query_params.query(query_params.Asked)


@router.get("/events", responses=responses.described("Events, the newest first", "An event"))
def events(request: Request, asked: Annotated[Any, Depends(EVENTS_ASKED)]) -> Response:
    """Events, filtered and sorted."""
    form = responses.form_of(request, asked.format)
    chosen = query_params.conditions(asked, EVENTS)
    if asked.source_class is not None:
        probability = tables.events.c.document["classes"][asked.source_class].as_float()
        chosen.append(func.coalesce(probability, -1.0) >= asked.source_class_min)
    with responses.store_of(request).read() as connection:
        refuse_unknown(connection, EVENTS, asked.model_dump(), "query.")
    found = listing.events(chosen, query_params.order(asked, SORTABLE["events"]))
    return listed(request, asked, found, form, columns.EVENTS, "events")


def listed(request: Request, asked: Any, found: listing.Listing, form: Any, table: Any, name: str) -> Response:
    """A list: a page of it, or all."""
    size = responses.size_of(asked, form)
    if size is None:
        return responses.whole(request, form, table, lambda connection: _pairs(connection, found), name)
    place = query_params.place(asked, name, found.order.field)
    with responses.store_of(request).read() as connection:
        rows, end = listing.page(connection, found, place, size)
        facts = listing.event_facts(connection, found.event) if found.event and form != "json" else {}
    following = query_params.cursor(asked, name, end)
    if form == "json":
        return responses.page(request, rows, following)
    return responses.table(request, form, table, ((facts, row) for row in rows), name, following)


def _pairs(connection: Connection, found: listing.Listing) -> Iterator[tuple[Row, Row]]:
    facts = listing.event_facts(connection, found.event) if found.event else {}
    return ((facts, row) for row in listing.whole(connection, found))


@router.get("/events/{event}", responses=responses.documented("The event") | problem_responses(404))
def event(request: Request, event: query_params.Name) -> Response:
    """One event by id or alias, with the shape of its region (null: none, or a map), its notices and associations."""
    with responses.store_of(request).read() as connection:
        row = queries.event(connection, event)
    return responses.json(request, row)


@router.get(
    "/events/{event}/notices/{number}/raw",
    responses=responses.documented("The notice, byte for byte", "*/*") | problem_responses(404),
)
def raw(request: Request, event: query_params.Name, number: Annotated[int, Path(ge=1, le=10**9)]) -> Response:
    """One notice of an event as it came, by its number in the event's ``notices``."""
    with responses.store_of(request).read() as connection:
        found = originals.of_event(connection, queries.event_id(connection, event), number)
    name = f"{event}-notice-{number}"
    headers = {**responses.disposition(name, found.ending), **SHUT}
    return responses.tagged(request, found.payload, found.media_type, f"{found.notice}-raw", headers)


@router.get(
    "/events/{event}/candidates",
    responses=responses.described("Candidates, the best first", "A candidate") | problem_responses(404, 503),
)
def candidates(
    request: Request, event: query_params.Name, asked: Annotated[Any, Depends(CANDIDATES_ASKED)]
) -> Response:
    """An event's candidates, filtered and sorted; ranks are places among all that stand, whatever is filtered."""
    form = responses.form_of(request, asked.format)
    states = asked.state or ([] if asked.everything else ["active"])
    others = query_params.conditions(asked, {name: f for name, f in CANDIDATES.items() if name != "state"})
    order = query_params.order(asked, SORTABLE["candidates"])
    with responses.store_of(request).read() as connection:
        refuse_unknown(connection, CANDIDATES, asked.model_dump(), "query.")
        name = queries.event_id(connection, event)
        found = listing.candidates(connection, name, others, states, order)
    return listed(request, asked, found, form, columns.CANDIDATES, f"{name}-candidates")


@router.get("/candidates/{event}/{object_id}", responses=responses.documented("The candidate") | problem_responses(404))
def candidate(request: Request, event: query_params.Name, object_id: query_params.Name) -> Response:
    """One candidate, with every score it had, oldest first."""
    with responses.store_of(request).read() as connection:
        name = queries.event_id(connection, event)
        row = listing.one(connection, name, object_id)
        if row is None:
            raise NotFoundError(f"{object_id!r} is no candidate of {name}")
        row["history"] = queries.history(connection, name, row["object"])
    return responses.json(request, row)


class Together(query_params.Asked):
    """Of all events, or of one."""

    event: Annotated[query_params.Text | None, About(description="Only of this event, by id or alias")] = None


TOGETHER = query_params.query(Together)


@router.get(
    "/associations",
    responses=responses.described("Associations, the most significant first", "Two events") | problem_responses(404),
)
def associations(request: Request, asked: Annotated[Any, Depends(TOGETHER)]) -> Response:
    """Pairs of events that may be one, each with the id of the group that holds both."""
    return _together(request, asked, queries.paired, columns.ASSOCIATIONS, "associations")


@router.get(
    "/groups", responses=responses.described("Groups, the most probable first", "A group") | problem_responses(404)
)
def groups(request: Request, asked: Annotated[Any, Depends(TOGETHER)]) -> Response:
    """Groups of events that may be one source: all, or those that hold one event."""
    return _together(request, asked, stored_groups.listing, columns.GROUPS, "groups")


def _together(
    request: Request, asked: Together, question: Callable[..., list[Row]], table: Any, about: str
) -> Response:
    form = responses.form_of(request, asked.format)
    with responses.store_of(request).read() as connection:
        name = queries.event_id(connection, asked.event) if asked.event is not None else None
        rows = question(connection, name)
    if form == "json":
        return responses.page(request, rows, None)
    return responses.table(request, form, table, (({}, row) for row in rows), about)
