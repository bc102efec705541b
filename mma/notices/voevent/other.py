"""VOEvents that observatories send themselves: H.E.S.S., UTMOST, ANTARES. One function a stream."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from coincidence.event import Event, Kind, Messenger, Stage
from coincidence.gamma import Gamma
from mma.errors import DecodeError, Ignored
from mma.streams import Message

from .. import fields, names, regions
from ..gamma import voevent
from ..regions import Where
from .classic import NOWHERE, locate, retraction_of, time_of
from .document import Packet, Place, position
from .packet_types import PacketType


def decode(packet: Packet, message: Message) -> Event:
    """The event of a stream in the table; ``Ignored`` for optical transients and tests."""
    if voevent.is_ours(packet):
        return voevent.decode(packet, message)
    for prefix, reader in STREAMS.items():
        if packet.ivorn.startswith(prefix):
            return reader(packet, message)
    if is_optical(packet.ivorn):
        raise Ignored("optical transient: an alert, not a notice")
    if packet.role == "test":
        raise Ignored("test of a VOEvent broker")
    raise DecodeError(f"VOEvent stream not in our table: {packet.ivorn.partition('#')[0]}")


OPTICAL = ("ivo://gaia.cam.uk/alerts#", "ivo://voevent.4pisky.org/ASASSN#")
"""Streams of optical transients, decoded by ``mma.alerts``."""


def is_optical(ivorn: str) -> bool:
    """Whether a VOEvent of this name is an optical alert."""
    return ivorn.startswith(OPTICAL)


HESS = PacketType(
    observatory="H.E.S.S.", instrument="HESS", messenger=Messenger.GAMMA, kind=Kind.GRB, default_error_deg=0.1
)
UTMOST = PacketType(
    observatory="UTMOST", instrument=None, messenger=Messenger.RADIO, kind=Kind.FRB, default_error_deg=1.25
)
ANTARES = PacketType(
    observatory="ANTARES", instrument=None, messenger=Messenger.NEUTRINO, kind=Kind.NEUTRINO, default_error_deg=1.0
)


def _hess(packet: Packet, message: Message) -> Event:
    """A follow-up detection: the first place is the trigger's, the one at ``HESS`` the source seen there."""
    followed = next((names.from_ivorn(ivorn) or ivorn for cite, ivorn in packet.citations if cite == "followup"), None)
    sigma = packet.number("significance")
    event = _event(packet, message, HESS, None, id=f"HESS-{_local(packet)}")
    ra, dec = _seen_at(place_of(packet, "HESS"))
    standard = packet.role in ("observation", "test", "utility", "prediction")
    role = () if standard else (f"role {packet.role!r} is none of VOEvent's: read as observation",)
    return replace(
        event,
        significance_sigma=sigma,
        follows=followed,
        gamma=Gamma(ra=ra, dec=dec, significance=sigma, follow_up_event=followed),
        remarks=event.remarks + role,
    )


def _seen_at(place: Place) -> tuple[float, float] | tuple[None, None]:
    """Position, where there is one."""
    try:
        return position(place)
    except DecodeError:
        return None, None


def _utmost(packet: Packet, message: Message) -> Event:
    """A fast radio burst in a fan beam: 2.5 deg long North to South, arcseconds wide."""
    return _event(packet, message, UTMOST, _beam(packet), id=f"UTMOST-{_local(packet).partition('/')[0]}")


def _beam(packet: Packet) -> Where | None:
    """The fan beam; None where it is not told, or none."""
    beam = [packet.number(f"beam_semi-{axis}_axis") for axis in ("major", "minor")]
    if not beam[0] or not beam[1]:
        return None
    angle = packet.number("beam_rotation_angle") or 0.0
    axes = (beam[0] / 60, beam[1] / 60, angle)  # arcminutes: 75 is the Error2Radius of 1.25 deg
    try:
        ra, dec = position(place_of(packet, ""))
        return Where(region=regions.ellipse("Param beam_semi-major_axis", ra, dec, axes))
    except DecodeError as error:
        packet.leave(error)
        return None


def _antares(packet: Packet, message: Message) -> Event:
    event = _event(packet, message, ANTARES, None, id=f"ANTARES-{packet.text('TrigID') or _local(packet)}")
    fake = (packet.text("isRealAlert") or "true").lower() == "false"
    remark = "containment of the error radius not told: 90 % taken"
    return replace(event, is_test=event.is_test or fake, remarks=(*event.remarks, remark))


STREAMS: dict[str, Callable[[Packet, Message], Event]] = {
    "ivo://HESS/": _hess,
    "ivo://au.edu.swin/utmost#": _utmost,
    "ivo://nasa.gsfc.gcn/Antares_Alert#": _antares,
}


def _event(packet: Packet, message: Message, kind: PacketType, where: Where | None, *, id: str) -> Event:  # noqa: A002
    """What all of them share."""
    retracted = retraction_of(packet)
    place = place_of(packet, kind.instrument or "")
    time = time_of(packet, place, is_needed=not retracted)
    issued = packet.issued(message, time)
    where = Where() if retracted else where or locate(packet, place, kind)
    series, number = packet.numbered()
    return Event(
        id=id,
        messenger=kind.messenger,
        kind=kind.kind,
        observatory=kind.observatory,
        issued=issued,
        stage=Stage.RETRACTION if retracted else Stage.INITIAL,
        time=time,
        region=where.region,
        notice=fields.digest(message),
        is_test=packet.role == "test" or bool(re.match(r"test", _local(packet), re.IGNORECASE)),
        series=series,
        number=number,
        is_guess=where.is_guess,
        remarks=tuple(dict.fromkeys((*packet.remarks, *where.remarks, *((retracted,) if retracted else ())))),
    )


def _local(packet: Packet) -> str:
    """What follows ``#`` in the notice's name."""
    return packet.ivorn.partition("#")[2]


def place_of(packet: Packet, observatory: str) -> Place:
    """The place with this observatory's id, else the first that has a position, else the first."""
    named = [place for place in packet.places if observatory and place.observatory == observatory]
    placed = [place for place in packet.places if place.ra is not None]
    return next(iter([*named, *placed, *packet.places]), NOWHERE)
