"""What is stored: maps once, numbers whole, documents without NaN, answers in order; on both databases."""

from __future__ import annotations

import gc
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

import skymaps
from coincidence import AlertBatch
from coincidence.objects import told_times
from mma.answers import cone, queries
from mma.notices import decode_igwn
from mma.store import Store, bulk, events, galaxies, message_log, names, objects, tables
from mma.store.codec import event_document, event_of
from tests.mma.world import HERE, THERE, World, as_message, burst, circle_map, detection, retraction, superevent
from tests.skymaps.strategies import decs, ras

EVENT = "S270301ab"


def test_a_map_is_stored_once_however_many_notices_have_it(world: World):
    world.hears(superevent("S1a"), superevent("S1b"), superevent("S1a", stage="UPDATE", minutes=60.0))
    with world.store.read() as connection:
        stored = connection.execute(select(tables.skymaps)).mappings().all()
    assert len(stored) == 1
    assert {row["skymap_sha256"] for row in world.events().values()} == {stored[0]["sha256"]}
    again = skymaps.read(stored[0]["fits"])
    before = circle_map(*HERE, 3.0)
    ra, dec = np.full(50, HERE[0]), HERE[1] + np.linspace(-10.0, 10.0, 50)
    assert np.array_equal(again.probdensity_at(ra, dec), before.probdensity_at(ra, dec))


def test_an_event_comes_back_as_it_was(world: World):
    notice = decode_igwn(as_message(superevent(mpc=(100.0, 20.0))))
    with world.store.begin() as connection:
        events.save_notice(connection, notice, received=0.0, place="x[0]@0")
        (found,) = events.notices(connection, [EVENT])
    ra, dec = np.array([HERE[0], THERE[0]]), np.array([HERE[1], THERE[1]])
    assert np.array_equal(found.region.credible_level_at(ra, dec), notice.region.credible_level_at(ra, dec))
    assert found.region.distance_mpc == pytest.approx(notice.region.distance_mpc)
    assert replace(found, region=None) == replace(notice, region=None)


@pytest.mark.parametrize(
    "region",
    [
        skymaps.circle(10.0, 20.0, 3.0, 0.68, skymaps.GBM_SYSTEMATIC["ground"]),
        skymaps.ellipse(10.0, 20.0, 3.0, 1.0, 30.0),
        skymaps.annulus(10.0, 20.0, 30.0, 2.0),
        skymaps.asymmetric(10.0, 20.0, 1.0, 2.0, 3.0, 4.0),
        skymaps.all_sky(),
        None,
    ],
    ids=lambda region: type(region).__name__,
)
def test_shapes_come_back_from_their_documents(region):
    notice = replace(decode_igwn(as_message(superevent())), region=region)
    record = json.loads(json.dumps(event_document(notice), allow_nan=False))
    found = event_of(record, lambda sha256: pytest.fail("no map was stored"))
    assert replace(found, region=None) == replace(notice, region=None)
    if region is not None:
        ra, dec = np.linspace(0.0, 359.0, 40), np.linspace(-80.0, 80.0, 40)
        assert np.array_equal(found.region.probdensity_at(ra, dec), region.probdensity_at(ra, dec))


def test_documents_never_hold_nan_or_infinity(world: World):
    world.hears(superevent(mpc=(100.0, 20.0)), burst(), retraction("S270301zz"))
    world.hears(detection("ZTF27a"), detection("ZTF27b", first_hours=-240.0), detection("ZTF27c", ssdistnr=1.0))
    world.hears(detection("ZTF27d", first_hours=-1.0))
    with world.store.read() as connection:
        for table in tables.metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for name, value in row.items():
                    if isinstance(value, float):
                        assert np.isfinite(value), (table.name, name)
                    elif isinstance(value, dict):
                        json.dumps(value, allow_nan=False)
    vetoed = {row["object"]: row["by_class"] for row in world.candidates("Fermi-GBM-826000000")}
    assert vetoed["ZTF27d"]["afterglow"] is None


def test_documents_are_jsonb_on_postgresql(postgres_database: str):
    store = Store(postgres_database)
    World(store).hears(superevent(), detection())
    with store.read() as connection:
        kinds = {
            connection.execute(text(f"SELECT pg_typeof({column})::text FROM {table} LIMIT 1")).scalar_one()
            for table, column in (("events", "document"), ("candidates", "detail"), ("event_revisions", "document"))
        }
        question = text("SELECT document->'classes'->>'BNS' FROM events")
        assert kinds == {"jsonb"}
        assert connection.execute(question).scalar_one() == "0.97"
    store.close()


