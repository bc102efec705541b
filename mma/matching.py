"""Score what a notice or a batch of alerts touches, and keep the result."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sqlalchemy import Connection

from coincidence import ActiveEvents, AlertBatch, Event, can_be_matched
from coincidence.background import chance_count
from coincidence.score import in_window, score_columns, window
from skymaps import AllSky, IntArray, Region

from .store import candidates, catalogs, objects

CELLS = 2000
"""A region is looked up in the store as about this many HEALPix cells at most."""

FELL_OUT = "outside the region or window of the newest notice"
MOVED = "outside the region or window after a newer detection"
RETRACTED = "the event was retracted"


def event(connection: Connection, active: ActiveEvents, event_id: str, now: float) -> None:
    """Score every stored object of an event's window and region; withdraw candidates that fell out."""
    state = active[event_id]
    parameters = active.parameters
    before = set(candidates.standing(connection, event_id))
    if not can_be_matched(state) or state.region is None:
        candidates.withdraw(connection, event_id, sorted(before), RETRACTED)
        return
    start, end = window(state, parameters)
    near = objects.in_region(connection, ranges(state.region, parameters.level), start, end)
    level = state.region.credible_level_at(near.ra, near.dec)
    inside = near.take((level <= parameters.level) & in_window(state, near, parameters))
    _save(connection, active, state, inside, now)
    fallen = before - set(inside.object_id)
    candidates.withdraw(connection, event_id, sorted(fallen), FELL_OUT)


def batch(connection: Connection, active: ActiveEvents, states: AlertBatch, now: float) -> set[str]:
    """Score objects whose state changed against every active event; ids of the events touched."""
    pairs = active.match(states)
    before = candidates.events_of(connection, list(states.object_id))
    touched = set()
    by_event = np.argsort(pairs.event, kind="stable")
    for some in np.split(by_event, np.flatnonzero(np.diff(pairs.event[by_event])) + 1):
        if len(some):
            event_id = pairs.events[pairs.event[some[0]]]
            inside = states.take(np.unique(pairs.alert[some]))
            _save(connection, active, active[event_id], inside, now)
            before.get(event_id, set()).difference_update(inside.object_id)
            touched.add(event_id)
    searching = set(active.searching)
    for event_id, fallen in before.items():
        if fallen and event_id in searching:
            candidates.withdraw(connection, event_id, sorted(fallen), MOVED)
            touched.add(event_id)
    return touched


def _save(connection: Connection, active: ActiveEvents, state: Event, inside: AlertBatch, now: float) -> None:
    """Score objects against one event and write the scores."""
    if not len(inside):
        return
    galaxies = catalogs.near(connection, inside.ra, inside.dec)
    scores = score_columns(state, inside, galaxies, active.parameters)
    counts = chance_count(state.kind, active.areas(state.id), scores.credible_level, active.parameters)
    candidates.save_scores(connection, state, inside, scores, counts, active.parameters_id, now)


def ranges(region: Region, level: float) -> IntArray:
    """A region as ranges of order-29 NESTED pixels that never miss a part of it. Shape (n, 2)."""
    if isinstance(region, AllSky):
        return np.array([[0, 12 << 58]], dtype=np.int64)
    cells, order = _cells(region, level)
    breaks = np.flatnonzero(np.diff(cells) > 1)
    first = np.concatenate([cells[:1], cells[breaks + 1]])
    last = np.concatenate([cells[breaks], cells[-1:]])
    shift = 2 * (29 - order)
    return np.stack([first << shift, (last + 1) << shift], axis=1)


def _cells(region: Region, level: float) -> tuple[IntArray, int]:
    """Cells of the finest order that keeps them few."""
    found: Iterable[tuple[IntArray, int]] = ((region.cells(order, level), order) for order in (7, 9, 11, 13))
    best = (region.cells(5, level), 5)
    for cells, order in found:
        if len(cells) > CELLS:
            break
        best = (cells, order)
    return best
