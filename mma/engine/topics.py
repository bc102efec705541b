"""Which decoder reads what: by topic for live streams, by content for recorded files."""

from __future__ import annotations

from functools import lru_cache

from .. import alerts, notices
from ..errors import Ignored
from ..streams import Message, in_utf8

TOPICS: dict[str, str] = {
    "igwn.gwalert": "igwn",
    "gcn.notices.igwn.gwalert": "igwn",
    "gcn.classic.voevent.": "voevent",
    "gcn.notices.": "gcn",
    "gcn.circulars": "circular",
    "mma.gamma": "gamma",
    "snews.alert": "snews",
}
"""Topic, or its beginning with a dot at the end, to format."""


@lru_cache(maxsize=1024)
def by_topic(topic: str) -> str | None:
    """Format that a live topic is known to carry; the longest name that fits. None: look at the content."""
    fits = [name for name in TOPICS if topic == name or (name.endswith(".") and topic.startswith(name))]
    return TOPICS[max(fits, key=len)] if fits else None


_EVENTS = ("notice", "gwalert", "voevent", "gamma", "snews")


def tells_events(topic: str) -> bool:
    """Whether a live topic carries notices of events rather than optical alerts, by its name.

    Examples
    --------
    >>> tells_events("gcn.notices.swift.bat.guano"), tells_events("mma.cluster.notices"), tells_events("ztf_20260301")
    (True, True, False)
    """
    return by_topic(topic) in notices.DECODERS or any(word in topic.lower() for word in _EVENTS)


EXTERNAL = b"external"
"""Value of hop's header ``_format`` where a pointer came in the place of a message."""

IGWN_MARK = b"superevent_id"
"""In every message of LVK's: on their topic such a one is not parsed twice, a megabyte of map within it."""


def format_of(message: Message) -> str:
    """Format of a message, a key of ``notices.DECODERS`` or ``alerts.DECODERS``.

    All marks decide together: the content first, since one topic may carry several forms; the topic where the content
    leaves it open.

    Raises
    ------
    Ignored
        Where it is known and nothing for us, with what it is.
    DecodeError
        Where nobody knows it, or it begins like something that we know, and then breaks.
    """
    if message.headers.get("_format") == EXTERNAL:
        raise notices.external(message)
    if message.payload[:1] == b"\0":  # Confluent's frame of Avro, or UTF-16
        message, _ = in_utf8(message)
    told = by_topic(message.topic)
    if told == "igwn" and IGWN_MARK in message.payload:
        return told
    if told is not None and message.payload.strip():
        if (kind := notices.kind_of(message)) is None and notices.is_pointer(message):
            raise notices.external(message)
        return kind or told
    kind = alerts.kind_of(message) or notices.kind_of(message)
    if kind is None:
        alerts.look(message, alerts.SchemaStore(""))
        raise Ignored(notices.why_not(message))
    return kind
