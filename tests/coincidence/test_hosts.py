"""Hosts: which galaxies they are, seen and unseen ones' distances, the mean over the background."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from coincidence import DEFAULT, Galaxies
from coincidence.completeness import Catalog, Completeness, coverage, together
from coincidence.counts import HALF_LIGHT, bloom_counts
from coincidence.hosts import associate, distance_ratio, host_distances
from coincidence.population import Backgrounds, background
from coincidence.terms import distance, host_distance
from tests.coincidence.galaxies import galaxies
from tests.coincidence.rows import alerts

PARAMETERS = replace(DEFAULT, background_limit_mag=20.5)
CURVE = Completeness.parse("0:1,150:0.9,400:0.4,900:0.1")


def at(n: int = 1, ra: float = 150.0, dec: float = 40.0) -> object:
    return alerts(*({"ra": ra, "dec": dec} for _ in range(n)))


def layers(mu: float, sigma: float, n: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distance layers of a line of sight whose density integrates to 1."""
    total = quad(lambda d: d**2 * np.exp(-0.5 * ((d - mu) / sigma) ** 2), 0, mu + 12 * sigma)[0]
    norm = np.sqrt(2 * np.pi) * sigma / total
    return np.full(n, mu), np.full(n, sigma), np.full(n, norm)


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
    model = background(20.5, DEFAULT.luminosity)
    mu, sigma, norm = layers(220.0, 70.0)

    def missed(d: float) -> float:
        return 1.0 - float(CURVE.at(np.array([d]))[0])

    def event(d: float) -> float:
        return float(norm[0] * d**2 * np.exp(-0.5 * ((d - 220.0) / 70.0) ** 2) / (np.sqrt(2 * np.pi) * 70.0))

    knots = list(CURVE.mpc[1:])
    above = quad(lambda d: event(d) * missed(d), 0, 1200, points=knots, limit=200)[0]
    d = np.linspace(0.5, 6000.5, 600_001)
    below = np.trapezoid(model.at(d) * (1.0 - CURVE.at(d)), d)
    unrelated = Backgrounds.of(np.array([20.5]), DEFAULT.luminosity)
    complete = lambda d: np.broadcast_to(CURVE.at(d), (1, d.shape[-1]))  # noqa: E731
    found = distance.unseen_ratio(DEFAULT, unrelated, (mu, sigma, norm), complete)
    expected = (1 - DEFAULT.distance_floor) * above / below + DEFAULT.distance_floor
    assert found[0] == pytest.approx(expected, rel=2e-3)


def background_distances(n: int, random: np.random.Generator) -> np.ndarray:
    """Distances of the background model, one from each of n equal parts of its probability."""
    model = background(20.5, DEFAULT.luminosity)
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
    found = associate(rows, near, PARAMETERS)
    assert len(np.unique(found.alert[found.weight > 0.9])) > 0.98 * len(seen)  # but those farther than it can see
    ratio, _ = distance_ratio(found, layers(mu, sigma, n), PARAMETERS)
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
    as_bright = replace(near, mag=np.where(near.name == "NGC4993", 12.4, np.nan), band=np.full(len(near), "r", "O"))
    found = associate(at(ra=197.450354, dec=-23.381484), as_bright, PARAMETERS)
    best = int(np.argmax(found.weight))
    assert found.name[best] == "NGC4993"
    assert found.weight[best] > 0.95
    assert found.separation_arcsec[best] == pytest.approx(10.3, abs=0.3)