def test_big_numbers_stay_exact(world: World):
    candid = 2**63 - 1
    world.hears(detection("ZTF27a", candid=candid, ra=359.999999, dec=-89.999999))
    with world.store.read() as connection:
        row = connection.execute(select(tables.objects)).mappings().one()
    assert row["alert_id"] == str(candid)
    assert row["hpx"] == int(skymaps.healpix.pixel_at(np.array([row["ra"]]), np.array([row["dec"]]))[0])
    assert row["hpx"] > 2**60


def test_events_without_a_time_come_last(world: World):
    world.hears(retraction("S270301zz"), superevent("S270301aa", days=-1.0), superevent("S270301ab"))
    assert [row["id"] for row in world.ask(queries.events)] == ["S270301ab", "S270301aa", "S270301zz"]
    assert [row["id"] for row in world.ask(queries.events, state="retracted")] == ["S270301zz"]
    assert len(world.ask(queries.events, limit=1)) == 1


def test_a_light_curve_has_detections_and_limits_in_order(world: World):
    world.hears(
        superevent(), detection("ZTF27a", HERE, 10.0, unseen_hours=-14.0), detection("ZTF27a", HERE, 34.0, mag=18.0)
    )
    curve = world.ask(queries.object_, "ZTF27a")["light_curve"]
    assert [point["flux_njy"] is None for point in curve] == [True, False, False]
    assert [point["time"] for point in curve] == sorted(point["time"] for point in curve)
    assert curve[0]["limit_mag"] == 21.0
    assert curve[2]["flux_njy"] == pytest.approx(10 ** (0.4 * (31.4 - 18.0)), rel=1e-5)


def test_names_that_nobody_has(world: World):
    world.hears(superevent("S230518h"))
    with pytest.raises(Exception, match="did you mean 'S230518h"):
        world.ask(queries.event_id, "S230518ha")
    with pytest.raises(Exception, match="see 'mma events'"):
        world.ask(queries.event_id, "%")
    with pytest.raises(Exception, match="'mma cone'"):
        world.ask(queries.object_, "ZTF00a")


def test_counts_add_up_over_batches(world: World):
    for newest in (5.0, 7.0, 6.0):
        with world.store.begin() as connection:
            message_log.count(connection, {("t", "read", ""): 2, ("t", "ignored", "why"): 1}, {"t": newest})
    rows = {(row["outcome"], row["reason"]): row["n"] for row in world.ask(message_log.totals)}
    assert rows == {("read", ""): 6, ("ignored", "why"): 3}
    assert {row["last"] for row in world.ask(message_log.totals)} == {7.0}


def test_more_ids_than_one_query_takes(world: World):
    rows = [{"source": f"{i:05d}", "outcome": "read", "reason": "", "n": i, "last": None} for i in range(2000)]
    with world.store.begin() as connection:
        bulk.insert_new(connection, tables.intake, bulk.columns_of(rows))
        bulk.insert_new(connection, tables.intake, bulk.columns_of(rows[:300]))
        bulk.upsert(connection, tables.intake, bulk.columns_of([row | {"n": row["n"] + 1} for row in rows[:10]]))
        bulk.upsert(connection, tables.intake, bulk.columns_of([]))
        wanted = [row["source"] for row in rows]
        found = list(bulk.select_in(connection, select(tables.intake), tables.intake.c.source, wanted))
    assert sorted(row["n"] for row in found) == [*range(1, 11), *range(10, 2000)]


def sky_of(ra: np.ndarray, dec: np.ndarray) -> AlertBatch:
    n = len(ra)
    return AlertBatch.from_rows(
        [
            {"id": str(i), "object_id": f"O{i:04d}", "survey": "x", "ra": ra[i] % 360.0, "dec": dec[i], "time": 0.0}
            for i in range(n)
        ]
    )


@pytest.fixture(scope="module")
def crowd(tmp_path_factory) -> tuple[Store, np.ndarray, np.ndarray]:
    """Objects all over the sky, many of them at the poles and at RA 0."""
    random = np.random.default_rng(5)
    ra = np.concatenate([random.uniform(0, 360, 1500), random.normal(0.0, 0.5, 300) % 360.0, [0.0, 0.0, 180.0]])
    dec = np.degrees(np.arcsin(random.uniform(-1, 1, 1500)))
    dec = np.concatenate([dec, random.normal(0.0, 0.5, 150), 90.0 - random.exponential(0.3, 150), [90.0, -90.0, 0.0]])
    store = Store(str(tmp_path_factory.mktemp("crowd") / "mma.sqlite"))
    batch = sky_of(ra, dec)
    assert np.isnan(told_times(batch)).all()
    with store.begin() as connection:
        objects.merge(connection, batch)
    yield store, ra, dec
    store.close()


