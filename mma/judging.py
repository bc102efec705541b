"""What people and classifiers say of candidates, and what follows from it at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from . import matching
from .engine import Engine
from .errors import NotFoundError
from .store import candidates, classifications, verdicts
from .store.fence import hold_events
from .store.queries import candidate_row
from .store.verdicts import Verdict


def judge(engine: Engine, verdict: Verdict) -> None:
    """Keep a verdict, and score what it touches again.

    A spectral class counts for every event that the object is a candidate of, the status for its event alone. The
    messages that follow wait in the outbox.

    Raises
    ------
    NotFoundError
        The object is no candidate of the event.
    """

    def keep(connection: Connection) -> None:
        stood = candidate_row(connection, verdict.event_id, verdict.object_id)
        if stood is None:
            raise NotFoundError(f"{verdict.object_id} is no candidate of {verdict.event_id}")
        stands = stood["state"] == candidates.ACTIVE
        chance = math.exp(stood["log_odds"] - stood["log_none"]) if stands else None
        verdicts.save(connection, verdict, stood | {"probability": chance})

    _and_again(engine, verdict.object_id, verdict.time, keep)


def classify(
    engine: Engine, object_id: str, classifier: str, version: str, probabilities: Mapping[str, float], now: float
) -> None:
    """Keep what a classifier says of an object, and score its candidates again."""
    _and_again(
        engine,
        object_id,
        now,
        lambda connection: classifications.save(connection, object_id, classifier, version, probabilities, now),
    )


def _and_again(engine: Engine, object_id: str, now: float, keep: Callable[[Connection], None]) -> None:
    with engine.store.begin() as connection:
        hold_events(connection, alone=False)
        engine.following.catch_up(connection)
        keep(connection)
        for event_id in sorted({key[0] for key in candidates.of_objects(connection, [object_id])}):
            engine.following.remember(connection, event_id)
            engine.teller.settle(connection, matching.event(connection, engine.active, event_id), now)
