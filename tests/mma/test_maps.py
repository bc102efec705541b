"""Maps that come by URL: the notice is stored at once, located when the map is there, and never lost."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

import skymaps
from mma.answers import queries
from mma.engine.engine import Engine
from mma.engine.ingest import take_in
from mma.engine.maps import Maps
from mma.errors import FetchError
from mma.store import Store
from mma.streams import Message

CELL = np.array([0]), np.array([0], dtype=np.int8), np.array([3 / np.pi])
MAP = skymaps.write_fits(skymaps.SkyMap.from_cells(*CELL, [None] * 3))


def notice(name: str = "m1", url: str = "https://gcn.nasa.gov/m.fits", **more: object) -> Message:
    document = {
        "$schema": "urn:mma:gamma:1", "mission": "CTAO", "id": name, "alert_type": "initial",
        "alert_datetime": "2026-03-01T01:02:30Z", "trigger_time": "2026-03-01T01:02:03Z", "healpix_url": url,
    }  # fmt: skip
    return Message(payload=json.dumps(document | more).encode(), topic="mma.gamma", offset=7)


class Web:
    """Gives what it is told to, in turn."""

    def __init__(self, *answers: bytes | FetchError) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        answer = self.answers.pop(0)
        if isinstance(answer, FetchError):
            raise answer
        return answer


def arrived(maps: Maps, seconds: float = 5.0) -> list[Message]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := maps.arrived():
            return found
        time.sleep(0.01)
    return []


@pytest.fixture
def store(tmp_path: Path):
    """An empty database."""
    made = Store(str(tmp_path / "mma.sqlite"))
    yield made
    made.close()


def state(store: Store) -> str:
    with store.read() as connection:
        (row,) = queries.events(connection)
    return row["state"]


def test_an_event_is_stored_at_once_and_located_later(store):
    web = Web(FetchError("503"), MAP)
    maps = Maps(web, first_wait_s=0.01)
    engine = Engine(store, locate=maps.locate)
    engine.handle([notice()])
    assert state(store) == "unlocated"
    (again,) = arrived(maps)
    assert web.asked == ["https://gcn.nasa.gov/m.fits"] * 2
    engine.handle([again])
    maps.done([again])
    assert state(store) != "unlocated"
    assert engine.active["CTAO-m1"].skymap_sha256 == skymaps.read(MAP).sha256
    assert maps.arrived() == []
    engine.handle([again])  # the same notice once more, after a restart
    assert engine.active["CTAO-m1"].region is not None
    maps.close()


def test_a_map_that_cannot_be_had_leaves_the_event_unlocated(store, caplog):
    caplog.set_level("WARNING", "mma")
    maps = Maps(Web(*[FetchError("404")] * 8), first_wait_s=0.001)
    engine = Engine(store, locate=maps.locate)
    engine.handle([notice()])
    assert arrived(maps, 2.0) == []
    assert state(store) == "unlocated"
    told = [r.getMessage() for r in caplog.records if "map of" in r.getMessage()]
    assert len(told) == 8
    assert told[-1] == "map of mma.gamma[0]@7: 404; given up: the event stays unlocated"
    maps.close()


def test_what_is_no_map_is_given_up_at_once(store, caplog):
    caplog.set_level("WARNING", "mma")
    maps = Maps(Web(b"<html>not found</html>"))
    engine = Engine(store, locate=maps.locate)
    engine.handle([notice()])
    assert arrived(maps, 1.0) == []
    assert "given up" in caplog.text
    assert state(store) == "unlocated"
    maps.close()


def test_nothing_is_fetched_for_notices_that_tell_where():
    web = Web()
    maps = Maps(web)
    inside = {"ra": 10.0, "dec": 20.0, "ra_dec_error": 0.1, "containment_probability": 0.9}
    messages = [notice(**inside), notice("m2", alert_type="retraction")]
    assert len(take_in(messages, maps.locate).events) == 2
    assert web.asked == []
    maps.close()


def test_without_maps_nothing_is_asked(store):
    engine = Engine(store)
    engine.handle([notice()])
    assert state(store) == "unlocated"
