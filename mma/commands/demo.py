"""An offline night with known truth, through the real engine."""

from __future__ import annotations

import shlex
import tempfile
import time
from argparse import Namespace
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from mma import catalogs
from mma.answers import queries
from mma.config import Settings
from mma.engine import play
from mma.errors import ConfigError
from mma.simulate import Truth, night
from mma.store import Store, as_url, galaxies, path_of

from . import tables
from .replay import bar, shown
from .show import as_json, console, settings_of, with_database

SHOWN = 5
NIGHT = "mma-demo-"
"""Beginning of the name of the folder in which a night is made up."""

BESIDE = "mma-demo.sqlite"


def demo(options: Namespace) -> None:
    """Simulate, import the galaxies, play, and show each event's candidates beside the truth."""
    with ExitStack() as stack:
        temporary = stack.enter_context(tempfile.TemporaryDirectory(prefix=NIGHT))
        folder = Path(options.keep or temporary)
        settings, there = place(options, folder)
        begun = time.monotonic()
        truths = simulate(folder, options.alerts, options.seed)
        load_galaxies(folder, settings)
        with shown() as progress:
            paths = [folder / "notices", folder / "alerts"]
            status = play(paths, settings, folder / "published.jsonl", progress)
        answers = [answer(settings, truth) for truth in truths]
        if options.json:
            told = {"messages": status["messages"], "published": status["published"], "events": answers}
            as_json(told | {"database": settings.database})
            return
        report(answers, status, time.monotonic() - begun)
        out = console()
        out.print(f"Kept in {settings.database}. Next:", markup=False, soft_wrap=True)
        for command in (f"candidates {truths[0].event}", "events", "serve"):
            out.print(f"  mma {command}{there}", markup=False, soft_wrap=True)


def place(options: Namespace, folder: Path) -> tuple[Settings, str]:
    """Settings with the night's database, and what the next command must say to find it.

    It is the one that commands look at, where that is not there yet or holds nothing but an earlier demo; else one
    beside it.
    """
    settings = settings_of(options)
    if options.keep:
        name = str(folder / "demo.sqlite")
        return replace(settings, database=name), f" --db {shlex.quote(name)}"
    if is_free(settings.database):
        return settings, with_database(options)
    if options.db or not is_free(BESIDE):
        name = options.db or BESIDE
        raise ConfigError(f"{name} holds more than a demo, which would mix with it: name a new file with --db")
    return replace(settings, database=BESIDE), f" --db {BESIDE}"


def is_free(database: str) -> bool:
    """Whether a night that is made up may go into a file; what an earlier demo left there is deleted."""
    path = path_of(make_url(as_url(database)))
    if path is None or (path.exists() and not is_made_up(path)):
        return False
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.unlink(missing_ok=True)
    return True


def is_made_up(path: Path) -> bool:
    """Whether all that ever went into a database is a demo's night."""
    with closing(Store(str(path), create=False, writes=False)) as store, store.read() as connection:
        sources = queries.status(connection)["sources"]
    return all(f"/{NIGHT}" in name for name in sources)


def simulate(folder: Path, n_alerts: int, seed: int) -> list[Truth]:
    """Write the night, with a progress bar."""
    with bar() as progress:
        task = progress.add_task("simulating", total=n_alerts)
        return night.write(folder, n_alerts, seed, lambda n: progress.advance(task, n))


def load_galaxies(folder: Path, settings: Settings) -> None:
    """Import the night's galaxies, as ``mma catalog import`` does."""
    found, _ = catalogs.read(folder / "galaxies.csv", "galaxies", {})
    store = Store(settings.database)
    with store.begin() as connection:
        galaxies.replace(connection, "galaxies", found)
    store.close()


def answer(settings: Settings, truth: Truth) -> dict[str, Any]:
    """One event with its first candidates, and where the counterpart that was put there came out."""
    store = Store(settings.database)
    with store.read() as connection:
        event = next(row for row in queries.events(connection) if row["id"] == truth.event)
        rows = queries.candidates(connection, truth.event)
    store.close()
    place = next((row["rank"] for row in rows if row["object"] == truth.object_id), None)
    return {
        "event": event,
        "injected": {"object": truth.object_id, "class": truth.what, "rank": place},
        "came_first": place == 1,
        "candidates": rows[:SHOWN],
    }


def report(answers: list[dict[str, Any]], status: dict[str, Any], seconds: float) -> None:
    """A table for each event."""
    out = console()
    for item in answers:
        event, injected = item["event"], item["injected"]
        where = f"90 % area {event['area90_deg2']:.4g} deg2"
        if event["distance_mpc"]:
            where += f", {event['distance_mpc']:.0f} +- {event['distance_error_mpc']:.0f} Mpc"
        out.print(
            f"\n[bold]{event['id']}[/bold]  {event['observatory']} {event['kind']}  {event['time'][:19]}  {where}"
        )
        out.print(tables.candidates(item["candidates"]))
        verdict = "[green]yes[/green]" if item["came_first"] else f"no, rank {injected['rank']}"
        of = event["n_candidates"]
        out.print(f"injected {injected['class']} {injected['object']} first of {of} candidates: {verdict}")
    n, published = status["messages"], status["published"]
    out.print(
        f"\n{n['read']} messages ({n['decoded']} decoded) in {seconds:.0f} s; {published['sent']} messages published. "
        "The terms are natural logs and add up to the odds of the class shown."
    )
