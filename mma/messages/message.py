"""What all our messages share: ids, times, producer, topics, and the check against the schema."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from functools import lru_cache
from importlib import metadata, resources
from typing import Any

import jsonschema

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:mma:coincidence")
Message = dict[str, Any]


def message_id(*parts: object) -> str:
    """A uuid5 of what the message says: the same message has the same id whenever it is made."""
    return str(uuid.uuid5(NAMESPACE, json.dumps(parts, default=str)))


def iso(unix: float | None) -> str | None:
    """UTC time in ISO 8601 with a Z, from Unix seconds."""
    if unix is None:
        return None
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def topic(prefix: str, what: str, *, test: bool) -> str:
    """``<prefix>.candidates`` and so on; messages about test events go to the ``.test`` sibling only."""
    return f"{prefix}.{what}.test" if test else f"{prefix}.{what}"


OUTPUTS = {
    "candidates": "candidates of events",
    "events": "the state of events",
    "associations": "pairs of events",
    "groups": "groups of events",
    "heartbeat": "signs of life",
}
"""Last part of the names of the topics that the engine publishes to, and what it tells there."""


def told_there(name: str, prefix: str) -> str | None:
    """What the engine tells on a topic of this name; None where it is none of its own."""
    first, _, what = name.removesuffix(".test").rpartition(".")
    return OUTPUTS.get(what) if first == prefix else None


@lru_cache(maxsize=1)
def version() -> str:
    """Our own version."""
    return metadata.version("mma-coincidence")


@lru_cache(maxsize=8)
def schema(name: str) -> Any:
    """A message schema by name: ``candidate``, ``event``, ``association`` or ``gamma``."""
    return json.loads(resources.files("mma.messages.schemas").joinpath(f"{name}.schema.json").read_text())


FORMATS = jsonschema.FormatChecker(["uuid"])
"""Formats that are checked. That of times is ours: jsonschema leaves it out without one more package."""


@FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def problems(message: Message, name: str) -> list[str]:
    """What is wrong with a message, field by field; nothing where it is valid."""
    validator = jsonschema.Draft202012Validator(schema(name), format_checker=FORMATS)
    return [f"{'.'.join(map(str, e.absolute_path)) or 'message'}: {e.message}" for e in validator.iter_errors(message)]
