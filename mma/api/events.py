"""Routes on events, their candidates, associations and groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field as About
from sqlalchemy import Connection, func
from starlette.responses import Response

from ..errors import NotFoundError
from ..store import groups as stored_groups
from ..store import listing, originals, queries, tables
from ..store.fields import CANDIDATES, EVENTS
from ..store.known import refuse_unknown
from ..store.listing import SORTABLE
from . import answering, asking, columns
from .problems import problem_responses

router = APIRouter(prefix="/api", tags=["events"])
Row = dict[str, Any]

CLASS = Annotated[str | None, About(pattern=r"^[A-Za-z0-9_.-]{1,50}$", description="One of the sender's, e.g. BNS")]
LEAST = Annotated[float, About(ge=0.0, le=1.0, description="Least probability of the class that is named")]
EventsAsked: Any = asking.model("EventsAsked", EVENTS, "-time", SORTABLE["events"], source_class=(CLASS, None),
                                source_class_min=(LEAST, 0.5))  # fmt: skip
STATES = ("active", "vetoed", "withdrawn")
SHUT = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}
"""What strangers wrote does nothing in a browser, whatever it holds."""

EVERY = Annotated[bool, About(description="Vetoed and withdrawn ones too, unless states are named")]
CandidatesAsked: Any = asking.model(
    "CandidatesAsked", CANDIDATES, "-log_odds", SORTABLE["candidates"], everything=(EVERY, False)
)
EVENTS_ASKED = asking.query(EventsAsked)
CANDIDATES_ASKED = asking.query(CandidatesAsked)
ASKED = asking.query(asking.Asked)


@router.get("/events", responses=answering.described("Events, the newest first", "An event"))
def events(request: Request, asked: Annotated[Any, Depends(EVENTS_ASKED)]) -> Response:
    """Events, filtered and sorted."""
    form = answering.form_of(request, asked.format)
    chosen = asking.conditions(asked, EVENTS)
    if asked.source_class is not None:
        probability = tables.events.c.document["classes"][asked.source_class].as_float()
        chosen.append(func.coalesce(probability, -1.0) >= asked.source_class_min)
    with answering.store_of(request).read() as connection:
        refuse_unknown(connection, EVENTS, asked.model_dump(), "query.")
    found = listing.events(chosen, asking.order(asked, SORTABLE["events"]))
    return listed(request, asked, found, form, columns.EVENTS, "events")


def listed(request: Request, asked: Any, found: listing.Listing, form: Any, table: Any, name: str) -> Response:
    """A list: a page of it, or all."""
    size = answering.size_of(asked, form)
    if size is None:
        return answering.whole(request, form, table, lambda connection: _pairs(connection, found), name)
    place = asking.place(asked, name, found.order.field)
    with answering.store_of(request).read() as connection:
        rows, end = listing.page(connection, found, place, size)
        facts = listing.event_facts(connection, found.event) if found.event and form != "json" else {}
    following = asking.cursor(asked, name, end)
    if form == "json":
        return answering.page(request, rows, following)
    return answering.table(request, form, table, ((facts, row) for row in rows), name, following)


def _pairs(connection: Connection, found: listing.Listing) -> Iterator[tuple[Row, Row]]:
    facts = listing.event_facts(connection, found.event) if found.event else {}
    return ((facts, row) for row in listing.whole(connection, found))


@router.get("/events/{event}", responses=answering.documented("The event") | problem_responses(404))
def event(request: Request, event: asking.Name) -> Response:
    """One event by id or alias, with the shape of its region (null: none, or a map), its notices and associations."""
    with answering.store_of(request).read() as connection:
        row = queries.event(connection, event)
    return answering.json(request, row)


@router.get(
    "/events/{event}/notices/{number}/raw",
    responses=answering.documented("The notice, byte for byte", "*/*") | problem_responses(404),
)
def raw(request: Request, event: asking.Name, number: Annotated[int, Path(ge=1, le=10**9)]) -> Response:
    """One notice of an event as it came, by its number in the event's ``notices``."""
    with answering.store_of(request).read() as connection:
        found = originals.of_event(connection, queries.event_id(connection, event), number)
    name = f"{event}-notice-{number}"
    headers = {**answering.disposition(name, found.ending), **SHUT}
    return answering.tagged(request, found.payload, found.media_type, f"{found.notice}-raw", headers)


@router.get(
    "/events/{event}/candidates",
    responses=answering.described("Candidates, the best first", "A candidate") | problem_responses(404, 503),
)
def candidates(request: Request, event: asking.Name, asked: Annotated[Any, Depends(CANDIDATES_ASKED)]) -> Response:
    """An event's candidates, filtered and sorted; ranks are places among all that stand, whatever is filtered."""
    form = answering.form_of(request, asked.format)
    states = asked.state or ([] if asked.everything else ["active"])
    others = asking.conditions(asked, {name: f for name, f in CANDIDATES.items() if name != "state"})
    order = asking.order(asked, SORTABLE["candidates"])
    with answering.store_of(request).read() as connection:
        refuse_unknown(connection, CANDIDATES, asked.model_dump(), "query.")
        name = queries.event_id(connection, event)
        found = listing.candidates(connection, name, others, states, order)
    return listed(request, asked, found, form, columns.CANDIDATES, f"{name}-candidates")


@router.get("/candidates/{event}/{object_id}", responses=answering.documented("The candidate") | problem_responses(404))
def candidate(request: Request, event: asking.Name, object_id: asking.Name) -> Response:
    """One candidate, with every score it had, oldest first."""
    with answering.store_of(request).read() as connection:
        name = queries.event_id(connection, event)
        row = listing.one(connection, name, object_id)
        if row is None:
            raise NotFoundError(f"{object_id!r} is no candidate of {name}")
        row["history"] = queries.history(connection, name, row["object"])
    return answering.json(request, row)


class Together(asking.Asked):
    """Of all events, or of one."""

    event: Annotated[asking.Text | None, About(description="Only of this event, by id or alias")] = None


TOGETHER = asking.query(Together)


@router.get(
    "/associations",
    responses=answering.described("Associations, the most significant first", "Two events") | problem_responses(404),
)
def associations(request: Request, asked: Annotated[Any, Depends(TOGETHER)]) -> Response:
    """Pairs of events that may be one, each with the id of the group that holds both."""
    return _together(request, asked, queries.paired, columns.ASSOCIATIONS, "associations")


@router.get(
    "/groups", responses=answering.described("Groups, the most probable first", "A group") | problem_responses(404)
)
def groups(request: Request, asked: Annotated[Any, Depends(TOGETHER)]) -> Response:
    """Groups of events that may be one source: all, or those that hold one event."""
    return _together(request, asked, stored_groups.listing, columns.GROUPS, "groups")


def _together(
    request: Request, asked: Together, question: Callable[..., list[Row]], table: Any, about: str
) -> Response:
    form = answering.form_of(request, asked.format)
    with answering.store_of(request).read() as connection:
        name = queries.event_id(connection, asked.event) if asked.event is not None else None
        rows = question(connection, name)
    if form == "json":
        return answering.page(request, rows, None)
    return answering.table(request, form, table, (({}, row) for row in rows), about)
