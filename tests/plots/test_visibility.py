"""When something is up: closed forms of spherical astronomy, astropy as an oracle, published dates."""

from __future__ import annotations

import json
import math
import socket
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import AltAz, EarthLocation, SkyCoord, get_body
from astropy.time import Time
from astropy.utils import iers
from hypothesis import given, settings
from hypothesis import strategies as st

import skymaps
from mma.cli import main
from mma.errors import ConfigError
from mma.observing.nights import coming_night, night_of, sky
from mma.observing.sites import CTAO_N, CTAO_S, SITES, site
from mma.observing.visibility import cells, share, tonight
from tests.client.conftest import simulated

__all__ = ["simulated"]

NIGHT = date(2027, 3, 1)
NIGHTS = st.dates(date(2018, 1, 1), date(2040, 12, 31))
LATITUDES = st.floats(-89, 89)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("visibility asked the network"))


def place(latitude, longitude=0.0):
    return site(f"{latitude} {longitude} 0")


@pytest.mark.parametrize("where", SITES.values(), ids=SITES)
def test_altitudes_of_a_star_sun_and_moon_are_astropys(where):
    over = sky(where, NIGHT)
    earth = EarthLocation(lat=where.latitude * u.deg, lon=where.longitude * u.deg, height=where.height_m * u.m)
    time = Time(over.unix[::90], format="unix")
    with iers.conf.set_temp("auto_download", False), iers.conf.set_temp("auto_max_age", None):
        frame = AltAz(obstime=time, location=earth)
        star = SkyCoord(83.633, 22.014, unit="deg").transform_to(frame).alt.deg
        sun, moon = (get_body(name, time, earth).transform_to(frame).alt.deg for name in ("sun", "moon"))
    # UT1 - UTC 14 arcsec, aberration 20.5 arcsec, at most
    np.testing.assert_allclose(over.altitude(83.633, 22.014)[::90, 0], star, atol=35 / 3600)
    np.testing.assert_allclose(over.sun_altitude[::90], sun, atol=35 / 3600)
    np.testing.assert_allclose(over.moon_altitude[::90], moon, atol=35 / 3600)


@given(latitude=LATITUDES, dec=st.floats(-89, 89), ra=st.floats(0, 360), night=NIGHTS)
@settings(max_examples=25)
def test_a_star_culminates_at_its_closed_form(latitude, dec, ra, night):
    """Highest 90 - |latitude - dec|, lowest |latitude + dec| - 90; precession to the date moves dec by at most 0.23."""
    altitude = sky(place(latitude), night).altitude(ra, dec)[:, 0]
    assert altitude.max() == pytest.approx(90 - abs(latitude - dec), abs=0.25)
    assert altitude.min() == pytest.approx(abs(latitude + dec) - 90, abs=0.25)


@given(latitude=LATITUDES, night=NIGHTS)
@settings(max_examples=25)
def test_the_celestial_pole_stands_at_the_latitude_all_night(latitude, night):
    altitude = sky(place(latitude), night).altitude(0.0, 90.0)[:, 0]
    np.testing.assert_allclose(altitude, latitude, atol=0.25)


