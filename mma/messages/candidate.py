"""The candidate message: an object as the counterpart of an event, scored, revised, withdrawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from coincidence.terms import TERMS
from skymaps.region import SQDEG_PER_SR
from skymaps.units import AB_ZERO_MAG

from .aliases import aliases_of
from .message import Message, iso, message_id, version
from .pages import Pages

Row = dict[str, Any]
LONGEST_TEXT, LONGEST_LIST = 200, 20
"""Of what a sender says; messages stay small."""


def candidate_id(row: Row) -> str:
    """Id of the message that tells this score: of event, object, the notice and state scored, and the parameters.

    Where there are tags it is of these and of the message before, too: the same tags may come again.
    """
    return message_id(*_identity(row), "candidate", *_tags(row))


def withdrawal_id(row: Row) -> str:
    """Id of the message that takes this score back."""
    return message_id(*_identity(row), "withdrawal", *_tags(row))


def _identity(row: Row) -> tuple[str, ...]:
    return row["event_id"], row["object_id"], row["event_notice"], row["object_version"], row["parameters"]


def _tags(row: Row) -> tuple[Any, ...]:
    """What tags add to an id; nothing where there are none."""
    return (row["tags"], row["untagged"], row["told_id"]) if row["tags"] or row["untagged"] else ()


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What all messages about one event's candidates say of the event."""

    part: Message
    is_test: bool
    window_s: list[float] | None
    issued: float
    """When its newest notice was sent, Unix seconds."""

    links: Message
    pages: Pages


def event_facts(event: Row, pages: Pages) -> EventFacts:
    """Of the event's row."""
    return EventFacts(
        part=event_part(event),
        is_test=event["is_test"],
        window_s=_window(event),
        issued=event["issued"],
        links=pages.of_event(event),
        pages=pages,
    )


def candidate_message(
    event: EventFacts,
    row: Row,
    *,
    told_id: str,
    rank: int | None,
    of: int,
    log_none: float,
    revision: int,
    now: float,
    visibility: Message | None = None,
) -> Message:
    """The message about one candidate, by ``schemas/candidate.schema.json``.

    Parameters
    ----------
    event
        What is said of the event.
    row
        The candidate's row with its object's columns (``object_...``), its ``tags``, and those just taken off
        (``untagged``).
    told_id
        Id of the message: ``candidate_id`` or ``withdrawal_id``.
    rank, of
        Place among the candidates that stand; None for one that does not.
    log_none
        ``ln(1 + sum of odds)`` of the event.
    revision
        1 for the first message about this candidate.
    now
        Unix seconds.
    visibility
        When it can be observed, by site; None for one that does not stand.
    """
    kind = "withdrawal" if rank is None else "new" if revision == 1 else "update"
    return {
        "schema": "urn:mma:candidate:1",
        "id": told_id,
        "type": kind,
        "revision": revision,
        "supersedes": row["told_id"],
        "issued": iso(now),
        "test": event.is_test,
        "producer": {"name": "mma", "version": version(), "parameters": row["parameters"]},
        "event": event.part,
        "object": _object(row),
        "score": _score(row, rank, of, log_none) if rank is not None else None,
        "reason": row["reason"],
        "sky": _sky(row) if rank is not None else None,
        "time": {
            "delay_s": row["delay_s"],
            "earliest_s": row["earliest_s"],
            "window_s": event.window_s,
        },
        "distance": _distance(row) if rank is not None else None,
        "vetting": {"status": "pending", "flags": [row["reason"]] if row["state"] == "vetoed" else []},
        "visibility": visibility,
        "links": event.pages.of_candidate(event.links, row["event_id"], row["object_id"]),
        **{name: row[name] for name in ("before", "tags", "untagged", "superseded_by") if row.get(name)},
    }


