"""Maps in base64 cut out of JSON text before it is parsed: a megabyte that is then read, and hashed, only once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pybase64

from mma.errors import DecodeError

from .fields import parse_json

KEY = re.compile(rb'(?<!\\)"(?:(?:combined_)?skymap|healpix_file)"\s*:\s*"')
"""A field that may hold a map, as far as its value; text that quotes such a field has a backslash before it."""

Maps = Mapping[str, bytes]
"""A word that stands for each map, and the map."""

LEAST = 1 << 16
"""Shorter texts stay where they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """JSON text without its large maps."""

    text: bytes
    """The message, with a word that comes nowhere else for each map."""

    maps: Maps = field(default_factory=dict)
    """What each word stands for."""

    def parsed(self, payload: bytes) -> Any:
        """The JSON value, words in place of maps; of the whole message for what is wrong with it."""
        try:
            return parse_json(self.text)
        except DecodeError:
            parse_json(payload)
            raise

    def digest(self, known: Mapping[str, str]) -> str:
        """sha256 of the message in which each map is told by its own sha256, hex.

        Parameters
        ----------
        known
            The maps' sha256 by their words, where somebody worked them out.
        """
        told = ",".join(known.get(word) or hashlib.sha256(m).hexdigest() for word, m in self.maps.items())
        return hashlib.sha256(self.text + (b"\0" + told.encode() if told else b"")).hexdigest()


def cut(payload: bytes) -> Cut:
    """The message without large maps; as it is where their base64 is not the only one of the same bytes."""
    parts: list[bytes] = []
    maps: dict[str, bytes] = {}
    at = 0
    while (key := KEY.search(payload, at, at + LEAST)) is not None:
        end = payload.find(b'"', key.end())
        if end - key.end() < LEAST:
            parts.append(payload[at : key.end()])
            at = key.end()
            continue
        content = _decoded(payload, key.end(), end)
        if content is None:
            return Cut(text=payload)
        word = f"map-{key.end()}"
        parts += [payload[at : key.end()], word.encode()]
        maps[word] = content
        at = end
    text = b"".join([*parts, payload[at:]])
    is_plain = all(text.count(word.encode()) == 1 for word in maps)
    return Cut(text=text, maps=maps) if maps and is_plain else Cut(text=payload)


def _decoded(payload: bytes, start: int, end: int) -> bytes | None:
    """The bytes that base64 stands for; None where it is not base64, or could be written in another way."""
    try:
        content = pybase64.b64decode(memoryview(payload)[start:end], validate=True)
    except ValueError:
        return None
    tail = len(content) % 3 or 3
    return content if payload.endswith(pybase64.b64encode(content[-tail:]), start, end) else None
