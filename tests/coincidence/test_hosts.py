"""Hosts: chances, light radii, completeness, one galaxy in several catalogues, the mean over the background."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from coincidence import DEFAULT, Galaxies
from coincidence.completeness import Catalog, Completeness, coverage, in_plane, together
from coincidence.counts import (
    HALF_LIGHT,
    bearing_deg,
    bloom_counts,
    directional_radius,
    driver_counts,
    hogg_counts,
    p_chance,
    r_magnitude,
)
from coincidence.galaxies import merged
from coincidence.hosts import associate, distance_ratio, host_distances
from coincidence.terms import distance, host_distance
from tests.coincidence.rows import alerts

CURVE = Completeness.parse("0:1,150:0.9,400:0.4,900:0.1")


def galaxies(*rows: dict[str, object], catalogs: tuple[Catalog, ...] = ()) -> Galaxies:
    """Galaxies of catalogue ``c`` at 100 +- 1 Mpc by spectrum, unless a row says otherwise."""
    usual: dict[str, object] = {
        "name": "g", "catalog": "c", "ra": 150.0, "dec": 40.0, "distance_mpc": 100.0, "distance_error_mpc": 1.0,
        "kind": "spec", "density_deg2": 0.1, "mag": np.nan, "band": None, "semi_major_arcsec": np.nan,
        "axis_ratio": np.nan, "position_angle_deg": np.nan, "is_agn": None,
    }  # fmt: skip
    text = ("name", "catalog", "kind", "band", "is_agn")
    columns = {
        key: np.array([(usual | row)[key] for row in rows], dtype=object if key in text else np.float64)
        for key in usual
    }
    return Galaxies(**columns, catalogs=catalogs)  # type: ignore[arg-type]


def at(n: int = 1, ra: float = 150.0, dec: float = 40.0) -> object:
    return alerts(*({"ra": ra, "dec": dec} for _ in range(n)))


def layers(mu: float, sigma: float, n: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distance layers of a line of sight whose density integrates to 1."""
    total = quad(lambda d: d**2 * np.exp(-0.5 * ((d - mu) / sigma) ** 2), 0, mu + 12 * sigma)[0]
    norm = np.sqrt(2 * np.pi) * sigma / total
    return np.full(n, mu), np.full(n, sigma), np.full(n, norm)


@pytest.mark.parametrize(
    ("arcsec", "mag", "saguaro", "path"),
    [(2, 20, 0.00286983, 0.00269411), (5, 22, 0.07882314, 0.07549979), (10.31, 12.4, 0.0002370752, 0.0002074976)],
)
def test_chances_as_saguaro_and_path_compute_them(arcsec: float, mag: float, saguaro: float, path: float) -> None:
    r, m = np.array([arcsec]), np.array([mag])
    assert p_chance(r, bloom_counts(m))[0] == pytest.approx(saguaro, rel=1e-4)
    assert p_chance(r, hogg_counts(m))[0] == pytest.approx(path, rel=1e-4)


def test_counts_of_driver_2016() -> None:
    """Published in the tests of astropath."""
    assert driver_counts(np.array([20.0, 21.0])).tolist() == pytest.approx([0.00013535847, 0.00036538945], rel=1e-5)


def test_counts_grow_with_depth() -> None:
    mag = np.linspace(10.0, 28.0, 100)
    for counts in (bloom_counts, hogg_counts):
        assert (np.diff(counts(mag)) > 0).all()
    assert (np.diff(driver_counts(mag)) >= 0).all()


def test_a_magnitude_without_a_known_band_is_none() -> None:
    found = r_magnitude(np.array([15.0, 15.0, 15.0, np.nan]), np.array(["r", None, "?", "r"], dtype=object))
    assert found[0] == 15.0
    assert np.isnan(found[1:]).all()


def test_light_radius_of_an_ellipse_by_hand() -> None:
    """Semi-axes 10 and 5, position angle 30: along, across, and half between, 50 / sqrt(62.5)."""
    size, ratio, angle = np.full(3, 10.0), np.full(3, 0.5), np.full(3, 30.0)
    found = directional_radius(size, ratio, angle, np.array([30.0, 120.0, 75.0]))
    assert found.tolist() == pytest.approx([10.0, 5.0, 50.0 / np.sqrt(62.5)])
    assert directional_radius(size, ratio, angle, np.array([210.0, 300.0, 255.0])) == pytest.approx(found)


