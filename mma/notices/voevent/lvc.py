"""LVK's VOEvents, ``ivo://gwnet/LVC#...`` (2017 to 2026): the map is a URL, so they tell no region."""

from __future__ import annotations

from coincidence.event import Event, ExternalCoincidence, Messenger, Stage
from mma.errors import DecodeError
from mma.streams import Message

from .. import fields, lvk
from ..sheet import Sheet
from .classic import NOWHERE, time_of
from .document import Packet

MAP_PARAMS = ("skymap_fits", "skymap_fits_basic")
CLASS_GROUPS = frozenset({"Classification", "Properties"})


def decode(packet: Packet, message: Message) -> Event:
    """The event that one LVC VOEvent tells of."""
    name, stage = _told(packet)
    retracted = stage is Stage.RETRACTION
    url = packet.text("EventPage")
    skymap_url = next((u for p in MAP_PARAMS if (u := packet.text(p))), None)
    time = time_of(packet, packet.places[0] if packet.places else NOWHERE, is_needed=not retracted)
    kind = lvk.kind_of(Sheet(document={"Group": packet.text("Group")}, path="Param", remarks=packet.remarks), "Group")
    series, number = packet.numbered()
    issued = packet.issued(message, time)
    far_hz, classes, external = packet.number("FAR", low=0.0), _classes(packet), _external(packet)
    remarks = (
        ()
        if retracted
        else ("the notice has the URL of its map, not the map" if skymap_url else "no sky map in this notice",)
    )
    return Event(
        id=name,
        messenger=Messenger.GW,
        kind=kind,
        observatory=lvk.OBSERVATORY,
        issued=issued,
        stage=stage,
        time=time,
        region=None,
        notice=fields.digest(message),
        instruments=tuple((packet.text("Instruments") or "").replace(" ", "").split(",")) if not retracted else (),
        far_hz=far_hz,
        significant=packet.flag("Significant") if "Significant" in packet.params else None,
        classes=classes,
        is_test=_is_test(packet, name, url),
        external=external,
        series=None if series is None else "LVC VOEvent",
        number=number,
        skymap_url=skymap_url,
        url=url,
        remarks=(*packet.remarks, *remarks),
    )


def _told(packet: Packet) -> tuple[str, Stage]:
    """Superevent and stage, as parameters or in the notice's own name, ``ivo://gwnet/LVC#S190425z-1-Initial``."""
    words = packet.ivorn.partition("#")[2].split("-")
    name = packet.text("GraceID") or words[0]
    if packet.flag("Retraction") or any(cite == "retraction" for cite, _ in packet.citations):
        return lvk.superevent_id(name, "Param GraceID"), Stage.RETRACTION
    told = packet.text("AlertType") or ""
    try:
        stage = lvk.stage_of(told, "Param AlertType")
    except DecodeError as error:
        stage = lvk.stage_of(words[-1], "VOEvent ivorn")
        packet.remarks.append(f"{error}: the notice's name says {stage.value}")
    return lvk.superevent_id(name, "Param GraceID"), stage


def _is_test(packet: Packet, name: str, url: str | None) -> bool:
    practice = lvk.is_test(name, packet.text("Search"), url)
    return practice or packet.role == "test" or packet.flag("HardwareInj")


def _classes(packet: Packet) -> dict[str, float]:
    named = (name for name, param in packet.params.items() if param.kind in CLASS_GROUPS)
    return {name: p for name in named if (p := packet.number(name, 0.0, 1.0)) is not None}


def _external(packet: Packet) -> tuple[ExternalCoincidence, ...]:
    observatory, number = packet.text("External_Observatory"), packet.text("External_GCN_Notice_Id")
    if observatory is None or number is None:
        return ()
    return (
        ExternalCoincidence(
            event_id=lvk.external_id(observatory, number, packet.text("External_Ivorn")),
            observatory=observatory,
            search=packet.text("External_Search"),
            delay_s=packet.number("Time_Difference"),
            far_temporal_hz=packet.number("Time_Coincidence_FAR", low=0.0),
            far_spacetime_hz=packet.number("Time_Sky_Position_Coincidence_FAR", low=0.0),
        ),
    )
