"""MS181101ab, LVK's mock event, from early warning to retraction; and names that begin alike."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

import skymaps
from benchmarks import night
from mma.answers import queries
from mma.engine.engine import Engine
from mma.messages.message import problems
from mma.store import Store
from mma.streams import MemorySink, MemorySource, Message

pytestmark = pytest.mark.realdata
SEQUENCE = (
    "MS181101ab-earlywarning.json",
    "MS181101ab-preliminary.avro",
    "MS181101ab-initial.json",
    "MS181101ab-update.avro",
    "MS181101ab-ext-update.json",
)


def notice(data: Path, name: str) -> Message:
    return Message(payload=(data / "lvk-kafka" / name).read_bytes(), topic="igwn.gwalert")


def transients(data: Path, n: int = 30) -> Message:
    """Made-up transients in the mock event's region, one day after it."""
    skymap = skymaps.read(data / "skymaps/gw/userguide-MS181101ab-bayestar.multiorder.fits")
    assert skymap.time is not None
    mjd = (skymap.time + timedelta(days=1)).timestamp() / 86400 + 40587
    ra, dec = night.positions(skymap, n, np.random.default_rng(3))
    return night.table([{"name": f"T{i:02d}", "ra": ra[i], "dec": dec[i], "mjd": mjd} for i in range(n)])


@pytest.mark.parametrize("retraction", ["MS181101ab-retraction.json", "MS181101ab-retraction.avro"])
def test_from_early_warning_to_retraction(data: Path, tmp_path: Path, retraction: str) -> None:
    store, sink = Store(str(tmp_path / "mock.sqlite")), MemorySink()
    engine = Engine(store, sink)
    engine.run(MemorySource([*(notice(data, name) for name in SEQUENCE), transients(data)], 1))
    with store.read() as connection:
        (event,) = queries.events(connection)
        standing = queries.candidates(connection, "MS181101ab")
    assert (event["id"], event["state"], event["test"]) == ("MS181101ab", "active", True)
    assert event["revision"] == len(SEQUENCE)
    assert len(standing) > 20
    engine.run(MemorySource([notice(data, retraction)]))
    with store.read() as connection:
        (event,) = queries.events(connection)
        assert queries.candidates(connection, "MS181101ab") == []
        everything = queries.candidates(connection, "MS181101ab", everything=True)
    assert (event["state"], event["stage"], event["revision"]) == ("retracted", "retraction", len(SEQUENCE) + 1)
    assert {c["reason"] for c in everything} == {"the event was retracted"}
    told = [json.loads(payload) for _, _, payload in sink.written]
    assert {topic for topic, _, _ in sink.written} == {"mma.candidates.test", "mma.events.test"}
    about = [m for m in told if m["schema"] == "urn:mma:candidate:1"]
    assert [p for m in about for p in problems(m, "candidate")] == []
    withdrawn = [m["object"]["id"] for m in about if m["type"] == "withdrawal"]
    assert sorted(withdrawn) == sorted({m["object"]["id"] for m in about if m["type"] == "new"})
    assert len(withdrawn) == len(set(withdrawn)) == len(standing)
    assert [m["type"] for m in told if m["schema"] == "urn:mma:event:1"][-1] == "withdrawal"


def test_the_combined_map_is_used(data: Path, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "mock.sqlite"))
    Engine(store).run(MemorySource([notice(data, name) for name in SEQUENCE], 1))
    with store.read() as connection:
        (event,) = queries.events(connection)
    assert event["area90_deg2"] == pytest.approx(27.71, rel=5e-3)
    store.close()


def test_names_that_begin_alike_never_touch(data: Path, tmp_path: Path) -> None:
    real = notice(data, "S230518h-initial.json")
    document = json.loads(real.payload)
    other = document | {"superevent_id": "S230518ha"}
    gone = document | {
        "superevent_id": "S230518ha",
        "alert_type": "RETRACTION",
        "event": None,
        "time_created": "2023-05-19T00:00:00Z",
    }
    made_up = [Message(payload=json.dumps(d).encode(), topic="igwn.gwalert") for d in (other, gone)]
    store = Store(str(tmp_path / "names.sqlite"))
    Engine(store).run(MemorySource([real, *made_up], 1))
    with store.read() as connection:
        events = {e["id"]: (e["state"], e["revision"]) for e in queries.events(connection)}
        assert queries.event_id(connection, "S230518h") == "S230518h"
    assert events == {"S230518h": ("active", 1), "S230518ha": ("retracted", 2)}
