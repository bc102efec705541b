"""Rank an event's candidates and put what changed enough into the outbox."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy import Connection

from coincidence import Parameters
from coincidence.ranking import log_none_odds, order, worth_telling
from skymaps import IntArray

from .publish import association_message, candidate_message, event_message
from .publish.message import topic
from .store import associations, candidates, events, outbox
from .store.bulk import Row

Columns = dict[str, np.ndarray[Any, Any]]


def candidates_of(connection: Connection, event_id: str, parameters: Parameters, now: float, prefix: str | None) -> int:
    """Rank one event's candidates anew; messages for those that are new, moved or fell. How many.

    Without a ``prefix`` for the topics nobody is told, here and below.
    """
    columns = candidates.told_and_standing(connection, event_id)
    rows, ranks, log_none = ranked(connection, event_id, columns)
    if prefix is None:
        return 0
    odds = columns["log_odds"][rows]
    was_told = columns["told_state"] == candidates.ACTIVE
    told_odds = np.where(was_told, columns["told_log_odds"], np.nan)[rows]
    due = rows[worth_telling(odds, ranks, told_odds, columns["told_rank"][rows], parameters)]
    fallen = np.flatnonzero((columns["state"] != candidates.ACTIVE) & was_told)
    if not len(due) and not len(fallen):
        return 0
    place = dict(zip(rows.tolist(), ranks.tolist(), strict=True))
    rank_of = {columns["object_id"][row]: place[row] for row in due.tolist()}
    ids = sorted([*rank_of, *(columns["object_id"][row] for row in fallen.tolist())])
    event = events.event_row(connection, event_id)
    if event is None:
        return 0
    told = [
        _tell(event, row, rank_of.get(row["object_id"]), len(rows), log_none, now)
        for row in candidates.full_rows(connection, event_id, ids)
    ]
    told.sort(key=lambda pair: (pair[1]["told_rank"] or 0, pair[1]["object_id"]))
    outbox.put(connection, topic(prefix, "candidates", test=event["is_test"]), event_id, [m for m, _ in told], now)
    candidates.mark_told(connection, event_id, [mark for _, mark in told])
    return len(told)


def ranked(connection: Connection, event_id: str, columns: Columns) -> tuple[IntArray, IntArray, float]:
    """Rank the candidates that stand, and keep what the event's probabilities need: rows, ranks, ``log_none``."""
    rows = np.flatnonzero(columns["state"] == candidates.ACTIVE)
    odds = columns["log_odds"][rows]
    ranks = np.empty(len(rows), dtype=np.int64)
    ranks[order(odds, columns["object_id"][rows])] = np.arange(1, len(rows) + 1)
    log_none = log_none_odds(odds)
    events.save_ranking(connection, event_id, n=len(rows), log_none=log_none)
    return rows, ranks, log_none


def _tell(event: Row, row: Row, rank: int | None, of: int, log_none: float, now: float) -> tuple[Row, Row]:
    """The message about one candidate, and what to remember of it."""
    revision = (row["told_revision"] or 0) + 1
    message = candidate_message(event, row, rank=rank, of=of, log_none=log_none, revision=revision, now=now)
    mark = {
        "object_id": row["object_id"],
        "told_revision": revision,
        "told_state": row["state"],
        "told_log_odds": row["log_odds"] if rank is not None else None,
        "told_rank": rank,
        "told_id": message["id"],
    }
    return message, mark


def event(connection: Connection, event_id: str, now: float, prefix: str | None) -> None:
    """A message about an event's newest state."""
    row = events.event_row(connection, event_id)
    if prefix is None or row is None or row["told_notice"] == row["notice"]:
        return
    revision = (row["told_revision"] or 0) + 1
    message = event_message(row, revision=revision, now=now)
    outbox.put(connection, topic(prefix, "events", test=row["is_test"]), event_id, [message], now)
    events.mark_told(connection, event_id, revision, row["notice"])


def associations_of(connection: Connection, event_id: str, now: float, prefix: str | None) -> None:
    """Messages about the associations of an event that are new, changed or withdrawn."""
    if prefix is None:
        return
    for row in associations.untold(connection, event_id):
        revision = (row["told_revision"] or 0) + 1
        message: dict[str, Any] = association_message(row, revision=revision, now=now)
        outbox.put(connection, topic(prefix, "associations", test=row["is_test"]), row["first"], [message], now)
        associations.mark_told(connection, row, revision, message["id"])