@given(st.floats(0.05, 1.0), st.floats(0, 180), st.floats(-360, 360))
def test_a_light_radius_lies_between_the_axes_and_on_the_ellipse(ratio: float, angle: float, bearing: float) -> None:
    radius = directional_radius(np.array([2.0]), np.array([ratio]), np.array([angle]), np.array([bearing]))[0]
    along, across = (radius * f(np.radians(bearing - angle)) for f in (np.cos, np.sin))
    assert (along / 2.0) ** 2 + (across / (2.0 * ratio)) ** 2 == pytest.approx(1.0)
    assert 2.0 * ratio * (1 - 1e-12) <= radius <= 2.0 * (1 + 1e-12)


def test_without_a_shape_a_galaxy_is_round() -> None:
    nothing = np.array([np.nan])
    assert directional_radius(np.array([3.0]), nothing, np.array([20.0]), np.array([70.0]))[0] == 3.0
    assert directional_radius(np.array([3.0]), np.array([0.2]), nothing, np.array([70.0]))[0] == 3.0


def test_bearings_go_from_north_through_east_across_ra_zero() -> None:
    ra, dec = np.array([0.0, 0.0, 0.0, 0.0]), np.zeros(4)
    to_ra, to_dec = np.array([0.0, 0.01, 0.0, 359.99]), np.array([0.01, 0.0, -0.01, 0.0])
    assert bearing_deg(ra, dec, to_ra, to_dec) % 360 == pytest.approx([0.0, 90.0, 180.0, 270.0])


def test_an_offset_along_the_disc_is_nearer_than_one_across_it() -> None:
    """An edge-on galaxy, isophotal semi-major axis 100 arcsec, north-south; 80 arcsec north of it and 80 east."""
    shape = {"semi_major_arcsec": 100.0, "axis_ratio": 0.1, "position_angle_deg": 0.0}
    east = 80.0 / 3600.0 / np.cos(np.radians(40.0))
    rows = alerts({"ra": 150.0, "dec": 40.0 + 80.0 / 3600.0}, {"ra": 150.0 + east, "dec": 40.0})
    found = associate(rows, galaxies(shape | {"mag": 14.0, "band": "r"}), DEFAULT)
    half = HALF_LIGHT * 100.0
    assert found.light_radii.tolist() == pytest.approx([80.0 / half, 800.0 / half], rel=1e-3)
    area = np.pi * half * 0.1 * half * ((80.0 / half) ** 2 + 4.0)
    assert found.p_chance[0] == pytest.approx(1 - np.exp(-area * bloom_counts(np.array([14.0]))[0]), rel=1e-3)
    assert found.weight[0] > found.weight[1]


def test_a_large_galaxy_reaches_farther_than_sixty_kpc_and_no_farther_than_five_light_radii() -> None:
    """At 1000 Mpc 60 kpc are 12 arcsec; 5 half-light radii of this one are 54."""
    size = {"distance_mpc": 1000.0, "semi_major_arcsec": 20.0, "mag": 14.0, "band": "r"}
    rows = alerts(*({"ra": 150.0, "dec": 40.0 + s / 3600.0} for s in (10.0, 50.0, 58.0)))
    assert associate(rows, galaxies(size), DEFAULT).alert.tolist() == [0, 1]
    assert associate(rows, galaxies(size | {"semi_major_arcsec": np.nan}), DEFAULT).alert.tolist() == [0]


def test_a_galaxy_at_the_very_position_is_a_host() -> None:
    assert associate(at(), galaxies({}), DEFAULT).separation_arcsec.tolist() == [0.0]


def test_active_nuclei_of_a_catalogue_of_such_are_no_hosts() -> None:
    found = associate(at(), galaxies({"kind": "agn", "is_agn": True, "distance_mpc": np.nan}), DEFAULT)
    assert found.alert.tolist() == []
    assert found.unseen.tolist() == [1.0]


def test_errors_of_distances_without_one() -> None:
    rows = [{"name": k, "kind": k, "distance_error_mpc": np.nan} for k in ("spec", "indep", "photo")]
    found = associate(at(), galaxies(*rows), DEFAULT)
    error = dict(zip(found.kind, found.distance_error_mpc, strict=True))
    assert error["indep"] == pytest.approx(10.0)
    assert error["spec"] == pytest.approx(4.43, abs=0.02)  # 300 km/s
    assert error["photo"] == pytest.approx(0.03 * 299792.458 / 67.66, rel=0.08)  # c dz / H0, and the next order in z


