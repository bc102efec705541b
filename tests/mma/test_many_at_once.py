"""Tables of very many rows about one source, or without one that can be read: their cost goes with their size."""

from __future__ import annotations

import time

import numpy as np

from coincidence import AlertBatch
from mma.engine.identity import turns
from mma.store import Store, message_log
from mma.store.message_log import MOST_FAULTS
from mma.streams import Message
from tests.mma.world import World

HEAD = "name,ra,dec,mjd,mag\n"
HOUR_MJD = 1.0 / 24.0


def light_curve(n: int) -> bytes:
    """One object, once an hour."""
    return (HEAD + "".join(f"same,10.0,20.0,{61465.0 + i * HOUR_MJD:.4f},19.0\n" for i in range(n))).encode()


def test_an_object_many_times_in_one_table() -> None:
    """Each row is handled by itself; the table is not read anew for each: 600 times 600 rows would take a minute."""
    world = World(Store("sqlite://"))
    begun = time.monotonic()
    world.hears(light_curve(600))
    assert time.monotonic() - begun < 20.0
    assert world.status()["objects"] == 1
    assert world.status()["detections"] == 600
    assert world.dead_letters() == []


def test_many_objects_at_one_place_are_taken_in_turn() -> None:
    """So many pairs would fill 3 GB."""
    n = 20_000
    rows = [
        {
            "id": f"a{i}", "object_id": f"o{i}", "survey": "table", "message": 0, "ra": 10.0, "dec": 20.0,
            "time": 1.8e9 + i,
        }
        for i in range(n)
    ]  # fmt: skip
    begun = time.monotonic()
    found = turns(AlertBatch.from_rows(rows))
    assert time.monotonic() - begun < 20.0
    assert np.concatenate(found).tolist() == list(range(n))
    assert {len(part) for part in found} == {1}


def test_what_is_within_reach_is_never_in_one_turn() -> None:
    """Pairs 9.9 arcsec apart in all directions, poles and the meridian too; those an arcminute apart go together."""
    places = [(0.0, 0.0), (359.9999, 10.0), (123.4, -89.9999), (200.0, 45.0), (300.0, 89.0)]
    for ra, dec in places:
        for angle in np.linspace(0.0, 2.0 * np.pi, 24, endpoint=False):
            north, east = 9.9 / 3600.0 * np.sin(angle), 9.9 / 3600.0 * np.cos(angle)
            if abs(dec + north) > 90.0:
                continue
            other = ((ra + east / np.cos(np.radians(dec))) % 360.0, dec + north)
            assert len(turns(two((ra, dec), other))) == 2, (ra, dec, angle)
        assert len(turns(two((ra, dec), (ra, dec - np.sign(dec or 1.0) / 60.0)))) == 1


def two(*places: tuple[float, float]) -> AlertBatch:
    return AlertBatch.from_rows(
        [
            {"id": f"a{i}", "object_id": f"o{i}", "survey": "table", "message": 0, "ra": ra, "dec": dec, "time": 1.8e9}
            for i, (ra, dec) in enumerate(places)
        ]
    )


def test_of_very_many_bad_rows_the_first_are_kept_and_the_message_once() -> None:
    """Key and headers stand beside the bytes, and come back with them whichever fault is named."""
    world = World(Store("sqlite://"))
    message = Message(
        payload=(HEAD + "o,x,2,61465,19\n" * 5_000).encode(),
        topic="tables",
        key=bytes(900_000),
        headers={"h": b"\xff" * 60_000},
    )
    world.hears(message)
    letters = world.dead_letters()
    assert len(letters) == MOST_FAULTS + 1
    assert letters[0]["reason"].startswith("row 1: ")
    assert letters[-1]["reason"] == "4900 more faults of this message are not kept"
    assert sum(len(row["key"] or b"") for row in letters) == 900_000
    assert sum(len(row["headers"] or {}) for row in letters) == 1
    assert world.status()["messages"]["set_aside"] == 1
    again = world.ask(message_log.message, letters[7]["id"])
    assert (again.payload, again.key, again.headers) == (message.payload, message.key, message.headers)
