"""Logging in and out: a form takes a token, and the browser keeps it as a cookie until it is closed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from ...store import tokens
from ..problems import ProblemError
from ..responses import store_of
from ..session import COOKIE, LOGIN, LOGOUT, cookie, is_from_here, see_other, within
from . import rendering

router = APIRouter(include_in_schema=False)
WRONG = "This is no valid token: it is mistyped, or was revoked."
GUARDS = rendering.GUARDS | {"Content-Security-Policy": rendering.POLICY, "Cache-Control": "no-store"}


@router.get(LOGIN)
def form(request: Request, next: str = "/") -> Response:  # noqa: A002 - its name in the address
    """The form; of one who is logged in, the button to log out."""
    return _page(request, within(next))


@router.post(LOGIN)
def log_in(request: Request, token: Annotated[str, Form()] = "", next: Annotated[str, Form()] = "/") -> Response:  # noqa: A002
    """Set the cookie, and go on; or the form once more."""
    from_here(request)
    secret, back = token.strip(), within(next)
    with store_of(request).read() as connection:
        found = tokens.find(connection, secret)
    if found is None:
        return _page(request, back, problem=WRONG, status=401)
    answer = see_other(request.scope, back)
    answer.set_cookie(COOKIE, secret, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return answer


@router.get(LOGOUT)
def leave(request: Request) -> Response:
    """The button: a mere link logs nobody out."""
    return _page(request, "/")


@router.post(LOGOUT)
def log_out(request: Request) -> Response:
    """Take the cookie away."""
    from_here(request)
    answer = see_other(request.scope, LOGIN)
    if cookie(request.headers) is not None:
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return answer


def from_here(request: Request) -> None:
    """Refuse a form that another site sent."""
    if not is_from_here(request.headers):
        raise ProblemError(403, "the form was sent from another site; open the page here and send it again")


def _page(request: Request, back: str, problem: str | None = None, status: int = 200) -> Response:
    token = getattr(request.state, "token", None)
    text = rendering.text(request, "login.html", back=back, problem=problem, may_write=getattr(token, "writes", False))
    headers = GUARDS | ({"WWW-Authenticate": "Bearer"} if status == 401 else {})
    return Response(text, status, headers, "text/html; charset=utf-8")
