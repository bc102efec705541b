"""Which decoder reads what: by topic for live streams, by content for recorded files."""

from __future__ import annotations

from functools import lru_cache

from . import alerts, notices
from .errors import Ignored
from .streams import Message

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


FORMS: dict[str, str] = {"voevent": "voevent"}
"""Value of hop's header ``_format`` to format: the one form that comes on a topic beside its usual one."""


def format_of(message: Message) -> str:
    """Format of a message, a key of ``notices.DECODERS`` or ``alerts.DECODERS``.

    Raises
    ------
    Ignored
        Where nobody knows it, with what it is instead.
    DecodeError
        Where it begins like something that we know, and then breaks.
    """
    form = FORMS.get(message.headers.get("_format", b"").decode(errors="replace"))
    kind = form or by_topic(message.topic) or alerts.kind_of(message) or notices.kind_of(message)
    if kind is None:
        alerts.look(message, alerts.SchemaStore(""))
        raise Ignored(notices.why_not(message))
    return kind
