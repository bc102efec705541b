"""GCN Classic VOEvents: packet types of Fermi, Swift, INTEGRAL, MAXI, AMON and the rest."""

from __future__ import annotations

import re
from datetime import datetime

import skymaps
from coincidence.event import Event, Kind, Messenger, Stage
from mma.errors import DecodeError, Ignored
from mma.streams import Message

from .. import fields, names, regions, verdict
from ..regions import Where
from ..sheet import as_number
from .document import Packet, Place, position, when
from .packet_types import CATALOGUE_FLAGS, IGNORED, RETRACTING_FLAGS, TEST_FLAGS, TYPES, PacketType

YEAR_S = 365.25 * 86400.0
FAR_UNITS_HZ = {"yr^-1": 1.0 / YEAR_S, "hz": 1.0, "": 1.0}
MAP_PARAMS = ("skymap_fits", "HealPix_URL", "SkyMap")
RADII = (("src_error_90", 0.9), ("src_err_90", 0.9), ("Src_Error90", 0.9), ("src_error_50", 0.5))
"""Parameters that tell a radius with its containment, best first."""
CONFIDENCES = ("signalness", "Signalness")
NOWHERE = Place(observatory="", system="", time=None, ra=None, dec=None, error=None)
POINTING = ("pointing_direction", "unavailable/inappropriate")
NAME_PARAMS = ("event_name", "Event_Name", "GRB_Name", "GW_Name", "Source_Name", "SourceName")
BN_NUMBER = re.compile(r"\bbn\d{9}\b")


def decode(packet: Packet, message: Message) -> Event:
    """The event that one GCN Classic VOEvent tells of."""
    kind = packet_type(packet)
    retracted = retraction_of(packet)
    place = packet.places[0] if packet.places else NOWHERE
    time = time_of(packet, place, is_needed=not retracted)
    trigger = trigger_of(packet, kind)
    own = names.event_id(kind.observatory, kind.instrument, trigger, time)
    if own is None:
        raise DecodeError(f"Param {kind.trigger[0]}: {fields.shown(trigger)} and no time")
    where = Where() if retracted else locate(packet, place, kind)
    significant, remarks = _significance(packet, kind)
    if kind.observed_later and time is not None:
        remarks += (f"the notice's time {time:%Y-%m-%dT%H:%M:%S} is that of a later observation",)
    if not names.is_number(trigger):
        remarks += ("no trigger number: the trigger time names the event",)
    series, number = packet.numbered()
    issued, stage = packet.issued(message, time), Stage.RETRACTION if retracted else _stage(packet, kind)
    return Event(
        id=own,
        messenger=_messenger(packet, kind),
        kind=_kind(packet, kind),
        observatory=kind.observatory,
        issued=issued,
        stage=stage,
        time=None if kind.observed_later and kind.detector else time,
        region=where.region,
        notice=fields.digest(message),
        aliases=_aliases(packet, own),
        instruments=_instruments(packet, kind),
        far_hz=_far_hz(packet),
        significance_sigma=_sigma(packet),
        significant=significant,
        classes=_classes(packet),
        is_test=_is_test(packet, kind),
        series=series,
        number=number,
        is_guess=where.is_guess,
        skymap_url=_map_url(packet),
        remarks=(*dict.fromkeys((*packet.remarks, *where.remarks, *remarks)), *((retracted,) if retracted else ())),
    )


def packet_type(packet: Packet) -> PacketType:
    """The row of the table; ``Ignored`` for types that tell of no event."""
    text = packet.text("Packet_Type")
    if text is None or not text.isdigit():
        fields.wrong("Param Packet_Type", text, "is not a GCN packet type")
    if "UNRECOGNIZED_TYPE" in packet.ivorn:
        raise Ignored("GCN could not tell the type of its own packet")
    number = int(text)
    if number in IGNORED:
        raise Ignored(IGNORED[number])
    if number not in TYPES:
        raise DecodeError(f"Param Packet_Type: GCN's type {number} is not in our table")
    return TYPES[number]


def trigger_of(packet: Packet, kind: PacketType) -> str | None:
    """Trigger number as the id has it; for IceCube's oldest notices the TrigID."""
    values = [packet.text(name) for name in kind.trigger]
    if None in values:
        return packet.text("TrigID")
    return "_".join(value for value in values if value)


