"""Routes on verdicts: what people say of candidates, told by those who have a token to write."""

from __future__ import annotations

import time
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, model_validator
from pydantic import Field as About
from sqlalchemy import Connection
from starlette.responses import Response

from ..answers import listing, printable, queries
from ..engine import Vetting, additions
from ..errors import NotFoundError
from ..store import Verdict, verdicts
from . import query_params, responses
from .access import writing
from .problems import problem_responses

router = APIRouter(prefix="/api", tags=["verdicts"])


Status = Literal["pending", "confirmed", "ambiguous", "rejected"]


class Word(BaseModel):
    """A verdict as it is sent; without a status a comment."""

    model_config = ConfigDict(extra="forbid")

    status: Annotated[Status | None, About(description="What is said; without it the status stays what it is")] = None
    spectral_class: Annotated[
        str | None, About(max_length=50, description="By a spectrum: SN Ia, kilonova ...; none takes it back")
    ] = None
    why: Annotated[str | None, About(max_length=2000, description="Reasons, or a comment, for people")] = None

    @model_validator(mode="after")
    def _says_something(self) -> Word:
        if not (self.status or self.spectral_class or self.why):
            raise ValueError("nothing is said: send a status, a spectral_class or a why")
        return self


@router.get(
    "/candidates/{event}/{object_id}/verdicts", responses=responses.documented("Verdicts") | problem_responses(404)
)
def listed(request: Request, event: query_params.Name, object_id: query_params.Name) -> Response:
    """What was said of a candidate, the newest first."""
    with responses.store_of(request).read() as connection:
        name, its = _pair(connection, event, object_id)
        said = [row for row in verdicts.listing(connection, name) if row["object_id"] == its]
    return responses.page(request, [verdicts.shown(row) for row in said], None)


@router.post(
    "/candidates/{event}/{object_id}/verdicts",
    responses=responses.documented("The candidate after it") | problem_responses(401, 403, 404, 503),
)
def tell(
    request: Request,
    event: query_params.Name,
    object_id: query_params.Name,
    word: Word,
    who: Annotated[str, Depends(writing)],
) -> Response:
    """Say what a candidate is: it is scored anew at once, and what follows is published."""
    name, its = judge(request, event, object_id, word, who)
    with responses.store_of(request).read() as connection:
        return responses.json(request, listing.one(connection, name, its))


def judge(request: Request, event: str, object_id: str, word: Word, who: str) -> tuple[str, str]:
    """Keep what somebody says of a candidate, and do what follows; ids of its event and object.

    Raises
    ------
    NotFoundError
        There is no such candidate.
    SearchError
        A text has a character that no text has.
    """
    store, settings = responses.store_of(request), request.app.state.settings
    told = {"spectral_class": word.spectral_class, "why": word.why}
    texts = {name: None if text is None else printable(text, name) for name, text in told.items()}
    with store.read() as connection:
        name, its = _pair(connection, event, object_id)
    said = Verdict(event_id=name, object_id=its, status=word.status, who=who, time=time.time(), **texts)
    Vetting(store=store, parameters=settings.score, prefix=settings.prefix, additions=additions(settings)).judge(said)
    return name, its


def _pair(connection: Connection, event: str, object_id: str) -> tuple[str, str]:
    name = queries.event_id(connection, event)
    row = listing.one(connection, name, object_id)
    if row is None:
        raise NotFoundError(f"{object_id!r} is no candidate of {name}")
    return name, row["object"]
