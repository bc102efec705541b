"""An event's candidates in the formats that others read. Only written: nothing here sends anything."""

from .formats import FORMATS, Format
from .reading import Wanted, read

__all__ = ["FORMATS", "Format", "Wanted", "read"]
