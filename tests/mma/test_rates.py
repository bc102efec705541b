"""Rates learnt from the stored sky, through the front door: packets in, sets and messages out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from coincidence import DEFAULT, AlertBatch
from coincidence.rates import DEPTH_RANGE, Surroundings, published
from coincidence.taught import Looks, taught
from mma.answers import queries
from mma.cli import main
from mma.engine import learning
from mma.engine.engine import Engine
from mma.simulate.packets import ztf_packet
from mma.store import Store, rates
from mma.streams import MemorySink, MemorySource, Message
from skymaps import healpix
from tests.api.serving import serving
from tests.mma.world import T0, as_message, superevent

DAY_S = 86400.0
START_D = T0.timestamp() // DAY_S - 10.0
PLACE = 200.0, 45.0
ORDER = 5


def places(n: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Places in one cell, so that all of it is looked at."""
    pixel = int(healpix.pixel_at(np.array([PLACE[0]]), np.array([PLACE[1]]), ORDER)[0])
    below = pixel * 4**8 + random.integers(4**8, size=n)
    return healpix.pixel_centre(ORDER + 8, below)


def world(per_day: float, days: int, random: np.random.Generator, cadence: int = 1) -> tuple[Looks, AlertBatch, float]:
    """One cell that shows 40 variable stars on each night it is looked at, and new transients at a rate."""
    ra, dec = places(40, random)
    nights = np.arange(0, days, cadence)
    looks = Looks(
        object=np.tile(np.arange(40), len(nights)),
        survey=np.full(40 * len(nights), "ztf", dtype=object),
        ra=np.tile(ra, len(nights)),
        dec=np.tile(dec, len(nights)),
        time=(START_D + np.repeat(nights, 40) + 0.3) * DAY_S,
        limit_mag=np.full(40 * len(nights), 20.6),
    )
    onset = random.uniform(0.0, nights[-1], random.poisson(per_day * nights[-1]))
    seen = nights[np.searchsorted(nights, onset)]
    place = places(len(onset), random)
    rows = [
        {"id": str(i), "object_id": f"n{i}", "survey": "ztf", "ra": r, "dec": d, "n_detections": 3.0, "flux_njy": 1e5}
        | {"time": (START_D + t + 2.3) * DAY_S, "first_seen": (START_D + t + 0.3) * DAY_S}
        for i, (r, d, t) in enumerate(zip(*place, seen.tolist(), strict=True))
    ]
    area = 41252.96 / (12 * 4**ORDER)
    return looks, AlertBatch.from_rows(rows), per_day / area