def event_part(event: Row) -> Message:
    """What a message says of an event."""
    document = event["document"]
    known = event["distance_mpc"] is not None
    return {
        "id": event["id"],
        "aliases": aliases_of(document),
        "messenger": event["messenger"],
        "kind": event["kind"],
        "observatory": event["observatory"],
        "time": iso(event["time"]),
        "revision": event["revision"],
        "stage": event["stage"],
        "far_hz": event["far_hz"],
        "classes": document["classes"],
        "gamma": gamma_part(document.get("gamma")),
        "skymap": {
            "sha256": event["skymap_sha256"],
            "url": document["skymap_url"],
            "area90_deg2": event["area90_deg2"],
            "distance_mpc": [event["distance_mpc"], event["distance_error_mpc"]] if known else None,
        },
    }


def gamma_part(told: Row | None) -> Message | None:
    """What a gamma-ray observatory says, as short as messages are: long texts are cut, its own fields left out."""
    if told is None:
        return None
    kept = {name: _short(value) for name, value in told.items() if not name.startswith("x_")}
    if "told_earlier" in kept:  # each of them is a field of ours
        kept["told_earlier"] = [name for name in told["told_earlier"] if name in kept]
    return kept


def _short(value: Any) -> Any:
    """At most so many characters, or parts of a list."""
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return value[: LONGEST_TEXT - 3] + "..."
    return [_short(part) for part in value[:LONGEST_LIST]] if isinstance(value, list) else value


def _object(row: Row) -> Message:
    return {
        "id": row["object_id"],
        "survey": row["object_survey"],
        "aliases": row["object_aliases"],
        "ra": row["object_ra"],
        "dec": row["object_dec"],
        "first_seen": iso(row["object_first_seen"]),
        "last_seen": iso(row["object_last_seen"]),
        "last_unseen": iso(row["object_last_unseen"]),
        "n_detections": row["object_n_detections"],
        "photometry": {
            "band": row["object_band"],
            "flux_njy": row["object_flux_njy"],
            "flux_error_njy": row["object_flux_error_njy"],
            "mag": ab_mag(row["object_flux_njy"]),
        },
        "host": row["detail"]["host"],
    }


def ab_mag(flux_njy: float | None) -> float | None:
    """AB magnitude of a positive flux in nanojansky, without the noise of its last digits.

    Examples
    --------
    >>> ab_mag(10.0**4.28)
    20.7
    """
    return None if flux_njy is None or flux_njy <= 0 else round(AB_ZERO_MAG - 2.5 * math.log10(flux_njy), 6)


def ab_mag_error(flux_njy: float | None, error_njy: float | None) -> float | None:
    """Error of the AB magnitude of a positive flux, to first order: 2.5 / ln 10 times the flux's relative error.

    Examples
    --------
    >>> ab_mag_error(100.0, 10.0) == 0.25 / math.log(10.0)
    True
    """
    if flux_njy is None or error_njy is None or flux_njy <= 0:
        return None
    return 2.5 / math.log(10.0) * error_njy / flux_njy


def _score(row: Row, rank: int, of: int, log_none: float) -> Message:
    return {
        "log_odds": row["log_odds"],
        "probability": math.exp(row["log_odds"] - log_none),
        "rank": rank,
        "of": of,
        "class": row["counterpart"],
        "terms": {name: row[name] for name in TERMS},
        "by_class": row["detail"]["by_class"],
        "chance_count": row["chance_count"],
    }


def _sky(row: Row) -> Message:
    return {
        "credible_level": row["credible_level"],
        "credible_volume": row["credible_volume"],
        "probdensity_deg2": row["probdensity"] / SQDEG_PER_SR,
    }


def _window(event: Row) -> list[float] | None:
    if event["time"] is None:
        return None
    return [event["window_start"] - event["time"], event["window_end"] - event["time"]]


def _distance(row: Row) -> Message:
    detail = row["detail"]
    host = detail["host"] or {}
    return {
        "event_mpc": detail["event_mpc"],
        "event_mpc_error": detail["event_error_mpc"],
        "object_mpc": host.get("distance_mpc"),
        "object_mpc_error": host.get("distance_error_mpc"),
        "kind": host.get("kind"),
    }
