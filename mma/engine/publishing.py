"""Write what was found, rank it, and put what changed enough into the outbox."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from sqlalchemy import Connection

from coincidence import AlertBatch, Event, Parameters, Stage
from coincidence.ranking import worth_telling

from ..messages import (
    EventFacts,
    Message,
    association_message,
    candidate_id,
    candidate_message,
    event_facts,
    event_message,
    message_id,
    said,
    topic,
    withdrawal_id,
)
from ..store import ACTIVE, TOLD, Row, associations, candidates, events, names, objects, outbox, tags
from .additions import Additions
from .rank_cache import Exchange, RankCache, Standing
from .scoring import ScoreChanges

Tags = Mapping[candidates.Key, list[str]]
UNTOLD: Row = dict.fromkeys(TOLD) | {"state": None, "log_odds": None, "scored": None}


@dataclass(slots=True)
class _Due:
    """Something to be told of a candidate."""

    row: Row
    """The candidate's columns, with those of what was told before under ``told_...``."""

    states: AlertBatch
    i: int
    """Row of the object's state."""

    told: Row
    """What to remember of it."""

    rank: int | None = None
    """None for one that does not stand."""


class Publisher:
    """Decides what is published. Without a ``prefix`` for the topics nobody is told anything.

    What is told of a candidate, and under which id, follows from what happened to this candidate alone, in order:
    not from what came in the same batch, nor from how often the worker was stopped in between.
    """

    def __init__(self, parameters: Parameters, prefix: str | None, additions: Additions) -> None:
        self.parameters = parameters
        self.prefix = prefix
        self.additions = additions
        self.rank_cache = RankCache()

    def settle(
        self, connection: Connection, found: ScoreChanges, now: float, came: Mapping[str, float] | None = None
    ) -> None:
        """Write candidates, rank their events, and tell.

        Parameters
        ----------
        now
            When that is, Unix seconds.
        came
            When the messages about some objects came, which is when it is for them.
        """
        came = came or {}
        before = _before(found)
        kept = self._tags(connection, found)
        due = self._due(found, before, kept)
        withdrawn = [self._fall(found, i, row, kept) for i, row in enumerate(found.withdrawn)]
        _afresh(connection, [*due.values(), *(d for d in withdrawn if d)])
        columns = dict(found.columns) | _told(before, due)
        scored = [came.get(name, now) for name in found.columns["object_id"]]
        candidates.save(connection, columns, before, scored)
        candidates.withdraw(
            connection, [row | (d.told if d else {}) for row, d in zip(found.withdrawn, withdrawn, strict=True)]
        )
        standing = self.rank_cache.update(connection, _exchanges(found, before))
        self._put(connection, [*due.values(), *(d for d in withdrawn if d)], standing, now, came)

    def tagged(self, connection: Connection, key: candidates.Key, untagged: Sequence[str], now: float) -> None:
        """Tell a candidate that stands and was told once more, since its tags changed.

        Parameters
        ----------
        untagged
            Tags that were taken off.
        """
        row = candidates.row_of(connection, *key)
        if self.prefix is None or not row["state"] == row["told_state"] == ACTIVE:
            return
        row |= {"tags": tags.of_candidate(connection, key), "untagged": list(untagged)}
        due = _Due(row, objects.in_order(connection, [key[1]]), 0, _mark(row))
        candidates.mark_told(connection, *key, due.told)
        self._put(connection, [due], self.rank_cache.update(connection, {key[0]: Exchange([], [])}), now)

    def _tags(self, connection: Connection, found: ScoreChanges) -> Tags:
        """Of the candidates that may be told."""
        if self.prefix is None:
            return {}
        return tags.of_events(connection, sorted({*found.events, *(row["event_id"] for row in found.withdrawn)}))

    def _due(self, found: ScoreChanges, before: Sequence[Row], kept: Tags) -> dict[int, _Due]:
        """Candidates to be told: new, moved, or vetoed after they were told; by row."""
        if self.prefix is None or not before:
            return {}
        was_told = np.array([row["told_state"] == ACTIVE for row in before], dtype=np.bool_)
        told_odds = np.array([row["told_log_odds"] if t else np.nan for row, t in zip(before, was_told, strict=True)])
        stands = np.isfinite(found.log_odds)
        worth = stands & worth_telling(found.log_odds, told_odds.astype(np.float64), self.parameters)
        which = np.flatnonzero(worth | (~stands & was_told)).tolist()
        return {i: self._new(found, i, before[i], kept) for i in which}

    def _new(self, found: ScoreChanges, i: int, before: Row, kept: Tags) -> _Due:
        row = {name: values[i] for name, values in found.columns.items()} | {n: before[n] for n in TOLD}
        row |= {"detail": orjson.loads(row["detail"])} | _tagged(row, kept)
        return _Due(row, found.objects, int(found.row[i]), _mark(row))

    def _fall(self, found: ScoreChanges, i: int, row: Row, kept: Tags) -> _Due | None:
        """The withdrawal of a candidate that fell; None where it was never told."""
        if self.prefix is None or row["told_state"] != ACTIVE:
            return None
        withdrawn = row | {"state": candidates.WITHDRAWN} | _tagged(row, kept)
        return _Due(withdrawn, found.withdrawn_objects, i, _mark(withdrawn))

    def _put(
        self,
        connection: Connection,
        due: list[_Due],
        standing: dict[str, Standing],
        now: float,
        came: Mapping[str, float] | None = None,
    ) -> None:
        """Messages into the outbox: event by event, the best candidates first."""
        if not due or self.prefix is None:
            return
        event_ids = sorted({d.row["event_id"] for d in due})
        facts = {
            name: event_facts(row, self.additions.pages) for name, row in events.rows(connection, event_ids).items()
        }
        others = names.of_objects(connection, sorted({d.row["object_id"] for d in due}))
        for d in due:
            if d.row["state"] == ACTIVE:
                d.rank = standing[d.row["event_id"]].rank(d.row["log_odds"])
        due.sort(key=lambda d: (d.row["event_id"], d.rank or 0, d.row["object_id"]))
        before = _told_before(connection, due)
        messages: list[outbox.Waiting] = []
        seen = self._visibility(due, facts)
        for i, d in enumerate(due):
            event_id, object_id = d.row["event_id"], d.row["object_id"]
            message = candidate_message(
                facts[event_id],
                d.row
                | objects.as_row(d.states, d.i)
                | {"object_aliases": others.get(object_id, []), "before": before.get(d.row["told_id"])},
                told_id=d.told["told_id"],
                rank=d.rank,
                of=len(standing[event_id].odds),
                log_none=standing[event_id].log_none,
                revision=d.told["told_revision"],
                now=(came or {}).get(object_id, now),
                visibility=seen.get(i),
            )
            where = topic(self.prefix, "candidates", test=facts[event_id].is_test)
            messages.append(outbox.waiting_for(where, event_id, message))
        outbox.put(connection, messages, now)

    def _visibility(self, due: list[_Due], facts: Mapping[str, EventFacts]) -> dict[int, Message | None]:
        """What is told of those that stand, in the night after the newest that is known of event and object."""
        which = [i for i, d in enumerate(due) if d.rank is not None]
        ra, dec, last = (
            np.array([getattr(due[i].states, name)[due[i].i] for i in which], dtype=np.float64)
            for name in ("ra", "dec", "time")
        )
        issued = np.array([facts[due[i].row["event_id"]].issued for i in which], dtype=np.float64)
        return dict(zip(which, self.additions.outlook.of_positions(ra, dec, np.maximum(last, issued)), strict=True))

    def event(self, connection: Connection, event: Event, now: float) -> None:
        """A message about an event's newest state."""
        event_id = event.id
        row = events.event_row(connection, event_id)
        if self.prefix is None or row is None or row["told_notice"] == said(row):
            return
        revision = (row["told_revision"] or 0) + 1
        region = None if event.stage is Stage.RETRACTION else event.region
        visibility = self.additions.outlook.of_region(region, row["issued"])
        message = event_message(row, revision=revision, now=now, visibility=visibility, pages=self.additions.pages)
        where = topic(self.prefix, "events", test=row["is_test"])
        outbox.put(connection, [outbox.waiting_for(where, event_id, message)], now)
        events.mark_told(connection, event_id, revision, said(row))

    def associations_of(self, connection: Connection, event_id: str, now: float) -> None:
        """Messages about the associations of an event that are new, changed or withdrawn."""
        if self.prefix is None:
            return
        for row in associations.untold(connection, event_id):
            revision = (row["told_revision"] or 0) + 1
            message: dict[str, Any] = association_message(row, revision=revision, now=now)
            where = topic(self.prefix, "associations", test=row["is_test"])
            outbox.put(connection, [outbox.waiting_for(where, row["first"], message)], now)
            associations.mark_told(connection, row, revision, message["id"])


