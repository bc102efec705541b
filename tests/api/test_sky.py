"""Cones, uploaded regions, sky maps, and the Virtual Observatory's cone search."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import pyvo
from astropy import units
from astropy.coordinates import SkyCoord
from astropy.io.votable import parse, validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import skymaps
from mma.api import drawing
from mma.store import Store
from skymaps import healpix
from tests.api.filling import START, all_objects
from tests.mma.world import World, burst, circle_map, detection, superevent

FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
PLACES = st.tuples(
    st.one_of(st.floats(0, 360), st.sampled_from([0.0, 360.0, 359.9, 0.1])),
    st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, 90.0, 89.99])),
    st.one_of(st.floats(0.01, 180), st.sampled_from([0.5, 20.0, 90.0, 179.9, 180.0])),
)


def near(store: Store, ra: float, dec: float, radius: float) -> list[tuple[float, str]]:
    """Brute force: the objects within a radius by astropy's separation, the nearest first."""
    rows = all_objects(store)
    places = SkyCoord([r["ra"] for r in rows], [r["dec"] for r in rows], unit="deg")
    angle = SkyCoord(ra, dec, unit="deg").separation(places).deg
    return sorted((float(a), r["id"]) for a, r in zip(angle, rows, strict=True) if a <= radius)


@FEW
@given(place=PLACES, limit=st.integers(1, 80))
def test_a_cone_holds_what_brute_force_finds(client, store, place, limit):
    ra, dec, radius = place
    got, cursor = [], None
    while True:
        params = {"ra": ra, "dec": dec, "radius": radius, "limit": limit} | ({"cursor": cursor} if cursor else {})
        answer = client.get("/api/cone", params=params).json()
        got += answer["items"]
        if (cursor := answer["next"]) is None:
            break
    edge = {i for a, i in near(store, ra, dec, 180.0) if abs(a - radius) < 1e-9}
    assert {r["id"] for r in got} - edge == {i for _, i in near(store, ra, dec, radius)} - edge
    angles = [r["separation_arcsec"] for r in got]
    assert angles == sorted(angles)
    assert len({r["id"] for r in got}) == len(got)


@pytest.mark.parametrize(
    "position",
    [
        "150.5 -20.25",
        "150.5,-20.25",
        "10h02m00s -20d15m00s",
        "10:02:00 -20:15:00",
        "10 02 00 \u221220 15 00",
        "RA 150.5\u00b0, Dec \u221220.25\u00b0",
    ],
)
def test_positions_in_each_form_are_one(client, store, position):
    got = client.get("/api/cone", params={"position": position, "radius": 60}).json()["items"]
    assert [r["id"] for r in got] == [i for _, i in near(store, 150.5, -20.25, 60.0)][:100]


def test_right_ascension_and_declination_by_themselves_are_read_alike(client):
    there = client.get("/api/cone", params={"ra": 150.5, "dec": -20.25, "radius": 60}).json()["items"]
    for ra, dec in (("10h02m00s", "-20d15m00s"), ("10:02:00", "\u221220:15")):
        assert client.get("/api/cone", params={"ra": ra, "dec": dec, "radius": 60}).json()["items"] == there
    for ra, field, said in (("25:00:00", "query.ra", "hours go to 24"), ("x", "query.ra", "no angle")):
        answer = client.get("/api/cone", params={"ra": ra, "dec": 0, "radius": 1})
        assert answer.status_code == 422
        assert field in answer.text
        assert said in answer.text
    answer = client.get("/api/cone", params={"position": "20 197", "radius": 1})
    assert "declination '197' is 197 degrees" in answer.json()["detail"]


def test_a_cone_about_what_has_a_name(client, store):
    first = all_objects(store)[0]
    for name in (first["id"], "AT 2027abc"):
        got = client.get("/api/cone", params={"position": name, "radius": 0.01}).json()["items"]
        assert (got[0]["id"], got[0]["separation_arcsec"]) == (first["id"], pytest.approx(0.0, abs=1e-6))
    got = client.get("/api/cone", params={"position": "CBC0000", "radius": 40}).json()["items"]
    assert [r["id"] for r in got] == [i for _, i in near(store, 150.0, 20.0, 40.0)]
    assert client.get("/api/cone", params={"position": "no such thing", "radius": 1}).status_code == 404