def test_completeness_between_points_and_beyond_the_last() -> None:
    curve = Completeness.parse("10:1, 60:0.5")
    assert curve.at(np.array([0.0, 10.0, 35.0, 60.0, 60.1])).tolist() == pytest.approx([1.0, 1.0, 0.75, 0.5, 0.0])
    assert Completeness.parse(str(curve)) == curve
    assert not Completeness.parse("").at(np.array([1.0])).any()


@pytest.mark.parametrize("text", ["50", "50:x", "0:1,50:1.2", "0:1,0:0.5", "50:1,20:0.5", "-5:1", "0:1:2"])
def test_a_completeness_that_makes_no_sense_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="completeness"):
        Completeness.parse(text)


def test_two_catalogues_are_as_complete_as_the_better_one_where_both_look() -> None:
    one = Catalog(name="one", completeness=Completeness.parse("0:0.8,100:0.8"))
    south = Catalog(name="south", completeness=Completeness.parse("0:0.9,100:0.3"), dec_max=0.0)
    ra, dec = np.array([192.85948, 192.85948, 266.4]), np.array([27.12825, -20.0, -29.0])  # pole, south, centre
    covered = coverage((one, south), ra, dec)
    assert covered.tolist() == [[True, False], [True, True], [False, False]]
    found = together((one, south), covered, np.array([0.0, 100.0]))
    assert found.tolist() == [[0.8, 0.8], [0.9, 0.8], [0.0, 0.0]]


def test_the_galactic_plane_is_ten_degrees_either_side() -> None:
    from astropy.coordinates import SkyCoord

    b = np.array([-10.1, -9.9, 0.0, 9.9, 10.1])
    places = SkyCoord(l=np.linspace(0, 300, 5), b=b, unit="deg", frame="galactic").icrs
    assert in_plane(places.ra.deg, places.dec.deg).tolist() == [False, True, True, True, False]


def test_no_catalogue_says_nothing_about_a_host_that_is_not_seen() -> None:
    for known in ((), (Catalog(name="c"),)):
        ratio, told = distance_ratio(associate(at(), Galaxies.empty(known), DEFAULT), layers(40.0, 7.0), DEFAULT)
        assert ratio.tolist() == [1.0]
        assert not told[0]


def test_a_near_event_and_no_host_in_a_complete_catalogue_do_not_go_together() -> None:
    known = (Catalog(name="c", completeness=Completeness.parse("0:1,100:1,101:0")),)
    found = associate(at(), Galaxies.empty(known), DEFAULT)
    near, told = distance_ratio(found, layers(40.0, 7.0), DEFAULT)
    assert told[0]
    assert near[0] == pytest.approx(DEFAULT.distance_floor, rel=1e-3)
    far, _ = distance_ratio(found, layers(400.0, 30.0), DEFAULT)
    assert far[0] > 1.0
    plane = associate(at(ra=266.4, dec=-29.0), Galaxies.empty(known), DEFAULT)
    assert plane.host_incomplete.tolist() == [True]
    assert distance_ratio(plane, layers(40.0, 7.0), DEFAULT)[0].tolist() == [1.0]


def test_the_ratio_of_an_unseen_host_is_its_integral() -> None:
    model = distance.background(DEFAULT.background_limit_mag, DEFAULT.luminosity)
    mu, sigma, norm = layers(220.0, 70.0)

    def missed(d: float) -> float:
        return 1.0 - float(CURVE.at(np.array([d]))[0])

    def event(d: float) -> float:
        return float(norm[0] * d**2 * np.exp(-0.5 * ((d - 220.0) / 70.0) ** 2) / (np.sqrt(2 * np.pi) * 70.0))

    knots = list(CURVE.mpc[1:])
    above = quad(lambda d: event(d) * missed(d), 0, 1200, points=knots, limit=200)[0]
    d = np.linspace(0.5, 6000.5, 600_001)
    below = np.trapezoid(model.at(d) * (1.0 - CURVE.at(d)), d)
    found = distance.unseen_ratio(DEFAULT, (mu, sigma, norm), lambda d: np.broadcast_to(CURVE.at(d), (1, d.shape[-1])))
    expected = (1 - DEFAULT.distance_floor) * above / below + DEFAULT.distance_floor
    assert found[0] == pytest.approx(expected, rel=2e-3)


