"""Gamma-ray alerts (``urn:mma:gamma:1``) as VOEvent 2.0, and back: the same event in both forms.

Where VOEvent has a place of its own for a field, it stands there: position, radius and time in ``<WhereWhen>``, the
time of the message and the contact in ``<Who>``, a test in the role, an update or retraction as a citation of the first
message, what it is taken for in ``<Why>``. The others are ``<Param>``s by the names of the schema; see
``voevent_values``. Whoever the author is, the parameter ``schema`` tells that it is one of these.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any
from urllib.parse import quote

from coincidence.event import Event
from mma.errors import DecodeError
from mma.streams import Message

from .. import fields
from ..fields import Document
from ..voevent.document import Packet, position, read
from ..voevent.write import Author, Place, Why, write
from . import alert, voevent_values
from .schema import SCHEMA_ID, validate

AUTHOR = "ivo://mma/gamma"
"""Who sends, unless the settings tell (``author_ivorn``)."""

PREFIX = f"{AUTHOR}/"
CITES = {"update": "supersedes", "retraction": "retraction"}
TESTS = ("test", "injection")
CONCEPTS = {
    "grb_follow_up": "very-high-energy emission of a gamma-ray burst",
    "gw_follow_up": "very-high-energy counterpart of a gravitational-wave event",
    "neutrino_follow_up": "very-high-energy counterpart of a neutrino",
    "agn_flare": "very-high-energy flare of an active galactic nucleus",
    "galactic": "very-high-energy flare of a Galactic source",
    "serendipitous": "very-high-energy transient",
}


def encode(document: Document, author: str = AUTHOR) -> bytes:
    """The alert as VOEvent XML; refused where ``validate`` finds anything.

    Parameters
    ----------
    author
        Name of whoever sends: ``ivo://AUTHORITY/...``.
    """
    if problems := validate(dict(document)):
        raise DecodeError("; ".join(problems))
    stream = f"{author.rstrip('/')}/{quote(document['mission'].replace(' ', ''), safe='')}"
    cite = CITES.get(document["alert_type"])
    return write(
        ivorn=f"{stream}#{_local(document)}",
        role="test" if document.get("alert_tense") in TESTS else "observation",
        author=author.rstrip("/"),
        date=fields.time(document, "alert_datetime"),
        params=voevent_values.written(document),
        place=_place(document) if voevent_values.has_place(document) else None,
        cites=(f"{stream}#{document['id']}", cite) if cite else None,
        whose=_whose(document),
        why=_why(document),
        page=document.get("data_archive_page"),
    )


def is_ours(packet: Packet) -> bool:
    """Whether a VOEvent is such an alert."""
    return packet.ivorn.startswith(PREFIX) or packet.text(voevent_values.MARK) == SCHEMA_ID


def decode(packet: Packet, message: Message) -> Event:
    """The event of such a VOEvent, by the same decisions as of the JSON."""
    document = document_of(packet)
    event = alert.decode(replace(message, payload=json.dumps(document).encode()))
    return replace(event, notice=fields.digest(message))


def check(message: Message) -> Event:
    """The event of such a VOEvent without a fault; ``DecodeError`` where there is any: see ``gamma.check``."""
    document = document_of(read(message.payload))
    return alert.check(replace(message, payload=json.dumps(document).encode()))


def document_of(packet: Packet) -> dict[str, Any]:
    """The alert's fields, back in the schema's places."""
    document: dict[str, Any] = {"$schema": SCHEMA_ID, "alert_datetime": packet.date} | voevent_values.read(packet)
    if packet.places:
        try:
            document["ra"], document["dec"] = position(packet.places[0])
        except DecodeError:  # as it stands, for the alert's own reader to judge
            document["ra"], document["dec"] = packet.places[0].ra, packet.places[0].dec
    if packet.role == "test":
        document.setdefault("alert_tense", "test")
    return document


def _local(document: Document) -> str:
    """Name of this message: that of the first is the alert's own id, so that later ones can cite it."""
    name, kind = document["id"], document["alert_type"]
    if kind == "initial":
        return str(name)
    return f"{name}/{kind}-{fields.time(document, 'alert_datetime'):%Y%m%dT%H%M%S.%f}"


def _place(document: Mapping[str, Any]) -> Place:
    """Position and time for those who read nothing but VOEvent; the radius is a Param as well, with its containment."""
    given = document["ra_dec_error"]
    name = "trigger_time" if "trigger_time" in document else "observation_start"
    return Place(
        ra=document["ra"],
        dec=document["dec"],
        radius=max(given[:2]) if isinstance(given, list) else given,
        time=fields.maybe_time(document, name) or fields.time(document, "alert_datetime"),
        system="UTC-ICRS-TOPO",
        observatory=document["mission"] + (f" {document['array']}" if "array" in document else ""),
    )


def _whose(document: Document) -> Author:
    name, mail = _contact(document.get("contact", ""))
    return Author(
        title=f"{document['mission']} gamma-ray alerts",
        short_name=document["mission"],
        contact_name=name,
        contact_email=mail,
    )


def _contact(text: str) -> tuple[str | None, str | None]:
    """Name and address of ``Name <mail>``, of an address alone, or of a name alone."""
    name, mail = parseaddr(text)
    if re.fullmatch(r"[^@\s]+@[^@\s]+", mail):
        return name or None, mail
    return text.strip() or None, None


def _why(document: Document) -> Why | None:
    if document["alert_type"] == "retraction":
        return Why(description=f"{document['mission']} takes {document['id']} back")
    return Why(
        names=fields.texts(document, "event_name"),
        concept=CONCEPTS[document.get("source_class", "serendipitous")],
        probability=document.get("p_astro"),
        description=_words(document),
    )


def _words(document: Document) -> str:
    """The alert in a sentence."""
    sigma = fields.maybe_number(document, "significance_post_trial")
    trials = "after trials" if sigma is not None else "before trials"
    sigma = sigma if sigma is not None else fields.maybe_number(document, "significance")
    told = [
        None if sigma is None else f"{sigma:g} sigma {trials}",
        f"follows {document['follow_up_event']}" if "follow_up_event" in document else None,
        document.get("additional_info"),
    ]
    return "; ".join([f"seen by {document['mission']}", *(text for text in told if text)])


def _z(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
