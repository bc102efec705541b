"""Messages about events, their associations and groups of them."""

from __future__ import annotations

import json
from typing import Any

from .candidate import event_part
from .message import Message, iso, message_id, version
from .pages import Pages

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


def event_message(event: Row, *, revision: int, now: float, visibility: Message | None, pages: Pages) -> Message:
    """The message about an event's newest state, by ``schemas/event.schema.json``.

    Parameters
    ----------
    now
        Unix seconds.
    visibility
        How much of its region can be observed, by site; None where it has none.
    """
    kind = "withdrawal" if event["state"] == "retracted" else "new" if revision == 1 else "update"
    before = event["told_revision"]
    return {
        "id": _event_message_id(event["id"], revision, said(event)),
        **_envelope("urn:mma:event:1", kind, event, revision, now),
        "supersedes": _event_message_id(event["id"], before, event["told_notice"]) if before else None,
        "event": event_part(event),
        "state": event["state"],
        "visibility": visibility,
        "links": pages.of_event(event),
    }


def said(event: Row) -> str:
    """What tells an event's state from its others: its newest notice, and its region, which an older one may bring."""
    region = event["document"]["region"]
    return event["notice"] if region is None else message_id(event["notice"], json.dumps(region, sort_keys=True))


def _event_message_id(event_id: str, revision: int, notice: str) -> str:
    return message_id("event", event_id, revision, notice)


ASSOCIATION_FACTS = (
    "delay_s",
    "overlap",
    "far_temporal_hz",
    "far_spacetime_hz",
    "by_construction",
    "search",
    "trials",
    "far_after_trials_hz",
    "same_source",
    "reason",
)
TERMS = ("prior", "sky", "time", "distance")


def association_message(row: Row, *, revision: int, now: float) -> Message:
    """The message about two events that may be one, by ``schemas/association.schema.json``."""
    kind = "withdrawal" if row["state"] == "withdrawn" else "new" if revision == 1 else "update"
    said = (*ASSOCIATION_FACTS, "log_odds", *TERMS, "p_time", "p_sky", "p_alone")
    return {
        "id": message_id("association", row["first"], row["second"], revision, *(row[f] for f in said)),
        **_envelope("urn:mma:association:1", kind, row, revision, now),
        "supersedes": row["told_id"],
        "events": [row["first"], row["second"]],
        **{name: row[name] for name in ASSOCIATION_FACTS},
        "window_s": [row["window_start_s"], row["window_end_s"]],
        "odds": {"log_odds": row["log_odds"], "terms": {name: row[name] for name in TERMS}},
        "p_values": {"time": row["p_time"], "sky_bound": row["p_sky"], "alone": row["p_alone"]},
    }


def group_message(row: Row, *, revision: int, now: float) -> Message:
    """The message about several events that may be one source, by ``schemas/group.schema.json``."""
    kind = "withdrawal" if row["state"] == "withdrawn" else "new" if revision == 1 else "update"
    facts = ("anchor", "kind", "links", "log_overlap", "log_odds", "p_values", "p_product", "p_fisher")
    return {
        "id": message_id("group", row["id"], revision, row["state"], row["members"], *(row[f] for f in facts)),
        **_envelope("urn:mma:group:1", kind, row, revision, now),
        "supersedes": row["told_id"],
        "group": row["id"],
        "events": row["members"],
        **{name: row[name] for name in facts},
    }
