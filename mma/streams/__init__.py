"""Where messages come from and where they go."""

from . import connect, urls
from .base import Sink, Source
from .catching_up import CatchUp
from .encoding import in_utf8
from .fetch import HOSTS, Fetcher
from .files import FileSource, Recorded, check_there, find
from .heartbeat import Heart
from .kafka import KafkaSource
from .kafka_sink import KafkaSink
from .lines import JsonLinesSink, check_writable, file_for
from .memory import MemorySink, MemorySource
from .merged import Merged
from .message import Message
from .troubles import Troubles

__all__ = [
    "HOSTS",
    "CatchUp",
    "Fetcher",
    "FileSource",
    "Heart",
    "JsonLinesSink",
    "KafkaSink",
    "KafkaSource",
    "MemorySink",
    "MemorySource",
    "Merged",
    "Message",
    "Recorded",
    "Sink",
    "Source",
    "Troubles",
    "check_there",
    "check_writable",
    "connect",
    "file_for",
    "find",
    "in_utf8",
    "urls",
]
