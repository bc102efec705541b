"""The decoder of each format, and the event of a message whatever its format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from coincidence.event import Event
from mma.errors import Ignored
from mma.streams import Message, in_utf8

from . import given, lvk, snews
from .detect_format import kind_of, why_not
from .gamma import alert
from .gcn import unified
from .voevent import notice

Decoder = Callable[[Message], Event]


def decode_circular(message: Message) -> Event:
    """A circular is prose for people: always ``Ignored``."""
    raise Ignored("a GCN circular: text for people")


DECODERS: dict[str, Decoder] = {
    "igwn": lvk.decode,
    "gcn": unified.decode,
    "voevent": notice.decode,
    "gamma": alert.decode,
    "snews": snews.decode,
    "circular": decode_circular,
    "given": given.decode,
}
"""By the words of ``kind_of``."""


def decode(message: Message) -> Event:
    """The event of a message whose format only its content tells; of several the likeliest."""
    kind = kind_of(message)
    if kind is None:
        raise Ignored(why_not(message))
    return decode_all(message, kind)[0]


def decode_all(message: Message, kind: str) -> tuple[Event, ...]:
    """Every event of a message of a known format, a key of ``DECODERS``; the text's encoding does not matter."""
    plain, odd = in_utf8(message)
    found = unified.decode_all(plain) if kind == "gcn" else (DECODERS[kind](plain),)
    return tuple(replace(event, remarks=(*odd, *event.remarks)) for event in found) if odd else found


decode_igwn = lvk.decode
decode_gcn = unified.decode
decode_voevent = notice.decode
decode_gamma = alert.decode
decode_snews = snews.decode
