"""Rates of unrelated transients: published and learnt, as a table or a picture; and learning them anew."""

from __future__ import annotations

import time
from argparse import Namespace
from contextlib import closing
from pathlib import Path
from typing import Any

from coincidence.rates import posterior, published
from coincidence.taught import of_cell

from .. import learning
from ..config import Settings
from ..engine import Engine
from ..publish.message import iso
from ..store import Store
from ..store import rates as stored
from ..streams.lines import check_writable
from .show import as_json, console, settings_of, table

WINDOW_D = 14.0
COLUMNS = ("survey", "mag", "|b|", "detections", "published", "learnt", "68 %", "seen", "expected")


def rates(options: Namespace) -> None:
    """Show the rates by cell; learn them first with ``--update``; draw them with ``--plot``."""
    settings = settings_of(options)
    if options.plot:
        check_writable(Path(options.plot))
    with closing(Store(settings.database, create=False)) as store:
        told = _update(store, settings) if options.update else None
        with store.read() as connection:
            newest = stored.newest(connection)
            parameters = learning.current(connection, settings.score)[1]
    rows = [_row(name, cell, parameters) for name, cell in sorted(parameters.rates.learnt.items())]
    if options.plot:
        from ..plots import rates as picture

        picture.save(rows, Path(options.plot))
    made = {"set": newest.number, "made": iso(newest.made) if newest.number else None, "parameters": parameters.id}
    if options.json:
        as_json(made | {"until": iso(newest.until) if newest.until else None, "moved": told, "rates": rows})
        return
    out = console()
    if options.update:
        moved = (
            "a new set is made, open events were scored again" if told else "no rate moved enough: nothing was changed"
        )
        out.print(moved, markup=False)
    if not rows:
        out.print("nothing was learnt yet: the published rates hold (docs/rates.md)", markup=False)
        return
    out.print(f"set {newest.number} of {made['made']}, {parameters.id}; per deg2 in 14 d", markup=False)
    out.print(table("", [(name, "right") for name in COLUMNS], (_line(row) for row in rows), ()))


def _update(store: Store, settings: Settings) -> float | None:
    """Learn; the largest factor by which a rate moved, None where none did by enough."""
    tells = settings.publish is not None
    engine = Engine(store, parameters=settings.score, prefix=settings.prefix, tells=tells)
    found = learning.learn_again(engine, time.time())
    return None if found is None else found[1]


def _row(name: str, cell: Any, parameters: Any) -> dict[str, Any]:
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


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["survey"],
        f"{row['depth_mag']:g} to {row['depth_mag'] + 1:g}",
        f"from {row['latitude_deg']:g}",
        "1" if row["detections"] == 1 else "2 or more",
        f"{row['published']:.3g}",
        f"{row['rate']:.3g}",
        f"{row['low']:.3g} to {row['high']:.3g}",
        f"{row['seen']:.0f}",
        f"{row['expected']:.1f}",
    )
