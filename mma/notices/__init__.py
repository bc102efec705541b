"""Notices: bytes about an event, in whatever format, into one ``coincidence.Event``.

Every decoder takes a ``Message`` and gives an ``Event``, or raises ``DecodeError`` naming the field that is
wrong and what was found there, or ``Ignored`` with the reason why the message has nothing for us. Nothing is
fetched.
"""

from . import embedded, fields, given, lvk, names
from .decoders import (
    DECODERS,
    Decoder,
    decode,
    decode_all,
    decode_circular,
    decode_gamma,
    decode_gcn,
    decode_igwn,
    decode_snews,
    decode_voevent,
)
from .detect_format import BLANK, external, is_optical_voevent, is_pointer, is_xml, kind_of, why_not

__all__ = [
    "BLANK",
    "DECODERS",
    "Decoder",
    "decode",
    "decode_all",
    "decode_circular",
    "decode_gamma",
    "decode_gcn",
    "decode_igwn",
    "decode_snews",
    "decode_voevent",
    "embedded",
    "external",
    "fields",
    "given",
    "is_optical_voevent",
    "is_pointer",
    "is_xml",
    "kind_of",
    "lvk",
    "names",
    "why_not",
]
