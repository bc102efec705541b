"""The route of the stream: server-sent events, resumable by the number of the last one seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response, StreamingResponse

from coincidence import Messenger

from ..errors import OutageError
from .asking import Text
from .feed import Feed, Wish
from .problems import AGAIN_S, ProblemError, responses

router = APIRouter(prefix="/api", tags=["stream"])
MOST = 2000
"""Streams open at a time."""

MEDIA_TYPE = "text/event-stream"
ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "Server-sent events", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
}


@router.get("/stream", responses=ANSWER | responses(422, 503))
async def stream(
    request: Request,
    event: Annotated[Text | None, Query(description="Only about this event, by exact id or alias")] = None,
    messenger: Annotated[Messenger | None, Query(description="Only about events of this messenger")] = None,
    probability_min: Annotated[
        float | None, Query(ge=0.0, le=1.0, description="Only candidates this probable; withdrawals always")
    ] = None,
    kind: Annotated[Literal["candidate", "event", "association"] | None, Query(description="Only such")] = None,
    tag: Annotated[Text | None, Query(description="Only candidates with this tag, or that just lost it")] = None,
    test: Annotated[bool, Query(description="Messages about test events, too")] = False,
    after: Annotated[
        int | None, Query(ge=0, le=2**62, description="Begin after this number; 0: with the oldest kept")
    ] = None,
    last_event_id: Annotated[str | None, Header(max_length=30, description="Number of the last message seen")] = None,
) -> Response:
    """Messages as they are published. An event of type gap says that some may have been pruned meanwhile."""
    feed: Feed = request.app.state.feed
    if feed.listeners >= MOST:
        raise ProblemError(503, "too many streams are open", headers={"Retry-After": str(AGAIN_S)})
    if last_event_id:
        if not last_event_id.isascii() or not last_event_id.isdigit() or int(last_event_id) > 2**62:
            raise ProblemError(422, "not a number of a message", field="header.Last-Event-ID")
        after = int(last_event_id)
    tag = None if tag is None else tag.lower()
    wish = Wish(event=event, messenger=messenger, probability=probability_min, kind=kind, tag=tag, tests=test)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(_until_outage(feed.listen(wish, after)), media_type=MEDIA_TYPE, headers=headers)


async def _until_outage(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The events; the stream ends where the database goes away, and the listener comes back."""
    try:
        async for event in events:
            yield event
    except OutageError:
        yield b": the database does not answer now\n\n"
    finally:
        await events.aclose()  # type: ignore[attr-defined]
