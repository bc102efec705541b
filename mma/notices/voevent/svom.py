"""SVOM's VOEvents, ``ivo://org.svom/fsc#...``: its own numbers of packet types, which are not GCN Classic's.

One burst has one ``Burst_Id`` in the notices of all instruments; a retraction may lack ``<WhereWhen>``. GRM gives a
radius of -1 where it has a direction and no error, and no position where two of its three detectors triggered.
https://fsc.svom.org/readthedocs/svom/notices_and_circulars/notice_levels.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from coincidence.event import Event, Kind, Messenger, Stage
from mma.errors import DecodeError
from mma.streams import Message

from .. import fields, names
from ..gcn.missions import SVOM_ERRORS_DEG
from ..regions import Where
from .classic import NOWHERE, locate, retraction_of, time_of
from .document import Packet
from .packet_types import PacketType

BURST = re.compile(r"sb\d{8}")
SENDER = re.compile(r"ivo://[^#]*svom", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Notice:
    """One of SVOM's notice types."""

    instrument: str
    stage: Stage
    kind: Kind = Kind.GRB


TYPES: dict[str, Notice] = {
    "201": Notice("GRM", Stage.INITIAL),
    "202": Notice("ECLAIRs", Stage.INITIAL),
    "203": Notice("ECLAIRs", Stage.INITIAL, Kind.FLARE),  # a source of the catalogue on board
    "204": Notice("ECLAIRs", Stage.UPDATE),  # the platform slews
    "205": Notice("ECLAIRs", Stage.UPDATE),  # it does not
    "209": Notice("MXT", Stage.UPDATE),
    "210": Notice("MXT", Stage.UPDATE),
    "211": Notice("VT", Stage.UPDATE),
    "219": Notice("", Stage.RETRACTION),
}


def is_svom(packet: Packet) -> bool:
    """By the sender's name, or by SVOM's own group of parameters."""
    burst = packet.params.get("Burst_Id")
    is_sender = SENDER.match(packet.ivorn) is not None and "Packet_Type" in packet.params
    return is_sender or (burst is not None and burst.group == "Svom_Identifiers")


def decode(packet: Packet, message: Message) -> Event:
    """The burst that one notice tells of."""
    notice = _notice(packet)
    cited = retraction_of(packet)
    retracted = cited or notice.stage is Stage.RETRACTION
    place = packet.places[0] if packet.places else NOWHERE
    time = time_of(packet, place, is_needed=not retracted)
    found = BURST.search(packet.text("Burst_Id") or "") or BURST.search(packet.ivorn)
    own = names.event_id("SVOM", None, packet.text("Burst_Id") or (found[0] if found else None), time)
    if own is None:
        raise DecodeError("Param Burst_Id: missing, and so is the time")
    row = _row(notice)
    where = Where() if retracted else locate(packet, place, row)
    series, number = packet.numbered()
    source = packet.text("Source_Name")
    issued = packet.issued(message, time)
    told = (
        *(("known source " + source,) if source else ()),
        *((cited or "the notice is a retraction",) if retracted else ()),
    )
    return Event(
        id=own,
        messenger=row.messenger,
        kind=row.kind,
        observatory="SVOM",
        issued=issued,
        stage=Stage.RETRACTION if retracted else notice.stage,
        time=time,
        region=where.region,
        notice=fields.digest(message),
        aliases=names.aliases([found[0] if found else None, packet.text("event_name")], "", own),
        instruments=tuple(name for name in (packet.text("Instrument") or notice.instrument,) if name),
        significance_sigma=packet.number("SNR"),
        is_test=packet.role == "test",
        series=series,
        number=number,
        is_guess=where.is_guess,
        remarks=tuple(dict.fromkeys((*packet.remarks, *where.remarks, *told))),
    )


def _notice(packet: Packet) -> Notice:
    """By its number; one that is not in the table is an update from the instrument that it names."""
    number = packet.text("Packet_Type") or ""
    if number in TYPES:
        return TYPES[number]
    if packet.ivorn.lower().endswith("retraction"):
        return TYPES["219"]
    packet.remarks.append(f"Packet_Type {fields.shown(number)} is not in our table of SVOM's: read as an update")
    return Notice(packet.text("Instrument") or "", Stage.UPDATE)


def _row(notice: Notice) -> PacketType:
    return PacketType(
        observatory="SVOM",
        instrument=notice.instrument,
        messenger=Messenger.GAMMA,
        kind=notice.kind,
        stage=notice.stage,
        default_error_deg=SVOM_ERRORS_DEG.get(notice.instrument.lower(), SVOM_ERRORS_DEG["eclairs"]),
    )
