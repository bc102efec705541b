"""LVK's public alerts: topic ``igwn.gwalert``, JSON by GCN and Avro by Hopskotch.

Fields: https://emfollow.docs.ligo.org/userguide/content.html#kafka-notice-gcn-scimma
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from types import MappingProxyType

import skymaps
from coincidence.event import Event, ExternalCoincidence, Kind, Messenger, Stage
from mma.alerts.avro import framing
from mma.errors import DecodeError, Ignored
from mma.sandbox import budget
from mma.streams import Message

from . import embedded, fields, names
from .embedded import Cut
from .fields import Document
from .regions import Where
from .sheet import Sheet, issued_of

OBSERVATORY = "LVK"
AVRO_MAGIC = b"Obj\x01"
ARCHIVE = b"PK\x03\x04"
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
    sheet = Sheet(document=read(message.payload, text))
    refuse_internal(sheet.document)
    name = superevent_id(sheet.needs_text("superevent_id"), "superevent_id")
    event = sheet.section("event")
    stage = _stage(sheet, event)
    where = _where(sheet, event, stage, text)
    region = where.region
    time = _time(sheet, event, stage, region.time if isinstance(region, skymaps.SkyMap) else None)
    url = sheet.section("urls").text("gracedb")
    return Event(
        id=name,
        messenger=Messenger.GW,
        kind=kind_of(event),
        observatory=OBSERVATORY,
        issued=issued_of(sheet, message, time, "time_created"),
        stage=stage,
        time=time,
        region=region,
        notice=text.digest(where.used),
        instruments=_instruments(event),
        far_hz=event.number("far", low=0.0),
        significant=event.flag("significant"),
        classes=event.probabilities("classification") | event.probabilities("properties"),
        is_test=is_test(name, event.text("search"), url),
        external=_external(sheet.section("external_coinc")),
        skymap_sha256=where.sha256,
        skymap_url=None if stage is Stage.RETRACTION else sheet.section("urls").text("skymap"),
        url=url,
        remarks=tuple(dict.fromkeys((*sheet.remarks, *where.remarks))),
    )


def read(payload: bytes, text: Cut | None = None) -> Document:
    """The record, whatever carries it: JSON text (with or without its large maps) or an Avro container with one."""
    if not payload.startswith(AVRO_MAGIC):
        return fields.unwrapped(fields.parse_json(payload) if text is None else text.parsed(payload))
    return fields.unwrapped([record for record, _ in islice(framing.records(framing.contained(payload)), 2)])


def superevent_id(name: str, path: str) -> str:
    """The exact superevent id; anything that cannot be one is refused."""
    if not SUPEREVENT.fullmatch(name):
        fields.wrong(path, name, "is not a superevent id")
    return name


def stage_of(alert_type: str, path: str) -> Stage:
    """``EARLYWARNING``, ``EARLY_WARNING`` (as the Avro schema's text has it) and ``EarlyWarning`` alike."""
    stage = STAGES.get(alert_type.upper().replace("_", "").replace(" ", ""))
    return stage or fields.wrong(path, alert_type, f"is none of {', '.join(STAGES)}")


def _stage(sheet: Sheet, event: Sheet) -> Stage:
    """As told; where it is not, a notice without an event takes it back, and another one tells of it."""
    told = sheet.text("alert_type")
    try:
        stage = stage_of(told or "", "alert_type")
    except DecodeError as error:
        is_null = "event" in sheet.document and sheet.document["event"] is None  # as in retractions alone
        if not event.document and not is_null:
            raise
        stage = Stage.RETRACTION if is_null or "RETRACT" in (told or "").upper() else Stage.INITIAL
        sheet.remarks.append(f"{error}: read as {stage.value}")
    if not event.document and stage is not Stage.RETRACTION:
        fields.wrong("event", sheet.document.get("event"), f"in a notice that is {stage.value}, not a retraction")
    return stage


def _time(sheet: Sheet, event: Sheet, stage: Stage, of_map: datetime | None) -> datetime | None:
    """When it happened; where that cannot be read, as the map has it."""
    found = event.time("time")
    if found is None and stage is not Stage.RETRACTION:
        if of_map is None:
            fields.time(event.document, "time", "event")
        sheet.remarks.append("no event.time: the map's stands in")
        return of_map
    return found


def kind_of(event: Sheet, name: str = "group") -> Kind:
    """CBC or burst by the search group; where it does not tell (a retraction) CBC, LVK's usual kind."""
    group = event.text(name)
    kind = KINDS.get((group or "CBC").upper())
    if kind is None:
        event.remarks.append(f"{fields.joined(event.path, name)}: {fields.shown(group)} is unknown: read as CBC")
    return kind or Kind.CBC


def is_test(name: str, search: str | None, url: str | None) -> bool:
    """Mock and test superevents, mock data challenges, and messages of GraceDB's practice servers."""
    practice = any(host in (url or "") for host in TEST_HOSTS)
    return name.startswith(TEST_PREFIX) or search == TEST_SEARCH or practice


def external_id(observatory: str, notice_id: str, ivorn: str | None) -> str:
    """The other event's id as its own notices give it, else observatory and number."""
    return (ivorn and names.from_ivorn(ivorn)) or f"{observatory}-{notice_id}"


def _instruments(event: Sheet) -> tuple[str, ...]:
    """As a list, or as one text with commas."""
    return tuple(part for told in event.texts("instruments") for part in told.replace(" ", "").split(",") if part)


def _external(coincidence: Sheet) -> tuple[ExternalCoincidence, ...]:
    if not coincidence.document:
        return ()
    number, ivorn = coincidence.text("gcn_notice_id"), coincidence.text("ivorn")
    observatory = coincidence.text("observatory")
    if observatory is None or number is None:
        known = ivorn and names.from_ivorn(ivorn)
        if not known:
            coincidence.leave(f"{coincidence.path}: it does not say with what")
            return ()
        observatory = observatory or known.partition("-")[0]
    return (
        ExternalCoincidence(
            event_id=external_id(observatory, number or "", ivorn),
            observatory=observatory,
            search=coincidence.text("search"),
            delay_s=coincidence.number("time_difference"),
            far_temporal_hz=coincidence.number("time_coincidence_far", low=0.0),
            far_spacetime_hz=coincidence.number("time_sky_position_coincidence_far", low=0.0),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Where(Where):
    used: Mapping[str, str] = field(default_factory=dict)
    """Word in the text that stood for the map, to the map's sha256."""


def _where(sheet: Sheet, event: Sheet, stage: Stage, text: Cut) -> _Where:
    """The combined map where there is a good one, else the event's own, else none."""
    if stage is Stage.RETRACTION:
        return _Where()
    remarks: list[str] = []
    for path, value in (
        ("external_coinc.combined_skymap", sheet.section("external_coinc").value("combined_skymap")),
        ("event.skymap", event.value("skymap")),
    ):
        if value is None:
            continue
        try:
            found = skymap_of(value, path, text.maps)
        except DecodeError as error:
            remarks.append(f"map left aside: {error}")
            continue
        if path.startswith("external"):
            remarks.append("region is the sender's combined map with the external event")
        used = {str(value): found.sha256} if found.sha256 else {}
        return _Where(region=found, sha256=found.sha256, remarks=(*remarks, *found.remarks), used=used)
    return _Where(remarks=(*remarks, "no sky map in this notice"))


def skymap_of(value: object, path: str, maps: Mapping[str, bytes] = MappingProxyType({})) -> skymaps.SkyMap:
    """The map in base64 text or bytes, or that a word stands for."""
    content = maps.get(value) if isinstance(value, str) else None
    return map_of(fields.decode_base64(value, path) if content is None else content, path)


def map_of(content: bytes, path: str) -> skymaps.SkyMap:
    """The map in a FITS file, or a ``DecodeError`` that names the field."""
    if content.startswith(ARCHIVE):
        budget.document(f"{path}: an archive")
    try:
        return skymaps.read(content, max_bytes=budget.now().unpacked)
    except skymaps.TooLargeError as error:
        raise budget.refuse(f"{path}: {error}") from error
    except skymaps.RegionError as error:
        raise DecodeError(f"{path}: {error}") from error


def refuse_internal(document: Document) -> None:
    """Raise ``Ignored`` for LVK's internal messages, which look alike and are not public alerts."""
    if "uid" in document and "alert_type" in document:
        raise Ignored("internal IGWN alert of GraceDB, not a public one")