def test_a_whole_cone_in_csv(client, store):
    params = {"ra": 0, "dec": 0, "radius": 90, "format": "csv"}
    rows = list(csv.DictReader(io.StringIO(client.get("/api/cone", params=params).text)))
    assert {r["id"] for r in rows} == {i for _, i in near(store, 0.0, 0.0, 90.0)}


def test_an_object_with_its_light_curve_and_events(bare, serve):
    world = World(bare)
    world.hears(superevent(), detection(unseen_hours=-2.0), detection(hours=12.0, mag=18.5))
    got = serve(bare).get("/api/objects/ZTF27aaaaaaa").json()
    assert [d["limit_mag"] is None for d in got["light_curve"]] == [False, True, True]
    assert [e["event"] for e in got["events"]] == ["S270301ab"]
    assert serve(bare).get("/api/objects/none").json()["status"] == 404


# -- uploads ---------------------------------------------------------------------------------------


def upload(client: Any, data: bytes, **form: Any) -> Any:
    form = {"time": datetime.fromtimestamp(START, UTC).isoformat(), "kind": "cbc"} | form
    return client.post("/api/search/region", files={"file": ("map.fits", data)}, data=form)


@pytest.fixture
def night(bare: Store) -> World:
    """A night with the objects of a superevent's candidates."""
    world = World(bare)
    places = [(150.0, 20.0), (151.0, 21.0), (149.0, 18.5), (154.5, 20.0), (200.0, -10.0)]
    packets = [detection(f"ZTF27aaaaaa{c}", place) for c, place in zip("abcde", places, strict=True)]
    world.hears(superevent(), *packets)
    return world


def test_an_uploaded_map_finds_and_scores_what_the_engine_did(night, serve):
    data = skymaps.write_fits(circle_map(150.0, 20.0, 3.0))
    got = upload(serve(night.store), data, level=0.99, time="2027-03-01T02:00:00Z").json()["items"]
    expected = night.candidates("S270301ab", everything=True)
    assert [r["object"] for r in got] == [r["object"] for r in expected] != []
    assert [r["terms"]["sky"] for r in got] == pytest.approx([r["terms"]["sky"] for r in expected], abs=1e-6)
    assert [r["rank"] for r in got] == [r["rank"] for r in expected]


@pytest.mark.parametrize("version", ["1.1", "2.0"])
def test_an_uploaded_moc_finds_what_it_covers(night, serve, version):
    moc = skymaps.write_moc(skymaps.circle(150.0, 20.0, 3.0), 0.9)
    if version == "2.0":
        moc = _as_ranges(skymaps.moc_ranges(skymaps.circle(150.0, 20.0, 3.0), 0.9))
    got = upload(serve(night.store), moc, level=0.5, time="2027-03-01T02:00:00Z").json()["items"]
    ranges = skymaps.moc_ranges(skymaps.circle(150.0, 20.0, 3.0), 0.9)
    covered = set()
    for row in all_objects(night.store):
        pixel = healpix.pixel_at(np.array([row["ra"]]), np.array([row["dec"]]))[0]
        if ((ranges[:, 0] <= pixel) & (pixel < ranges[:, 1])).any() and row["id"].startswith("ZTF27"):
            covered.add(row["id"])
    assert {r["object"] for r in got if r["object"].startswith("ZTF27")} == covered
    assert len(covered) == 3
    assert len({r["terms"]["sky"] for r in got}) == 1


def _as_ranges(ranges: np.ndarray[Any, Any]) -> bytes:
    from astropy.io import fits

    table = fits.BinTableHDU.from_columns([fits.Column("RANGE", "1K", array=ranges.ravel())])
    table.header["ORDERING"] = "RANGE"
    table.header["MOCVERS"] = "2.0"
    out = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(out)
    return out.getvalue()


@pytest.mark.realdata
def test_a_map_as_large_as_notices_carry_can_be_uploaded(small, serve, data):
    """400 MB unpacked, 1.4 MB as it is sent."""
    got = upload(serve(small), (data / "skymaps/gw/GW170817.fits.gz").read_bytes())
    assert got.status_code == 200, got.text


