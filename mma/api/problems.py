"""Errors as problem documents (RFC 9457), which name the field that is wrong."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from skymaps import RegionError

from ..answers import SearchError
from ..errors import ConfigError, NotFoundError, OutageError
from ..text import asked, nearest

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
SHOWN = 100
"""Characters of a value that are shown."""

AGAIN_S = 5
"""Seconds after which somebody who was turned away may come back."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
"""Of a problem document."""


class ProblemError(Exception):
    """An answer that is a problem document."""

    def __init__(
        self, status: int, detail: str, *, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers
        self.errors = [{"field": field, "detail": detail}] if field else []


def problem(
    status: int, detail: str, errors: Sequence[Mapping[str, Any]] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """A problem document."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = list(errors)
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of these problems."""
    content = {MEDIA_TYPE: {"schema": SCHEMA}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def register(app: FastAPI) -> None:
    """Turn every error that can reach a user into a problem document."""

    @app.exception_handler(ProblemError)
    async def _ours(_: Request, error: ProblemError) -> Response:
        return problem(error.status, error.detail, error.errors, error.headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> Response:
        errors = [{"field": _field(e["loc"]), "detail": _safe(_told(e))} for e in error.errors()]
        detail = "; ".join(f"{e['field']}: {e['detail']}" for e in errors[:5])
        return problem(422, detail, errors)

    @app.exception_handler(SearchError)
    async def _search(_: Request, error: SearchError) -> Response:
        where, text = _safe(error.where), _safe(error.text)
        return problem(422, f"{where}: {text}", [{"field": where, "detail": text}])

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> Response:
        return problem(error.status_code, _safe(str(error.detail)), headers=error.headers)

    @app.exception_handler(NotFoundError)
    async def _missing(_: Request, error: NotFoundError) -> Response:
        return problem(404, _safe(str(error)))

    @app.exception_handler(OutageError)
    @app.exception_handler(PoolTimeoutError)
    async def _outage(_: Request, error: Exception) -> Response:
        log.warning("the API's database is away: %s", error)
        return problem(503, "the database does not answer now", headers={"Retry-After": str(AGAIN_S)})

    for kind in (ConfigError, RegionError):
        app.add_exception_handler(kind, _wrong)
    app.add_exception_handler(DBAPIError, _refused)
    app.add_exception_handler(Exception, _fault)


def _told(error: Mapping[str, Any]) -> str:
    """What is wrong; of a word that is none of ours the nearest one, with the minus that was before it."""
    given = error["input"]
    if error["type"] not in ("literal_error", "enum") or not isinstance(given, str):
        return str(error["msg"])
    words = re.findall(r"'([^']*)'", error["ctx"]["expected"])
    plain = list(dict.fromkeys(word.removeprefix("-") for word in words))
    shown = given[:SHOWN]
    near = nearest(shown.removeprefix("-"), plain)
    if near and given.startswith("-") and f"-{near[0]}" in words:
        near = [f"-{near[0]}"]
    either = ", each also with a minus" if len(words) > len(plain) else ""
    meant = asked(near) if near else f"there are {', '.join(plain)}{either}"
    return f"no {shown!r}; {meant}"


async def _wrong(_: Request, error: Exception) -> Response:
    return problem(422, _safe(str(error)))


async def _refused(request: Request, error: Exception) -> Response:
    """What the database does not take, or what is a fault of ours."""
    if request.app.state.store.is_of_data(error):
        return problem(422, "a value that the database does not take, or too many of them")
    return await _fault(request, error)


async def _fault(request: Request, error: Exception) -> Response:
    log.error("%s %s: %r", request.method, request.url.path, error, exc_info=error)
    return problem(500, "a fault of ours; the log tells more")


def _field(place: Sequence[Any]) -> str:
    """``query.limit``, ``path.event``: where a value came from, and its name."""
    return _safe(".".join(str(part) for part in place)) or "request"


def _safe(text: str) -> str:
    """Text that JSON can carry, and not too much of it."""
    return text.encode("utf-8", "replace").decode()[:1000]
