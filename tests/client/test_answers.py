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
from sqlalchemy import select, update

from coincidence.terms import TERMS
from mma.client import Candidate, Client, ConfigError, Event, NotFoundError, Object
from mma.store import Store, cone, queries, tables
from mma.store.fields import CANDIDATES, EVENTS
from skymaps import Circle, SkyMap
from tests.api.filling import fill, shown
from tests.client.conftest import both_ways
from tests.mma.world import THERE, World, burst, superevent

EVENT = "CBC0000"
FEW = settings(max_examples=30)


def rows(results):
    return [record.row for record in results]


def ask(both, question, *arguments, **named):
    with both.store.read() as connection:
        return question(connection, *arguments, **named)


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
        "text": st.lists(st.sampled_from(["ztf", "lsst", "kilonova", "g", "active", "cbc", "grb"]), min_size=1),
        "flag": st.booleans(),
    }
    one = st.sampled_from(sorted(fields)).flatmap(
        lambda name: st.tuples(
            st.sampled_from([f"{name}_min", f"{name}_max"] if fields[name].kind in ("number", "time") else [name]),
            plain[fields[name].kind],
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


def test_one_event_by_its_alias_with_notices_and_associations(played):
    for event in played.local.events():
        local, http = (client.event(event.id) for client in played.clients)
        assert local == http
        assert isinstance(local, Event)
        assert len(local.notices) == local.revision
        assert local.associations == ask(played, queries.paired, event.id)
    merger = played.local.event("S260301a")
    assert merger.time.utc.isot == "2026-03-01T00:00:00.000"
    assert merger.area90.to_value(u.sr) == pytest.approx(merger["area90_deg2"] * (math.pi / 180) ** 2)
    assert merger.distance.to_value(u.kpc) == pytest.approx(merger["distance_mpc"] * 1000)


def test_an_alias_is_as_good_as_an_id(filled):
    for client in filled.clients:
        assert client.event("alias 0").id == EVENT
        assert client.object("AT 2027abc").id == client.object("ztf000000").id


def test_one_candidate_with_its_history(played):
    for row in ask(played, queries.candidates, "S260301a")[:3]:
        local, http = (client.candidate("S260301a", row["object"]) for client in played.clients)
        assert local == http
        assert local.history == ask(played, queries.history, "S260301a", row["object"])
        assert (local.rank, local.probability, local.terms) == (row["rank"], row["probability"], row["terms"])
        known = [value for value in local.terms.values() if value is not None]
        assert math.fsum(known) == pytest.approx(local.by_class[local.counterpart], abs=1e-9)


def test_one_object_with_its_light_curve_in_units(played):
    best = next(iter(played.local.candidates("S260301a")))
    local, http = (client.object(best.object) for client in played.clients)
    assert local == http
    expected = ask(played, queries.object_, best.object)["light_curve"]
    curve = local.light_curve
    assert len(curve) == len(expected)
    assert curve["flux"].unit == u.nJy
    assert list(curve.time.isot) == [row["time"].removesuffix("Z") for row in expected]
    known = np.array([row["flux_njy"] is not None for row in expected])
    assert 0 < known.sum() < len(known)
    np.testing.assert_array_equal(curve["flux"].mask, ~known)
    flux = [row["flux_njy"] / 1000 for row in expected if row["flux_njy"] is not None]
    np.testing.assert_allclose(curve["flux"].unmasked[known].to_value(u.uJy), flux)
    assert local.mag.to_value(u.nJy) == pytest.approx(local["flux_njy"])  # AB: 3631 Jy at magnitude 0


def test_objects_near_a_position_in_any_frame_and_unit(filled):
    place = SkyCoord(0.0, 0.0, unit="deg")
    expected = ask(filled, cone.all_objects, 0.0, 0.0, 20.0)
    assert len(expected) > 5
    for client in filled.clients:
        for position, radius in (((0.0, 0.0), 20), ((360.0, 0.0), 1200 * u.arcmin), (place.galactic, 20 * u.deg)):
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


def test_the_map_is_the_map(played):
    local, http = (client.skymap("S260301a") for client in played.clients)
    assert isinstance(http, SkyMap)
    assert local.sha256 == http.sha256 == played.local.event("S260301a").skymap_sha256
    np.testing.assert_array_equal(local.tiles().probdensity, http.tiles().probdensity)
    assert http.area_deg2(0.9) == pytest.approx(played.http.event("S260301a").area90.to_value(u.deg**2))


def test_a_circle_stays_a_circle_by_both_ways(played):
    local, http = (client.region("CTAO-SAG-20260304-01") for client in played.clients)
    assert isinstance(http, Circle)
    assert http.to_dict() == local.to_dict() == played.http.event("CTAO-SAG-20260304-01").region
    ra, dec = http.centre()
    distance = np.linspace(0.0, 3.0, 7) * http.radius_deg
    np.testing.assert_array_equal(
        http.probdensity_at(np.full(7, ra), dec - distance), local.probdensity_at(np.full(7, ra), dec - distance)
    )
    cut = played.http.skymap("CTAO-SAG-20260304-01")
    assert cut.area_deg2(0.9) == pytest.approx(http.area_deg2(0.9), rel=0.02)
    np.testing.assert_array_equal(
        cut.tiles().probdensity, played.local.skymap("CTAO-SAG-20260304-01").tiles().probdensity
    )


def test_an_events_answer_has_the_shape_but_no_map(played):
    shapes = {event.id: played.http.event(event.id).region for event in played.http.events()}
    assert shapes["S260301a"] is None
    for name, shape in shapes.items():
        mapped = played.local.event(name).skymap_sha256 is not None
        assert not (mapped and shape), name
    assert any(shapes.values())


def test_an_event_without_a_region_has_none_either_way(tmp_path):
    path = tmp_path / "mma.sqlite"
    store = Store(str(path))
    fill(store)
    document = tables.events.c.document
    with store.begin() as connection:
        found = connection.execute(select(document).where(tables.events.c.id == EVENT)).scalar_one()
        plain = update(tables.events).where(tables.events.c.id == EVENT)
        connection.execute(plain.values(document=found | {"region": None}))
    store.close()
    for both in both_ways(path):
        for client in both.clients:
            assert client.event(EVENT).region is None
            with pytest.raises(NotFoundError, match="no region"):
                client.region(EVENT)


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


def test_a_table_has_units_times_and_masks(played):
    for client in played.clients:
        table = client.candidates("S260301a").table()
        expected = ask(played, queries.candidates, "S260301a")
        assert list(table["object"]) == [row["object"] for row in expected]
        assert (table["ra"].unit, table["delay"].unit, table["flux"].unit) == (u.deg, u.s, u.nJy)
        assert isinstance(table["first_seen"], Time)
        assert table["distance" if "distance" in table.colnames else "host_distance"].unit == u.Mpc
        for name in TERMS:
            unknown = [row["terms"][name] is None for row in expected]
            assert list(np.ma.getmaskarray(table[f"term_{name}"])) == unknown
        assert all(column.info.description for column in table.itercols())


def test_empty_tables_have_all_columns(filled):
    for client in filled.clients:
        table = client.candidates(EVENT, probability_min=1.0).table()
        assert len(table) == 0
        assert table["delay"].unit == u.s


def test_tables_can_be_written(played, tmp_path):
    table = played.local.candidates("S260301a").table()
    for name, form in (("t.ecsv", "ascii.ecsv"), ("t.fits", "fits")):
        table.write(tmp_path / name, format=form)
        again = type(table).read(tmp_path / name, format=form)
        assert list(again["object"]) == list(table["object"])
        np.testing.assert_allclose(again["log_odds"], table["log_odds"])


def test_records_are_typed_and_cannot_be_changed(filled):
    found = next(iter(filled.local.candidates(EVENT)))
    assert found["ra"] == found.ra.to_value(u.deg) == pytest.approx(found.coord.ra.deg)
    with pytest.raises(AttributeError):
        found.rank = 1
    assert {found, Candidate(dict(found.row))} == {found}
    assert repr(found) == f"Candidate({EVENT!r}, {found.object!r})"
    assert Object.light_curve.__doc__
    assert Event.far.__doc__ == "False-alarm rate"


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