@settings(max_examples=60)
@given(ra=ras, dec=decs, radius=st.one_of(st.sampled_from([1e-6, 90.0, 180.0]), st.floats(0.001, 30.0)))
def test_a_cone_is_every_object_within_its_angle(crowd, ra, dec, radius):
    """Against the definition: the angle between unit vectors, by the cross and dot product."""
    store, ras_, decs_ = crowd

    def unit(a, d):
        a, d = np.radians(a), np.radians(d)
        return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=-1)

    here, all_of_them = unit(ra, dec), unit(ras_, decs_)
    angle = np.degrees(np.arctan2(np.linalg.norm(np.cross(all_of_them, here), axis=1), all_of_them @ here))
    with store.read() as connection:
        found = cone.all_objects(connection, ra, dec, radius)
    clear = np.abs(angle - radius) > 1e-9
    names = {f"O{i:04d}" for i in np.flatnonzero((angle <= radius) & clear)}
    edge = {f"O{i:04d}" for i in np.flatnonzero(~clear)}
    assert {row["id"] for row in found} - edge == names
    separations = [row["separation_arcsec"] for row in found]
    assert separations == sorted(separations)


def test_a_cone_on_both_databases(world: World):
    places = {"A": (0.0001, 0.0), "B": (359.9999, 0.0), "C": (0.0, 0.5), "D": (10.0, 89.9999), "E": (190.0, 89.9999)}
    world.hears(*(detection(f"ZTF27{name}", place) for name, place in places.items()))

    def at(ra: float, dec: float, radius: float) -> list[str]:
        return [row["id"][-1] for row in world.ask(cone.all_objects, ra, dec, radius)]

    assert sorted(at(0.0, 0.0, 0.001)) == ["A", "B"]
    assert sorted(at(360.0, 0.0, 0.001)) == ["A", "B"]
    assert sorted(at(100.0, 90.0, 0.001)) == ["D", "E"]
    assert sorted(at(0.0, 0.0, 180.0)) == ["A", "B", "C", "D", "E"]
    assert at(200.0, -30.0, 1.0) == []


def test_galaxies_are_found_around_positions(world: World, tmp_path):
    from mma import catalogs

    random = np.random.default_rng(1)
    ra, dec = random.uniform(0, 360, 2000), np.degrees(np.arcsin(random.uniform(-1, 1, 2000)))
    ra[:3], dec[:3] = [0.01, 359.99, 77.0], [0.0, 0.0, 89.99]
    path = tmp_path / "g.csv"
    rows = (f"{float(a)},{float(d)},{100 + i}" for i, (a, d) in enumerate(zip(ra, dec, strict=True)))
    path.write_text("ra,dec,dist\n" + "\n".join(rows))
    found, left_out = catalogs.read(path, "test", {})
    with world.store.begin() as connection:
        galaxies.replace(connection, "test", found)
        galaxies.replace(connection, "test", found)
    assert left_out == 0
    with world.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(tables.galaxies)).scalar_one() == 2000
        near = galaxies.near(connection, np.array([0.0, 200.0]), np.array([0.0, 90.0]))
    assert {100.0, 101.0, 102.0} <= set(near.distance_mpc)
    assert len(near) < 20
    (row,) = world.ask(galaxies.listing)
    assert (row["galaxies"], row["nearest_mpc"], row["farthest_mpc"]) == (2000, 100.0, 2099.0)
    with world.store.begin() as connection:
        assert galaxies.remove(connection, "test") == 2000
        assert galaxies.remove(connection, "test") == 0


def test_many_rows_at_once_are_stored_as_few_are(world: World):
    """More than PostgreSQL gets by COPY in one piece, a second time without a change, and one poisonous among them."""
    packets = [detection(f"ZTF27x{i}", (HERE[0], HERE[1] + i / 1000.0)) for i in range(450)]
    world.hears(superevent(), *packets)
    world.hears(*packets)
    assert len(world.objects(EVENT)) == world.status()["objects"] == 450
    candidate = {"jd": 2461466.0, "ra": HERE[0], "dec": HERE[1], "magpsf": 19.0, "sigmapsf": 0.1, "fid": 2}
    poison = {"objectId": "ZTF27\ud800", "candid": 1, "candidate": candidate | {"isdiffpos": "t"}}
    more = [detection(f"ZTF27y{i}", (HERE[0], HERE[1] + i / 1000.0)) for i in range(210)]
    world.hears(*more, json.dumps(poison).encode())
    assert len(world.objects(EVENT)) == 660
    assert len(world.dead_letters()) == 1


def test_names_that_were_asked_for_are_let_go_at_once(world: World):
    """In cycles they would stay until Python looks for garbage, which it does seldom: tens of megabytes."""
    ids = [f"a name that nobody has, {i}" for i in range(1000)]
    with world.store.read() as connection:
        names.of_objects(connection, ids)  # what SQLAlchemy keeps of a statement, it keeps now
        gc.collect()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            assert names.of_objects(connection, ids) == {}
            gc.collect()
            left = gc.get_referents(*gc.garbage)
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
    assert not [value for value in left if isinstance(value, str | list) and len(value) >= 1000]
