"""The page of all messages, from their schemas, with an example of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from mma import messages as published

from .markdown import cell, table

EXAMPLES = Path(__file__).parent / "examples"
NAMES = ("candidate", "event", "association", "group", "heartbeat", "gamma")
INTRO = """# Messages

mma publishes JSON. The topics are `<prefix>.candidates`, `<prefix>.events`, `<prefix>.associations` (associations and
groups) and `<prefix>.heartbeat`; `prefix` is `mma` unless the settings say otherwise. The stream of the
[REST interface](rest.md#the-stream) carries the same messages. `mma.gamma` carries gamma-ray alerts that an observatory
[publishes](../howto/publish.md).

Every message follows a JSON schema (draft 2020-12), which ships with the package. A value that is not known is `null`
or left out. The number at the end of `schema` changes only if a field disappears or changes its meaning; new fields
may come at any time, so ignore those that you do not know.
"""


def page() -> str:
    """The whole page as Markdown."""
    parts = [INTRO]
    for name in NAMES:
        document = schema(name)
        rows = [(f"`{path}`", kind(field), text(field)) for path, field in fields(document)]
        example = json.dumps(json.loads((EXAMPLES / f"{name}.json").read_text()), indent=2, ensure_ascii=False)
        parts.append(f"\n## {name.capitalize()}\n\n{document.get('description', '')}\n\n")
        parts.append(table(("field", "type", "meaning"), rows))
        parts.append(f'\n??? example "Example: {name}"\n\n')
        parts.append("\n".join(f"    {line}" for line in ("```json", *example.splitlines(), "```")) + "\n")
    return "".join(parts)


def schema(name: str) -> dict[str, Any]:
    """A message's schema, as it ships with the package."""
    found: dict[str, Any] = json.loads((files(published) / "schemas" / f"{name}.schema.json").read_text())
    return found


def fields(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field, by its path; those of a list's entries after ``[]``."""
    yield from _within(document, document, "")


def text(field: dict[str, Any]) -> str:
    """What a field means."""
    return cell(field.get("description", ""))


def kind(field: dict[str, Any]) -> str:
    """The type of a field in words."""
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join("null" if value is None else f"`{value}`" for value in field["enum"])
    named = field.get("type", "any")
    names = named if isinstance(named, list) else [named]
    shown = [field.get("format", name) if name == "string" else name for name in names]
    return cell(" or ".join({"string": "text", "array": "list"}.get(name, name) for name in shown))


def _within(whole: dict[str, Any], node: dict[str, Any], before: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in node.get("properties", {}).items():
        path = f"{before}{name}"
        found = _followed(whole, field)
        yield path, found
        yield from _inside(whole, found, path)


def _inside(whole: dict[str, Any], field: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from _within(whole, field, f"{path}.")
    for one in ("items", "additionalProperties"):
        inner = field.get(one)
        if isinstance(inner, dict):
            sign = "[]" if one == "items" else ".NAME"
            yield from _inside(whole, _followed(whole, inner), f"{path}{sign}")
    for other in (*field.get("anyOf", ()), *field.get("oneOf", ())):
        yield from _inside(whole, _followed(whole, other), path)


def _followed(whole: dict[str, Any], field: dict[str, Any]) -> dict[str, Any]:
    """The definition that a field refers to, under its own description."""
    if "$ref" not in field:
        return field
    found: Any = whole
    for part in field["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return {**found, **{k: v for k, v in field.items() if k != "$ref"}}