def background_distances(n: int, random: np.random.Generator) -> np.ndarray:
    """Distances of the background model, one from each of n equal parts of its probability."""
    model = distance.background(DEFAULT.background_limit_mag, DEFAULT.luminosity)
    mpc = np.exp(model.log_mpc)
    share = np.cumsum(model.density * mpc)
    return np.interp((np.arange(n) + random.uniform(size=n)) / n, share / share[-1], mpc)


@pytest.mark.parametrize("kind", ["spec", "photo"])
@pytest.mark.parametrize(("mu", "sigma"), [(120.0, 35.0), (300.0, 100.0), (-50.0, 200.0)])
def test_the_mean_over_the_background_is_one_with_seen_and_unseen_hosts(kind: str, mu: float, sigma: float) -> None:
    """Hosts drawn at background distances, in the catalogue as often as this is complete, else in none."""
    random, n = np.random.default_rng(20260302), 100_000
    d = background_distances(n, random)
    ra = (
        np.arange(n) * 180.0 * (3.0 - np.sqrt(5.0)) % 360.0
    )  # even over the sky, so that neighbours are half a degree off
    dec = np.degrees(np.arcsin((2.0 * np.arange(n) + 1.0) / n - 1.0))
    place = random.permutation(n)
    ra, dec = ra[place], dec[place]
    north = Catalog(name="n", completeness=Completeness.parse("0:0.95,300:0.5"), dec_min=0.0)
    known = (Catalog(name="c", completeness=CURVE), north)
    complete = together(known, coverage(known, ra, dec), d[:, None])[:, 0]
    seen = np.flatnonzero(random.uniform(size=n) < complete)
    error = np.full(n, 8.0 if kind == "spec" else 70.0)
    u = random.uniform(size=n) if kind == "spec" else random.uniform(norm.cdf(-d / error), 1.0)
    measured = d + error * norm.ppf(u)  # no photometric redshift comes out negative
    if kind == "photo":
        wrong = random.uniform(size=n) < host_distance.PHOTO_OUTLIER
        measured = np.where(wrong, random.permutation(d), measured)
    rows = alerts(*({"ra": float(a), "dec": float(b)} for a, b in zip(ra, dec, strict=True)))
    told = np.sqrt(np.maximum(error**2 - 4.43**2, 0.0))[seen]
    near = Galaxies(
        name=np.full(len(seen), "g", dtype=object), catalog=np.full(len(seen), "c", dtype=object), ra=ra[seen],
        dec=dec[seen], distance_mpc=np.maximum(measured[seen], 0.5), distance_error_mpc=told,
        kind=np.full(len(seen), kind, dtype=object), density_deg2=np.full(len(seen), 1e-6), catalogs=known,
    )  # fmt: skip
    found = associate(rows, near, DEFAULT)
    assert len(np.unique(found.alert[found.weight > 0.9])) == len(seen)
    ratio, _ = distance_ratio(found, layers(mu, sigma, n), DEFAULT)
    assert ratio.mean() == pytest.approx(1.0, abs=0.02)


def test_ratios_of_hosts_and_of_the_unseen_one_make_the_whole() -> None:
    known = (Catalog(name="c", completeness=CURVE),)
    rows = alerts({"ra": 150.0, "dec": 40.0}, {"ra": 150.0, "dec": -40.0})
    some = galaxies({"density_deg2": 3e4, "dec": 40.002}, {"distance_mpc": 300.0, "kind": "photo"}, catalogs=known)
    found = associate(rows, some, DEFAULT)
    its, unseen = host_distances(found, layers(110.0, 20.0, 2), DEFAULT)
    assert (len(its.ratio), len(unseen)) == (2, 2)
    ratio, told = distance_ratio(found, layers(110.0, 20.0, 2), DEFAULT)
    expected = found.unseen * unseen + np.bincount(found.alert, found.weight * its.ratio, minlength=2)
    assert ratio == pytest.approx(expected)
    assert told.all()
    spread = found.spread(np.array([1, 0, 0]))
    assert distance_ratio(spread, layers(110.0, 20.0, 3), DEFAULT)[0] == pytest.approx(ratio[[1, 0, 0]])