def _mark(row: Row) -> Row:
    """What to remember of the message about a candidate: its state now, after what was told before."""
    stands = row["state"] == ACTIVE
    return {
        "told_revision": (row["told_revision"] or 0) + 1,
        "told_state": row["state"],
        "told_log_odds": row["log_odds"] if stands else None,
        "told_id": candidate_id(row) if stands else withdrawal_id(row),
    }


def _afresh(connection: Connection, due: Sequence[_Due]) -> None:
    """A new id for what was told before, and unsaid since: by rejecting a candidate, say, twice."""
    again = [d for d in due if (d.row["told_revision"] or 0) >= 2]
    known = outbox.known(connection, [d.told["told_id"] for d in again])
    for d in again:
        if d.told["told_id"] in known:
            d.told["told_id"] = message_id(d.told["told_id"], "after", d.row["told_id"])


def _told_before(connection: Connection, due: Sequence[_Due]) -> dict[str, Row]:
    """By the id of the last message about each candidate: how probable it was then, and at most so far.

    A candidate whose last message is not kept any more is left out.
    """
    out = {}
    last = outbox.payloads(connection, [d.row["told_id"] for d in due if d.row["told_id"] is not None])
    for told_id, payload in last.items():
        message = orjson.loads(payload)
        probability = (message["score"] or {}).get("probability")
        most = (message.get("before") or {}).get("probability_max")
        known = [p for p in (probability, most) if p is not None]
        out[told_id] = {"probability": probability, "probability_max": max(known, default=None)}
    return out


