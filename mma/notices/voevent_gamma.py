"""Gamma-ray alerts (``urn:mma:gamma:1``) as VOEvent 2.0, and back: the same event in both forms.

Where VOEvent has a place of its own for a field, it stands there: position, radius and time in ``<WhereWhen>``, the
time of the message in ``<Who>``, a test in the role, an update or retraction as a citation of the first message. The
others are ``<Param>``s by the names of the schema; text as it is, all else as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from coincidence.event import Event
from mma.errors import DecodeError
from mma.streams.message import Message

from . import fields, gamma
from .fields import Document
from .gamma_schema import SCHEMA_ID, validate
from .voevent_write import Param, Place, write
from .voevent_xml import Packet, position

STREAM = "mma/gamma"
PREFIX = f"ivo://{STREAM}/"
CITES = {"update": "supersedes", "retraction": "retraction"}
TESTS = ("test", "injection")
ELSEWHERE = frozenset({"$schema", "alert_datetime", "ra", "dec"})
"""Fields that stand in VOEvent's own places."""

TEXTS = frozenset(
    ("mission", "instrument", "array", "messenger", "id", "data_archive_page", "alert_type", "alert_tense",
     "supersedes", "trigger_time", "observation_start", "observation_stop", "healpix_file", "healpix_url",
     "flux_unit", "source_class", "follow_up_event", "ref_ID", "ref_type", "ref_instrument", "quality", "irf",
     "contact", "additional_info")
)  # fmt: skip
"""Fields of the schema that are text."""

UNITS = {"ra_dec_error": "deg", "far": "Hz", "observation_livetime": "s", "zenith_angle": "deg"}
UCDS = {"significance": "stat.snr", "significance_post_trial": "stat.snr", "flux": "phot.flux", "far": "arith.rate"}


def encode(document: Document) -> bytes:
    """The alert as VOEvent XML; refused where ``validate`` finds anything."""
    if problems := validate(dict(document)):
        raise DecodeError("; ".join(problems))
    mission = document["mission"].replace(" ", "")
    cite = CITES.get(document["alert_type"])
    return write(
        ivorn=f"{PREFIX}{mission}#{_local(document)}",
        role="test" if document.get("alert_tense") in TESTS else "observation",
        author=f"{PREFIX}{mission}",
        date=fields.time(document, "alert_datetime"),
        params=[_param(name, value) for name, value in document.items() if name not in ELSEWHERE],
        place=_place(document) if "ra" in document else None,
        cites=(f"{PREFIX}{mission}#{document['id']}", cite) if cite else None,
    )


def decode(packet: Packet, message: Message) -> Event:
    """The event of such a VOEvent, by the same decisions as of the JSON."""
    document = document_of(packet)
    event = gamma.decode(replace(message, payload=json.dumps(document).encode()))
    return replace(event, notice=fields.digest(message))


def document_of(packet: Packet) -> dict[str, Any]:
    """The alert's fields, back in the schema's places."""
    document: dict[str, Any] = {"$schema": SCHEMA_ID, "alert_datetime": _z(packet.issued())}
    for name, param in packet.params.items():
        document[name] = param.value if name in TEXTS else _parsed(name, param.value)
    if packet.places:
        document["ra"], document["dec"] = position(packet.places[0])
    if packet.role == "test":
        document.setdefault("alert_tense", "test")
    return document


def _local(document: Document) -> str:
    """Name of this message: that of the first is the alert's own id, so that later ones can cite it."""
    name, kind = document["id"], document["alert_type"]
    if kind == "initial":
        return str(name)
    return f"{name}/{kind}-{fields.time(document, 'alert_datetime'):%Y%m%dT%H%M%S.%f}"


def _param(name: str, value: Any) -> Param:
    text = value if name in TEXTS else json.dumps(value)
    number = not isinstance(value, bool) and isinstance(value, int | float)
    return Param(name=name, value=text, unit=UNITS.get(name), ucd=UCDS.get(name), kind="float" if number else "string")


def _place(document: Mapping[str, Any]) -> Place:
    """Position and time for those who read nothing but VOEvent; the radius is a Param as well, with its containment."""
    given = document.get("ra_dec_error", 0.0)
    name = "trigger_time" if "trigger_time" in document else "observation_start"
    return Place(
        ra=document["ra"],
        dec=document["dec"],
        radius=max(given[:2]) if isinstance(given, list) else given,
        time=fields.maybe_time(document, name) or fields.time(document, "alert_datetime"),
        system="UTC-ICRS-TOPO",
        observatory=document["mission"] + (f" {document['array']}" if "array" in document else ""),
    )


def _parsed(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise DecodeError(f"Param {name}: {fields.shown(text)} is not JSON") from error


def _z(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
