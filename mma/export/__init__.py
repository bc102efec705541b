"""An event's candidates in the formats that others read. Only written: nothing here sends anything."""

from . import measured
from .cells import neutral
from .columns import COLUMNS, Column, Kind
from .formats import FORMATS, Format
from .reading import Wanted, read
from .votable import DATATYPES, NONE_INTEGER, NOT_XML

__all__ = [
    "COLUMNS",
    "DATATYPES",
    "FORMATS",
    "NONE_INTEGER",
    "NOT_XML",
    "Column",
    "Format",
    "Kind",
    "Wanted",
    "measured",
    "neutral",
    "read",
]
