"""The same answers from a database and from a server, and both those of the store's own plain questions."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import httpx
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.time import Time
from hypothesis import given, settings
from hypothesis import strategies as st

from mma.answers import cone, queries
from mma.answers.fields import CANDIDATES, EVENTS
from mma.client import Client, ConfigError, NotFoundError
from mma.store import Store
from tests.api.filling import shown
from tests.client.asking import EVENT, ask, rows
from tests.client.conftest import both_ways
from tests.mma.world import THERE, World, burst, superevent

FEW = settings(max_examples=30)


def test_all_events_are_those_of_the_store(filled):
    expected = ask(filled, queries.events)
    for client in filled.clients:
        assert rows(client.events()) == expected
        assert rows(client.events(limit=2)) == expected[:2]


def test_all_candidates_are_those_of_the_store(filled):
    expected = [row["object"] for row in ask(filled, queries.candidates, EVENT)]
    for client in filled.clients:
        found = list(client.candidates(EVENT))
        assert [c.object for c in found] == expected
        assert [c.rank for c in found] == list(range(1, len(expected) + 1))
        total = math.fsum(c.probability for c in found)
        assert total == pytest.approx(1.0 - client.event(EVENT).p_none, abs=1e-12)
    assert rows(filled.local.candidates(EVENT)) == rows(filled.http.candidates(EVENT))


def test_a_limit_in_ab_magnitudes_is_the_limit_in_numbers(filled):
    for client in filled.clients:
        (first, *_) = client.candidates(EVENT)
        assert rows(client.candidates(EVENT, mag_max=first.mag)) == rows(client.candidates(EVENT, mag_max=first["mag"]))
        assert rows(client.candidates(EVENT, mag_max=19 * u.ABmag)) == rows(client.candidates(EVENT, mag_max=19))
        with pytest.raises(ConfigError, match="mag_max"):
            client.candidates(EVENT, mag_max=19 * u.mag(u.ct))


def test_vetoed_ones_come_when_they_are_wanted(filled):
    n = len(ask(filled, queries.candidates, EVENT, everything=True))
    for client in filled.clients:
        found = list(client.candidates(EVENT, everything=True))
        assert len(found) == n
        assert {c.state for c in found} == {"active", "vetoed", "withdrawn"}
        assert all(c.rank is None and c.probability is None for c in found if c.state != "active")


def filters(fields):
    """A few filters that a user could write."""
    plain = {
        "number": st.floats(-50, 50).map(lambda v: round(v, 3)),
        "time": st.datetimes(datetime(2027, 2, 20), datetime(2027, 3, 25)).map(lambda t: t.replace(tzinfo=UTC)),
        "text": st.lists(st.sampled_from(["ztf", "lsst", "g", "active"]), min_size=1),
        "flag": st.booleans(),
    }
    one = st.sampled_from(sorted(fields)).flatmap(
        lambda name: st.tuples(
            st.sampled_from([f"{name}_min", f"{name}_max"] if fields[name].kind in ("number", "time") else [name]),
            st.lists(st.sampled_from(fields[name].usual), min_size=1)
            if fields[name].usual
            else plain[fields[name].kind],
        )
    )
    return st.lists(one, max_size=3).map(lambda pairs: {("class_" if k == "class" else k): v for k, v in pairs})


def sorts(fields):
    names = [name for name, field in fields.items() if field.kind != "flag"]
    return st.tuples(st.sampled_from(["", "-"]), st.sampled_from(sorted(names))).map("".join)


@FEW
@given(asked=filters(CANDIDATES), sort=sorts(CANDIDATES), limit=st.none() | st.integers(1, 30))
def test_whatever_is_asked_of_candidates_both_ways_answer_alike(filled, asked, sort, limit):
    local, http = (rows(c.candidates(EVENT, sort=sort, limit=limit, **asked)) for c in filled.clients)
    assert local == http


@FEW
@given(asked=filters(EVENTS), sort=sorts(EVENTS), least=st.none() | st.floats(0, 1))
def test_whatever_is_asked_of_events_both_ways_answer_alike(filled, asked, sort, least):
    given_ = asked | ({} if least is None else {"source_class": "BNS", "source_class_min": least})
    local, http = (rows(c.events(sort=sort, **given_)) for c in filled.clients)
    assert local == http


def test_a_filter_keeps_what_plain_python_keeps(filled):
    every = [row for row in shown(filled.store, EVENT) if row["state"] == "active"]
    expected = {r["object"] for r in every if r["delay_s"] <= 2 * 86400 and r["survey"] == "ztf"}
    assert expected
    for client in filled.clients:
        found = client.candidates(EVENT, delay_s_max=2 * u.day, survey="ztf")
        assert {c.object for c in found} == expected


def test_times_are_filtered_as_times_in_whatever_scale(filled):
    middle = Time("2027-03-10T00:00:00", scale="utc")
    for client in filled.clients:
        found = list(client.events(time_min=middle.tai))
        assert rows(found) == rows(client.events(time_min="2027-03-10T00:00:00Z"))
        assert all(event.time >= middle for event in found)
        assert {e.id for e in found} | {e.id for e in client.events(time_max=middle)} == {
            e.id for e in client.events() if e.time is not None
        }


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"survay": "ztf"}, "no filter 'survay'"),
        ({"probability": 0.5}, "probability_min"),
        ({"survey_min": 1.0}, "no filter 'survey_min'"),
        ({"delay_s_max": 3 * u.Mpc}, "delay_s_max"),
        ({"delay_s_max": "soon"}, "delay_s_max"),
        ({"delay_s_max": math.nan}, "no limit"),
        ({"first_seen_min": "yesterday"}, "no time"),
        ({"sort": "beauty"}, "sort 'beauty'"),
        ({"limit": 0}, "limit 0"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_sent(filled, asked, words):
    for client in filled.clients:
        with pytest.raises(ConfigError, match=words):
            client.candidates(EVENT, **asked)


def test_objects_near_a_position_in_any_frame_and_unit(filled):
    place = SkyCoord(0.0, 0.0, unit="deg")
    expected = ask(filled, cone.all_objects, 0.0, 0.0, 20.0)
    assert len(expected) > 5
    for client in filled.clients:
        for position, radius in (
            ((0.0, 0.0), 20),
            ((360.0, 0.0), 1200 * u.arcmin),
            (place.galactic, 20 * u.deg),
            ("00:00:00 +00:00:00", 20),
            (("0h", "0d"), 20),
        ):
            found = list(client.cone(position, radius))
            assert [o.id for o in found] == [row["id"] for row in expected]
            angles = [o.coord.separation(place).arcsec for o in found]
            np.testing.assert_allclose(angles, [o.separation.to_value("arcsec") for o in found], rtol=1e-9, atol=1e-3)
        assert [o.id for o in client.cone(place, 20, limit=3)] == [row["id"] for row in expected[:3]]


@FEW
@given(ra=st.floats(0, 360), dec=st.floats(-90, 90), radius=st.floats(1e-3, 180))
def test_both_ways_find_the_same_objects_anywhere(filled, ra, dec, radius):
    local, http = (rows(client.cone((ra, dec), radius)) for client in filled.clients)
    assert local == http


@pytest.mark.parametrize(
    ("position", "radius"),
    [((0, 91), 1), ((0, 0), 0), ((0, 0), 181), ((0, 0), 1 * u.s), ((0, math.nan), 1), ("M31", 1), ((0,), 1)],
)
def test_what_is_no_circle_is_refused(filled, position, radius):
    for client in filled.clients:
        with pytest.raises(ConfigError):
            client.cone(position, radius)


def test_associations_are_those_of_the_store(played):
    expected = ask(played, queries.paired)
    assert expected
    assert [{**row, "group": None} for row in expected] == [
        {**row, "group": None} for row in ask(played, queries.associations_)
    ]
    for client in played.clients:
        assert rows(client.associations()) == expected
        assert rows(client.associations(expected[0]["first"]))[0] == expected[0]


@pytest.fixture
def joined(tmp_path):
    """A merger and its burst, which are one group, and another burst elsewhere, later."""
    path = tmp_path / "joined.sqlite"
    store = Store(str(path))
    World(store).hears(superevent(radius_deg=5.0), burst(seconds=1.7), burst("826000900", THERE, seconds=900.0))
    store.close()
    yield from both_ways(path)


def test_groups_are_told_and_named_by_the_pairs_that_they_hold(joined):
    for client in joined.clients:
        (group,) = client.groups()
        assert group.id == "MM-S270301ab"
        assert group.members == ["S270301ab", "Fermi-GBM-826000000"]
        assert group.test is False
        for member in group.members:
            assert rows(client.groups(member)) == [group.row]
        apart = ({event.id for event in client.events()} - set(group.members)).pop()
        assert rows(client.groups(apart)) == []
        pairs = list(client.associations())
        assert [pair.group for pair in pairs if {pair.first, pair.second} == set(group.members)] == [group.id]
        assert all(pair.group is None for pair in pairs if apart in (pair.first, pair.second))
        assert client.event("S270301ab").associations == rows(client.associations("S270301ab"))
        with pytest.raises(NotFoundError):
            list(client.groups("S1"))
    assert rows(joined.local.groups()) == rows(joined.http.groups())
    assert rows(joined.local.associations()) == rows(joined.http.associations())
    table = httpx.get(f"{joined.url}/api/groups?format=csv").text.splitlines()
    assert table[1].split(",")[0] == "MM-S270301ab"


def test_status_is_what_the_store_counts(played):
    expected = ask(played, queries.totals)
    for client in played.clients:
        status = client.status()
        assert status.messages == expected["messages"]
        assert (status.waiting, status.dead_letters) == (expected["waiting"], expected["dead_letters"])
        assert status.objects == len(list(client.cone((0.0, 0.0), 180.0)))
        assert sum(status.events.values()) == len(list(client.events()))
    assert played.local.status() == played.http.status()


def test_no_folder_is_told(played):
    told = ask(played, queries.status)
    folders = {name for name in told["sources"] if "/" in name}
    assert folders
    for client in played.clients:
        assert {name.rsplit("/", 1)[-1] for name in told["sources"]} == set(client.status().sources)
        answers = json.dumps([client.status().row, *(client.event(event.id).row for event in client.events())])
        assert not [folder for folder in folders if folder in answers]


def test_a_list_is_asked_anew_each_time(filled):
    results = filled.http.candidates(EVENT, limit=3)
    assert rows(results) == rows(results)
    assert "limit" not in repr(results)
    assert EVENT in repr(results)


@pytest.mark.parametrize("what", ["event", "object", "candidates", "candidate", "associations", "region"])
def test_what_is_not_there_is_not_found(filled, what):
    questions = {
        "event": lambda c: c.event("S1"),
        "object": lambda c: c.object("none/such?x=1"),
        "candidates": lambda c: list(c.candidates("S1")),
        "candidate": lambda c: c.candidate(EVENT, "none"),
        "associations": lambda c: list(c.associations("S1")),
        "region": lambda c: c.region("S1"),
    }
    for client in filled.clients:
        with pytest.raises(NotFoundError):
            questions[what](client)


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(ConfigError, match="no database"):
        Client(str(tmp_path / "none.sqlite"))
    assert not list(tmp_path.iterdir())
    with pytest.raises(ConfigError, match="token"):
        Client(str(tmp_path / "none.sqlite"), token="secret")