def test_an_upload_as_csv(night, serve):
    data = skymaps.write_fits(circle_map(150.0, 20.0, 3.0))
    form = {"time": "2027-03-01T02:00:00Z", "level": "0.99"}
    got = serve(night.store).post("/api/search/region?format=csv", files={"file": ("m", data)}, data=form)
    assert got.headers["content-type"].startswith("text/csv")
    assert [r["object"] for r in csv.DictReader(io.StringIO(got.text))] == night.objects("S270301ab")


@pytest.mark.parametrize("data", [b"", b"SIMPLE", b"x" * 3000, b"\x1f\x8b" + b"\0" * 50, b"PK\x03\x04" + b"\0" * 99])
def test_an_upload_that_is_no_map_is_a_problem(small, serve, data):
    got = upload(serve(small), data)
    assert got.status_code == 422
    assert got.headers["content-type"] == "application/problem+json"


@FEW
@given(cut=st.integers(0, 5000), place=st.integers(0, 5000), byte=st.binary(min_size=1, max_size=8))
def test_a_broken_upload_is_a_problem_or_an_answer(small, client_of_small, cut, place, byte):
    whole = skymaps.write_moc(skymaps.circle(150.0, 20.0, 3.0), 0.9)
    data = bytearray(whole[: len(whole) - cut])
    data[place : place + len(byte)] = byte
    assert upload(client_of_small, bytes(data)).status_code in (200, 422)


# -- maps ------------------------------------------------------------------------------------------


@pytest.fixture
def mapped(bare: Store) -> tuple[Store, str]:
    World(bare).hears(superevent(mpc=(100.0, 20.0)))
    with bare.read() as connection:
        sha256 = connection.exec_driver_sql("SELECT sha256 FROM skymaps").scalar_one()
    return bare, sha256


def test_a_map_as_fits_and_moc(mapped, serve, tmp_path):
    store, sha256 = mapped
    client = serve(store)
    got = client.get(f"/api/skymaps/{sha256}.fits")
    skymap = skymaps.read(got.content)
    assert skymap.area_deg2(0.9) == pytest.approx(circle_map(150.0, 20.0, 3.0).area_deg2(0.9), rel=1e-6)
    assert skymap.distance_mpc[0] == pytest.approx(107.7, rel=1e-2)  # (mu^3 + 3 mu sigma^2) / (mu^2 + sigma^2)
    assert "immutable" in got.headers["cache-control"]
    import mocpy

    path = tmp_path / "moc.fits"
    path.write_bytes(client.get(f"/api/skymaps/{sha256}.moc.fits?level=0.5").content)
    moc = mocpy.MOC.load(path, format="fits")
    ranges = skymaps.moc_ranges(skymap, 0.5)
    assert moc.sky_fraction == pytest.approx((ranges[:, 1] - ranges[:, 0]).sum() / (12 << 58), rel=1e-12)
    assert moc.contains_lonlat(150.0 * units.deg, 20.0 * units.deg)
    assert client.get(f"/api/skymaps/{'0' * 64}.fits").status_code == 404
    assert client.get("/api/skymaps/..%2F..%2Fetc%2Fpasswd.fits").status_code in (404, 422)


def test_a_map_as_geojson_covers_its_region(mapped, serve):
    import shapely
    from shapely.geometry import shape

    store, sha256 = mapped
    document = serve(store).get(f"/api/skymaps/{sha256}.geojson").json()
    assert [f["properties"]["level"] for f in document["features"]] == [0.5, 0.9]
    outer = shapely.union_all(list(shape(document["features"][1]["geometry"]).geoms))
    assert outer.contains(shapely.Point(150.0, 20.0))
    assert outer.area * np.cos(np.radians(20.0)) == pytest.approx(
        document["features"][1]["properties"]["area_deg2"], rel=0.2
    )


