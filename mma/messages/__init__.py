"""What we tell the world: messages with a schema, a revision and an id that is the same each time."""

from .aliases import aliases_of
from .bounded import LARGEST, STEPS, bounded
from .candidate import (
    EventFacts,
    ab_mag,
    ab_mag_error,
    candidate_id,
    candidate_message,
    event_facts,
    event_part,
    withdrawal_id,
)
from .event import association_message, event_message, group_message, said
from .heartbeat import heartbeat_message
from .message import Message, iso, message_id, told_there, topic, version
from .pages import Pages
from .stages import stage
from .stream_filter import KINDS, SIGN, SIGNS, TYPES, Facts, Filter, Kind, StreamFilter, Type, facts, folded

__all__ = [
    "KINDS",
    "LARGEST",
    "SIGN",
    "SIGNS",
    "STEPS",
    "TYPES",
    "EventFacts",
    "Facts",
    "Filter",
    "Kind",
    "Message",
    "Pages",
    "StreamFilter",
    "Type",
    "ab_mag",
    "ab_mag_error",
    "aliases_of",
    "association_message",
    "bounded",
    "candidate_id",
    "candidate_message",
    "event_facts",
    "event_message",
    "event_part",
    "facts",
    "folded",
    "group_message",
    "heartbeat_message",
    "iso",
    "message_id",
    "said",
    "stage",
    "told_there",
    "topic",
    "version",
    "withdrawal_id",
]