def time_of(packet: Packet, place: Place, *, is_needed: bool) -> datetime | None:
    """When it happened. A retraction need not tell."""
    try:
        return when(place)
    except DecodeError as error:
        if is_needed:
            raise
        if place.time is not None:
            packet.leave(error)
        return None


def locate(packet: Packet, place: Place, kind: PacketType) -> Where:
    """Region of the event by the table's row and the packet's parameters."""
    if ring := _annulus(packet):
        return ring
    if reason := _no_position(packet, place, kind):
        return Where(region=skymaps.all_sky(), remarks=(reason,))
    try:
        ra, dec = position(place)
    except DecodeError as error:
        packet.leave(error)
        return Where(region=skymaps.all_sky(), remarks=(regions.NO_POSITION,))
    for name, containment in RADII:
        radius = packet.degrees(name)
        if radius is not None and 0.0 < radius < regions.WHOLE_SKY_DEG:
            return Where(region=regions.circle(f"Param {name}", ra, dec, radius, containment))
    return circle_of(packet, place, kind, (ra, dec))


def circle_of(packet: Packet, place: Place, kind: PacketType, centre: tuple[float, float]) -> Where:
    """The circle of ``Error2Radius``; where that is none, one of a size that is taken."""
    path = "Position2D Error2Radius"
    try:
        radius = as_number(place.error or "0", path)
    except DecodeError as error:
        packet.leave(error)
        radius = -1.0
    if radius >= regions.WHOLE_SKY_DEG:
        return Where(region=skymaps.all_sky(), remarks=(f"error radius {radius:g} deg: the whole sky",))
    if radius <= 0.0:
        why = "no error told" if radius == 0.0 else f"{path} is {fields.shown(place.error)}"
        return regions.default_circle(*centre, kind.default_error_deg, kind.observatory, why)
    systematic = "human" if kind.systematic == "final" and packet.flag("Human_generated") else kind.systematic
    remarks = (f"GBM's systematic error of {systematic} localisations added",) if systematic else ()
    region = regions.circle(path, *centre, radius, kind.containment, systematic)
    return Where(region=region, remarks=remarks)


def _no_position(packet: Packet, place: Place, kind: PacketType) -> str | None:
    """Why the position in the packet is none of the source's, None where it is."""
    if kind.unlocalised:
        return "a notice of this type tells no position of the source: the whole sky"
    if place.ra is None or place.dec is None:
        return regions.NO_POSITION
    try:
        numbers = [as_number(v or "0", "Position2D") for v in (place.ra, place.dec, place.error)]
    except DecodeError:
        return None  # the position or its error is left aside where each is read
    if numbers in ([0.0, 0.0, 0.0], [-1.0, -1.0, -1.0]):
        return f"position {numbers[0]:g},{numbers[1]:g} with error {numbers[2]:g} means none: the whole sky"
    told = packet.text("Coords_String")
    if told in POINTING:
        return f"coordinates are {told}, not the source's: the whole sky"
    return None


def _annulus(packet: Packet) -> Where | None:
    """IPN's ring, half as wide as told to either side."""
    ring = [packet.number(f"IPN_{name}") for name in ("RA_Center", "Dec_Center", "Radius", "Width")]
    ra, dec, radius, width = ring
    if ra is None or dec is None or not radius or not width or radius <= 0.0 or width <= 0.0:
        return None
    try:
        region = regions.built("Param IPN_Radius", lambda: skymaps.annulus(ra, dec, radius, width / 2.0))
    except DecodeError as error:
        packet.leave(error)
        return None
    return Where(region=region, remarks=("annulus of the IPN, its width taken as full width at 90 %",))


def _stage(packet: Packet, kind: PacketType) -> Stage:
    revision = packet.number("Rev") if kind.messenger is Messenger.NEUTRINO else packet.number("rev")
    return Stage.UPDATE if revision else kind.stage


def retraction_of(packet: Packet) -> str | None:
    """The sender's explicit withdrawal, in words."""
    for name in RETRACTING_FLAGS:
        if packet.flag(name):
            return f"the sender says {name}"
    if any(cite == "retraction" for cite, _ in packet.citations):
        return "the notice cites its forerunner as retracted"
    return None


