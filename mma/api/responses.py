"""Answers: the format that somebody wants, pages, tags for caches, and whole results as they come."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import urlencode

import orjson
from anyio import to_thread
from fastapi import Request
from sqlalchemy import Connection
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from ..export import Column
from ..store import Store
from . import writers
from .problems import AGAIN_S, ProblemError, problem_responses
from .query_params import FORMATS, Form, Paged

log = logging.getLogger(__name__)

Row = dict[str, Any]
MEDIA_TYPES: dict[str, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "votable": "application/x-votable+xml",
    "parquet": "application/vnd.apache.parquet",
}
VARY = "Accept, Authorization, Cookie"
PAGE = 100
STREAMS = 3
"""Whole results at a time: each holds a connection of the database."""

THREADS = 11
"""Other requests at a time. With the streams and the poller that is as many connections as a store has."""

LONGEST_S = 1800.0
"""A result that is read more slowly ends: it keeps the database from tidying up."""

PATIENCE_S, SLOWEST = 20.0, 100_000.0
"""Of whoever reads one: seconds that they may fall behind, and the bytes a second, unpacked, that they keep up with."""

TABLES: dict[str, Any] = {media: {"schema": {"type": "string"}} for media in list(MEDIA_TYPES.values())[1:]}


def store_of(request: Request) -> Store:
    """The application's store."""
    store: Store = request.app.state.store
    return store


def form_of(request: Request, asked: Form | None) -> Form:
    """The format asked for: ``format``, or the first of ``Accept`` that there is; JSON where all will do."""
    if asked is not None:
        return asked
    accepted = request.headers.get("accept", "*/*")
    for media in _by_quality(accepted):
        for name in FORMATS:
            ours = MEDIA_TYPES[name].partition(";")[0]
            if media in (ours, "*/*", f"{ours.partition('/')[0]}/*") or media in _ALSO.get(name, ()):
                return name  # type: ignore[return-value]
    there = ", ".join(MEDIA_TYPES[name].partition(";")[0] for name in FORMATS)
    raise ProblemError(406, f"none of {accepted[:200]!r} is made here; there are {there}", field="header.Accept")


_ALSO = {
    "votable": ("application/xml", "text/xml"),
    "ndjson": ("application/jsonl",),
    "parquet": ("application/x-parquet",),
}


def _by_quality(accept: str) -> list[str]:
    """The media types of an ``Accept`` header, the best first; those with ``q=0`` are left out."""
    found = []
    for i, part in enumerate(accept.split(",")[:50]):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
        q = float(quality) if re.fullmatch(r"[01](\.\d{0,3})?", quality) else 1.0
        if q > 0.0:
            found.append((-q, i, media))
    return [media for _, _, media in sorted(found)]


def json(request: Request, document: Any, headers: dict[str, str] | None = None) -> Response:
    """A document, or 304 where the caller has it."""
    body = orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS)  # names of columns are a kind of text of their own
    return tagged(request, body, MEDIA_TYPES["json"], hashlib.blake2b(body, digest_size=16).hexdigest(), headers)


