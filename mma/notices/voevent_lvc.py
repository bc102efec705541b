"""LVK's VOEvents, ``ivo://gwnet/LVC#...`` (2017 to 2026): the map is a URL, so they tell no region."""

from __future__ import annotations

from coincidence.event import Event, ExternalCoincidence, Messenger, Stage
from mma.errors import DecodeError
from mma.streams.message import Message

from . import fields, igwn
from .voevent_xml import Packet, when

MAP_PARAMS = ("skymap_fits", "skymap_fits_basic")
CLASS_GROUPS = frozenset({"Classification", "Properties"})


def decode(packet: Packet, message: Message) -> Event:
    """The event that one LVC VOEvent tells of."""
    name = igwn.superevent_id(packet.text("GraceID") or "", "Param GraceID")
    stage = igwn.stage_of(packet.text("AlertType") or "", "Param AlertType")
    if packet.flag("Retraction"):
        stage = Stage.RETRACTION
    retracted = stage is Stage.RETRACTION
    url = packet.text("EventPage")
    skymap_url = next((u for p in MAP_PARAMS if (u := packet.text(p))), None)
    if not packet.places:
        raise DecodeError("WhereWhen: no ObsDataLocation")
    return Event(
        id=name,
        messenger=Messenger.GW,
        kind=igwn.kind_of(packet.text("Group"), "Param Group"),
        observatory=igwn.OBSERVATORY,
        issued=packet.issued(),
        stage=stage,
        time=when(packet.places[0]),
        region=None,
        notice=fields.digest(message),
        instruments=tuple((packet.text("Instruments") or "").replace(" ", "").split(",")) if not retracted else (),
        far_hz=packet.number("FAR"),
        significant=packet.flag("Significant") if "Significant" in packet.params else None,
        classes=_classes(packet),
        is_test=_is_test(packet, name, url),
        external=_external(packet),
        skymap_url=skymap_url,
        url=url,
        remarks=() if retracted else ("map by URL only" if skymap_url else "no sky map in this notice",),
    )


def _is_test(packet: Packet, name: str, url: str | None) -> bool:
    practice = igwn.is_test(name, packet.text("Search"), url)
    return practice or packet.role == "test" or packet.flag("HardwareInj")


def _classes(packet: Packet) -> dict[str, float]:
    return {
        name: fields.parse_number(param.value, f"Param {name}", 0.0, 1.0)
        for name, param in packet.params.items()
        if param.kind in CLASS_GROUPS and param.value
    }


def _external(packet: Packet) -> tuple[ExternalCoincidence, ...]:
    observatory, number = packet.text("External_Observatory"), packet.text("External_GCN_Notice_Id")
    if observatory is None or number is None:
        return ()
    return (
        ExternalCoincidence(
            event_id=igwn.external_id(observatory, number, packet.text("External_Ivorn")),
            observatory=observatory,
            search=packet.text("External_Search"),
            delay_s=packet.number("Time_Difference"),
            far_temporal_hz=packet.number("Time_Coincidence_FAR"),
            far_spacetime_hz=packet.number("Time_Sky_Position_Coincidence_FAR"),
        ),
    )
