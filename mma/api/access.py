"""Who may ask, how often, and how much they may send: checked before a request is read."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from anyio import to_thread
from fastapi import Request
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import OutageError
from ..store import Store, tokens
from .hosts import is_among
from .problems import AGAIN_S, ProblemError, problem
from .session import LOGIN, LOGOUT, cookie, is_page, takes_cookie, to_login

FORM_FILES = ("/pages/mma.css", "/pages/mma.js", "/pages/icon.svg")
OPEN = ("/health", "/docs", "/openapi.json", LOGIN, LOGOUT, *FORM_FILES)
"""Paths that need no token even where reading does."""

CALLERS = 10_000
"""So many are remembered; those who asked longest ago are forgotten."""

BODY_BYTES = 100_000
"""Largest body of a request that uploads no file."""

UPLOADS = ("/api/search/region",)
"""Paths that files are uploaded to."""


class Buckets:
    """Token buckets: each caller may ask ``per_minute`` times at once, and gets that many chances a minute back."""

    def __init__(self, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, caller: str) -> float:
        """Take a chance: 0, or the seconds until there is one."""
        if self._per_minute <= 0:
            return 0.0
        now, rate = self._clock(), self._per_minute / 60.0
        left, since = self._left.pop(caller, (self._per_minute, now))
        left = min(self._per_minute, left + (now - since) * rate)
        wait = 0.0 if left >= 1.0 else (1.0 - left) / rate
        self._left[caller] = (left if wait else left - 1.0, now)
        if len(self._left) > CALLERS:
            self._left.popitem(last=False)
        return wait


class Access:
    """Middleware: tokens, rates, sizes."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        store: Store,
        hosts: frozenset[str] | None,
        reads_openly: bool,
        per_minute: float,
        upload_bytes: int,
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._store = store
        self._reads_openly = reads_openly
        self._buckets = Buckets(per_minute)
        self._strangers = Buckets(per_minute)
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            refused = await self._refused(scope)
        except OutageError:
            refused = problem(503, "the database does not answer now", headers={"Retry-After": str(AGAIN_S)})
        if refused is not None:
            await refused(scope, receive, send)
            return
        limit = self._upload_bytes if scope["path"] in UPLOADS else BODY_BYTES
        await _Limited(self._app, limit)(scope, receive, send)

    async def _refused(self, scope: Scope) -> Response | None:
        """Why a request is turned away."""
        if b"\0" in scope["path"].encode("utf-8", "replace") or b"%00" in scope.get("query_string", b""):
            return problem(400, "a NUL character")
        headers = Headers(scope=scope)
        if not is_among(headers.get("host"), self._hosts):
            return problem(421, "this name is not served here: hosts under [api] of the settings names those that are")
        address = scope["client"][0] if scope.get("client") else "unknown"
        secret, token = _bearer(headers.get("authorization")), None
        kept = cookie(headers) if secret is None and takes_cookie(scope) else None
        tries = scope["method"] == "POST" and scope["path"] == LOGIN
        given = kept if secret is None else secret
        if (given is not None or tries) and (wait := self._strangers.wait_s(address)):  # nobody tries out many tokens
            return _too_often(wait)
        if given is not None:
            token = await to_thread.run_sync(self._find, given)
            if token is None and secret is not None:  # a cookie that is not valid any more counts as none
                return _unknown("the token is not valid")
        if wait := self._buckets.wait_s(f"token {token.name}" if token else f"address {address}"):
            return _too_often(wait)
        scope.setdefault("state", {}).update(token=token, visitor=token.name if token and kept is not None else None)
        preflight = scope["method"] == "OPTIONS"
        if token is None and not (self._reads_openly or preflight or scope["path"] in OPEN):
            return (
                to_login(scope)
                if secret is None and is_page(scope)
                else _unknown("a token is needed: Authorization: Bearer TOKEN")
            )
        return None

    def _find(self, secret: str) -> tokens.Token | None:
        with self._store.read() as connection:
            return tokens.find(connection, secret)


def writing(request: Request) -> str:
    """Name of the token of a request that changes something; a dependency of such routes."""
    token: tokens.Token | None = getattr(request.state, "token", None)
    if token is None:
        raise ProblemError(
            401, "writing needs a token: Authorization: Bearer TOKEN", headers={"WWW-Authenticate": "Bearer"}
        )
    if not token.writes:
        raise ProblemError(403, f"token {token.name!r} may only read")
    return token.name


def _bearer(header: str | None) -> str | None:
    """The token of an ``Authorization`` header; "" where it has another form."""
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    return secret.strip() if scheme.lower() in ("bearer", "token") else ""


def _unknown(detail: str) -> Response:
    return problem(401, detail, headers={"WWW-Authenticate": "Bearer"})


def _too_often(wait_s: float) -> Response:
    return problem(429, "too many requests", headers={"Retry-After": str(max(1, round(wait_s + 0.5)))})


class _TooLargeError(Exception):
    """A body is over its limit."""


class _Limited:
    """Reads no more of a body than may be sent."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = problem(413, f"the body is over the limit of {self._limit} bytes", headers={"Connection": "close"})
        told = Headers(scope=scope).get("content-length", "0")
        if not told.isdigit() or int(told) > self._limit:
            await refusal(scope, receive, send)
            return
        read, refused = 0, False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._limit:
                raise _TooLargeError
            return message

        async def instead(message: Message) -> None:
            nonlocal refused
            if read <= self._limit:
                await send(message)
            elif not refused:  # whatever those inside make of a body that ends in an error
                refused = True
                await refusal(scope, receive, send)

        try:
            await self._app(scope, counted, instead)
        except _TooLargeError:
            if not refused:
                await refusal(scope, receive, send)