def tagged(request: Request, body: bytes, media_type: str, tag: str, headers: dict[str, str] | None = None) -> Response:
    """A body with its tag, weak since it may be packed on the way; 304 where the caller has it."""
    etag = f'W/"{tag}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": VARY} | (headers or {})
    known = request.headers.get("if-none-match", "")
    if known == "*" or etag.removeprefix("W/") in (part.strip().removeprefix("W/") for part in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def page(request: Request, rows: list[Row], following: str | None) -> Response:
    """A page in JSON."""
    return json(request, {"items": rows, "next": following}, link(request, following))


def link(request: Request, following: str | None) -> dict[str, str]:
    """The header that leads to the next page."""
    if following is None:
        return {}
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return {"Link": f'<{request.url.path}?{urlencode([*kept, ("cursor", following)])}>; rel="next"'}


class _Brisk:
    """Sends as long as the other side takes it: after some patience, no more slowly than it may."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waited_s = 0.0
        self._taken = 0

    async def __call__(self, message: Message) -> None:
        begun = time.monotonic()
        async with asyncio.timeout(PATIENCE_S + self._taken / SLOWEST - self._waited_s):
            await self._send(message)
        self._waited_s += time.monotonic() - begun
        self._taken += len(message.get("body", b""))


class Whole(StreamingResponse):
    """A result of any size, written as it is read from the database."""

    def __init__(self, rows: Rows, media_type: str, headers: dict[str, str]) -> None:
        super().__init__(iter(rows), media_type=media_type, headers=headers)
        self._rows = rows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; whatever happens, the connection goes back."""
        try:
            async with asyncio.timeout(LONGEST_S):
                await super().__call__(scope, receive, _Brisk(send))
        except TimeoutError:
            log.warning("a whole result was read too slowly, and cut off: %s", scope["path"])
        finally:
            await asyncio.shield(to_thread.run_sync(self._rows.close))


class Rows:
    """Pieces of a body, and the database connection that they come from."""

    def __init__(self, store: Store, places: BoundedSemaphore, make: Callable[[Connection], Iterator[bytes]]) -> None:
        if not places.acquire(blocking=False):
            text = f"{STREAMS} whole results are being read already; come back, or ask for pages with limit"
            raise ProblemError(503, text, headers={"Retry-After": str(AGAIN_S)})
        self._places: BoundedSemaphore | None = places
        self._body = self._pieces(store, make)
        try:
            self._first = next(self._body, b"")  # what is wrong shows before anything is sent
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        """Every piece."""
        yield self._first
        yield from self._body

    @staticmethod
    def _pieces(store: Store, make: Callable[[Connection], Iterator[bytes]]) -> Iterator[bytes]:
        with store.read() as connection:
            yield from make(connection)

    def close(self) -> None:
        """Let go of the connection."""
        close: Callable[[], None] | None = getattr(self._body, "close", None)
        try:
            if close is not None:
                close()
        finally:
            places, self._places = self._places, None
            if places is not None:
                places.release()


def whole(
    request: Request,
    form: Form,
    columns: Sequence[Column],
    pairs: Callable[[Connection], Iterable[writers.Pair]],
    name: str,
) -> Response:
    """All rows, in any format but JSON."""

    def make(connection: Connection) -> Iterator[bytes]:
        return written(form, columns, pairs(connection), name, raw=is_raw(request))

    rows = Rows(store_of(request), request.app.state.places, make)
    return Whole(rows, MEDIA_TYPES[form], disposition(name, form))


def disposition(name: str, form: str) -> dict[str, str]:
    """What a browser calls the file."""
    ending = {"votable": "vot"}.get(form, form)
    safe = re.sub(r"[^A-Za-z0-9._+-]", "_", name)[:100]
    return {
        "Content-Disposition": f'attachment; filename="{safe}.{ending}"',
        "Cache-Control": "no-cache",
        "Vary": VARY,
    }


def is_raw(request: Request) -> bool:
    """Whether the texts of CSV are wanted as they are; pydantic read the same before."""
    return request.query_params.get("raw", "").lower() in ("1", "true", "t", "yes", "y", "on")


def written(
    form: Form, columns: Sequence[Column], pairs: Iterable[writers.Pair], name: str, *, raw: bool
) -> Iterator[bytes]:
    """Rows in any format but JSON."""
    if form == "csv":
        return writers.comma_separated(columns, pairs, raw=raw)
    if form == "votable":
        return writers.votable(columns, pairs, name=name)
    return writers.parquet(columns, pairs) if form == "parquet" else writers.ndjson(pairs)


def table(
    request: Request,
    form: Form,
    columns: Sequence[Column],
    pairs: Iterable[writers.Pair],
    name: str,
    following: str | None = None,
) -> Response:
    """Some rows, in any format but JSON."""
    body = b"".join(written(form, columns, pairs, name, raw=is_raw(request)))
    tag = hashlib.blake2b(body, digest_size=16).hexdigest()
    return tagged(request, body, MEDIA_TYPES[form], tag, disposition(name, form) | link(request, following))


def size_of(asked: Paged, form: Form) -> int | None:
    """Rows of the page; None for the whole result."""
    return asked.limit or (PAGE if form == "json" or asked.cursor else None)


def described(text: str, item: str, *, tables: bool = True) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of a list's answer."""
    items = {"type": "array", "items": {"type": "object", "description": item}}
    following = {"type": ["string", "null"], "description": "cursor of the next page; null on the last"}
    schema = {"type": "object", "required": ["items"], "properties": {"items": items, "next": following}}
    content: dict[str, Any] = {"application/json": {"schema": schema}} | (TABLES if tables else {})
    found: dict[int | str, dict[str, Any]] = {
        200: {"description": text, "content": content},
        304: {"description": "The caller has it"},
    }
    return found | problem_responses(400, 401, 404, 406, 422, 429)


def documented(text: str, media_type: str = "application/json") -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of one document."""
    schema = {"type": "object"} if media_type == "application/json" else {"type": "string"}
    return described(text, "") | {200: {"description": text, "content": {media_type: {"schema": schema}}}}
