"""Rates of unrelated transients, learnt from the stored sky: a new parameter set where something moved."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coincidence import ActiveEvents, Parameters
from coincidence.taught import GAP_D, SETTLED_D, moved, taught, together, with_learnt
from skymaps import FloatArray
from skymaps.units import DAY_S

from ..store import LearntSet, Store, hold_events, rates
from . import scoring
from .engine import Engine

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Which positions lie in no region that is searched."""

    active: ActiveEvents
    level: float

    def __call__(self, ra: FloatArray, dec: FloatArray) -> npt.NDArray[np.bool_]:
        inside = np.zeros(len(ra), dtype=np.bool_)
        for name in self.active.searching if len(ra) else ():
            region = self.active[name].region
            if region is not None:
                inside |= region.credible_level_at(ra, dec) <= self.level
        return ~inside


def learn(store: Store, active: ActiveEvents, parameters: Parameters, now: float) -> tuple[LearntSet, float] | None:
    """Count what is new since the last set, and keep a new one where a rate moved enough.

    Returns
    -------
    :
        The new set, and the largest factor by which a rate moved; None where none did by ``Rates.moved``.
    """
    with store.read() as connection:
        before, there = rates.newest(connection), rates.span(connection)
        if there is None:
            return None
        start = there[0] if before.until is None else before.until
        end = (math.floor(min(now, there[1]) / DAY_S) - SETTLED_D + 1) * DAY_S
        if end - start < DAY_S:
            return None
        looks = rates.looks(connection, start - (GAP_D + 1) * DAY_S, end)
        objects = rates.new_objects(connection, start, end)
    away = Away(active=active, level=parameters.level)
    learnt = together(before.learnt, taught(looks, objects, (start, end), away, parameters))
    old, new = (with_learnt(parameters, cells) for cells in (before.learnt, learnt))
    by = moved(old, new)
    if by <= 1.0 + parameters.rates.moved:
        return None
    found = LearntSet(number=before.number + 1, made=now, until=end, learnt=learnt)
    with store.begin() as connection:
        rates.save(connection, found)
    log.info("rates %d: %d cells, moved by a factor of up to %.2f: %s", found.number, len(learnt), by, new.id)
    return found, by


def learn_again(engine: Engine, now: float) -> tuple[LearntSet, float] | None:
    """``learn``; where a rate moved, every open event is scored again, and what changed is told as ever."""
    found = learn(engine.store, engine.active, engine.parameters, now)
    if found is not None:
        engine.recall()
        with engine.store.begin() as connection:
            hold_events(connection, alone=True)
            engine.tracker.catch_up(connection)
            for name in sorted(engine.active.searching):
                engine.publisher.settle(connection, scoring.event(connection, engine.active, name), now)
        engine.publish()
    return found


class Nightly:
    """Once a day, from a day after the start on."""

    def __init__(self) -> None:
        self._next = time.monotonic() + DAY_S

    def is_due(self) -> bool:
        """Whether it is time; then not before another day."""
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + DAY_S
        return True
