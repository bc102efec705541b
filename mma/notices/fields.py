"""Reading fields of a document so that every complaint names the field and what was found there.

A *path* is the field's name as a reader of the document would say it: ``event.skymap``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import orjson
import pybase64

from mma.errors import DecodeError
from mma.sandbox import budget
from mma.streams import Message
from skymaps import times

Document = Mapping[str, Any]
SHOWN = 60
"""Characters of an offending value that a complaint repeats."""


def shown(value: object) -> str:
    """The value as a complaint repeats it, cut short."""
    text = "null" if value is None else repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)} characters)"


def wrong(path: str, value: object, expected: str) -> NoReturn:
    """Raise the complaint about one field."""
    raise DecodeError(f"{path}: {shown(value)} {expected}")


def digest(message: Message) -> str:
    """sha256 of the message's bytes, hex."""
    return hashlib.sha256(message.payload).hexdigest()


def parse_json(payload: bytes) -> Any:
    """The JSON value in these bytes; NaN and Infinity, which JSON does not know, are numbers like any other.

    orjson is twice as fast, and takes an integer of over 64 bits for a real number. What it refuses is left to
    ``json``, which tells more clearly what is wrong.
    """
    budget.json(payload)
    with suppress(orjson.JSONDecodeError):
        return orjson.loads(payload)
    try:
        return json.loads(payload)
    except UnicodeDecodeError as error:
        raise DecodeError(f"JSON: not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise DecodeError(f"JSON: {error.msg} at character {error.pos} of {len(payload)}") from error
    except RecursionError as error:
        raise DecodeError("JSON: nested too deeply") from error
    except ValueError as error:  # an integer of more digits than Python reads
        raise DecodeError(f"JSON: {error}") from error


def unwrapped(value: Any) -> Document:
    """The one object of a document, out of hop's ``{"format": ..., "content": ...}`` and ``[{...}]``.

    Consumers of Hopskotch are hurt by content that is a list in one release and an object in the
    next (scimma/hop-client PR 190): both are read.
    """
    if isinstance(value, Mapping) and value.keys() == {"format", "content"}:
        value = value["content"]
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, Mapping):
        kind = f"a list of {len(value)}" if isinstance(value, list) else shown(value)
        raise DecodeError(f"document: {kind} where one object was expected")
    return value


def joined(path: str, name: str) -> str:
    """``path.name``, signs that no text has written out."""
    plain = name if name.isprintable() else repr(name)[1:-1]
    return f"{path}.{plain}" if path else plain


def maybe_section(document: Document, name: str, path: str = "") -> Document | None:
    """An object inside the document, None where absent or null."""
    value = document.get(name)
    if value is not None and not isinstance(value, Mapping):
        wrong(joined(path, name), value, "is not an object")
    return value


def section(document: Document, name: str, path: str = "") -> Document:
    """An object inside the document."""
    value = maybe_section(document, name, path)
    return wrong(joined(path, name), value, "where an object was expected") if value is None else value


def maybe_text(document: Document, name: str, path: str = "") -> str | None:
    """Text, None where absent, null or blank."""
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        wrong(joined(path, name), value, "is not text")
    return value.strip() or None


def text(document: Document, name: str, path: str = "") -> str:
    """Text that must be there."""
    value = maybe_text(document, name, path)
    return wrong(joined(path, name), document.get(name), "where text was expected") if value is None else value


def texts(document: Document, name: str, path: str = "") -> tuple[str, ...]:
    """One text or a list of texts, as GCN's ``id`` and ``event_name`` are. Empty where absent."""
    value = document.get(name)
    items = [] if value is None else value if isinstance(value, list) else [value]
    if bad := [item for item in items if not isinstance(item, str)]:
        wrong(joined(path, name), bad[0], "is not text")
    return tuple(item.strip() for item in items if item.strip())


def as_number(value: object, path: str, low: float = -math.inf, high: float = math.inf) -> float:
    """A finite JSON number within bounds. Text, true and NaN are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        wrong(path, value, "is not a number")
    try:
        number = float(value)
    except OverflowError:
        wrong(path, value, "is not a finite number")
    if not math.isfinite(number):
        wrong(path, value, "is not a finite number")
    if not low <= number <= high:
        wrong(path, value, f"is not within {low:g} to {high:g}")
    return number


def maybe_number(
    document: Document, name: str, path: str = "", low: float = -math.inf, high: float = math.inf
) -> float | None:
    """A number, None where absent or null."""
    value = document.get(name)
    return None if value is None else as_number(value, joined(path, name), low, high)


def parse_number(value: str, path: str, low: float = -math.inf, high: float = math.inf) -> float:
    """The number that a text holds, as XML and tables give it."""
    try:
        number = float(value)
    except ValueError:
        wrong(path, value, "is not a number")
    return as_number(number, path, low, high)


def maybe_flag(document: Document, name: str, path: str = "") -> bool | None:
    """true or false, None where absent or null."""
    value = document.get(name)
    if value is not None and not isinstance(value, bool):
        wrong(joined(path, name), value, "is neither true nor false")
    return value


def probabilities(document: Document, name: str, path: str = "") -> dict[str, float]:
    """A mapping of class to probability; classes given as null are left out."""
    table = maybe_section(document, name, path) or {}
    here = joined(path, name)
    return {k: as_number(v, joined(here, k), 0.0, 1.0) for k, v in table.items() if v is not None}


def parse_time(value: str, path: str) -> datetime:
    """A date and time as aware UTC; one without a zone is UTC, as all of GCN's are.

    Examples
    --------
    >>> parse_time("2019-04-25T08:18:05.017", "time").isoformat()
    '2019-04-25T08:18:05.017000+00:00'
    """
    try:
        return times.read(value)
    except ValueError:
        wrong(path, value, "is not a date and time")


def maybe_time(document: Document, name: str, path: str = "") -> datetime | None:
    """A time, None where absent or null."""
    value = maybe_text(document, name, path)
    return None if value is None else parse_time(value, joined(path, name))


def time(document: Document, name: str, path: str = "") -> datetime:
    """A time that must be there."""
    return parse_time(text(document, name, path), joined(path, name))


def received(message: Message) -> datetime | None:
    """When the broker or recorder got the message, where it says so."""
    if message.timestamp is None:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=message.timestamp)


def decode_base64(value: object, path: str) -> bytes:
    """The bytes that base64 text stands for; bytes, as Avro carries them, are given back."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        wrong(path, value, "is not base64 text")
    plain = value.replace("\n", "") if "\n" in value else value
    with suppress(binascii.Error, ValueError):
        return pybase64.b64decode(plain, validate=True)
    try:  # again, for what Python says is wrong with it
        return base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DecodeError(f"{path}: not base64 ({error}), {len(value)} characters") from error
