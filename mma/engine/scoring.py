"""Score what a notice or a batch of alerts touches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from coincidence import ActiveEvents, AlertBatch, can_be_matched
from coincidence.background import chance_count
from coincidence.pairs import Pairs, all_of
from coincidence.score import in_window, score_pairs, window
from skymaps import FloatArray, IntArray

from ..store import WITHDRAWN, Columns, Key, Row, candidates, gather, objects

PART = 100_000
"""So many pairs are scored and written at once: bounds memory."""

FELL_OUT = "outside the region or window of the newest notice"
MOVED = "outside the region or window after a newer detection"
SAME = "the same source as {}"
RETRACTED = "the event was retracted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreChanges:
    """What a notice or some alerts change; nothing of it is written yet."""

    columns: Columns
    """Candidates scored anew, as the table has them."""

    objects: AlertBatch
    """States of their objects; ``row`` counts in them."""

    row: IntArray
    event: IntArray
    """Event of each candidate: an index into ``events``."""

    events: list[str]
    log_odds: FloatArray
    """Minus infinity for those that do not stand."""

    before: dict[Key, Row]
    """What stood of these candidates and of those that fell, and what was told of them."""

    withdrawn: list[Row]
    """Candidates that are none any more: their rows of before, with ``reason``."""

    withdrawn_objects: AlertBatch
    """States of their objects, one each, in the same order."""


def event(connection: Connection, active: ActiveEvents, event_id: str) -> ScoreChanges:
    """Score every stored object of an event's window and region; what is outside now falls."""
    state = active[event_id]
    before = candidates.of_event(connection, event_id)
    standing = {key for key, row in before.items() if row["state"] != WITHDRAWN}
    if not can_be_matched(state) or state.region is None:
        return _only_withdrawn(connection, before, _withdrawn(before, standing, RETRACTED))
    parameters = active.parameters
    near = objects.in_region(connection, state.region.ranges(parameters.level), *window(state, parameters))
    pairs = all_of(state, near)
    inside = (pairs.credible_level <= parameters.level) & in_window(state, near, parameters)
    pairs = pairs.take(np.flatnonzero(inside))
    standing -= {(event_id, name) for name in near.object_id[pairs.alert]}
    return _found(connection, active, near, pairs, before, _withdrawn(before, standing, FELL_OUT))


def batch(connection: Connection, active: ActiveEvents, states: AlertBatch) -> Iterable[ScoreChanges]:
    """Score objects whose state changed against every active event, in parts of bounded size."""
    before = candidates.of_objects(connection, list(states.object_id))
    seen = dict(zip(states.object_id, states.time.tolist(), strict=True))
    stood = (key for key, row in before.items() if row["state"] != WITHDRAWN)
    standing = {key for key in stood if active.waits_for(key[0], seen[key[1]])}
    for pairs in active.match_parts(states):
        events = np.array(pairs.events, dtype=object)
        order = np.lexsort((_places(states.object_id)[pairs.alert], _places(events)[pairs.event]))
        standing.difference_update(zip(events[pairs.event], states.object_id[pairs.alert], strict=True))
        for start in range(0, len(pairs), PART):
            part = pairs.take(order[start : start + PART]).met()
            yield _found(connection, active, states, part, before, [])
    if standing:
        yield _only_withdrawn(connection, before, _withdrawn(before, standing, MOVED))


def joined(connection: Connection, ids: Mapping[str, str]) -> ScoreChanges:
    """Candidates of objects that turned out to be others fall; ``ids`` tells which those are."""
    before = candidates.of_objects(connection, sorted(ids))
    standing = sorted(key for key, row in before.items() if row["state"] != WITHDRAWN)
    withdrawn = [before[key] | {"reason": SAME.format(ids[key[1]]), "superseded_by": ids[key[1]]} for key in standing]
    return _only_withdrawn(connection, before, withdrawn)


def _places(names: npt.NDArray[np.object_]) -> IntArray:
    """Place of each name in alphabetical order: rows written in the order of their keys are written quickest."""
    return np.asarray(np.argsort(np.argsort(names.astype(str))), dtype=np.int64)


def _withdrawn(before: dict[Key, Row], keys: Iterable[Key], reason: str) -> list[Row]:
    return [before[key] | {"reason": reason} for key in sorted(keys)]


def _only_withdrawn(connection: Connection, before: dict[Key, Row], withdrawn: list[Row]) -> ScoreChanges:
    """Candidates that are none any more; nothing is scored."""
    none = np.empty(0, dtype=np.int64)
    return ScoreChanges(
        columns={"event_id": [], "object_id": []},
        objects=AlertBatch.empty(),
        row=none,
        event=none,
        events=[],
        log_odds=np.empty(0),
        before=before,
        withdrawn=withdrawn,
        withdrawn_objects=objects.in_order(connection, [row["object_id"] for row in withdrawn]),
    )


def _found(
    connection: Connection,
    active: ActiveEvents,
    states: AlertBatch,
    pairs: Pairs,
    before: dict[Key, Row],
    withdrawn: list[Row],
) -> ScoreChanges:
    """Scores of pairs of object and event."""
    events = [active[event_id] for event_id in pairs.events]
    touched = np.unique(pairs.alert)
    known = gather(connection, states, touched, pairs.events)
    scores = score_pairs(events, states, pairs, known, active.parameters)
    kinds, areas = [e.kind for e in events], [active.areas(e.id) for e in events]
    counts = chance_count(kinds, areas, pairs.event, pairs.credible_level, scores.per_deg2_day, active.parameters)
    return ScoreChanges(
        columns=candidates.columns_of(events, states, pairs, scores, counts, known, active.parameters_id),
        objects=states,
        row=pairs.alert,
        event=pairs.event,
        events=pairs.events,
        log_odds=scores.log_odds,
        before=before,
        withdrawn=withdrawn,
        withdrawn_objects=objects.in_order(connection, [row["object_id"] for row in withdrawn]),
    )
