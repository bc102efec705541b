"""VOEvents that observatories send themselves: H.E.S.S., UTMOST, ANTARES. One function a stream."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from coincidence.event import Event, Kind, Messenger, Stage
from coincidence.gamma import Gamma
from mma.errors import DecodeError, Ignored
from mma.streams.message import Message
from skymaps import Region

from . import fields, names, regions, voevent_gamma
from .voevent_xml import Packet, Place, position, when


def decode(packet: Packet, message: Message) -> Event:
    """The event of a stream in the table; ``Ignored`` for optical transients, tests and strangers."""
    if voevent_gamma.is_ours(packet):
        return voevent_gamma.decode(packet, message)
    for prefix, reader in STREAMS.items():
        if packet.ivorn.startswith(prefix):
            return reader(packet, message)
    if is_optical(packet.ivorn):
        raise Ignored("optical transient: an alert, not a notice")
    if packet.role == "test":
        raise Ignored("test of a VOEvent broker")
    raise Ignored(f"VOEvent stream not in our table: {packet.ivorn.partition('#')[0]}")


OPTICAL = ("ivo://gaia.cam.uk/alerts#", "ivo://voevent.4pisky.org/ASASSN#")
"""Streams of optical transients, decoded by ``mma.alerts``."""


def is_optical(ivorn: str) -> bool:
    """Whether a VOEvent of this name is an optical alert."""
    return ivorn.startswith(OPTICAL)


def _hess(packet: Packet, message: Message) -> Event:
    """A follow-up detection: the first place is the trigger's, the one at ``HESS`` the source seen there."""
    place = _place_of(packet, "HESS")
    followed = next((names.from_ivorn(ivorn) or ivorn for cite, ivorn in packet.citations if cite == "followup"), None)
    event = _event(packet, message, place, _circle(place), id=f"HESS-{_local(packet)}")
    ra, dec = position(place)
    standard = packet.role in ("observation", "test", "utility", "prediction")
    return replace(
        event,
        observatory="H.E.S.S.",
        messenger=Messenger.GAMMA,
        kind=Kind.GRB,
        significance_sigma=packet.number("significance"),
        follows=followed,
        gamma=Gamma(ra=ra, dec=dec, significance=packet.number("significance"), follow_up_event=followed),
        remarks=() if standard else (f"role {packet.role!r} is none of VOEvent's: read as observation",),
    )


def _utmost(packet: Packet, message: Message) -> Event:
    """A fast radio burst in a fan beam: 2.5 deg long North to South, arcseconds wide."""
    place = _place_of(packet, "")
    ra, dec = position(place)
    beam = [packet.number(f"beam_semi-{axis}_axis") for axis in ("major", "minor")]
    if beam[0] and beam[1]:  # arcminutes: 75 is the Error2Radius of 1.25 deg
        angle = packet.number("beam_rotation_angle") or 0.0
        region = regions.ellipse("Param beam_semi-major_axis", ra, dec, (beam[0] / 60, beam[1] / 60, angle))
    else:
        region = _circle(place)
    event = _event(packet, message, place, region, id=f"UTMOST-{_local(packet).partition('/')[0]}")
    return replace(event, observatory="UTMOST", messenger=Messenger.RADIO, kind=Kind.FRB)


def _antares(packet: Packet, message: Message) -> Event:
    place = _place_of(packet, "")
    event = _event(packet, message, place, _circle(place), id=f"ANTARES-{packet.text('TrigID') or _local(packet)}")
    fake = (packet.text("isRealAlert") or "true").lower() == "false"
    return replace(
        event,
        observatory="ANTARES",
        messenger=Messenger.NEUTRINO,
        kind=Kind.NEUTRINO,
        is_test=event.is_test or fake,
        remarks=("containment of the error radius not told: 90 % taken",),
    )


STREAMS: dict[str, Callable[[Packet, Message], Event]] = {
    "ivo://HESS/": _hess,
    "ivo://au.edu.swin/utmost#": _utmost,
    "ivo://nasa.gsfc.gcn/Antares_Alert#": _antares,
}


def _event(packet: Packet, message: Message, place: Place, region: Region, *, id: str) -> Event:  # noqa: A002
    """What all of them share."""
    retracted = any(cite == "retraction" for cite, _ in packet.citations)
    return Event(
        id=id,
        messenger=Messenger.GAMMA,
        kind=Kind.TRANSIENT,
        observatory="",
        issued=packet.issued(),
        stage=Stage.RETRACTION if retracted else Stage.INITIAL,
        time=when(place),
        region=None if retracted else region,
        notice=fields.digest(message),
        is_test=packet.role == "test" or bool(re.match(r"test", _local(packet), re.IGNORECASE)),
    )


def _local(packet: Packet) -> str:
    """What follows ``#`` in the notice's name."""
    return packet.ivorn.partition("#")[2]


def _place_of(packet: Packet, observatory: str) -> Place:
    """The place with this observatory's id, else the first that has a position."""
    places = [place for place in packet.places if place.ra is not None]
    if not places:
        raise DecodeError("WhereWhen: no Position2D")
    return next((place for place in places if observatory and place.observatory == observatory), places[0])


def _circle(place: Place) -> Region:
    ra, dec = position(place)
    path = "Position2D Error2Radius"
    return regions.circle(path, ra, dec, fields.parse_number(place.error or "", path))
