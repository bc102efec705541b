"""Routes on tags: which are in use, and putting them on candidates by those who have a token to write."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import AfterValidator
from pydantic import Field as About
from sqlalchemy import Connection
from starlette.responses import Response

from ..answers import listing, queries
from ..engine import Vetting, additions
from ..errors import ConfigError, NotFoundError
from ..store import tags
from . import query_params, responses
from .access import writing
from .problems import problem_responses

router = APIRouter(prefix="/api", tags=["tags"])
ITS = "/candidates/{event}/{object_id}/tags"


def _is_tag(value: str) -> str:
    try:
        return tags.clean(value)
    except ConfigError as error:
        raise ValueError(str(error)) from error


Tag = Annotated[
    str,
    Path(description=tags.ALLOWED, json_schema_extra={"pattern": f"^{tags.PATTERN}$"}),
    AfterValidator(_is_tag),
]
Who = Annotated[str, Depends(writing)]
DONE = responses.documented("The candidate after it") | problem_responses(401, 403, 404, 422, 503)


class Asked(query_params.Asked):
    """Of the candidates of all events, or of one."""

    event: Annotated[query_params.Text | None, About(description="Only of this event, by id or alias")] = None


@router.get("/tags", responses=responses.described("Tags in use", "A tag and how many have it", tables=False))
def in_use(request: Request, asked: Annotated[Any, Depends(query_params.query(Asked))]) -> Response:
    """Tags on candidates, each with the number of candidates that have it; the most frequent first."""
    with responses.store_of(request).read() as connection:
        event = queries.event_id(connection, asked.event) if asked.event is not None else None
        return responses.page(request, tags.in_use(connection, event), None)


@router.get(ITS, responses=responses.described("Its tags", "A tag, who put it there, when", tables=False))
def listed(request: Request, event: query_params.Name, object_id: query_params.Name) -> Response:
    """A candidate's tags by the alphabet."""
    with responses.store_of(request).read() as connection:
        return responses.page(request, tags.listing(connection, _key(connection, event, object_id)), None)


@router.put(ITS + "/{tag}", responses=DONE)
def put(request: Request, event: query_params.Name, object_id: query_params.Name, tag: Tag, who: Who) -> Response:
    """Put a tag on a candidate; if the candidate was published, it is published with its tags at once."""
    return _changed(request, event, object_id, tag, who, remove=False)


@router.delete(ITS + "/{tag}", responses=DONE)
def delete(request: Request, event: query_params.Name, object_id: query_params.Name, tag: Tag, who: Who) -> Response:
    """Take a tag off a candidate; what follows is published."""
    return _changed(request, event, object_id, tag, who, remove=True)


def _changed(request: Request, event: str, object_id: str, tag: str, who: str, *, remove: bool) -> Response:
    key = change(request, event, object_id, tag, who, remove=remove)
    with responses.store_of(request).read() as connection:
        return responses.json(request, listing.one(connection, *key))


def change(request: Request, event: str, object_id: str, tag: str, who: str, *, remove: bool) -> tags.Key:
    """Put a tag on a candidate or take it off; ids of its event and object.

    Raises
    ------
    ConfigError
        It is no tag, or the candidate would have too many.
    NotFoundError
        There is no such candidate, or it does not have the tag.
    """
    store, settings = responses.store_of(request), request.app.state.settings
    with store.read() as connection:
        key = _key(connection, event, object_id)
    vetting = Vetting(store=store, parameters=settings.score, prefix=settings.prefix, additions=additions(settings))
    vetting.tag(key, [tag], who=who, now=time.time(), remove=remove)
    return key


def _key(connection: Connection, event: str, object_id: str) -> tags.Key:
    name = queries.event_id(connection, event)
    row = listing.one(connection, name, object_id)
    if row is None:
        raise NotFoundError(f"{object_id!r} is no candidate of {name}")
    return name, row["object"]
