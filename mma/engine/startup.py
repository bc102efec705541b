"""Before the first message: what is loaded once, and how Python looks for garbage while very many rows go by."""

from __future__ import annotations

import gc
from datetime import UTC, datetime

import skymaps
from coincidence import ActiveEvents, AlertBatch, Event, Kind, Messenger, Parameters, Stage, score

NEW_OBJECTS, YOUNG_PASSES, OLD_PASSES = 100_000, 50, 100


def look_seldom() -> None:
    """Look for cycles of garbage less often than by default, and never among what is there now.

    A batch makes some hundred thousand objects and no cycles; looking through all of them again and again costs
    as much as half of the telling. What is not in a cycle is freed at once in any case.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, YOUNG_PASSES, OLD_PASSES)


def warm_up(parameters: Parameters) -> None:
    """Score one alert, of nobody: compiled loops, cosmology and special functions are loaded, which takes a second."""
    when = datetime(2026, 1, 1, tzinfo=UTC)
    event = Event(
        id="",
        messenger=Messenger.GW,
        kind=Kind.CBC,
        observatory="",
        issued=when,
        stage=Stage.INITIAL,
        time=when,
        region=skymaps.as_skymap(skymaps.circle(10.0, 20.0, 1.0)),
        notice="",
    )
    seen = {"object_id": "", "id": "", "survey": "", "ra": 10.0, "dec": 20.0, "time": when.timestamp(), "redshift": 0.1}
    alert = AlertBatch.from_rows([seen])
    active = ActiveEvents(parameters)
    active.update(event)
    active.match(alert)
    score(event, alert, parameters=parameters)
