"""The page of all REST routes, from the document that the server itself gives out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from mma.api.app import create_app
from mma.config import Settings
from mma.store import Store

from .markdown import cell, table

INTRO = """# REST routes

What each route takes. [REST interface](rest.md) explains filters, formats, pages, errors and access.
A running server shows the same list at `/docs`, and gives it to programs at `/openapi.json`.
"""

PLACES = {
    "event": "the event's id or any other name of it, in any case",
    "object_id": "the object's id or any other name of it, in any case",
    "number": "which notice of the event, from 1 on",
    "EVENT": "only candidates of this event",
    "RA": "right ascension of the centre, ICRS degrees",
    "DEC": "declination of the centre, ICRS degrees",
    "SR": "radius, degrees",
    "VERB": "how many columns: 1 for few, 3 for all",
    "MAXREC": "no more rows than this",
}
"""Parts of an address, and the parameters that Simple Cone Search prescribes."""


def page() -> str:
    """The whole page as Markdown."""
    parts = [INTRO]
    for method, path, route in routes():
        parts.append(f"\n## {method.upper()} {path}\n\n{route.get('description', '')}\n\n")
        rows = [(f"`{p['name']}`", kind(p["schema"]), meaning(p)) for p in route.get("parameters", [])]
        if rows:
            parts.append(table(("parameter", "type", "meaning"), rows))
    return "".join(parts)


def routes() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, address and description of each route."""
    for path, methods in _document()["paths"].items():
        for method, route in methods.items():
            yield method, path, route


@cache
def _document() -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="mma-docs-") as folder:
        store = Store(str(Path(folder) / "empty.sqlite"))
        try:
            return create_app(store, Settings()).openapi()
        finally:
            store.close()


def meaning(parameter: dict[str, Any]) -> str:
    """What a parameter is."""
    return cell(parameter.get("description") or PLACES.get(parameter["name"], ""))


def kind(schema: dict[str, Any]) -> str:
    """The type of a parameter in words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(kind(one) for one in schema["anyOf"] if one.get("type") != "null"))
    if "enum" in schema:
        return cell(", ".join(f"`{value}`" for value in schema["enum"]))
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if schema.get("type") == "array":
        return f"{kind(schema['items'])}, again for more"
    return {"date-time": "time"}.get(schema.get("format", ""), schema.get("type", "text").replace("string", "text"))
