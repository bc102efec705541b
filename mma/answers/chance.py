"""Chance counts of events, measured on the stored sky."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sqlalchemy import Connection

from coincidence import AlertBatch, Event, Parameters, can_be_matched
from coincidence.evidence import Evidence
from coincidence.scrambled import Chances, Sky, measure

from ..store import gather, objects

SAMPLE = 200_000
"""Objects that are looked at; of more, an even part."""


def of_event(
    connection: Connection,
    event: Event,
    parameters: Parameters,
    *,
    trials: int = 200,
    progress: Callable[[int], None] = lambda n: None,
) -> Chances | None:
    """Count how many unrelated objects score as high as each candidate of an event.

    Returns
    -------
    :
        None where too little is stored, or the event cannot be matched.
    """
    states, share = objects.sample(connection, SAMPLE)
    if not can_be_matched(event) or not len(states):
        return None

    def known(some: AlertBatch) -> Evidence:
        return gather(connection, some, np.arange(len(some)), [event.id])

    sky = Sky(
        objects=states,
        weight=1.0 / share,
        start=float(np.quantile(states.time, 0.005)),  # few are seen once only, and in the first night
        end=float(states.time.max()),
        evidence=known,
    )
    return measure(event, sky, parameters, trials=trials, progress=progress)