def test_the_crab_at_a_known_time():
    """Hour angle by hand, with GMST 18.697374558 h + 24.06570982441908 h a day since 2000-01-01 12:00 UT."""
    days = (datetime(2027, 1, 11, tzinfo=UTC) - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds() / 86400
    sidereal = (18.697374558 + 24.06570982441908 * days) * 15 + CTAO_N.longitude
    ra, dec = 83.633 + 27.03 * 3.61 / 240, 22.014 + 27.03 * 2.1 / 3600  # precession: 3.61 s and 2.1 arcsec a year
    h, d, phi = (math.radians(x) for x in (sidereal - ra, dec, CTAO_N.latitude))
    expected = math.degrees(math.asin(math.sin(phi) * math.sin(d) + math.cos(phi) * math.cos(d) * math.cos(h)))
    over = sky(CTAO_N, date(2027, 1, 10))
    at = np.interp(datetime(2027, 1, 11, tzinfo=UTC).timestamp(), over.unix, over.altitude(83.633, 22.014)[:, 0])
    assert at == pytest.approx(expected, abs=0.02)


def test_a_star_that_never_rises_is_never_up():
    seen = tonight(CTAO_S, 37.95, 89.26, NIGHT)
    assert seen.above == {30.0: [], 45.0: []}
    assert seen.best_altitude < 0.0
    assert seen.hours(30.0) == 0.0


def test_in_june_at_65_degrees_there_is_no_darkness():
    seen = tonight(place(65.0, 25.0), 10.0, 80.0, date(2027, 6, 21))
    assert seen.dark is None
    assert seen.best is None is seen.best_altitude
    assert seen.above == {30.0: [], 45.0: []}
    assert share(place(65.0), skymaps.circle(10.0, 80.0, 3.0), date(2027, 6, 21)).observable == {30.0: 0.0, 45.0: 0.0}


@pytest.mark.parametrize(("latitude", "expected"), [(48.0, True), (49.2, False)])
def test_at_the_solstice_darkness_ends_near_48_and_a_half_degrees(latitude, expected):
    """The midnight Sun stands latitude + 23.44 - 90 degrees high: -18 at 48.56."""
    assert (tonight(place(latitude), 0.0, 90.0, date(2027, 6, 21)).dark is not None) == expected


def test_in_polar_night_it_is_dark_for_hours_at_noon():
    dark = tonight(place(89.0), 0.0, 90.0, date(2027, 12, 21)).dark
    assert dark.hours == pytest.approx(24.0, abs=0.02)


@given(latitude=st.floats(-48, 48), longitude=st.floats(-180, 180), ra=st.floats(0, 360), dec=st.floats(-90, 90))
@settings(max_examples=25)
def test_spells_lie_in_the_dark_and_begin_and_end_at_the_limit(latitude, longitude, ra, dec):
    where = place(latitude, longitude)
    over, seen = sky(where, NIGHT), tonight(where, ra, dec, NIGHT)
    assert seen.hours(45.0) <= seen.hours(30.0) <= seen.dark.hours + 1e-6
    for limit, spells in seen.above.items():
        for spell in spells:
            assert seen.dark.start <= spell.start < spell.end <= seen.dark.end
            for end in (spell.start, spell.end):
                altitude = np.interp(end.timestamp(), over.unix, over.altitude(ra, dec)[:, 0])
                sun = np.interp(end.timestamp(), over.unix, over.sun_altitude)
                assert min(abs(altitude - limit), abs(sun + 18.0)) < 0.01


def test_the_moon_is_full_when_the_almanac_says():
    """Full Moon 2026-03-03 11:38 UT, new Moon 2026-02-17 12:01 UT: both with an eclipse."""
    assert sky(CTAO_S, date(2026, 3, 2)).moon_lit > 0.99
    assert sky(CTAO_N, date(2026, 2, 17)).moon_lit < 0.01


def test_share_of_a_small_region_is_all_or_nothing_and_of_the_whole_sky_the_closed_form():
    assert share(CTAO_N, skymaps.circle(83.6, 22.0, 0.1), date(2027, 1, 10)).observable[45.0] == pytest.approx(
        1, abs=1e-3
    )
    assert share(CTAO_S, skymaps.circle(37.9, 89.0, 0.1), date(2027, 1, 10)).observable[30.0] == pytest.approx(
        0, abs=1e-3
    )
    # at the pole in its night altitude is declination: above it stands (1 - sin a) / 2 of the sky
    pole = share(place(90.0), skymaps.all_sky(), date(2027, 12, 21)).observable
    for limit in (30.0, 45.0):
        assert pole[limit] == pytest.approx((1 - math.sin(math.radians(limit))) / 2, abs=0.003)


@given(ra=st.floats(0, 360), dec=st.floats(-90, 90), radius=st.floats(0.02, 60))
def test_cells_hold_the_whole_region(ra, dec, radius):
    region = skymaps.circle(ra, dec, radius)
    a, d, probability = cells(region)
    assert probability.sum() == pytest.approx(1.0)
    assert len({*zip(a.tolist(), d.tolist(), strict=True)}) == len(a)
    inside = region.credible_level_at(a, d) <= 0.9
    if radius > 3.0:
        assert probability[inside].sum() == pytest.approx(0.9, abs=0.05)


def test_a_night_is_named_after_its_evening():
    assert night_of(CTAO_S, datetime(2027, 3, 2, 5, 0, tzinfo=UTC)) == NIGHT  # 00:18 there
    assert night_of(CTAO_N, datetime(2027, 3, 1, 22, 0, tzinfo=UTC)) == NIGHT
    assert coming_night(CTAO_N, datetime(2027, 3, 2, 3, 0, tzinfo=UTC)) == NIGHT
    assert coming_night(CTAO_N, datetime(2027, 3, 2, 9, 0, tzinfo=UTC)) == NIGHT + timedelta(days=1)


@pytest.mark.parametrize("text", ["Atlantis", "91 0", "1", "0 400", "1 2 3 4", "nan 0"])
def test_a_site_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match="no site"):
        site(text)


@pytest.fixture
def run(simulated, capsys):
    def command(*arguments):
        code = main(["visible", *arguments, "--db", str(simulated)])
        return code, *capsys.readouterr()

    return command


def test_the_command_tells_people_and_programs_the_same(run):
    code, out, _ = run("S260301a", "--night", "2026-03-01")
    assert code == 0
    assert "CTAO-N" in out
    assert "CTAO-S" in out
    code, out, _ = run("S260301a", "--night", "2026-03-01", "--site", "ctao-n", "--json")
    document = json.loads(out)
    (answer,) = document["sites"]
    assert answer["night"] == "2026-03-01"
    best = answer["targets"][1]
    seen = tonight(CTAO_N, best["ra"], best["dec"], date(2026, 3, 1))
    assert best["best_altitude_deg"] == seen.best_altitude
    assert [spell["hours"] for spell in best["above"]["30"]] == [spell.hours for spell in seen.above[30.0]]
    assert 0.0 <= answer["observable"]["45"] <= answer["observable"]["30"] <= 1.0


def test_a_position_needs_no_database(capsys, tmp_path):
    assert (
        main(["visible", "05h34m32s +22d00m52s", "--night", "2027-01-10", "--json", "--db", str(tmp_path / "no")]) == 0
    )
    document = json.loads(capsys.readouterr().out)
    assert document["sites"][0]["targets"][0]["ra"] == pytest.approx(83.633, abs=1e-3)


def test_an_object_is_a_target_too(run):
    code, out, _ = run("ZTF26akilonv", "--json", "--site", "Rubin")
    assert code == 0
    assert json.loads(out)["sites"][0]["targets"][0]["name"] == "ZTF26akilonv"


@pytest.mark.parametrize(
    "wrong", [["S2"], ["S260301a", "--site", "Atlantis"], ["S260301a", "--night", "tonight"], ["12"], ["1 99"]]
)
def test_what_cannot_be_is_an_error_in_a_line(run, wrong):
    code, out, err = run(*wrong)
    assert (code, out) == (1, "")
    assert err.startswith("mma: ")
    assert err.count("\n") == 1
