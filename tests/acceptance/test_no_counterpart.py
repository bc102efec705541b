"""Real events without a known counterpart, with all that was really reported around them: most likely none of it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

import skymaps
from benchmarks import night
from coincidence import Event
from mma import catalogs, notices
from mma.answers import queries
from mma.engine.engine import Engine
from mma.store import Store, galaxies
from mma.streams import MemorySource, Message

pytestmark = pytest.mark.realdata


def classes_of(path: Path) -> Mapping[str, float]:
    """What the real notice says that merged."""
    event = notices.decode(Message(payload=path.read_bytes(), topic=str(path), name=path.name))
    assert isinstance(event, Event)
    return event.classes


@pytest.mark.parametrize("with_galaxies", [False, True], ids=["no catalogue", "50MGC"])
@pytest.mark.parametrize(
    ("name", "notice", "skymap"),
    [
        ("S190814bv", "skyportal/GW190814.xml", "S190814bv-bayestar.multiorder.fits,0"),
        ("S190814bv", "skyportal/GW190814.xml", "S190814bv-LALInference.v1.fits.gz"),
        ("S190425z", "lvc-archive/S190425z-1-Initial.xml", "S190425z-bayestar.multiorder.fits"),
        ("S190425z", "lvc-archive/S190425z-2-Update.xml", "S190425z-LALInference.multiorder.fits"),
    ],
)
def test_most_likely_nothing_of_it_was_seen(
    data: Path, tmp_path: Path, name: str, notice: str, skymap: str, with_galaxies: bool
) -> None:
    region = skymaps.read(data / "skymaps/gw" / skymap)
    assert region.time is not None
    classes = classes_of(data / "voevent" / notice)
    lvk = night.igwn(name, region, region.time + timedelta(hours=13), classes=classes)
    rows = list(csv.DictReader((data / f"counterparts/oac-window-{name}.csv").read_text().splitlines()))
    store = Store(str(tmp_path / "night.sqlite"))
    if with_galaxies:
        nearby, _ = catalogs.read(data / "galaxies/50MGC_catalog_short.fits", "50MGC", {})
        with store.begin() as connection:
            galaxies.replace(connection, "50MGC", nearby)
    Engine(store).run(MemorySource([lvk, night.table(rows, 0)], 500))
    with store.read() as connection:
        (event,) = queries.events(connection)
        best = queries.candidates(connection, name, limit=1)[0]
    store.close()
    assert event["n_candidates"] > 100
    assert event["p_none"] > 0.5
    assert best["probability"] < 0.1
