"""Which alert decoder fits a message: its content tells, hardly ever its file name."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from mma.errors import DecodeError
from mma.sandbox import budget
from mma.streams import Message

from . import voevent
from .avro.framing import Framed, confluent, framing
from .avro.schema import KEPT, SchemaStore, WriterSchema
from .packet import Record
from .tables import table

KINDS: tuple[tuple[str, frozenset[str]], ...] = (
    ("fink-ztf", frozenset({"candidate.jd", "cdsxmatch"})),
    ("fink-lsst", frozenset({"diaSource", "fink_broker_version"})),
    ("elasticc", frozenset({"diaSource", "diaObject.hostgal_z"})),
    ("lsst", frozenset({"diaSource"})),
    ("atlas", frozenset({"candidate.RA", "candidate.mjd"})),
    ("decam", frozenset({"candidate.mjd", "candidate.psfFlux"})),
    ("ztf", frozenset({"objectId", "candid", "candidate"})),
    ("ampel", frozenset({"object", "photometry", "host"})),
    ("lasair", frozenset({"diaSourcesList"})),
    ("lasair-object", frozenset({"diaObjectId", "lastDiaSourceMjdTai"})),
    ("antares", frozenset({"locus_id", "alerts"})),
)
"""Kind and the field names it must have (``record.field`` one level down), in order; Avro and JSON alike."""


class Look(NamedTuple):
    """A message's kind (None: no alert that we know), and what had to be read to tell."""

    kind: str | None
    framed: Framed | None = None
    records: tuple[Record, ...] | None = None


def kind_of(message: Message) -> str | None:
    """Name of the alert decoder that fits, None if none does; never raises.

    The Confluent wire format is LSST's alone, so its schema need not be known here.
    """
    if framing(message) is confluent:
        return "lsst"
    try:
        return look(message, SchemaStore("")).kind
    except DecodeError:
        return None


def look(message: Message, schemas: SchemaStore) -> Look:
    """A message's kind and its opened content; DecodeError where it begins like an alert and then breaks."""
    if (open_frame := framing(message)) is not None:
        framed = open_frame(message, schemas)
        return Look(kind_by_schema(framed.schema), framed)
    start = message.payload[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    return OPENINGS.get(start[:1], _text)(message)


@lru_cache(maxsize=KEPT)
def kind_by_schema(schema: WriterSchema) -> str | None:
    """The kind of a schema's packets."""
    return kind_by_names(schema.names)


def kind_by_names(names: frozenset[str]) -> str | None:
    """The first kind whose field names are all there."""
    return next((kind for kind, wanted in KINDS if wanted <= names), None)


def _json(message: Message) -> Look:
    """An object, or a list of them: all of the first one's kind."""
    budget.json(message.payload)
    try:
        content: Any = json.loads(message.payload)
    except (ValueError, RecursionError) as error:
        if (message.name or "").endswith(".json"):
            raise DecodeError(f"JSON: {error}") from error
        return Look(None)
    records = content if isinstance(content, list) else [content]
    if not records or not all(isinstance(r, dict) for r in records):
        return Look(None)
    return Look(kind_by_names(_names(records[0])), records=tuple(records))


def _names(record: Record) -> frozenset[str]:
    inner = {f"{k}.{i}" for k, v in record.items() if isinstance(v, dict) for i in v}
    return frozenset(record) | inner


def _xml(message: Message) -> Look:
    if voevent.survey(message.payload) is not None:
        return Look("voevent-optical")
    return _text(message)


def _text(message: Message) -> Look:
    return Look("table" if table.is_table(message) else None)


OPENINGS: dict[bytes, Callable[[Message], Look]] = {b"{": _json, b"[": _json, b"<": _xml}
"""Readers by the first byte; anything else may be a table."""
