"""Chance counts that were measured: the newest of each event."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sqlalchemy import Connection, select

from coincidence.scrambled import Chances

from . import tables
from .bulk import Row, columns_of, floats, upsert


def save(connection: Connection, event_id: str, notice: str, parameters: str, found: Chances, now: float) -> None:
    """Keep an event's counts in place of earlier ones.

    Parameters
    ----------
    notice, parameters
        What was scored: the event's newest notice, and the id of the parameter set.
    now
        Unix seconds.
    """
    row: Row = {
        "event_id": event_id,
        "event_notice": notice,
        "parameters": parameters,
        "trials": found.trials,
        "log_odds": found.log_odds.tolist(),
        "counts": found.counts.tolist(),
        "time": now,
    }
    upsert(connection, tables.chances, columns_of([row]))


def of_event(connection: Connection, event_id: str, notice: str) -> Chances | None:
    """Counts of an event as this notice tells it; None where nobody measured."""
    c = tables.chances.c
    row = (
        connection.execute(select(tables.chances).where(c.event_id == event_id, c.event_notice == notice))
        .mappings()
        .first()
    )
    if row is None:
        return None
    odds, counts = (np.array(row[name], dtype=np.float64) for name in ("log_odds", "counts"))
    return Chances(log_odds=odds, counts=counts, trials=row["trials"])


def told(found: Chances, log_odds: Iterable[float | None]) -> list[Row]:
    """What candidates with these log odds say in place of their reckoned counts; nothing where they are not finite.

    ``chance_by`` is ``measured``, or ``limit``: no trial met any, and the count is the upper limit of 90 %.
    """
    odds = floats(log_odds)
    low, high = found.between(odds)
    is_limit = low == 0.0
    counts = np.where(is_limit, high, found.at(odds))
    return [
        {"chance_count": count, "chance_by": "limit" if limit else "measured"} if np.isfinite(count) else {}
        for count, limit in zip(counts.tolist(), is_limit.tolist(), strict=True)
    ]
