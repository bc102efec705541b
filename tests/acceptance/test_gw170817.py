"""GW170817: the real counterpart comes out first."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from coincidence import DEFAULT, rank, score
from mma import galaxies
from mma.engine import Engine
from mma.store import Store, catalogs, queries
from mma.streams import MemorySink, MemorySource
from tests.acceptance import night

pytestmark = pytest.mark.realdata
NIGHTS = 200


@pytest.fixture(scope="module")
def catalog(data: Path) -> galaxies.Galaxies:
    found, _ = galaxies.read(data / "galaxies/50MGC_catalog_short.fits", "50MGC", {})
    return found


def test_ranks_over_many_nights(data: Path, catalog: galaxies.Galaxies) -> None:
    event = night.gw170817(data)
    assert event.region is not None
    random = np.random.default_rng(170817)
    places, by_sky = [], []
    for _ in range(NIGHTS):
        alerts = night.alerts(event, data, random)
        found = rank(score(event, alerts, catalog))
        places.append(next(c.rank for c in found if c.object_id == "AT2017gfo"))
        density = event.region.probdensity_at(alerts.ra, alerts.dec)
        by_sky.append(1 + np.sum(density > density[0]))  # sky alone: no time window, no distance
    assert np.mean(np.array(places) == 1) >= 0.98
    assert 6 <= np.median(by_sky) <= 8


def test_one_night_through_the_engine(data: Path, catalog: galaxies.Galaxies, tmp_path: Path) -> None:
    event = night.gw170817(data)
    assert event.time is not None
    columns = night.alerts(event, data, np.random.default_rng(1))
    rows = [
        {"name": o, "ra": ra, "dec": dec, "mjd": t / 86400 + 40587, "redshift": "" if np.isnan(z) else z}
        for o, ra, dec, t, z in zip(
            columns.object_id, columns.ra, columns.dec, columns.time, columns.redshift, strict=True
        )
    ]
    store, sink = Store(str(tmp_path / "night.sqlite")), MemorySink()
    with store.begin() as connection:
        catalogs.replace(connection, "50MGC", catalog)
    notice = night.igwn("S170817a", event.region, event.time + timedelta(hours=5))  # type: ignore[arg-type]
    Engine(store, sink).run(MemorySource([night.table(rows), notice]))
    with store.read() as connection:
        first = queries.candidates(connection, "S170817a")[0]
    assert first["object"] == "AT2017gfo"
    assert first["host"]["name"] == "NGC4993"
    assert first["credible_level"] == pytest.approx(0.3826, abs=1e-3)
    assert first["credible_volume"] == pytest.approx(0.2854, abs=2e-3)
    assert first["delay_s"] / 3600 == pytest.approx(11.32, abs=0.01)  # 2017-08-18 00:00 UTC in the photometry
    assert first["parameters"] == DEFAULT.id
