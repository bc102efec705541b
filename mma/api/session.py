"""What a browser that logged in sends: the token as a cookie, with forms a mark of the session; and where one that did
not is led."""

from __future__ import annotations

import hmac
import re
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import Scope

LOGIN, LOGOUT = "/login", "/logout"
COOKIE = "mma_token"
SAFE = ("GET", "HEAD")
"""Methods that the cookie counts for everywhere."""

FORMS = ("/candidates/",)
"""Pages with forms that write: there the cookie counts for POST, too, together with what only those pages know."""

PROGRAMS = ("/api/", "/vo/", "/metrics", "/health", "/openapi.json")
"""What answers programs, not browsers."""

FILES = "/pages/"
"""What pages load; nobody asks for it by itself."""

HERE = re.compile(r"/(?!/)[!-\[\]-~]{0,1999}")
"""A path on this server: no other host after two slashes, no backslash, nothing that a browser would leave out."""


def cookie(headers: Headers) -> str | None:
    """The token that a browser sends; None where it sends none."""
    return cookie_parser(headers.get("cookie", "")).get(COOKIE) or None


def takes_cookie(scope: Scope) -> bool:
    """Whether the cookie counts for a request. To the interface for programs it never writes, whoever makes a browser
    send it."""
    return scope["method"] in SAFE or (scope["method"] == "POST" and scope["path"].startswith(FORMS))


def mark(secret: str) -> str:
    """What a form of a session carries: nobody can tell it who does not know the session's token, nor tell the token
    from it (HMAC, RFC 2104)."""
    return hmac.new(secret.encode("utf-8", "replace"), b"a form of mma", "sha256").hexdigest()


def has_mark(secret: str, given: str) -> bool:
    """Whether a form is of this session; takes as long whatever is given."""
    return hmac.compare_digest(mark(secret).encode(), given.encode("utf-8", "replace"))


def is_page(scope: Scope) -> bool:
    """Whether somebody asks for a page, as a browser does."""
    path, accept = scope["path"], Headers(scope=scope).get("accept", "*/*")
    wants = "text/html" in accept or "*/*" in accept
    return scope["method"] in SAFE and wants and not path.startswith((*PROGRAMS, FILES))


def within(text: str) -> str:
    """Where to go after logging in: a path on this server; the first page where it is anything else.

    Examples
    --------
    >>> within("/events/S1?show=vetoed"), within("//elsewhere.org"), within("https://elsewhere.org"), within("/login")
    ('/events/S1?show=vetoed', '/', '/', '/')
    """
    if not HERE.fullmatch(text) or text.partition("?")[0] in (LOGIN, LOGOUT):
        return "/"
    return text


def to_login(scope: Scope) -> Response:
    """Lead a browser to the form, and from there back to what it asked for."""
    return see_other(scope, f"{LOGIN}?next={quote(asked(scope), safe='/')}")


def asked(scope: Scope) -> str:
    """The path that a browser asked for, with its query."""
    query = scope.get("query_string", b"").decode("latin-1")
    path = scope.get("raw_path") or quote(scope["path"]).encode()  # a name's own slash stays what it is
    return within(path.decode("latin-1") + (f"?{query}" if query else ""))


def see_other(scope: Scope, path: str) -> Response:
    """Send a browser to a path on this server."""
    where = quote(scope.get("root_path", "") + path, safe="/:?#[]@!$&'()*+,;=%~-._")
    return Response(status_code=303, headers={"Location": where, "Cache-Control": "no-store"})


def is_from_here(headers: Headers) -> bool:
    """Whether a form was sent from a page of ours: nobody else logs a browser in or out.

    Browsers say so themselves (Fetch Metadata); over plain HTTP, where some do not, they name the origin. A program
    that says neither is no browser.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host", "")
