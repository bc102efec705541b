"""What messages tell beside the science: when and from where it can be observed, and where to read on."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import skymaps
from mma.cli import main
from mma.config.settings import Settings, load
from mma.engine.additions import Additions, additions
from mma.engine.engine import Engine
from mma.errors import ConfigError
from mma.messages.message import problems
from mma.messages.pages import Pages
from mma.observing.nights import coming_night
from mma.observing.outlook import HIGH_DEG, Outlook
from mma.observing.sites import CTAO_N, CTAO_S, site
from mma.observing.visibility import tonight
from mma.store import Store
from mma.streams import MemorySink, MemorySource
from tests.mma.world import HERE, NOW, T0, World, as_message, detection, of_type, retraction, superevent

EVENING = datetime(2027, 3, 1, 18, tzinfo=UTC).timestamp()
OURS = Additions(pages=Pages(public_url="https://example.org/mma/"))


def told(store: Store, *payloads: bytes, additions: Additions = OURS, clock: float = NOW) -> list[dict]:
    sink = MemorySink()
    Engine(store, sink, additions=additions, clock=lambda: clock).run(MemorySource([as_message(p) for p in payloads]))
    messages = [json.loads(payload) for _, _, payload in sink.written]
    for message in messages:
        assert problems(message, message["schema"].split(":")[2]) == []
    return messages


@pytest.fixture
def fresh(tmp_path: Path):
    stores = []

    def make() -> Store:
        stores.append(Store(str(tmp_path / f"{len(stores)}.sqlite")))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


def test_it_is_what_mma_visible_says():
    ra, dec = np.array([150.0, 83.63, 40.0, 250.0]), np.array([20.0, 22.01, 89.0, -75.0])
    for place in (CTAO_N, CTAO_S):
        told = Outlook(sites=(place,)).of_positions(ra, dec, np.full(4, EVENING))
        for i, said in enumerate(told):
            seen = tonight(place, ra[i], dec[i], date(2027, 3, 1), (HIGH_DEG,))
            its = said[place.name]
            assert its["night"] == "2027-03-01"
            assert its["hours"] == pytest.approx(seen.hours(HIGH_DEG), abs=0.05)
            assert its["altitude_deg"] == pytest.approx(seen.best_altitude, abs=0.06)
            assert its["moon_deg"] == pytest.approx(seen.moon_separation, abs=0.06)
            assert datetime.fromisoformat(its["highest"]) == pytest.approx(seen.best, abs=timedelta(seconds=1))
            assert datetime.fromisoformat(its["dark"][0]) == pytest.approx(seen.dark.start, abs=timedelta(seconds=1))


def test_each_position_has_the_night_of_its_own_time():
    times = EVENING + 86400.0 * np.arange(5)
    told = Outlook().of_positions(np.full(5, 150.0), np.full(5, 20.0), times)
    nights = [coming_night(CTAO_S, datetime.fromtimestamp(t, UTC)).isoformat() for t in times]
    assert [said["CTAO-S"]["night"] for said in told] == nights == [f"2027-03-0{i}" for i in range(1, 6)]


def test_where_the_sun_never_sets_there_is_no_night():
    polar = Outlook(sites=(site("78.2 15.6"),))
    (said,) = polar.of_positions(np.array([10.0]), np.array([80.0]), np.array([datetime(2027, 6, 21).timestamp()]))
    its = said["78.2 15.6"]
    assert (its["dark"], its["hours"], its["highest"]) == (None, 0.0, None)
    region = polar.of_region(skymaps.circle(10.0, 80.0, 1.0), datetime(2027, 6, 21).timestamp())
    assert region["78.2 15.6"]["share"] == 0.0


def test_a_region_tells_the_share_that_is_high():
    up, never = skymaps.circle(150.0, 20.0, 1.0), skymaps.circle(150.0, -80.0, 1.0)
    assert Outlook().of_region(up, EVENING)["CTAO-N"]["share"] == 1.0
    assert Outlook().of_region(never, EVENING)["CTAO-N"]["share"] == 0.0
    half = Outlook().of_region(skymaps.all_sky(), EVENING)
    assert 0.0 < half["CTAO-N"]["share"] < 1.0
    assert Outlook().of_region(None, EVENING) is None


def test_messages_are_filled(fresh):
    messages = told(fresh(), superevent(), detection("ZTF27a", HERE, 10.0))
    (event,) = of_type(messages, "event")
    (candidate,) = of_type(messages, "candidate")
    assert set(event["visibility"]) == set(candidate["visibility"]) == {"CTAO-N", "CTAO-S"}
    assert event["visibility"]["CTAO-N"]["share"] > 0.9
    (expected,) = Outlook().of_positions(np.array([HERE[0]]), np.array([HERE[1]]), np.array([T0.timestamp() + 36000.0]))
    assert candidate["visibility"] == expected
    ours = "https://example.org/mma"
    assert event["links"]["page"] == f"{ours}/events/S270301ab"
    assert event["links"]["event"] == "https://gracedb.ligo.org/superevents/S270301ab/view/"
    assert event["links"]["skymap"] == f"{ours}/api/skymaps/{event['event']['skymap']['sha256']}.fits"
    assert candidate["links"] == event["links"] | {
        "event_page": f"{ours}/events/S270301ab",
        "page": f"{ours}/candidates/S270301ab/ZTF27a",
        "api": f"{ours}/api/candidates/S270301ab/ZTF27a",
    }


def test_the_clock_on_the_wall_does_not_matter(fresh):
    first, second = (
        told(fresh(), superevent(), detection(hours=10.0), clock=clock) for clock in (NOW, NOW + 90 * 86400.0)
    )
    assert [m["visibility"] for m in first] == [m["visibility"] for m in second]


def test_what_fell_or_was_taken_back_has_none(fresh):
    messages = told(fresh(), superevent(), detection(hours=10.0), retraction())
    for message in messages:
        assert (message["visibility"] is None) == (message["type"] == "withdrawal")


def test_sites_and_pages_are_settings(tmp_path: Path, fresh):
    path = tmp_path / "mma.toml"
    path.write_text('sites = ["HESS", "51.5 -0.13"]\npublic_url = "https://example.org"\n')
    messages = told(fresh(), superevent(), additions=additions(load(path)))
    assert set(messages[0]["visibility"]) == {"HESS", "51.5 -0.13"}
    assert messages[0]["links"]["api"] == "https://example.org/api/events/S270301ab"
    path.write_text("sites = []\n")
    messages = told(fresh(), superevent(), additions=additions(load(path)))
    assert messages[0]["visibility"] is None
    assert messages[0]["links"]["page"] is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('sites = ["Atlantis"]', "no site 'Atlantis'"),
        ('public_url = "example.org"', "public_url: 'example.org' is not like https://"),
        ('public_url = "https://u:p@example.org"', "public_url"),
        ('public_url = "https://example.org/?a=b"', "public_url"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path: Path, line: str, said: str):
    path = tmp_path / "mma.toml"
    path.write_text(line)
    with pytest.raises(ConfigError, match=said):
        load(path)


def test_a_replay_takes_the_settings(tmp_path: Path, small_world: World):
    (tmp_path / "1.json").write_bytes(superevent())
    (tmp_path / "mma.toml").write_text('sites = ["Palomar"]\npublic_url = "https://example.org"\n')
    out, database = tmp_path / "out.jsonl", str(tmp_path / "x.sqlite")
    arguments = ["replay", str(tmp_path / "1.json"), "-c", str(tmp_path / "mma.toml"), "--db", database]
    assert main([*arguments, "--publish", str(out)]) == 0
    (line,) = out.read_text().splitlines()
    message = json.loads(line)
    message = message.get("message", message)
    assert set(message["visibility"]) == {"Palomar"}
    assert message["links"]["page"] == "https://example.org/events/S270301ab"
    assert Settings().sites == ("CTAO-N", "CTAO-S")