@pytest.mark.parametrize("place", [(0.0, 0.0), (180.0, 10.0), (359.5, -60.0), (45.0, 89.5), (90.0, -90.0)])
def test_shapes_stay_on_the_map_at_ra_0_180_and_the_poles(place):
    region = skymaps.circle(*place, 4.0)
    for feature in drawing.geojson(region, {})["features"]:
        for polygon in feature["geometry"]["coordinates"]:
            for ring in polygon:
                lon, lat = np.array(ring).T
                assert ring[0] == ring[-1]
                assert (np.abs(lon) <= 180.0).all()
                assert (np.abs(lat) <= 90.0).all()
                assert np.ptp(lon) < 181.0
    assert drawing.svg(region, "a <title>").count("&lt;title&gt;") == 1


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_mollweide_fulfils_its_equation(lon, dec):
    """Snyder 1987: 2 theta + sin 2 theta = pi sin phi; x = lon / 90 cos theta, y = sin theta, in units of R sqrt 2."""
    x, y = drawing.mollweide(np.array([lon]), np.array([dec]))
    theta = np.arcsin(np.clip(y[0], -1, 1))
    assert 2 * theta + np.sin(2 * theta) == pytest.approx(np.pi * np.sin(np.radians(dec)), abs=1e-6)
    assert (x[0] / 2) ** 2 + y[0] ** 2 <= 1.0 + 1e-9


