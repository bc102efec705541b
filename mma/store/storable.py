"""What every database takes: text without NUL (PostgreSQL) and without lone surrogates, integers of 64 bit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

NUL = "\u2400"
"""Symbol that stands for NUL in what was bytes: no byte is read as it, so that it can be taken back."""

LONGEST_KEY = 1000
"""Bytes of a text in an index; PostgreSQL takes at most 2.7 kB, of several columns together."""

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
MOST = 1 << 63


def storable(text: str) -> str:
    """Text that every database takes: NUL and lone surrogates written as escapes.

    Examples
    --------
    >>> storable("S1\\x00")
    'S1\\\\x00'
    """
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def as_key(text: str) -> str:
    """Text for an index: of a longer one the beginning, and its checksum."""
    text = storable(text)
    encoded = text.encode()
    if len(encoded) <= LONGEST_KEY:
        return text
    return f"{encoded[: LONGEST_KEY // 2].decode(errors='ignore')}...{hashlib.sha256(encoded).hexdigest()}"


def from_bytes(value: bytes) -> str:
    """Any bytes as text that every database takes, see ``to_bytes``."""
    return value.decode("latin-1").replace("\0", NUL)


def to_bytes(text: str) -> bytes:
    """The bytes again.

    Examples
    --------
    >>> to_bytes(from_bytes(bytes(range(256)))) == bytes(range(256))
    True
    """
    return text.replace(NUL, "\0").encode("latin-1")


def unstorable(value: Any) -> str | None:
    """What within a value no database takes, as a sentence; None where all of it can be stored.

    Examples
    --------
    >>> unstorable({"id": ["S1\\x00"]})
    "text with a NUL byte: 'S1\\\\x00'"
    """
    if isinstance(value, str):
        return _of_text(value)
    if isinstance(value, int) and not -MOST <= value < MOST:
        return f"integer of more than 64 bit: {str(value)[:40]}"
    if isinstance(value, Mapping):
        return _first(part for pair in value.items() for part in pair)
    if isinstance(value, list | tuple):
        return _first(value)
    return None


def _first(values: Iterable[Any]) -> str | None:
    return next((found for value in values if (found := unstorable(value)) is not None), None)


def _of_text(text: str) -> str | None:
    if text.isascii() and "\0" not in text:
        return None
    found = UNSTORABLE.search(text)
    if found is None:
        return None
    what = "a NUL byte" if found[0] == "\0" else "half a surrogate pair"
    return f"text with {what}: {storable(repr(text[:80]))}"
