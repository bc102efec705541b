"""Routes of the pages, and of the pictures, style and script that they load from here."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request
from starlette.responses import Response

from ...answers import queries
from ...errors import NotFoundError
from .. import responses
from ..parameters import refuse_others
from ..query_params import Text
from ..session import see_other
from . import around_page, event_page, failing, lists, login_page, object_page, regions, rendering, said, search_page

router = APIRouter(include_in_schema=False)
Row = dict[str, Any]
Several = Annotated[list[Text], Query(max_length=20)]


@router.get("/")
def events(
    request: Request,
    messenger: Several = [],  # noqa: B006 - FastAPI makes a new one each time
    kind: Several = [],  # noqa: B006
    state: Several = [],  # noqa: B006
    test: bool = False,
    after: Text | None = None,
) -> Response:
    """The list of events."""
    chosen = {"messenger": messenger, "kind": kind, "state": state}
    return rendering.page(request, "events.html", **lists.events(request, chosen, test, after))


@router.get("/events/{event:path}")
def event(request: Request, event: str, show: Text = "active", after: Text | None = None) -> Response:
    """One event; without a name their list."""
    if not event:
        return see_other(request.scope, "/")
    return rendering.page(request, "event.html", **event_page.context(request, event, show, after))


@router.get("/objects/{object_id:path}")
def object_(request: Request, object_id: str) -> Response:
    """One object; without a name the search."""
    if not object_id:
        return see_other(request.scope, "/search")
    return rendering.page(request, "object.html", **object_page.context(request, object_id))


@router.get("/search")
def search(
    request: Request, q: Text = "", radius: Text = "", after: Annotated[int, Query(ge=0, le=10_000)] = 0
) -> Response:
    """Candidates of all events, or objects around a position."""
    known = dict.fromkeys(("q", "radius", "after"), False) | dict.fromkeys(search_page.FACETS, True)
    refuse_others(request, known)
    around = around_page.context(request, q.strip(), radius.strip())
    if around is not None:
        return rendering.page(request, "around.html", **around)
    chosen = {name: request.query_params.getlist(name) for name in search_page.FACETS}
    return rendering.page(request, "search.html", **search_page.context(request, q, chosen, after))


@router.get("/status")
def status(request: Request) -> Response:
    """How it goes."""
    return rendering.page(request, "status.html", **lists.status(request))


@router.get("/pages/sky.svg")
def sky(request: Request, event: Text, v: Text = "") -> Response:
    """The whole sky with an event's region."""
    document = _document(request, event)
    key = regions.tag(document)
    return rendering.picture(request, regions.whole_picture(request, document), key, forever=v == key)


@router.get("/pages/outline.svg")
def outline(request: Request, event: Text, v: Text = "") -> Response:
    """The border of an event's region."""
    document = _document(request, event)
    key = regions.tag(document)
    return rendering.picture(request, regions.outline_picture(request, document), f"{key}-o", forever=v == key)


@router.get("/pages/part.svg")
def part(request: Request, event: Text, v: Text = "") -> Response:
    """The surroundings of an event's region."""
    with responses.store_of(request).read() as connection:
        name = queries.event_id(connection, event)
        document, beside = event_page.on_the_map(connection, name)
    if document is None:
        raise NotFoundError(f"{name} has no region (yet)")
    key = regions.picture_key(document, beside)
    return rendering.picture(request, regions.part_picture(request, document, beside, key), key, forever=v == key)


@router.get("/pages/{name}")
def asset(request: Request, name: str, v: str = "") -> Response:
    """Style, script and icon."""
    if name not in rendering.ASSETS:
        raise NotFoundError(f"no file {name!r}")
    body, version = rendering.asset(name)
    headers = rendering.GUARDS | (rendering.FOREVER if v == version else {})
    return responses.tagged(request, body, rendering.ASSETS[name], version, headers)


def _document(request: Request, event: str) -> Row:
    with responses.store_of(request).read() as connection:
        name = queries.event_id(connection, event)
        found = regions.documents(connection, [name]).get(name)
    if found is None:
        raise NotFoundError(f"{name} has no region (yet)")
    return found


def install(app: FastAPI) -> None:
    """Put the pages into an application: last of all, since errors of everything else become pages too."""
    app.include_router(router)
    app.include_router(said.router)
    app.include_router(login_page.router)
    failing.install(app)
