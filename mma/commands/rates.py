"""Rates of unrelated transients: published and learnt, as a table or a picture; and learning them anew."""

from __future__ import annotations

import time
from argparse import Namespace
from contextlib import closing
from pathlib import Path
from typing import Any

from ..answers import learnt_rates
from ..config import Settings
from ..engine import Engine, learning
from ..store import Store
from ..streams import check_writable
from .show import as_json, console, open_store, settings_of, table

COLUMNS = ("survey", "mag", "|b|", "detections", "published", "learnt", "68 %", "seen", "expected")


def rates(options: Namespace) -> None:
    """Show the rates by cell; learn them first with ``--update``; draw them with ``--plot``."""
    settings = settings_of(options)
    if options.plot:
        check_writable(Path(options.plot))
    with closing(open_store(options, writes=options.update)) as store:
        told = _update(store, settings) if options.update else None
        with store.read() as connection:
            answer = learnt_rates(connection, settings.score)
    rows = answer["rates"]
    if options.plot:
        from ..plots import rates as picture

        picture.save(rows, Path(options.plot))
    if options.json:
        as_json(answer | {"moved": told})
        return
    out = console()
    if options.update:
        moved = (
            "a new set is made, open events were scored again" if told else "no rate moved enough: nothing was changed"
        )
        out.print(moved, markup=False)
    if not rows:
        out.print("nothing was learnt yet: the published rates hold (docs/explanation/rates.md)", markup=False)
        return
    out.print(f"set {answer['set']} of {answer['made']}, {answer['parameters']}; per deg2 in 14 d", markup=False)
    out.print(table("", [(name, "right") for name in COLUMNS], (_line(row) for row in rows), ()))


def _update(store: Store, settings: Settings) -> float | None:
    """Learn; the largest factor by which a rate moved, None where none did by enough."""
    tells = settings.publish is not None
    engine = Engine(store, parameters=settings.score, prefix=settings.prefix, tells=tells)
    found = learning.learn_again(engine, time.time())
    return None if found is None else found[1]


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