def everywhere(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    return np.ones(len(ra), dtype=np.bool_)


@pytest.mark.parametrize("cadence", [1, 3])
def test_the_rate_that_was_drawn_is_learnt_whatever_the_cadence(cadence: int) -> None:
    looks, objects, per_deg2_day = world(2.0, 200, np.random.default_rng(4), cadence)
    span = START_D * DAY_S, (START_D + 200) * DAY_S
    found = taught(looks, objects, span, everywhere, DEFAULT)
    cell = found["ztf/20/40/2"]
    where = Surroundings(
        survey=np.array(["ztf"], dtype=object), depth=np.array([20.6]), sin_latitude=np.array([0.9]),
        is_once=np.array([False]),
    )  # fmt: skip
    assert cell.seen > 300
    measured = published(where, DEFAULT)[0] * cell.seen / cell.expected
    assert measured == pytest.approx(per_deg2_day, rel=3.0 / np.sqrt(cell.seen) + 0.02)


def test_open_events_and_what_no_score_would_count_teach_nothing() -> None:
    looks, objects, _ = world(2.0, 60, np.random.default_rng(4))
    span = START_D * DAY_S, (START_D + 60) * DAY_S
    assert taught(looks, objects, span, lambda ra, dec: ~everywhere(ra, dec), DEFAULT) == {}
    bogus = replace(objects, reliability=np.full(len(objects), 0.1))
    assert taught(looks, bogus, span, everywhere, DEFAULT)["ztf/20/40/2"].seen == 0.0
    few = Looks(**{name: getattr(looks, name)[::40] for name in Looks.__slots__})
    assert taught(few, objects, span, everywhere, DEFAULT) == {}  # alerts too sparse to tell where it looked


def ztf(name: str, place: tuple[float, float], day: float, first: float, times: int, number: int) -> Message:
    """A packet of a night, by days since 1970."""
    jd = 2440587.5 + 0.3
    packet = ztf_packet(
        object_id=name, candid=number, jd=day + jd, ra=place[0], dec=place[1], magpsf=19.0, sigmapsf=0.1, fid=2,
        drb=0.95, jdstarthist=first + jd, ndethist=times, diffmaglim=20.6, prv_candidates=[],
    )  # fmt: skip
    return Message(payload=packet, topic="ztf", partition=0, offset=number, timestamp=(day + 0.3) * DAY_S)


def packets(n_new: int) -> list[Message]:
    """Twelve nights of a cell: 40 variable stars each night, and new transients seen twice from the third night on."""
    random = np.random.default_rng(2)
    ra, dec = places(40, random)
    new = places(n_new, random)
    told, count = [], 0
    for night in range(12):
        seen = [(f"ZTF20s{i:06d}", float(ra[i]), float(dec[i]), START_D - 900.0, 50 + night) for i in range(40)]
        for i in range(n_new):
            begun = 2 + i % 6
            if night in (begun, begun + 1):
                seen.append((f"ZTF27n{i:06d}", float(new[0][i]), float(new[1][i]), START_D + begun, night - begun + 1))
        for name, r, d, first, times in seen:
            count += 1
            told.append(ztf(name, (r, d), START_D + night, first, times, count))
    return told


def test_a_night_s_update_makes_a_set_once_and_scores_open_events_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    database, sink = str(tmp_path / "sky.sqlite"), MemorySink()
    store, now = Store(database), (START_D + 13.0) * DAY_S
    engine = Engine(store, sink, clock=lambda: now)
    elsewhere = ztf("ZTF27z000000", (200.0, 25.0), START_D + 11.0, START_D + 11.0, 2, 999_999)
    hidden = as_message(superevent(place=(200.0, 25.0)))
    engine.run(MemorySource([hidden, *packets(30), elsewhere]))
    before = engine.parameters.id
    with store.read() as connection:
        (stood,) = queries.candidates(connection, "S270301ab")
    assert stood["parameters"] == before
    told = len(sink.written)
    found = learning.learn_again(engine, now)
    assert found is not None
    with store.read() as connection:
        (stands,) = queries.candidates(connection, "S270301ab")
    assert stands["parameters"] == engine.parameters.id
    strength, cell = DEFAULT.rates.strength, found[0].learnt["ztf/20/40/2"]
    fell = np.log((strength + cell.seen) / (strength + cell.expected))
    assert stands["terms"]["prior"] - stood["terms"]["prior"] == pytest.approx(-fell)
    assert len(sink.written) > told  # it fell by more than tell_log_odds
    assert found[0].learnt["ztf/20/40/2"].seen == 30
    assert engine.parameters.id != before
    assert Engine(store).parameters.id == engine.parameters.id  # any worker takes it up
    assert learning.learn_again(engine, (START_D + 13.0) * DAY_S) is None  # nothing new, no new set
    with store.read() as connection:
        assert rates.newest(connection).number == 1
    store.close()
    assert main(["rates", "--db", database, "--json", "--plot", str(tmp_path / "rates.png")]) == 0
    told = json.loads(capsys.readouterr().out)
    (row,) = [row for row in told["rates"] if row["detections"] == 2]
    assert (row["survey"], row["depth_mag"], row["seen"]) == ("ztf", 20.0, 30.0)
    assert row["low"] < row["rate"] < row["high"]
    assert row["rate"] > row["published"]
    assert (tmp_path / "rates.png").stat().st_size > 1000
    with serving(database, tmp_path) as server:
        assert httpx.get(f"{server.url}/api/rates").json()["rates"] == told["rates"]
    assert main(["rates", "--db", database, "--update"]) == 0
    assert "nothing was changed" in capsys.readouterr().out


@pytest.mark.parametrize("limit", [np.nan, np.inf, -99.0, 0.0, 50.0, 99.0, 1e300])
def test_a_limit_that_no_survey_has_teaches_the_depths_that_are_scored(limit: float) -> None:
    looks, objects, _ = world(2.0, 30, np.random.default_rng(4))
    span = START_D * DAY_S, (START_D + 30) * DAY_S
    found = taught(replace(looks, limit_mag=np.full(len(looks.limit_mag), limit)), objects, span, everywhere, DEFAULT)
    assert found
    for name, cell in found.items():
        assert DEPTH_RANGE[0] <= float(name.split("/")[1]) <= DEPTH_RANGE[1]
        assert np.isfinite(cell.expected)


@pytest.mark.parametrize("years_ago", [[], [40.0], [40.0, 20.0, 10.0]])
def test_an_old_name_in_a_list_tells_of_no_years_without_any(years_ago: list[float]) -> None:
    random = np.random.default_rng(1)
    since_d = np.r_[random.uniform(0.0, 30.0, 3000), -365.25 * np.array(years_ago)]
    ra, sine = random.uniform(0.0, 360.0, len(since_d)), random.uniform(-1.0, 1.0, len(since_d))
    rows = [
        {"id": str(i), "object_id": f"o{i}", "survey": "tns", "ra": r, "dec": d, "n_detections": 3.0, "flux_njy": 1e5}
        | {"time": (START_D + t + 1.0) * DAY_S, "first_seen": (START_D + t) * DAY_S}
        for i, (r, d, t) in enumerate(zip(ra, np.degrees(np.arcsin(sine)), since_d, strict=True))
    ]
    objects, none = AlertBatch.from_rows(rows), np.empty(0)
    looks = Looks(
        object=np.empty(0, dtype=np.int64), survey=np.empty(0, dtype=object), ra=none, dec=none, time=none,
        limit_mag=none,
    )  # fmt: skip
    span = float(objects.first_seen.min()), (START_D + 31.0) * DAY_S
    found = taught(looks, objects, span, everywhere, DEFAULT)
    cells = [cell for name, cell in found.items() if name.startswith("tns/") and name.endswith("/2")]
    seen, expected = sum(cell.seen for cell in cells), sum(cell.expected for cell in cells)
    where = Surroundings(
        survey=np.array(["tns"], dtype=object), depth=np.array([19.5]), sin_latitude=np.array([0.5]),
        is_once=np.array([False]),
    )  # fmt: skip
    assert seen / 29.0 == pytest.approx(100.0, rel=0.06)
    assert expected == pytest.approx(29.0 * 41252.96 * published(where, DEFAULT)[0], rel=0.2)
