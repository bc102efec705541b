"""Rates of unrelated transients as they were learnt last, and the parameters that follow."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from coincidence import Parameters
from coincidence.parameters import Learnt
from coincidence.rates import posterior, published
from coincidence.taught import of_cell, with_learnt

from ..messages import iso
from ..store import rates

WINDOW_D = 14.0
"""Rates are told for so many days."""


def current_parameters(connection: Connection, parameters: Parameters) -> tuple[int, Parameters]:
    """The parameters with what was learnt last, and the number of that set; as they are where nothing was."""
    number = rates.newest_number(connection)
    return number, with_learnt(parameters, rates.newest(connection).learnt) if number else parameters


def learnt_rates(connection: Connection, parameters: Parameters) -> dict[str, Any]:
    """The newest set: each cell's published and learnt rate, per square degree in 14 d."""
    newest, (_, learnt) = rates.newest(connection), current_parameters(connection, parameters)
    return {
        "set": newest.number,
        "made": iso(newest.made) if newest.number else None,
        "until": None if newest.until is None else iso(newest.until),
        "parameters": learnt.id,
        "rates": [_row(name, cell, learnt) for name, cell in sorted(learnt.rates.learnt.items())],
    }


def _row(name: str, cell: Learnt, parameters: Parameters) -> dict[str, Any]:
    """A cell as a record; rates per square degree in 14 d."""
    where = of_cell(name)
    survey, depth, latitude, number = name.rsplit("/", 3)
    base = WINDOW_D * float(published(where, parameters)[0])
    mean, low, high = posterior(cell, parameters.rates.strength)
    return {
        "survey": survey,
        "depth_mag": float(depth),
        "latitude_deg": float(latitude),
        "detections": int(number),
        "published": base,
        "rate": base * mean,
        "low": base * low,
        "high": base * high,
        "seen": cell.seen,
        "expected": cell.expected,
    }
