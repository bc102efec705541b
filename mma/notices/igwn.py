"""LVK's public alerts: topic ``igwn.gwalert``, JSON by GCN and Avro by Hopskotch.

Fields: https://emfollow.docs.ligo.org/userguide/content.html#kafka-notice-gcn-scimma
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any

import fastavro
from fastavro.schema import SchemaParseException, UnknownType

import skymaps
from coincidence.event import Event, ExternalCoincidence, Kind, Messenger, Stage
from mma.errors import DecodeError, Ignored
from mma.streams.message import Message

from . import embedded, fields, names
from .embedded import Cut
from .fields import Document

MAX_UNPACKED = 512 << 20
"""Bytes of a map; a flat one of NSIDE 1024 with distances has 400 MB."""

OBSERVATORY = "LVK"
AVRO_MAGIC = b"Obj\x01"
AVRO_ERRORS = (
    ValueError, LookupError, TypeError, EOFError, MemoryError, RecursionError,
    struct.error, zlib.error, SchemaParseException, UnknownType,
)  # fmt: skip
"""What fastavro raises on damaged bytes; it has no error class of its own for that."""

SUPEREVENT = re.compile(r"(MS|TS|S|M|T|G)\d+[a-z]*")
TEST_PREFIX = ("M", "T")
"""Superevents of mock (``MS``) and test (``TS``) data."""
TEST_SEARCH = "MDC"
TEST_HOSTS = ("gracedb-playground.", "gracedb-test.", "gracedb-dev")

STAGES = {
    "EARLYWARNING": Stage.EARLY_WARNING,
    "PRELIMINARY": Stage.PRELIMINARY,
    "INITIAL": Stage.INITIAL,
    "UPDATE": Stage.UPDATE,
    "RETRACTION": Stage.RETRACTION,
}
KINDS = {"CBC": Kind.CBC, "BURST": Kind.BURST}


def decode(message: Message) -> Event:
    """The event that one ``igwn.gwalert`` message tells of."""
    text = embedded.cut(message.payload)
    document = read(message.payload, text)
    refuse_internal(document)
    name = superevent_id(fields.text(document, "superevent_id"), "superevent_id")
    stage = stage_of(fields.text(document, "alert_type"), "alert_type")
    issued = fields.time(document, "time_created")
    url = fields.maybe_text(fields.maybe_section(document, "urls") or {}, "gracedb", "urls")
    event = fields.maybe_section(document, "event")
    if event is None:
        if stage is not Stage.RETRACTION:
            fields.wrong("event", None, f"in a notice that is {stage.value}, not a retraction")
        event = {}
    map_field, url_map, remarks = _where(document, event, stage)
    region = None if map_field is None else skymap_of(*map_field, text.maps)
    sha256 = region.sha256 if region else None
    return Event(
        id=name,
        messenger=Messenger.GW,
        kind=kind_of(fields.maybe_text(event, "group", "event"), "event.group"),
        observatory=OBSERVATORY,
        issued=issued,
        stage=stage,
        time=fields.time(event, "time", "event") if event else None,
        region=region,
        notice=text.digest({str(map_field[0]): sha256} if map_field and sha256 else {}),
        instruments=fields.texts(event, "instruments", "event"),
        far_hz=fields.maybe_number(event, "far", "event", low=0.0),
        significant=fields.maybe_flag(event, "significant", "event"),
        classes=_classes(event),
        is_test=is_test(name, fields.maybe_text(event, "search", "event"), url),
        external=_external(fields.maybe_section(document, "external_coinc")),
        skymap_sha256=sha256,
        skymap_url=url_map,
        url=url,
        remarks=remarks,
    )


def read(payload: bytes, text: Cut | None = None) -> Document:
    """The record, whatever carries it: JSON text (with or without its large maps) or an Avro container with one."""
    if not payload.startswith(AVRO_MAGIC):
        return fields.unwrapped(fields.parse_json(payload) if text is None else text.parsed(payload))
    try:
        records: list[Any] = list(islice(fastavro.reader(io.BytesIO(payload)), 2))
    except AVRO_ERRORS as error:
        raise DecodeError(f"Avro: {type(error).__name__} {error}") from error
    return fields.unwrapped(records)


def superevent_id(name: str, path: str) -> str:
    """The exact superevent id; anything that cannot be one is refused."""
    if not SUPEREVENT.fullmatch(name):
        fields.wrong(path, name, "is not a superevent id")
    return name


def stage_of(alert_type: str, path: str) -> Stage:
    """``EARLYWARNING``, ``EARLY_WARNING`` (as the Avro schema's text has it) and ``EarlyWarning`` alike."""
    stage = STAGES.get(alert_type.upper().replace("_", ""))
    return stage or fields.wrong(path, alert_type, f"is none of {', '.join(STAGES)}")


def kind_of(group: str | None, path: str) -> Kind:
    """CBC or burst by the search group; a retraction does not tell and is taken as CBC, LVK's usual kind."""
    kind = KINDS.get((group or "CBC").upper())
    return kind or fields.wrong(path, group, f"is none of {', '.join(KINDS)}")


def is_test(name: str, search: str | None, url: str | None) -> bool:
    """Mock and test superevents, mock data challenges, and messages of GraceDB's practice servers."""
    practice = any(host in (url or "") for host in TEST_HOSTS)
    return name.startswith(TEST_PREFIX) or search == TEST_SEARCH or practice


def external_id(observatory: str, notice_id: str, ivorn: str | None) -> str:
    """The other event's id as its own notices give it, else observatory and number."""
    return (ivorn and names.from_ivorn(ivorn)) or f"{observatory}-{notice_id}"


def _classes(event: Document) -> dict[str, float]:
    return fields.probabilities(event, "classification", "event") | fields.probabilities(event, "properties", "event")


def _external(coincidence: Document | None) -> tuple[ExternalCoincidence, ...]:
    if coincidence is None:
        return ()
    here = "external_coinc"
    number = coincidence.get("gcn_notice_id")
    if isinstance(number, bool) or not isinstance(number, int | str):
        fields.wrong(f"{here}.gcn_notice_id", number, "is neither a number nor text")
    observatory = fields.text(coincidence, "observatory", here)
    ivorn = fields.maybe_text(coincidence, "ivorn", here)
    return (
        ExternalCoincidence(
            event_id=external_id(observatory, str(number), ivorn),
            observatory=observatory,
            search=fields.maybe_text(coincidence, "search", here),
            delay_s=fields.maybe_number(coincidence, "time_difference", here),
            far_temporal_hz=fields.maybe_number(coincidence, "time_coincidence_far", here, low=0.0),
            far_spacetime_hz=fields.maybe_number(coincidence, "time_sky_position_coincidence_far", here, low=0.0),
        ),
    )


def _where(
    document: Document, event: Document, stage: Stage
) -> tuple[tuple[object, str] | None, str | None, tuple[str, ...]]:
    """The map and its path, URL of the map, remarks. The combined map is used where there is one."""
    if stage is Stage.RETRACTION:
        return None, None, ()
    external = fields.maybe_section(document, "external_coinc") or {}
    url = fields.maybe_text(fields.maybe_section(document, "urls") or {}, "skymap", "urls")
    if (combined := external.get("combined_skymap")) is not None:
        remark = "region is the sender's combined map with the external event"
        return (combined, "external_coinc.combined_skymap"), url, (remark,)
    if (skymap := event.get("skymap")) is not None:
        return (skymap, "event.skymap"), url, ()
    return None, url, ("no sky map in this notice",)


def skymap_of(value: object, path: str, maps: Mapping[str, bytes] = MappingProxyType({})) -> skymaps.SkyMap:
    """The map in base64 text or bytes, or that a word stands for."""
    content = maps.get(value) if isinstance(value, str) else None
    try:
        return skymaps.read(fields.decode_base64(value, path) if content is None else content, max_bytes=MAX_UNPACKED)
    except skymaps.RegionError as error:
        raise DecodeError(f"{path}: {error}") from error


def refuse_internal(document: Document) -> None:
    """Raise ``Ignored`` for LVK's internal messages, which look alike and are not public alerts."""
    if "uid" in document and "alert_type" in document:
        raise Ignored("internal IGWN alert of GraceDB, not a public one")
