"""Errors of pages, as pages: what a program gets as a problem document, a browser gets in words."""

from __future__ import annotations

import gzip
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..problems import MEDIA_TYPE
from ..session import PROGRAMS, SAFE
from . import rendering

ADVICE = {
    400: "The address has a character in it that cannot be. Begin again from the list of events.",
    401: "This server answers only those with a token. Paste yours at /login, or ask who runs this server for one.",
    403: "Open the page here, by its own address, and send the form again. A token that may only read sends none.",
    404: "Look for it by its name or position, or go to the list of events.",
    405: "This page is only read. Verdicts, comments and tags are sent from a candidate's page.",
    422: "Part of the address is not as it should be. Correct it, or begin again from the list of events.",
    429: "Wait a minute, then load the page again.",
    500: "Load the page again. If it stays, tell who runs this server; its log holds the reason.",
    503: "Wait a few seconds, then load the page again. Nothing is lost: what came in is stored.",
}
"""What to do."""

ALWAYS = "Go to the list of events and begin again there."


class ErrorPages:
    """Middleware around everything: problem documents become pages where a browser asked for one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on; keep back an answer that is a problem until it is whole."""
        if scope["type"] != "http" or not wants_page(scope):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def turned(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_problem(message):
                start = message
                return
            if start is None:
                await send(message)
                return
            body += message.get("body", b"")
            if not message.get("more_body", False):
                await _answer(start, body, scope)(scope, receive, send)

        await self._app(scope, receive, turned)


def wants_page(scope: Scope) -> bool:
    """Whether a browser asks for a page: what programs ask for, too, where somebody opens it in a window."""
    headers, path = Headers(scope=scope), scope["path"]
    asks = scope["method"] in SAFE or scope["method"] == "POST"
    opened = headers.get("sec-fetch-dest") == "document" or not path.startswith(PROGRAMS)
    return asks and opened and "text/html" in headers.get("accept", "")


def _is_problem(message: Message) -> bool:
    return Headers(raw=message["headers"]).get("content-type", "").startswith(MEDIA_TYPE)


def _answer(start: Message, body: bytes, scope: Scope) -> Response:
    headers = Headers(raw=start["headers"])
    document = orjson.loads(gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body)
    kept = {name: headers[name] for name in ("retry-after", "www-authenticate") if name in headers}
    return as_page(document, start["status"], Request(scope), kept)


def as_page(document: dict[str, Any], status: int, request: Request, headers: dict[str, str]) -> Response:
    """A problem as a page that says what to do."""
    text = rendering.text(
        request,
        "error.html",
        status=status,
        title=HTTPStatus(status).phrase,
        detail=_detail(document.get("detail", ""), status, request),
        advice=ADVICE.get(status, ALWAYS),
    )
    guards = rendering.GUARDS | {"Content-Security-Policy": rendering.POLICY, "Cache-Control": "no-store"}
    return Response(text, status, guards | headers, "text/html; charset=utf-8")


def _detail(detail: str, status: int, request: Request) -> str:
    """What is wrong; of an address that leads nowhere, which it is."""
    nothing = status == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase
    return f"There is no page {request.url.path[:200]}" if nothing else detail


def install(app: FastAPI) -> None:
    """Around everything; and a fault of ours, which is answered outside of all middleware, becomes a page too."""
    app.add_middleware(ErrorPages)
    before: Any = app.exception_handlers[Exception]

    async def fault(request: Request, error: Exception) -> Response:
        answer: Response = await before(request, error)
        if wants_page(request.scope):
            return as_page(orjson.loads(bytes(answer.body)), answer.status_code, request, {})
        return answer

    app.add_exception_handler(Exception, fault)
