"""Parameters that a route does not have are refused: a misspelt filter would answer with everything."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import isclass

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from ..nearest import did_you_mean
from .problems import ProblemError

SHOWN = 100
"""Characters of a name that are shown."""


async def only_known(request: Request) -> None:
    """Refuse what nobody reads, with the nearest name; of the pages /search does, the others and /vo leave it out."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not request.url.path.startswith("/api/"):
        return
    refuse_others(request, list(dict.fromkeys(_of(route.dependant))))


def refuse_others(request: Request, known: Sequence[str]) -> None:
    """Refuse parameters that are none of the known."""
    for name in request.query_params:
        if name not in known:
            shown = name[:SHOWN]
            raise ProblemError(422, f"no parameter {shown!r}; {did_you_mean(shown, known)}", field=f"query.{shown}")


def _of(dependant: Dependant) -> list[str]:
    """Names that a route reads from the query."""
    found: list[str] = []
    for parameter in dependant.query_params:
        annotation = parameter.field_info.annotation
        if isclass(annotation) and issubclass(annotation, BaseModel):
            found += annotation.model_fields
        else:
            found.append(parameter.alias)
    return found + [name for inner in dependant.dependencies for name in _of(inner)]
