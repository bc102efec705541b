"""That a worker is alive."""

from __future__ import annotations

from collections.abc import Mapping

from .message import Message, iso, message_id, version


def heartbeat_message(
    worker: str, *, lag: Mapping[str, int | None], troubles: int, events_active: int, now: float
) -> Message:
    """The message of one worker, by ``schemas/heartbeat.schema.json``.

    Parameters
    ----------
    lag
        Name of a source to the number of messages that wait there; None where that is not known.
    troubles
        Number of things that are wrong now.
    events_active
        Events whose regions are searched.
    now
        Unix seconds.
    """
    return {
        "schema": "urn:mma:heartbeat:1",
        "id": message_id("heartbeat", worker, now),
        "issued": iso(now),
        "worker": worker,
        "version": version(),
        "lag": dict(lag),
        "troubles": troubles,
        "events_active": events_active,
    }
