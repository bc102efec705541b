"""Optical alerts: bytes to ``AlertBatch`` columns, to ``Histories``, and to whole ``Alert`` objects."""

from .avro.framing import is_confluent
from .avro.schema import SchemaStore
from .decode import DECODERS, Decoded, decode, decode_whole
from .detect_format import kind_of, look
from .history import Facts, facts, last_nondetection
from .past import histories
from .points import Histories, Points
from .times import leap_seconds_at
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
    "leap_seconds_at",
    "look",
]
