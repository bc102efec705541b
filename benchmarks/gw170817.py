"""GW170817 again: the real map, galaxies and counterpart, among decoys of known number, through the real engine.

``python -m benchmarks.gw170817`` needs the recorded data (``$MMA_DATA``).
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from coincidence import rank, score
from mma import catalogs
from mma.answers import queries
from mma.commands import show, tables
from mma.engine.engine import Engine
from mma.store import Store, galaxies
from mma.streams import MemorySink, MemorySource

from . import night

NIGHTS = 200


def data_folder() -> Path:
    """Folder of the recorded data."""
    return Path(os.environ.get("MMA_DATA", Path(__file__).parents[2] / "shared" / "data"))


def ranks(data: Path, nights: int = NIGHTS, seed: int = 170817) -> tuple[list[int], list[int]]:
    """Rank of AT2017gfo in each night: with the whole score, and by the sky alone."""
    event = night.gw170817(data)
    catalog, _ = catalogs.read(data / "galaxies/50MGC_catalog_short.fits", "50MGC", {})
    random = np.random.default_rng(seed)
    whole, by_sky = [], []
    for _ in range(nights):
        alerts = night.alerts(event, data, random)
        found = rank(score(event, alerts, catalog))
        whole.append(next(c.rank or 0 for c in found if c.object_id == "AT2017gfo"))
        density = event.region.probdensity_at(alerts.ra, alerts.dec) if event.region else np.zeros(len(alerts))
        by_sky.append(1 + int(np.sum(density > density[0])))  # no time window, no distance
    return whole, by_sky


@contextmanager
def one_night(data: Path, seed: int = 1) -> Iterator[tuple[Store, MemorySink]]:
    """A night played through the engine: the alert comes as LVK sends it, the transients as a table before it."""
    event = night.gw170817(data)
    columns = night.alerts(event, data, np.random.default_rng(seed))
    rows = [
        {"name": name, "ra": ra, "dec": dec, "mjd": t / 86400 + 40587, "redshift": "" if np.isnan(z) else z}
        for name, ra, dec, t, z in zip(
            columns.object_id, columns.ra, columns.dec, columns.time, columns.redshift, strict=True
        )
    ]
    catalog, _ = catalogs.read(data / "galaxies/50MGC_catalog_short.fits", "50MGC", {})
    with tempfile.TemporaryDirectory(prefix="mma-gw170817-") as folder:
        store, sink = Store(str(Path(folder) / "night.sqlite")), MemorySink()
        with store.begin() as connection:
            galaxies.replace(connection, "50MGC", catalog)
        assert event.time is not None
        notice = night.igwn("S170817a", event.region, event.time + timedelta(hours=5))  # type: ignore[arg-type]
        Engine(store, sink).run(MemorySource([night.table(rows), notice]))
        yield store, sink
        store.close()


def main() -> dict[str, Any]:
    """Print one night's table and the ranks over many."""
    data = data_folder()
    if not data.is_dir():
        sys.exit(f"benchmarks.gw170817 needs the recorded data, which is not in {data} (set MMA_DATA)")
    with one_night(data) as (store, _), store.read() as connection:
        rows = queries.candidates(connection, "S170817a", limit=4)
        (event,) = queries.events(connection)
    out = show.console()
    out.print(tables.candidates(rows))
    out.print(f"P(none of these) = {event['p_none']:.3f}")
    whole, by_sky = ranks(data)
    answer = {
        "nights": len(whole),
        "first": float(np.mean(np.array(whole) == 1)),
        "median_rank_by_sky_alone": float(np.median(by_sky)),
    }
    out.print(
        f"\n{answer['nights']} nights, 1.79 decoys per deg2: AT2017gfo first in {100 * answer['first']:.1f} %; "
        f"by sky alone its median rank is {answer['median_rank_by_sky_alone']:.0f}"
    )
    return answer


if __name__ == "__main__":
    main()
