"""Events that somebody gives by hand: a map as a file, or a place and a time in a small document of ours."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime

import skymaps
from coincidence.event import Event, Kind, Messenger, Stage
from mma.errors import DecodeError
from mma.streams import Message
from skymaps import SkyMap

from . import fields, lvk, regions
from .sheet import Sheet

SCHEMA_ID = "urn:mma:region:1"
"""Our document: name, kind, time, issued, test, update; ``skymap`` (base64), or ``circle`` (ra, dec, radius_deg)."""

MESSENGERS = {
    Kind.CBC: Messenger.GW,
    Kind.BURST: Messenger.GW,
    Kind.GRB: Messenger.GAMMA,
    Kind.FLARE: Messenger.GAMMA,
    Kind.NEUTRINO: Messenger.NEUTRINO,
    Kind.SUPERNOVA: Messenger.NEUTRINO,
    Kind.FRB: Messenger.RADIO,
    Kind.TRANSIENT: Messenger.OPTICAL,
}
GZIP, FITS = b"\x1f\x8b", b"SIMPLE  ="
LOOKED_AT = 1 << 16
"""Bytes in which the header of a map's table is found."""

HOW = "mma event add --map FILE --time T --kind KIND"
LONGEST_NAME = 100
GW_DETECTORS = frozenset({"H1", "L1", "V1", "K1", "G1"})


def is_map(payload: bytes) -> bool:
    """Whether bytes are a HEALPix map as FITS, compressed or not, as far as the header tells."""
    if not payload.startswith((GZIP, FITS)):
        return False
    head = payload[:LOOKED_AT]
    if head.startswith(GZIP):
        try:
            head = zlib.decompressobj(31).decompress(head, LOOKED_AT)
        except zlib.error:
            return False
    return head.startswith(FITS) and b"HEALPIX" in head


def decode(message: Message) -> Event:
    """The event of a map, or of a document of ours."""
    if message.payload.startswith((GZIP, FITS)):
        return _of_map(message)
    sheet = Sheet(document=fields.unwrapped(fields.parse_json(message.payload)))
    kind = _kind(sheet.needs_text("kind"))
    time, issued = (fields.time(sheet.document, name) for name in ("time", "issued"))
    region, sha256 = _region(sheet)
    name = sheet.text("name") or f"{kind.value}-{time:%Y%m%dT%H%M%S}"
    return Event(
        id=name,
        messenger=MESSENGERS[kind],
        kind=kind,
        observatory=sheet.text("observatory") or "by hand",
        issued=issued,
        stage=Stage.UPDATE if sheet.flag("update") else Stage.INITIAL,
        time=time,
        region=region,
        notice=fields.digest(message),
        instruments=region.instruments if isinstance(region, SkyMap) else (),
        is_test=bool(sheet.flag("test")),
        skymap_sha256=sha256,
        remarks=tuple(sheet.remarks),
    )


def _region(sheet: Sheet) -> tuple[skymaps.Region, str | None]:
    circle = sheet.section("circle")
    if circle.document:
        told = {name: fields.maybe_number(circle.document, name, "circle") for name in ("ra", "dec", "radius_deg")}
        ra, dec, radius = (fields.wrong(f"circle.{n}", v, "is needed") if v is None else v for n, v in told.items())
        return regions.circle("circle", ra, dec, radius), None
    found = lvk.skymap_of(sheet.needs_text("skymap"), "skymap")
    sheet.remarks.extend(found.remarks)
    return found, found.sha256


def _of_map(message: Message) -> Event:
    """When and what the header tells; without a time it is no event."""
    found = lvk.map_of(message.payload, "map")
    header = header_of(found)
    if header.time is None:
        raise DecodeError(f"map: no time in its header (DATE-OBS, MJD-OBS): {HOW}")
    return Event(
        id=header.name or f"map-{header.time:%Y%m%dT%H%M%S}",
        messenger=MESSENGERS[header.kind],
        kind=header.kind,
        observatory=header.observatory,
        issued=max(header.time, found.made or header.time),
        stage=Stage.INITIAL,
        time=header.time,
        region=found,
        notice=fields.digest(message),
        instruments=found.instruments,
        is_test=header.is_test,
        skymap_sha256=found.sha256,
        remarks=(f"a map alone: {header.kind.value} by its header", *found.remarks),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a map's header says of its event."""

    name: str | None
    kind: Kind
    observatory: str
    time: datetime | None
    is_test: bool


def header_of(found: SkyMap) -> Header:
    """What a map is of, as those who make maps write their headers; an OBJECT that cannot be shown is none."""
    name = " ".join((found.object_id or "").split())
    kind, observatory = _guessed(found)
    is_superevent = kind is Kind.CBC and lvk.SUPEREVENT.fullmatch(name) is not None
    return Header(
        name=name if name.isprintable() and 0 < len(name) <= LONGEST_NAME else None,
        kind=kind,
        observatory=observatory,
        time=found.time,
        is_test=is_superevent and lvk.is_test(name, None, None),
    )


def _guessed(found: SkyMap) -> tuple[Kind, str]:
    name, creator = (found.object_id or "").upper(), (found.creator or "").lower()
    if name.startswith("GRB"):
        return Kind.GRB, "by hand"
    is_gw = found.distance_mpc is not None or bool(GW_DETECTORS & set(found.instruments))
    if is_gw or "bayestar" in creator or creator.startswith("ligo"):
        return Kind.CBC, lvk.OBSERVATORY
    return Kind.TRANSIENT, "by hand"


def _kind(told: str) -> Kind:
    try:
        return Kind(told)
    except ValueError:
        return fields.wrong("kind", told, f"is none of {', '.join(Kind)}")