def test_a_picture_is_drawn_once(mapped, serve, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    from mma.api import maps

    store, sha256 = mapped
    client = serve(store)
    drawn: list[int] = []
    once = maps.Once(10_000_000)

    def make() -> bytes:
        drawn.append(1)
        return drawing.svg(skymaps.circle(10.0, 20.0, 5.0), "x").encode()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: once.get("a.svg", make), range(40)))) == 1
    assert drawn == [1]
    first = client.get(f"/api/skymaps/{sha256}.svg")
    assert first.headers["content-type"] == "image/svg+xml"
    from lxml import etree

    assert etree.fromstring(first.content).tag.endswith("svg")
    again = client.get(f"/api/skymaps/{sha256}.svg", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_what_is_kept_of_pictures_is_bounded():
    from mma.api import maps

    once = maps.Once(100)
    for i in range(20):
        once.get(str(i), lambda: b"x" * 30)
    made = []
    once.get("19", lambda: made.append(1) or b"")
    once.get("0", lambda: made.append(2) or b"")
    assert made == [2]


def test_an_event_with_a_circle_has_a_region_too(bare, serve):
    World(bare).hears(burst())
    client = serve(bare)
    names = [r["id"] for r in client.get("/api/events?kind=grb&observatory=Fermi").json()["items"] if "826" in r["id"]]
    for kind in ("svg", "geojson", "moc.fits"):
        assert client.get(f"/api/events/{names[0]}/region.{kind}").status_code == 200
    assert json.loads(client.get(f"/api/events/{names[0]}/region.geojson").content)["features"][0]["properties"][
        "event"
    ]


# -- Virtual Observatory -----------------------------------------------------------------------------


def test_pyvo_finds_what_brute_force_finds(client, store):
    service = pyvo.dal.SCSService(str(client.base_url) + "/vo/conesearch")
    for ra, dec, radius in ((0.0, 0.0, 30.0), (0.1, 89.9, 5.0), (180.0, -45.0, 90.0)):
        found = service.search(pos=(ra, dec), radius=radius, verbosity=3)
        assert sorted(r.id for r in found) == sorted(i for _, i in near(store, ra, dec, radius))
        for row in found:
            got = next(o for o in all_objects(store) if o["id"] == row.id)
            assert (row.pos.ra.deg, row.pos.dec.deg) == (got["ra"], got["dec"])


def test_pyvo_finds_candidates(client, store):
    service = pyvo.dal.SCSService(str(client.base_url) + "/vo/candidates")
    found = service.search(pos=(0.0, 0.0), radius=180.0, event="CBC0000", verbosity=3).to_table()
    with store.read() as connection:
        n = connection.exec_driver_sql(
            "SELECT count(*) FROM candidates WHERE event_id = 'CBC0000' AND state = 'active'"
        ).scalar_one()
    assert len(found) == n
    assert set(found["event"]) == {"CBC0000"}
    assert len(service.search(pos=(0.0, 0.0), radius=180.0)) > n


def test_a_cone_search_follows_the_standard(client, tmp_path):
    got = client.get("/vo/conesearch?ra=0&dec=0&sr=180&maxrec=5")
    path = tmp_path / "cone.vot"
    path.write_bytes(got.content)
    table = parse(io.BytesIO(got.content)).get_first_table()
    by_ucd = {field.ucd: field for field in table.fields}
    assert {by_ucd[u].datatype for u in ("POS_EQ_RA_MAIN", "POS_EQ_DEC_MAIN")} == {"double"}
    assert by_ucd["ID_MAIN"].arraysize == "*"
    assert len(table.array) == 5
    assert got.text.count('value="OVERFLOW"') == 1
    assert client.get("/vo/conesearch?RA=0&DEC=0&SR=180").text.count("OVERFLOW") == 0
    answers = [client.get(f"/vo/conesearch?RA=0&DEC=0&SR=9&VERB={verb}").content for verb in (1, 2, 3)]
    counts = [len(parse(io.BytesIO(answer)).get_first_table().fields) for answer in answers]
    assert counts == sorted(set(counts))
    empty = client.get("/vo/conesearch?RA=0&DEC=0&SR=0").content
    assert len(parse(io.BytesIO(empty)).get_first_table().array) == 0
    assert validate(str(path), output=io.StringIO()) in (True, False)  # UCD1 is what the standard asks for


@pytest.mark.parametrize(
    "query",
    [
        "",
        "RA=1&DEC=1",
        "RA=x&DEC=1&SR=1",
        "RA=361&DEC=1&SR=1",
        "RA=1&DEC=91&SR=1",
        "RA=1&DEC=1&SR=-1",
        "RA=1&DEC=1&SR=nan",
        "RA=1&DEC=1&SR=1&VERB=9",
        "RA=1&DEC=1&SR=1&MAXREC=-1",
    ],
)
def test_a_wrong_cone_search_is_a_votable_that_says_so(client, query):
    got = client.get(f"/vo/conesearch?{query}")
    assert got.status_code == 200
    table = parse(io.BytesIO(got.content))
    assert [i.value for r in table.resources for i in r.infos if i.name == "QUERY_STATUS"] == ["ERROR"]
    assert [i.name for i in table.infos] == ["Error"]


def test_a_cone_search_tells_of_parameters_that_it_does_not_read(client):
    """They are no error (Simple Cone Search 1.03, section 2.1): an INFO names them."""
    place = "RA=10&DEC=0&SR=1"
    said = client.get(f"/vo/candidates?{place}&EVNT=CBC0000&event=CBC0000").text
    assert said.count('<INFO name="ignored"') == 1
    assert """<INFO name="ignored" value="no parameter 'EVNT'; did you mean 'EVENT'?"/>""" in said
    assert 'value="OK"' in said
    assert "no parameter 'EVENT'" in client.get(f"/vo/conesearch?{place}&EVENT=CBC0000").text
    assert "ignored" not in client.get(f"/vo/conesearch?{place}&verb=3").text


def test_pyvo_tells_an_error(client):
    service = pyvo.dal.SCSService(str(client.base_url) + "/vo/candidates")
    with pytest.raises(pyvo.DALQueryError, match="no event"):
        service.search(pos=(0.0, 0.0), radius=1.0, event="nothing")


def test_the_same_map_has_the_same_tag(mapped, serve):
    store, sha256 = mapped
    tags = {serve(store).get(f"/api/skymaps/{sha256}.fits").headers["etag"] for _ in range(2)}
    assert len(tags) == 1
    assert hashlib.sha256(b"").hexdigest() not in tags


def test_a_cone_is_told_as_on_the_command_line(client):
    """Positions and radii have one reader: units, decimal commas, parts."""
    here = client.get("/api/cone", params={"ra": 150.0, "dec": 20.0, "radius": 1.0}).json()["items"]
    for ra, dec, radius in (
        ("10h", "20d", "1deg"),
        ("150,0", "20,0", "60arcmin"),
        ("10:00:00", "+20:00:00", "3600arcsec"),
    ):
        said = client.get("/api/cone", params={"ra": ra, "dec": dec, "radius": radius})
        assert (said.status_code, said.json()["items"]) == (200, here)
    for radius in ("-1", "0", "1 parsec", "181deg", ""):
        assert client.get("/api/cone", params={"ra": 150.0, "dec": 20.0, "radius": radius}).status_code == 422
