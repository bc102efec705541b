"""Optical alerts: bytes to ``AlertBatch`` columns, to ``Histories``, and to whole ``Alert``s."""

from .avro import is_confluent
from .decode import DECODERS, Decoded, decode, decode_whole
from .history import Facts, facts, last_nondetection
from .past import histories
from .points import Histories, Points
from .schemas import SchemaStore
from .sniff import kind_of, look
from .wholes import Wholes

__all__ = [
    "DECODERS",
    "Decoded",
    "Facts",
    "Histories",
    "Points",
    "SchemaStore",
    "Wholes",
    "decode",
    "decode_whole",
    "facts",
    "histories",
    "is_confluent",
    "kind_of",
    "last_nondetection",
    "look",
]
