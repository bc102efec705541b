"""Tonight: against astropy, and against what is known of nights."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

import numpy as np
import pytest

import skymaps
from mma.api.pages import nights

DATES = ("2019-04-25", "2023-05-18", "2026-03-01")
NORTH, SOUTH = nights.SITES


def unix(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.fixture(scope="module", autouse=True)
def offline() -> None:
    """astropy with the tables that it ships."""
    from astropy.utils import iers

    iers.conf.auto_download = False
    iers.conf.auto_max_age = None
    iers.conf.iers_degraded_accuracy = "ignore"


@pytest.mark.parametrize("date", DATES)
def test_sun_and_moon_are_where_astropy_has_them(date: str) -> None:
    from astropy.coordinates import GCRS, TETE, SkyCoord, get_body
    from astropy.time import Time

    times = unix(date) + np.arange(0.0, 86400.0, 7200.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        when = Time(times, format="unix")
        for body, ours, limit in (("sun", nights.sun_radec, 0.01), ("moon", nights.moon_radec, 0.3)):
            place = get_body(body, when).transform_to(GCRS(obstime=when)).transform_to(TETE(obstime=when))
            ra, dec = ours(times)
            away = SkyCoord(ra, dec, unit="deg").separation(SkyCoord(place.ra, place.dec)).deg
            assert away.max() < limit, body


@pytest.mark.parametrize("site", nights.SITES, ids=lambda site: site.name)
def test_altitudes_are_as_astropys(site: nights.Site) -> None:
    from astropy import units as u
    from astropy.coordinates import AltAz, EarthLocation, SkyCoord
    from astropy.time import Time

    random = np.random.default_rng(1)
    ra, dec = random.uniform(0, 360, 20), np.degrees(np.arcsin(random.uniform(-1, 1, 20)))
    times = unix("2026-03-01") + np.arange(0.0, 86400.0, 7200.0)
    where = EarthLocation(lon=site.longitude_deg * u.deg, lat=site.latitude_deg * u.deg, height=2400 * u.m)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = AltAz(obstime=Time(times, format="unix"), location=where)
        theirs = np.array(
            [SkyCoord(a, d, unit="deg").transform_to(frame).alt.deg for a, d in zip(ra, dec, strict=True)]
        )
    assert np.abs(nights.altitude_deg(site, times, ra, dec) - theirs).max() < 0.05


@pytest.mark.parametrize("site", nights.SITES, ids=lambda site: site.name)
def test_it_is_dark_when_astropy_has_the_sun_18_degrees_down(site: nights.Site) -> None:
    from astropy import units as u
    from astropy.coordinates import AltAz, EarthLocation, get_body
    from astropy.time import Time

    night = nights.tonight(site, unix("2026-03-01T20:00:00"))
    assert night.dark is not None
    begin, end = night.dark
    edges = np.array([begin - nights.STEP_S, begin, end, end + nights.STEP_S])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        when = Time(edges, format="unix")
        where = EarthLocation(lon=site.longitude_deg * u.deg, lat=site.latitude_deg * u.deg)
        altitude = get_body("sun", when, where).transform_to(AltAz(obstime=when, location=where)).alt.deg
    assert (altitude[[1, 2]] < -17.98).all()
    assert (altitude[[0, 3]] > -18.02).all()


def test_nights_are_long_in_winter() -> None:
    june, december = unix("2026-06-21T12:00:00"), unix("2026-12-21T12:00:00")
    assert nights.tonight(NORTH, december).dark_h > nights.tonight(NORTH, june).dark_h + 2.5
    assert nights.tonight(SOUTH, june).dark_h > nights.tonight(SOUTH, december).dark_h + 2.5


@pytest.mark.parametrize("hour", range(0, 24, 3))
@pytest.mark.parametrize("site", nights.SITES, ids=lambda site: site.name)
def test_tonight_is_on_or_comes_next(site: nights.Site, hour: int) -> None:
    now = unix("2026-11-23") + 3600.0 * hour
    night = nights.tonight(site, now)
    assert night.time[-1] >= now
    assert night.time[0] - now < 15 * 3600.0
    assert 8.0 < (night.time[-1] - night.time[0]) / 3600.0 < 14.5


def test_a_pole_of_the_sky_stands_still() -> None:
    night = nights.tonight(NORTH, unix("2026-03-01T20:00:00"))
    altitude = night.altitude(np.array([0.0]), np.array([90.0]))
    assert altitude == pytest.approx(np.full_like(altitude, NORTH.latitude_deg), abs=0.2)  # precession since J2000
    assert night.high(np.array([0.0]), np.array([-90.0]))[0] == 0.0


def test_what_of_a_region_is_in_reach() -> None:
    night = nights.tonight(SOUTH, unix("2026-03-01T20:00:00"))
    for dec, share in ((-25.0, 1.0), (80.0, 0.0)):
        ring = skymaps.circle(160.0, dec, 3.0)
        assert nights.in_reach(night, *nights.sample(ring)) == pytest.approx(share)


def test_more_than_a_moment_and_less_than_a_year_shows_is_in_reach() -> None:
    """At any moment (1 - sin 30) / 2 of the sky is high; in a year, what culminates high: within 60 degrees of the
    latitude in declination."""
    night = nights.tonight(SOUTH, unix("2026-03-01T20:00:00"))
    low, high = (np.sin(np.radians(max(SOUTH.latitude_deg + a, -90.0))) for a in (-60.0, 60.0))
    assert 0.25 < nights.in_reach(night, *nights.sample(skymaps.all_sky())) < (high - low) / 2.0


def test_full_and_new_moons() -> None:
    """Full on 2026-03-03 11:38, new on 2026-02-17 12:01 UTC: eclipses of Moon and Sun (Espenak & Meeus, NASA)."""
    full, new = nights.lit_fraction(np.array([unix("2026-03-03T11:38:00"), unix("2026-02-17T12:01:00")]))
    assert full > 0.999
    assert new < 0.001


def test_separations() -> None:
    assert nights.separation_deg((0.0, 90.0), (123.0, -90.0)) == pytest.approx(180.0)
    assert nights.separation_deg((359.5, 0.0), (0.5, 0.0)) == pytest.approx(1.0)
