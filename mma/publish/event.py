"""Messages about events and their associations."""

from __future__ import annotations

from typing import Any

from .candidate import event_part
from .message import Message, iso, message_id, version

Row = dict[str, Any]


def _envelope(schema: str, kind: str, row: Row, revision: int, now: float) -> Message:
    return {
        "schema": schema,
        "type": kind,
        "revision": revision,
        "supersedes": None,
        "issued": iso(now),
        "test": row["is_test"],
        "producer": {"name": "mma", "version": version()},
    }


def event_message(event: Row, *, revision: int, now: float) -> Message:
    """The message about an event's newest state, by ``schemas/event.schema.json``."""
    kind = "withdrawal" if event["state"] == "retracted" else "new" if revision == 1 else "update"
    before = event["told_revision"]
    return {
        "id": _event_message_id(event["id"], revision, event["notice"]),
        **_envelope("urn:mma:event:1", kind, event, revision, now),
        "supersedes": _event_message_id(event["id"], before, event["told_notice"]) if before else None,
        "event": event_part(event),
        "state": event["state"],
    }


def _event_message_id(event_id: str, revision: int, notice: str) -> str:
    return message_id("event", event_id, revision, notice)


def association_message(row: Row, *, revision: int, now: float) -> Message:
    """The message about two events that may be one, by ``schemas/association.schema.json``."""
    kind = "withdrawal" if row["state"] == "withdrawn" else "new" if revision == 1 else "update"
    facts = ("delay_s", "overlap", "far_temporal_hz", "far_spacetime_hz", "by_construction")
    return {
        "id": message_id("association", row["first"], row["second"], revision, *(row[f] for f in facts)),
        **_envelope("urn:mma:association:1", kind, row, revision, now),
        "supersedes": row["told_id"],
        "events": [row["first"], row["second"]],
        **{name: row[name] for name in facts},
        "window_s": [row["window_start_s"], row["window_end_s"]],
    }
