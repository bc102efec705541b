"""Checking a gamma-ray alert: JSON Schema's verdicts in plain words, and what a schema cannot say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from mma.errors import DecodeError
from mma.text import nearest

from .. import fields

SCHEMA_ID = "urn:mma:gamma:1"
TIMES = ("alert_datetime", "trigger_time", "observation_start", "observation_stop")
TYPE_WORDS = {
    "object": "an object", "array": "a list", "string": "text", "number": "a number",
    "integer": "a whole number", "boolean": "true or false", "null": "null",
}  # fmt: skip

WORDS: dict[str, Callable[[Any, Any], str]] = {
    "minimum": lambda value, limit: f"{value} is less than {limit}",
    "maximum": lambda value, limit: f"{value} is more than {limit}",
    "exclusiveMinimum": lambda value, limit: f"{value} is not more than {limit}",
    "exclusiveMaximum": lambda value, limit: f"{value} is not less than {limit}",
    "type": lambda value, kind: f"{fields.shown(value)} is not {_kinds(kind)}",
    "enum": lambda value, options: (
        f"{fields.shown(value)} is none of {', '.join(map(str, options))}{_like(value, options)}"
    ),
    "const": lambda value, option: f"{fields.shown(value)} is not {option}",
    "pattern": lambda value, _: f"{fields.shown(value)} has characters that an id cannot have",
    "minLength": lambda value, _: "is empty",
    "maxLength": lambda value, limit: f"is longer than {limit} characters",
    "minItems": lambda value, limit: f"{fields.shown(value)} has fewer than {limit} values",
    "maxItems": lambda value, limit: f"{fields.shown(value)} has more than {limit} values",
    "items": lambda value, _: f"{fields.shown(value)} has too many values",
}


def validate(document: object) -> list[str]:
    """Everything that is wrong with an alert, field by field; empty where nothing is.

    Examples
    --------
    >>> validate({"$schema": "urn:mma:gamma:1", "mission": "CTAO", "id": "1", "alert_type": "initial"})[0]
    'alert_datetime: missing'
    """
    errors = sorted(_validator().iter_errors(document), key=lambda error: list(map(str, error.absolute_path)))
    found = [problem for error in errors for problem in _words(error)]
    if isinstance(document, dict):
        found += _beyond(document)
    return list(dict.fromkeys(found))


def properties() -> dict[str, Any]:
    """Each field of the schema and its rules."""
    found: dict[str, Any] = _schema()["properties"]
    return found


@cache
def _schema() -> dict[str, Any]:
    text = resources.files("mma.messages").joinpath("schemas", "gamma.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(_schema())


def _words(error: ValidationError, base: str = "") -> Iterator[str]:
    steps = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
    path = (base + steps).lstrip(".")
    rule, (value, limit) = error.validator, _both(error)
    if rule == "required":
        yield from (f"{fields.joined(path, name)}: missing" for name in limit if name not in value)
    elif rule == "dependentRequired":
        for name in (name for name in limit if name in value):
            absent = (other for other in limit[name] if other not in value)
            yield from (f"{other}: missing, and {name} needs it" for other in absent)
    elif rule == "additionalProperties" and limit is False:
        known = error.schema["properties"]  # type: ignore[index]
        unknown = (name for name in value if name not in known and not str(name).startswith("x_"))
        yield from (f"{fields.joined(path, name)}: unknown field{_nearest(name, known)}" for name in unknown)
    elif rule == "anyOf":
        yield from _none_fits(path, value, limit)
    elif rule in WORDS:
        yield f"{path or 'document'}: {WORDS[rule](value, limit)}"
    else:
        yield f"{path or 'document'}: {error.message}"


def _like(value: Any, options: Iterable[str]) -> str:
    """The choice that a misspelt one may be."""
    near = nearest(str(value), options)
    return f"; did you mean {near[0]}?" if near else ""


def _nearest(name: str, known: Iterable[str]) -> str:
    """The field that a misspelt one may be."""
    near = nearest(name, known)
    return f"; did you mean {near[0]}?" if near else "; an observatory's own begin with x_"


def _both(error: ValidationError) -> tuple[Any, Any]:
    """What was found, and what the schema's rule says."""
    return error.instance, error.validator_value


def _none_fits(path: str, value: Any, options: list[dict[str, Any]]) -> Iterator[str]:
    """An alternative, of fields or of types, of which none is there."""
    if all(option.keys() == {"required"} for option in options):
        yield f"one of {', '.join(option['required'][0] for option in options)}: missing"
        return
    fitting = [option for option in options if _is_kind(value, option.get("type"))]
    for error in Draft202012Validator(fitting[0]).iter_errors(value) if fitting else ():
        yield from _words(error, path)
    if not fitting:
        yield f"{path}: {fields.shown(value)} is not {_kinds([option.get('type') for option in options])}"


def _is_kind(value: Any, kind: str | None) -> bool:
    return kind is not None and Draft202012Validator({"type": kind}).is_valid(value)


def _kinds(kind: str | list[Any]) -> str:
    return " or ".join(TYPE_WORDS.get(k, str(k)) for k in ([kind] if isinstance(kind, str) else kind))


def _beyond(document: dict[str, Any]) -> Iterator[str]:
    """Dates that are none, numbers that are not finite, ends before beginnings."""
    for name in TIMES:
        if isinstance(document.get(name), str):
            try:
                fields.maybe_time(document, name)
            except DecodeError as error:
                yield str(error)
    for name, value in document.items():
        if isinstance(value, float) and value - value != 0.0:
            yield f"{name}: {value} is not a finite number"
    yield from _order(document, "observation_start", "observation_stop")
    span = document.get("energy_range_tev")
    if (
        isinstance(span, list)
        and len(span) == 2
        and all(isinstance(e, int | float) for e in span)
        and span[0] > span[1]
    ):
        yield f"energy_range_tev: {span[0]} is more than {span[1]}"


def _order(document: dict[str, Any], first: str, second: str) -> Iterator[str]:
    try:
        begin, end = fields.maybe_time(document, first), fields.maybe_time(document, second)
    except DecodeError:
        return
    if begin and end and begin > end:
        yield f"{second}: {document[second]} is before {first}"
