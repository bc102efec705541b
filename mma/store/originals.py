"""Every notice as it came, byte for byte. A large map that came in several notices is kept once."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass

import pybase64
from sqlalchemy import Connection, select

from ..errors import NotFoundError
from ..notices import BLANK, embedded, is_xml
from . import tables
from .bulk import columns_of, insert_new, select_in

QUICK = 1
"""zlib's level: maps are packed well already, and a notice should not wait."""

STARTS = (
    (b"Obj\x01", "application/avro", "avro"),
    (b"SIMPLE  =", "application/fits", "fits"),
    (b"\x1f\x8b", "application/gzip", "gz"),
)
JSON, XML, TEXT, BYTES = (
    ("application/json", "json"),
    ("application/xml", "xml"),
    ("text/plain; charset=utf-8", "txt"),
    ("application/octet-stream", "bin"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A notice as it came."""

    number: int
    """From 1 on, in the order in which the event's notices came."""

    notice: str
    payload: bytes
    media_type: str
    ending: str
    """Of a file's name: ``json``, ``xml``, ``avro`` ..."""


def keep(connection: Connection, event_id: str, notice: str, payload: bytes) -> None:
    """Keep a notice's bytes; those that are there already are left as they are."""
    cut = embedded.cut(payload)
    if _joined(cut.text, cut.maps) != payload:
        cut = embedded.Cut(text=payload)
    sha256 = {word: hashlib.sha256(content).hexdigest() for word, content in cut.maps.items()}
    files = {sha256[word]: zlib.compress(content, QUICK) for word, content in cut.maps.items()}
    insert_new(connection, tables.map_files, {"sha256": list(files), "packed": list(files.values())} if files else {})
    row = {"event_id": event_id, "notice": notice, "packed": zlib.compress(cut.text, QUICK), "maps": sha256}
    insert_new(connection, tables.originals, columns_of([row]))


def of_event(connection: Connection, event_id: str, number: int | None = None) -> Original:
    """An event's notice by its number, from 1 on in the order in which they came; its newest without.

    Raises
    ------
    NotFoundError
        There is no such notice, or it came to an earlier version, which did not keep them.
    """
    r, o, m = tables.event_revisions.c, tables.originals.c, tables.map_files.c
    names = list(connection.execute(select(r.notice).where(r.event_id == event_id).order_by(r.seq)).scalars())
    if number is None:
        newest = connection.execute(select(tables.events.c.notice).where(tables.events.c.id == event_id)).scalar()
        number = names.index(newest) + 1 if newest in names else len(names)
    at = number
    if not 1 <= at <= len(names):
        raise NotFoundError(f"no notice {at} of {event_id}: it has {len(names)}, the first is number 1")
    row = connection.execute(select(o.packed, o.maps).where(o.event_id == event_id, o.notice == names[at - 1])).first()
    if row is None:
        raise NotFoundError(f"the bytes of notice {at} of {event_id} were not kept: an earlier version took it in")
    wanted = sorted(set(row.maps.values()))
    files = {f["sha256"]: f["packed"] for f in select_in(connection, select(m.sha256, m.packed), m.sha256, wanted)}
    maps = {word: zlib.decompress(files[sha256]) for word, sha256 in row.maps.items()}
    payload = _joined(zlib.decompress(row.packed), maps)
    media_type, ending = _kind(payload)
    return Original(number=at, notice=names[at - 1], payload=payload, media_type=media_type, ending=ending)


def _joined(text: bytes, maps: embedded.Maps) -> bytes:
    """The message whose large maps were cut out."""
    for word, content in maps.items():
        text = text.replace(word.encode(), pybase64.b64encode(content), 1)
    return text


def _kind(payload: bytes) -> tuple[str, str]:
    """Media type, and what a file's name ends in."""
    for start, media_type, ending in STARTS:
        if payload.startswith(start):
            return media_type, ending
    start = payload[:64].lstrip(BLANK)
    if is_xml(start):
        return XML
    if start[:1] in (b"{", b"["):
        return JSON
    try:
        payload.decode()
    except UnicodeDecodeError:
        return BYTES
    return TEXT
