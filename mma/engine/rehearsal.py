"""Rehearsals: messages that are no news, whatever their content says. Any mark makes a message one."""

from __future__ import annotations

import re
from dataclasses import replace

from coincidence import Event

from ..streams import Message

HEADER = "_test"
"""Of hop; also set for all messages of brokers that carry nothing else, see ``streams.connect``."""

DENIALS = (b"false", b"0", b"no")
TOPIC = re.compile(r"[._-](test|testing|firedrill)$", re.IGNORECASE)


def by_header(message: Message) -> bool:
    """Whether the header says so."""
    value = message.headers.get(HEADER)
    return value is not None and value.strip().lower() not in DENIALS


def reason(message: Message) -> str | None:
    """Why a message is a rehearsal, by what is around its content; None where nothing says so."""
    if by_header(message):
        return f"a rehearsal: header {HEADER}"
    if message.name is None and TOPIC.search(message.topic):
        return f"a rehearsal: topic {message.topic}"
    return None


def marked(event: Event, message: Message) -> Event:
    """The event, as a test where its message is a rehearsal."""
    why = reason(message)
    return event if why is None else replace(event, is_test=True, remarks=(*event.remarks, why))