def test_an_outlier_keeps_a_wrong_photometric_redshift_from_ruling_out() -> None:
    wrong = {"distance_mpc": 700.0, "distance_error_mpc": 20.0}
    by_kind = {}
    for kind in ("spec", "photo"):
        found = associate(at(), galaxies(wrong | {"kind": kind}), DEFAULT)
        by_kind[kind] = host_distances(found, layers(100.0, 15.0), DEFAULT)[0].ratio[0]
    assert by_kind["spec"] == pytest.approx(DEFAULT.distance_floor, rel=1e-3)
    assert by_kind["photo"] > 10 * by_kind["spec"]


BOTH = (Catalog(name="first", priority=0), Catalog(name="second", priority=1))


def same(first: dict[str, object], second: dict[str, object], order: tuple[int, int] = (0, 1)) -> Galaxies:
    rows = [{"catalog": "first"} | first, {"catalog": "second"} | second]
    return merged(galaxies(*(rows[i] for i in order), catalogs=BOTH))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_one_galaxy_in_two_catalogues_has_the_first_ones_distance_and_what_the_second_knows(order) -> None:
    found = same({"distance_mpc": 101.0}, {"mag": 14.0, "band": "B", "ra": 150.0003}, order)
    assert found.distance_mpc.tolist() == [101.0]
    assert (found.mag.tolist(), found.band.tolist(), found.catalog.tolist()) == ([14.0], ["B"], ["first"])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_spectrum_goes_before_a_photometric_redshift_whatever_the_priority(order) -> None:
    found = same({"kind": "photo", "distance_error_mpc": 60.0, "distance_mpc": 140.0}, {}, order)
    assert (found.kind.tolist(), found.catalog.tolist()) == (["spec"], ["second"])


def test_what_differs_in_distance_or_place_stays_two() -> None:
    assert len(same({}, {"distance_mpc": 200.0})) == 2
    assert len(same({}, {"dec": 40.0 + 3.0 / 3600.0})) == 2
    large = {"semi_major_arcsec": 60.0}
    assert len(same(large, large | {"dec": 40.0 + 3.0 / 3600.0})) == 1
    assert len(merged(galaxies({}, {}, catalogs=BOTH))) == 2  # of one catalogue, which knows its own


@given(st.permutations(range(8)), st.integers(0, 2**32 - 1))
def test_merging_does_not_depend_on_the_order(order: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = [
        {
            "name": str(i), "catalog": random.choice(["first", "second", "third"]),
            "ra": (359.9999 + random.uniform(0, 1e-3)) % 360.0, "dec": 89.0 + random.choice([0, 3e-4]),
            "distance_mpc": random.choice([100.0, 104.0, 300.0]), "kind": random.choice(["spec", "photo"]),
            "mag": random.choice([14.0, 15.0, np.nan]), "band": "r",
        }
        for i in range(8)
    ]  # fmt: skip
    plain, shuffled = (merged(galaxies(*(rows[i] for i in some), catalogs=BOTH)) for some in (range(8), order))
    one, two = (np.argsort(g.name.astype(str)) for g in (plain, shuffled))
    for f in fields(Galaxies):
        if f.name != "catalogs":
            assert repr(getattr(plain, f.name)[one].tolist()) == repr(getattr(shuffled, f.name)[two].tolist())


@pytest.mark.realdata
def test_ngc_4993_hosts_at2017gfo(data: Path) -> None:
    from astropy.table import Table

    table = Table.read(data / "galaxies/50MGC_catalog_short.fits")
    some = table[np.isfinite(np.ma.filled(table["bestdist"], np.nan))]
    mpc = np.asarray(some["bestdist"], dtype=float)
    rank = np.searchsorted(np.sort(mpc), mpc, side="right")
    near = Galaxies(
        name=np.array([str(v).strip() for v in some["objname"]], dtype=object),
        catalog=np.full(len(some), "50MGC", dtype=object), ra=np.asarray(some["ra"]), dec=np.asarray(some["dec"]),
        distance_mpc=mpc, distance_error_mpc=np.ma.filled(some["bestdist_error"], np.nan),
        kind=np.full(len(some), "indep", dtype=object), density_deg2=rank / 41252.96,
    )  # fmt: skip
    found = associate(at(ra=197.450354, dec=-23.381484), near, DEFAULT)
    best = int(np.argmax(found.weight))
    assert found.name[best] == "NGC4993"
    assert found.weight[best] > 0.99
    assert found.separation_arcsec[best] == pytest.approx(10.3, abs=0.3)
