"""Measure how many unrelated objects score as high as an event's candidates."""

from __future__ import annotations

import time
from argparse import Namespace
from contextlib import closing
from functools import partial

from rich.progress import Progress

from .. import chance
from ..engine import Engine
from ..errors import ConfigError
from ..store import Store, chances, queries
from .show import as_json, console, settings_of


def measure(options: Namespace) -> None:
    """Count on the stored sky, turned and at other times; the candidates' list shows it from then on."""
    settings = settings_of(options)
    with closing(Store(settings.database, create=False)) as store:
        with store.read() as connection:
            name = queries.event_id(connection, options.event)
            engine = Engine(store, parameters=settings.score)
            engine.following.remember(connection, name)
            event = engine.active[name]
            with Progress(console=console(error=True), disable=options.json) as bar:
                task, n = bar.add_task("counting", total=options.trials), options.trials
                step = partial(bar.advance, task)
                found = chance.of_event(connection, event, settings.score, trials=n, progress=step)
        if found is None:
            raise ConfigError(f"{name}: too little of the sky is stored to count on; the reckoned counts stay")
        with store.begin() as connection:
            chances.save(connection, name, event.notice, settings.score.id, found, time.time())
            rows = queries.candidates(connection, name, limit=10)
    if options.json:
        curve = {"log_odds": found.log_odds.tolist(), "counts": found.counts.tolist()}
        as_json({"event": name, "trials": found.trials, **curve})
        return
    console().print(f"{name}: {found.trials} other places and times", markup=False)
    for row in rows:
        line = f"  {row['rank']:3d}  {row['object']:24} ln odds {row['log_odds']:7.2f}"
        console().print(f"{line}  by chance {row['chance_count']:.3g}", markup=False)
