"""The route of the stream: server-sent events, resumable by the number of the last one seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, ConfigDict
from pydantic import Field as About
from starlette.responses import Response, StreamingResponse

from coincidence import Messenger

from ..answers import resolved
from ..errors import OutageError
from ..messages import Kind, StreamFilter, Type
from ..store import Store
from .feed import Feed
from .problems import AGAIN_S, ProblemError, problem_responses
from .query_params import Text

router = APIRouter(prefix="/api", tags=["stream"])
MOST = 2000
"""Streams open at a time."""

MEDIA_TYPE = "text/event-stream"
ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "Server-sent events", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
}


class Listening(BaseModel):
    """What somebody listens to."""

    model_config = ConfigDict(extra="forbid")

    event: Annotated[Text | None, About(description="Only about this event, by id or alias in any case")] = None
    messenger: Annotated[Messenger | None, About(description="Only about events of this messenger")] = None
    probability_min: Annotated[
        float | None,
        About(ge=0.0, le=1.0, description="Only candidates that reach this probability, and what becomes of these"),
    ] = None
    kind: Annotated[Kind | None, About(description="Only such")] = None
    type: Annotated[Type | None, About(description="Only such")] = None
    tag: Annotated[
        list[Text],
        About(
            default_factory=list,
            max_length=50,
            description="Only candidates with this tag, or that just lost it; again for another",
        ),
    ]
    test: Annotated[bool, About(description="Messages about test events, too")] = False
    after: Annotated[
        int | None, About(ge=0, le=2**62, description="Begin after this number; 0: with the oldest kept")
    ] = None


def _resolved(store: Store, stream_filter: StreamFilter) -> tuple[StreamFilter, list[str]]:
    with store.read() as connection:
        return resolved(connection, stream_filter)


@router.get("/stream", responses=ANSWER | problem_responses(422, 503))
async def stream(
    request: Request,
    asked: Annotated[Listening, Query()],
    last_event_id: Annotated[str | None, Header(max_length=30, description="Number of the last message seen")] = None,
) -> Response:
    """Messages as they are published. An event of type gap says that some may have been pruned meanwhile.

    A comment at the beginning tells of an event or tag that there is not yet, and what may be meant.
    """
    feed: Feed = request.app.state.feed
    if feed.listeners >= MOST:
        raise ProblemError(503, "too many streams are open", headers={"Retry-After": str(AGAIN_S)})
    after = asked.after
    if last_event_id:
        if not last_event_id.isascii() or not last_event_id.isdigit() or int(last_event_id) > 2**62:
            raise ProblemError(422, "not a number of a message", field="header.Last-Event-ID")
        after = int(last_event_id)
    stream_filter = StreamFilter(
        event=asked.event,
        messenger=asked.messenger,
        probability=asked.probability_min,
        kind=asked.kind,
        type=asked.type,
        tags=frozenset(tag.lower() for tag in asked.tag),
        tests=asked.test,
    )
    stream_filter, remarks = await to_thread.run_sync(_resolved, request.app.state.store, stream_filter)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _until_outage(feed.listen(stream_filter, after, remarks)), media_type=MEDIA_TYPE, headers=headers
    )


async def _until_outage(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The events; the stream ends where the database goes away, and the listener comes back."""
    try:
        async for event in events:
            yield event
    except OutageError:
        yield b": the database does not answer now\n\n"
    finally:
        await events.aclose()  # type: ignore[attr-defined]
