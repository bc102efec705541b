"""Pages out of templates, and what goes with each: caching, and what a browser may load."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from ...messages import stage, version
from .. import responses
from ..session import asked
from . import words
from .cells import labelled

FOLDER = Path(__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing inline: markup that got into a page by a name could run no script."""

SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
GUARDS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
"""Nothing is guessed; and where somebody came from only we are told, so that our forms can say that they are ours."""

ASSETS = {"mma.css": "text/css; charset=utf-8", "mma.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"}
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
OURS = {"Cache-Control": "private, max-age=31536000, immutable"}
"""Of what only those with a token may see: for the browser alone, for no cache on the way."""


@cache
def asset(name: str) -> tuple[bytes, str]:
    """A file of the folder ``static``, and its version."""
    body = (FOLDER / "static" / name).read_bytes()
    return body, hashlib.blake2b(body, digest_size=6).hexdigest()


@cache
def environment() -> Environment:
    """Templates: whatever a page shows is escaped, and a name that is not there is an error."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = ("number", "probability", "span", "delay", "clock", "moment", "rate", "kind", "messenger", "counterpart",
             "article", "plain", "sexagesimal", "ago", "radius", "flux", "meaning")  # fmt: skip
    made.filters |= {name: getattr(words, name) for name in shown} | {"stage": stage}
    made.globals |= {"version": version(), "asset": lambda name: asset(name)[1], "DASH": words.DASH}
    return made


def text(request: Request | None, template: str, **context: Any) -> str:
    """A page's text."""
    root = request.scope.get("root_path", "") if request is not None else ""
    visitor = getattr(request.state, "visitor", None) if request is not None else None
    known = {"root": root, "visitor": visitor, "back_to": "/" if request is None else asked(request.scope)}
    return labelled(environment().get_template(template).render(known | context))


def page(request: Request, template: str, code: int = 200, **context: Any) -> Response:
    """A page, or 304 where the browser has it. What somebody sees who logged in is for their browser alone."""
    body = text(request, template, **context).encode("utf-8", "replace")
    headers = GUARDS | {"Content-Security-Policy": POLICY}
    if code != 200:
        return Response(body, code, headers | {"Cache-Control": "no-store"}, "text/html; charset=utf-8")
    if getattr(request.state, "visitor", None) is not None:
        headers |= {"Cache-Control": "private, no-cache"}
    tag = hashlib.blake2b(body, digest_size=16).hexdigest()
    return responses.tagged(request, body, "text/html; charset=utf-8", tag, headers)


def picture(request: Request, body: bytes, tag: str, *, forever: bool) -> Response:
    """A picture; kept by the browser for good where its URL names what it shows."""
    kept = FOREVER if getattr(request.state, "token", None) is None else OURS
    headers = GUARDS | {"Content-Security-Policy": SVG_POLICY} | (kept if forever else {})
    return responses.tagged(request, body, "image/svg+xml", tag, headers)
