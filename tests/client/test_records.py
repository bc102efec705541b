"""One event, candidate, object or region by both ways alike; records and tables in units."""

from __future__ import annotations

import math

import numpy as np
import pytest
from astropy import units as u
from astropy.time import Time
from sqlalchemy import select, update

from coincidence.terms import TERMS
from mma.answers import queries
from mma.client import Candidate, Event, NotFoundError, Object
from mma.store import Store, tables
from skymaps import Circle, SkyMap
from tests.api.filling import fill
from tests.client.asking import EVENT, ask
from tests.client.conftest import both_ways


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
