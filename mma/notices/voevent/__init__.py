"""VOEvent 2.0, read and written."""

from . import document, write
from .write import Param, Place

__all__ = ["Param", "Place", "document", "write"]
