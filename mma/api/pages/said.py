"""What people say from a candidate's page: verdicts, comments, tags. Forms of those who logged in and may write."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import Response

from ...answers import SearchError
from ...errors import ConfigError, NotFoundError
from ...store import Token
from .. import tags, verdicts
from ..access import writing
from ..problems import ProblemError
from ..session import cookie, has_mark, mark, see_other
from . import candidate_page, rendering
from .login_page import from_here

router = APIRouter(include_in_schema=False)
Text = Annotated[str, Form()]
NO_SESSION = "this browser is not logged in (any more); log in, and send the form again"
NOT_OURS = "the form does not belong to this session; load the page again and send it from there"


@router.get("/candidates/{event}/{object_id:path}")
def candidate(request: Request, event: str, object_id: str) -> Response:
    """One candidate."""
    return rendering.page(request, "candidate.html", **_context(request, event, object_id))


@router.post("/candidates/{event}/{object_id:path}")
def say(
    request: Request,
    event: str,
    object_id: str,
    what: Text = "",
    form: Text = "",
    status: Text = "",
    spectral_class: Text = "",
    why: Text = "",
    tag: Text = "",
) -> Response:
    """Do what a form says, and show the page again; with what is wrong, and what was typed, where it cannot be done."""
    who = _writer(request, form)
    try:
        if what == "verdict":
            told = {"status": status, "spectral_class": spectral_class.strip(), "why": why.strip()}
            word = verdicts.Word.model_validate({name: text for name, text in told.items() if text})
            verdicts.judge(request, event, object_id, word, who)
        elif what in ("tag", "untag"):
            tags.change(request, event, object_id, tag.strip(), who, remove=what == "untag")
        else:
            raise ProblemError(422, "the form does not say what it is", field="body.what")
    except (ConfigError, SearchError, ValidationError, NotFoundError) as error:
        typed = {"status": status, "spectral_class": spectral_class, "why": why, "tag": tag}
        context = _context(request, event, object_id) | {"typed": typed, "problem": _sentence(error)}
        return rendering.page(request, "candidate.html", code=422, **context)
    place = f"/candidates/{quote(event, safe='')}/{quote(object_id)}"
    return see_other(request.scope, f"{place}#{'verdict' if what == 'verdict' else 'tags'}-title")


def _context(request: Request, event: str, object_id: str) -> candidate_page.Row:
    """What the page shows, with forms for those who may write."""
    token: Token | None = getattr(request.state, "token", None)
    visitor = getattr(request.state, "visitor", None)
    secret = cookie(request.headers) if visitor is not None and token is not None and token.writes else None
    return candidate_page.context(request, event, object_id) | {
        "form": None if secret is None else mark(secret),
        "typed": {"status": "", "spectral_class": "", "why": "", "tag": ""},
        "problem": None,
    }


def _writer(request: Request, form: str) -> str:
    """Who sent a form.

    Raises
    ------
    ProblemError
        Another site made the browser send it, it is no form of this session, or nobody is logged in who may write.
    """
    from_here(request)
    secret = cookie(request.headers)
    if secret is None or getattr(request.state, "visitor", None) is None:
        raise ProblemError(401, NO_SESSION, headers={"WWW-Authenticate": "Bearer"})
    if not has_mark(secret, form):
        raise ProblemError(403, NOT_OURS, field="body.form")
    return writing(request)


def _sentence(error: Exception) -> str:
    """What is wrong, for people."""
    if isinstance(error, SearchError):
        return f"{error.where}: {error.text}"
    if not isinstance(error, ValidationError):
        return str(error)
    names = {"why": "comment", "spectral_class": "class"}
    first = error.errors()[0]
    field = ".".join(names.get(str(part), str(part)) for part in first["loc"])
    text = first["msg"].removeprefix("Value error, ")
    return f"{field}: {text}" if field else "Nothing is said: choose a verdict, or write a class or a comment"
