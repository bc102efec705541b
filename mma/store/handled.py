"""How far each partition was handled: what comes again after an outage is handled again, and counted once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from ..streams import Message
from . import tables
from .bulk import columns_of, upsert
from .storable import as_key

Place = tuple[str, str, int]


def again(connection: Connection, messages: Sequence[Message]) -> set[int]:
    """Indices of messages that were handled before; from now on all of these were.

    A topic that was made anew counts from 0 once more: its messages are newer than any that was handled before.
    """
    places: dict[Place, list[int]] = {}
    for i, message in enumerate(messages):
        if message.source and not message.name:  # of a broker; files may be played as often as somebody likes
            place = as_key(message.source), as_key(message.topic), message.partition
            places.setdefault(place, []).append(i)
    found: set[int] = set()
    rows = []
    for (source, topic, partition), its in sorted(places.items()):
        h = tables.handled.c
        mine = h.source == source, h.topic == topic, h.partition == partition
        before = connection.execute(select(h.upto, h.newest).where(*mine).with_for_update()).first()
        upto, newest = (0, 0.0) if before is None else (before.upto, before.newest)
        found |= {i for i in its if messages[i].offset < upto and (messages[i].timestamp or 0.0) <= newest}
        new = [messages[i] for i in its if i not in found]
        if new:
            end = max(message.offset for message in new) + 1
            latest = max(newest, *(message.timestamp or 0.0 for message in new))
            rows.append({"source": source, "topic": topic, "partition": partition, "upto": end, "newest": latest})
    upsert(connection, tables.handled, columns_of(rows))
    return found
