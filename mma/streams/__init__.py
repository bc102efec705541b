"""Where messages come from and where they go."""

from .base import Sink, Source
from .files import FileSource, Recorded
from .lines import JsonLinesSink
from .memory import MemorySink, MemorySource
from .message import Message

__all__ = [
    "FileSource",
    "JsonLinesSink",
    "MemorySink",
    "MemorySource",
    "Message",
    "Recorded",
    "Sink",
    "Source",
]
