"""Optical alerts: bytes to ``AlertBatch`` columns, and to whole ``Alert``s with their history."""

from .decode import DECODERS, Decoded, decode, decode_whole
from .history import Facts, facts, last_nondetection
from .schemas import SchemaStore
from .sniff import kind_of, look

__all__ = [
    "DECODERS",
    "Decoded",
    "Facts",
    "SchemaStore",
    "decode",
    "decode_whole",
    "facts",
    "kind_of",
    "last_nondetection",
    "look",
]
