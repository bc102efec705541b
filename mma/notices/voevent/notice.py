"""VOEvent 2.0: GCN Classic's notices, LVK's, and those that observatories send themselves."""

from __future__ import annotations

from coincidence.event import Event
from mma.errors import Ignored
from mma.streams import Message

from . import classic, document, lvc, other, svom
from .document import Packet
from .packet_types import LVC


def decode(message: Message) -> Event:
    """The event that one VOEvent tells of."""
    packet = document.read(message.payload)
    if packet.role == "prediction":
        raise Ignored("prediction: nothing seen yet")
    if _is_lvc(packet):
        return lvc.decode(packet, message)
    if svom.is_svom(packet):
        return svom.decode(packet, message)
    if "Packet_Type" in packet.params:
        return classic.decode(packet, message)
    return other.decode(packet, message)


def _is_lvc(packet: Packet) -> bool:
    number = packet.text("Packet_Type") or ""
    is_gcn = not svom.is_svom(packet) and number.isdigit() and int(number) in LVC
    return packet.ivorn.startswith("ivo://gwnet/") or is_gcn
