"""What kind of notice a message is, by its content alone: for files, whose topic tells nothing."""

from __future__ import annotations

from typing import Any

from lxml import etree

from mma.errors import DecodeError
from mma.sandbox import root_of
from mma.streams import Message, in_utf8

from . import fields, given, lvk, snews
from .fields import Document
from .gamma.schema import SCHEMA_ID
from .voevent import other

BLANK = b" \t\r\n"
HEAD = 4096
"""Bytes in which the root element of a VOEvent and the schema of an Avro container are found."""

IGWN_AVRO = (b"igwn.alerts", b"superevent_id")
"""Words of the schema at the head of LVK's Avro."""

GCN_FIELDS = frozenset({"alert_datetime", "alert_type", "trigger_time", "alert_tense"})

STRANGERS = (
    (("uid", "alert_type"), "internal IGWN alert of GraceDB, not a public one"),
    (("preferred_event", "gw_events"), "GraceDB's record of a superevent, not an alert"),
    (("title", "message_text"), "Hermes message: text for people"),
)
"""Fields that tell a document which is known and not for us, and what it is."""

UNREAD = (
    (("candid", "objectId"), "optical alert, not a notice"),
    (("ivorn", "role"), "VOEvent taken apart by an old hop-client: hop 0.12 and later send it whole"),
)
"""Fields that tell a document which would be for us, in a form that we do not read."""

TOMBSTONE = "an empty message"


def kind_of(message: Message) -> str | None:
    """``igwn``, ``gcn``, ``voevent``, ``gamma``, ``snews``, ``circular`` or ``given``; None where it is none of them.

    An optical transient sent as VOEvent is a ``voevent`` here too; ``is_optical_voevent`` tells it apart.
    """
    message, _ = in_utf8(message)
    start = message.payload[:HEAD].lstrip(BLANK)
    if start.startswith(lvk.AVRO_MAGIC):
        return "igwn" if any(word in start for word in IGWN_AVRO) else None
    if is_xml(start):
        return "voevent" if b"VOEvent" in start else None
    if given.is_map(message.payload):
        return "given"
    return _of_document(_document(message.payload))


def is_optical_voevent(message: Message) -> bool:
    """Whether this is a VOEvent of Gaia or ASAS-SN, which ``mma.alerts`` decodes."""
    start = message.payload[:HEAD]
    return any(name.encode() in start for name in other.OPTICAL)


def why_not(message: Message) -> str:
    """Why a message that ``kind_of`` knows no decoder for is of no use to us.

    Raises
    ------
    DecodeError
        Where that is not known: what it is cannot be told, or it is cut short, damaged, or in a form that we do not
        read.
    """
    message, _ = in_utf8(message)
    start = message.payload[:HEAD].lstrip(BLANK)
    if not start:
        return TOMBSTONE
    if is_xml(start):
        raise DecodeError(f"XML, but not a VOEvent: its root is {etree.QName(root_of(message.payload)).localname}")
    if start.startswith(lvk.AVRO_MAGIC):
        raise DecodeError("Avro, but neither an LVK alert nor an optical alert of a schema known")
    if start.startswith(b"TITLE:") and b"NOTICE_TYPE:" in start:
        raise DecodeError("GCN notice as e-mail text: subscribe to its VOEvent or JSON")
    if start.startswith(given.FITS):
        raise DecodeError("FITS, but no HEALPix map: no PIXTYPE = 'HEALPIX' (galaxies: mma catalog import)")
    document = _opened(_document(message.payload))
    if document is None and start[:1] in (b"{", b"["):
        fields.parse_json(message.payload)
    if isinstance(document, dict):
        return _stranger(document)
    raise DecodeError(f"not a notice or alert of any format known: it begins with {fields.shown(start[:20])}")


def _stranger(document: Document) -> str:
    """What a document is that is known and not for us."""
    if "json-schema.org" in str(document.get("$schema")):
        return "a JSON Schema, not a notice"
    if document.get("type") == "record" and {"name", "fields"} <= document.keys():
        return "an Avro schema, not a message"
    for keys, reason in STRANGERS:
        if all(key in document for key in keys):
            return reason
    if pointer := pointed_at(document):
        raise DecodeError(f"external: the message itself is elsewhere, {pointer}")
    for keys, reason in UNREAD:
        if all(key in document for key in keys):
            raise DecodeError(reason)
    names = ", ".join(sorted(map(str, document))[:6])
    raise DecodeError(f"not a notice or alert of any format known: JSON with {names or 'no fields'}")


def pointed_at(document: Document) -> str | None:
    """Where the message is that hop left a pointer to, as it was too large for its topic."""
    url = document.get("url")
    return url if isinstance(url, str) and document.keys() <= {"url", "size", "checksum"} else None


def is_pointer(message: Message) -> bool:
    """Whether this is no more than the place of a message that is elsewhere."""
    document = _document(message.payload)
    return isinstance(document, dict) and pointed_at(document) is not None


def external(message: Message) -> DecodeError:
    """The complaint about a message that hop's header calls a pointer."""
    document = _document(message.payload)
    url = pointed_at(document) if isinstance(document, dict) else None
    return DecodeError(f"external: the message itself is elsewhere, {url or 'and the pointer cannot be read'}")


def is_xml(start: bytes) -> bool:
    """Whether bytes begin like XML."""
    return start.startswith(b"<")


def _document(payload: bytes) -> Any:
    """The JSON value, the first line's where each line is one, None where it is no JSON."""
    if payload.lstrip(BLANK)[:1] not in (b"{", b"["):
        return None
    for part in (payload, payload.partition(b"\n")[0]):
        try:
            value = fields.parse_json(part)
        except DecodeError:
            continue
        return value[0] if isinstance(value, list) and len(value) == 1 else value
    return None


def _of_document(document: Any) -> str | None:
    if not isinstance(document, dict):
        return None
    if document.keys() == {"format", "content"}:
        return "circular" if document["format"] == "circular" else _of_document(_opened(document))
    schema = document.get("$schema")
    if schema == SCHEMA_ID:
        return "gamma"
    if schema == given.SCHEMA_ID:
        return "given"
    if "superevent_id" in document and not {"alert_type", "event"}.isdisjoint(document):
        return "igwn"
    if "circularId" in document or {"subject", "body"} <= document.keys():
        return "circular"
    if snews.is_snews(document):
        return "snews"
    return "gcn" if _is_gcn(document) else None


def _opened(document: Any) -> Any:
    """What hop's ``{"format": ..., "content": ...}`` holds; anything else as it is."""
    if not isinstance(document, dict) or document.keys() != {"format", "content"}:
        return document
    content = document["content"]
    return content[0] if isinstance(content, list) and len(content) == 1 else content


def _is_gcn(document: Document) -> bool:
    schema = document.get("$schema")
    if isinstance(schema, str) and "gcn.nasa.gov/schema" in schema:
        return True
    return "mission" in document and bool(GCN_FIELDS & document.keys())