def _significance(packet: Packet, kind: PacketType) -> verdict.Verdict:
    told: verdict.Verdict = (kind.significant, ())
    for name in CONFIDENCES:
        told = verdict.both(told, verdict.of_probability(packet.number(name, 0.0, 1.0), name, denies=False))
    told = verdict.both(told, verdict.of_classes(_classes(packet)))
    if packet.flag("StarTrack_Lost_Lock"):
        told = verdict.both(told, (False, ("star tracker lost lock: positions drift, most such triggers are none",)))
    if packet.flag("VERY_Lo_Image_Signif"):
        told = verdict.both(told, (False, ("very low image significance",)))
    return told[0], told[1] + _catalogued(packet)


def _catalogued(packet: Packet) -> tuple[str, ...]:
    flags = [name for name in CATALOGUE_FLAGS if packet.flag(name)]
    source = packet.text("SourceName") or packet.text("Source_Name")
    told = (f"known source {source}",) if source else ()
    return told + ((f"position of a catalogued source ({', '.join(flags)})",) if flags else ())


def _kind(packet: Packet, kind: PacketType) -> Kind:
    """A transient on a catalogued position that is not called a GRB is that source's flare."""
    known = any(packet.flag(name) for name in CATALOGUE_FLAGS) and not packet.flag("GRB_Identified")
    return Kind.FLARE if known else kind.kind


def _messenger(packet: Packet, kind: PacketType) -> Messenger:
    if kind.instrument != "COUNTERPART":
        return kind.messenger
    return Messenger.XRAY if "XRT" in (packet.text("Telescope") or "") else Messenger.OPTICAL


def _classes(packet: Packet) -> dict[str, float]:
    """GBM's two likeliest classes, GECAM's class, IceCube's signalness."""
    classes: dict[str, float] = {}
    for rank in ("Most_Likely", "Sec_Most_Likely"):
        index, percent = packet.number(f"{rank}_Index"), packet.number(f"{rank}_Prob", 0.0, 100.0)
        if index is not None and percent:
            classes[verdict.GBM_CLASSES.get(int(index), f"CLASS_{int(index)}")] = percent / 100.0
    if name := packet.text("SRC_CLASS"):
        classes[name] = 1.0
    for word in CONFIDENCES:
        if (value := packet.number(word, 0.0, 1.0)) is not None:
            classes["astrophysical"] = value
    return classes


def _is_test(packet: Packet, kind: PacketType) -> bool:
    flagged = any(packet.flag(name) for name in TEST_FLAGS)
    return packet.role == "test" or kind.is_test or flagged or "Test_Pos" in packet.ivorn


def _instruments(packet: Packet, kind: PacketType) -> tuple[str, ...]:
    if kind.observatory == "IPN":
        tail = "_contributed"
        return tuple(name.removesuffix(tail) for name in packet.params if name.endswith(tail) and packet.flag(name))
    return tuple(name for name in (kind.detector or kind.instrument,) if name)


def _aliases(packet: Packet, own: str) -> tuple[str, ...]:
    found: list[str | None] = [packet.text(name) for name in NAME_PARAMS]
    found += [number[0] for p in packet.params.values() if (number := BN_NUMBER.search(p.value))]
    if packet.text("Event_Date") and "NU_EM" in own:
        found.append(f"NuEm-{packet.text('Event_Date')}")
    return names.aliases(found, "", own)


def _far_hz(packet: Packet) -> float | None:
    far = packet.number("FAR", low=0.0)
    if far is None:
        return None
    unit = packet.params["FAR"].unit.strip().lower()
    if unit not in FAR_UNITS_HZ:
        packet.leave(f"Param FAR unit: {fields.shown(unit)} is neither yr^-1 nor Hz")
        return None
    return far * FAR_UNITS_HZ[unit]


def _sigma(packet: Packet) -> float | None:
    """Significance as the instrument tells it, over its own background."""
    params = ("Image_Signif", "Burst_Signif", "Data_Signif", "Trig_Signif", "grb_signif", "Inten_Sigma",
              "SIGNIFICANCE", "TRIGGER_SIGNIF")  # fmt: skip
    return next((value for name in params if (value := packet.number(name))), None)


def _map_url(packet: Packet) -> str | None:
    urls = (packet.text(name) for name in MAP_PARAMS)
    return next((url for url in urls if url and regions.MAP_URL.fullmatch(url)), None)