def _tagged(row: Row, kept: Tags) -> Row:
    """What a candidate's message says of its tags."""
    return {"tags": kept.get((row["event_id"], row["object_id"]), []), "untagged": []}


def _before(found: ScoreChanges) -> list[Row]:
    """What stood of each candidate, and what was told of it."""
    if not found.before:
        return [UNTOLD] * len(found.row)
    keys = zip(found.columns["event_id"], found.columns["object_id"], strict=True)
    return [found.before.get(key, UNTOLD) for key in keys]


def _told(before: Sequence[Row], due: dict[int, _Due]) -> dict[str, Sequence[Any]]:
    """Columns of what is told now, or was before."""
    if not due and all(row is UNTOLD for row in before):
        return {name: [None] * len(before) for name in TOLD}
    return {name: [(due[i].told if i in due else row)[name] for i, row in enumerate(before)] for name in TOLD}


def _exchanges(found: ScoreChanges, before: Sequence[Row]) -> dict[str, Exchange]:
    """For each event touched, the log odds that left and that came."""
    out: dict[str, Exchange] = defaultdict(lambda: Exchange([], []))
    order = np.argsort(found.event, kind="stable")
    odds, stands = found.log_odds[order], np.isfinite(found.log_odds[order])
    touched, first = np.unique(found.event[order], return_index=True)
    ends = np.append(first, len(order))[1:]
    for event, start, end in zip(touched.tolist(), first.tolist(), ends.tolist(), strict=True):
        out[found.events[event]].come += odds[start:end][stands[start:end]].tolist()
    for row in [*(row for row in before if row is not UNTOLD), *found.withdrawn]:
        if row["state"] == ACTIVE:
            out[row["event_id"]].gone.append(row["log_odds"])
    return out
