"""An offline night with known truth, through the real engine."""

from __future__ import annotations

import tempfile
import time
from argparse import Namespace
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from mma import galaxies
from mma.config import Settings
from mma.simulate import night
from mma.simulate.events import Truth
from mma.store import Store, catalogs, queries

from . import tables
from .replay import bar, play
from .show import as_json, console, settings_of

SHOWN = 5


def demo(options: Namespace) -> None:
    """Simulate, import the galaxies, play, and show each event's candidates beside the truth."""
    with ExitStack() as stack:
        temporary = stack.enter_context(tempfile.TemporaryDirectory(prefix="mma-demo-"))
        folder = Path(options.keep or temporary)
        settings = replace(settings_of(options), database=str(folder / "demo.sqlite"))
        begun = time.monotonic()
        truths = simulate(folder, options.alerts, options.seed)
        load_galaxies(folder, settings)
        status = play([folder / "notices", folder / "alerts"], settings, folder / "published.jsonl")
        answers = [answer(settings, truth) for truth in truths]
        if options.json:
            as_json({"messages": status["messages"], "published": status["published"], "events": answers})
            return
        report(answers, status, time.monotonic() - begun)
        if options.keep:
            console().print(f"Kept in {folder}: try [bold]mma candidates S260301a --db {folder}/demo.sqlite[/bold]")


def simulate(folder: Path, n_alerts: int, seed: int) -> list[Truth]:
    """Write the night, with a progress bar."""
    with bar() as progress:
        task = progress.add_task("simulating", total=n_alerts)
        return night.write(folder, n_alerts, seed, lambda n: progress.advance(task, n))


def load_galaxies(folder: Path, settings: Settings) -> None:
    """Import the night's galaxies, as ``mma catalog import`` does."""
    found, _ = galaxies.read(folder / "galaxies.csv", "galaxies", {})
    store = Store(settings.database)
    with store.begin() as connection:
        catalogs.replace(connection, "galaxies", found)
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
