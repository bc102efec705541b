"""Measure how many unrelated objects score as high as an event's candidates."""

from __future__ import annotations

import time
from argparse import Namespace
from contextlib import closing
from functools import partial

import numpy as np
from rich.progress import Progress

from coincidence.scrambled import Chances

from ..answers import chance, queries
from ..engine import Engine
from ..errors import ConfigError
from ..store import Store, chances
from .show import as_json, console, settings_of

ENOUGH = 0.9
"""Part of a region, and of a window, that has to be stored for counts to be of the whole."""


CROWD = 3.0
"""So many times more than elsewhere is more than chance."""

MEANING = (
    "by chance: how many unrelated objects as good as this one are expected, were the event elsewhere and at another "
    "time. "
    "'< 1 in N (90 %)': none as good was met at any other place and time; more trials (--trials) tell more. "
    "Pages show these counts from now on. What they show before is another number: how many lie as deep inside the "
    "region"
)


def measure(options: Namespace) -> None:
    """Count on the stored sky, turned and at other times; the candidates' list shows it from then on."""
    settings = settings_of(options)
    with closing(Store(settings.database, create=False)) as store:
        with store.read() as connection:
            name = queries.event_id(connection, options.event)
            engine = Engine(store, parameters=settings.score)
            engine.tracker.remember(connection, name)
            event = engine.active[name]
            with Progress(console=console(error=True), disable=options.json) as bar:
                task, n = bar.add_task("counting", total=options.trials), options.trials
                step = partial(bar.advance, task)
                found = chance.of_event(connection, event, engine.parameters, trials=n, progress=step)
        if found is None:
            raise ConfigError(f"{name}: too little of the sky is stored to count on; the reckoned counts stay")
        with store.begin() as connection:
            chances.save(connection, name, event.notice, engine.parameters.id, found, time.time())
            rows = queries.candidates(connection, name)
    crowd, rows = _crowd(found, len(rows)), rows[:10]
    odds = np.array([row["log_odds"] for row in rows], dtype=np.float64)
    ends = [end.tolist() for end in found.between(odds)]
    if options.json:
        curve = {"log_odds": found.log_odds.tolist(), "counts": found.counts.tolist()}
        cover = {"covers_sky": found.covers_sky, "covers_time": found.covers_time}
        mine = [
            {"object": row["object"], "log_odds": row["log_odds"], "low": low, "high": high, "is_limit": low == 0.0}
            for row, low, high in zip(rows, *ends, strict=True)
        ]
        as_json({"event": name, "trials": found.trials, **cover, "candidates": mine, **curve})
        return
    out = console()
    out.print(f"{name}: {found.trials} other places and times", markup=False)
    for line in [*_warnings(found), *crowd]:
        console(error=True).print(line, markup=False)
    for row, low, high in zip(rows, *ends, strict=True):
        told = f"by chance {expected(row['chance_count'], low, high)}"
        out.print(f"  {row['rank']:3d}  {row['object']:24} ln odds {row['log_odds']:7.2f}  {told}", markup=False)
    if rows:
        out.print(MEANING, markup=False, soft_wrap=True)


def expected(count: float, low: float, high: float) -> str:
    """An expected number with its 68 % interval; where nothing was met the upper limit of 90 %.

    Examples
    --------
    >>> expected(1e-9, 0.0, 0.002), expected(0.01, 0.0017, 0.033), expected(3.2, 2.9, 3.5)
    ('< 1 in 500 (90 %)', '0.01 (0.0017 to 0.033)', '3.2 (2.9 to 3.5)')
    """
    if low > 0.0:
        return f"{count:.2g} ({low:.2g} to {high:.2g})"
    return f"< 1 in {1.0 / high:.3g} (90 %)" if high < 1.0 else f"< {high:.2g} (90 %)"


def _crowd(found: Chances, n: int) -> list[str]:
    """Where far more is stored in the event's region than at other places: people looked there because of it."""
    elsewhere = float(found.counts[-1]) if len(found.counts) else 0.0
    if n <= CROWD * max(elsewhere, 1.0):
        return []
    return [
        f"warning: {n} candidates, where {elsewhere:.2g} are met at other places and times: more was looked for here "
        "because of the event, so the counts below are too low"
    ]


def _warnings(found: Chances) -> list[str]:
    """Where what is stored is too little to say so much."""
    out = []
    if found.covers_sky < ENOUGH:
        out.append(
            f"warning: {found.covers_sky:.0%} of the region's probability lies where anything is stored: "
            "elsewhere a counterpart would not have been seen, and nothing is counted there"
        )
    if found.covers_time < ENOUGH:
        out.append(
            f"warning: {found.covers_time:.0%} of the event's window is stored: counts are of that part, "
            "and grow with it"
        )
    return out
