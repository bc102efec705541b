"""VOEvent 2.0: GCN Classic's notices, LVK's, and those that observatories send themselves."""

from __future__ import annotations

from coincidence.event import Event
from mma.errors import Ignored
from mma.streams.message import Message

from . import voevent_gcn, voevent_lvc, voevent_other, voevent_svom, voevent_xml
from .voevent_types import LVC
from .voevent_xml import Packet


def decode(message: Message) -> Event:
    """The event that one VOEvent tells of."""
    packet = voevent_xml.read(message.payload)
    if packet.role == "prediction":
        raise Ignored("prediction: nothing seen yet")
    if _is_lvc(packet):
        return voevent_lvc.decode(packet, message)
    if voevent_svom.is_svom(packet):
        return voevent_svom.decode(packet, message)
    if "Packet_Type" in packet.params:
        return voevent_gcn.decode(packet, message)
    return voevent_other.decode(packet, message)


def _is_lvc(packet: Packet) -> bool:
    number = packet.text("Packet_Type") or ""
    is_gcn = not voevent_svom.is_svom(packet) and number.isdigit() and int(number) in LVC
    return packet.ivorn.startswith("ivo://gwnet/") or is_gcn
