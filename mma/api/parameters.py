"""Parameters that a route does not have are refused: a misspelt filter would answer with everything.

So are second values of those that have one: one of the two would be left out in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import isclass
from typing import Any, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from ..text import did_you_mean
from .problems import SHOWN, ProblemError


async def only_known(request: Request) -> None:
    """Refuse what nobody reads, with the nearest name; of the pages /search does, the others and /vo leave it out."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not request.url.path.startswith("/api/"):
        return
    refuse_others(request, _of(route.dependant))


def refuse_others(request: Request, known: Mapping[str, bool]) -> None:
    """Refuse parameters that are none of the known, and those that come again where one value is read.

    Parameters
    ----------
    known
        Each parameter, and whether it may come again.
    """
    for name in request.query_params:
        if name not in known:
            shown = name[:SHOWN]
            raise ProblemError(422, f"no parameter {shown!r}; {did_you_mean(shown, known)}", field=f"query.{shown}")
        if not known[name] and len(request.query_params.getlist(name)) > 1:
            raise ProblemError(422, f"{name} may come once only", field=f"query.{name}")


def _of(dependant: Dependant) -> dict[str, bool]:
    """Names that a route reads from the query, and whether each may come again."""
    found: dict[str, bool] = {}
    for parameter in dependant.query_params:
        annotation = parameter.field_info.annotation
        if isclass(annotation) and issubclass(annotation, BaseModel):
            found |= {name: _is_list(field.annotation) for name, field in annotation.model_fields.items()}
        else:
            found[parameter.alias] = _is_list(annotation)
    for inner in dependant.dependencies:
        found |= _of(inner)
    return found


def _is_list(annotation: Any) -> bool:
    """Whether a type holds several values: a list, or a list or nothing."""
    if get_origin(annotation) is list:
        return True
    return any(_is_list(part) for part in get_args(annotation))
