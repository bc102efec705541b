"""Rates of unrelated transients: what they follow from, and what the sky teaches; hosts weighted by them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.cosmology import Planck18
from scipy.stats import norm

import skymaps
from benchmarks.yardstick import adapter, ratios
from coincidence import DEFAULT, Galaxies, Parameters, score
from coincidence.curves import LightCurves
from coincidence.host_prior import volume_mpc3
from coincidence.parameters import Learnt
from coincidence.population import background
from coincidence.rates import Surroundings, cells, depths, rate
from tests.coincidence import over_galaxies
from tests.coincidence.galaxies import galaxies
from tests.coincidence.rows import DAY_S, EPOCH, alerts, event

SKY_DEG2 = 41252.96


def at(depth: float, latitude: float = 60.0, *, once: bool = False, survey: str = "ztf") -> Surroundings:
    return Surroundings(
        survey=np.array([survey], dtype=object),
        depth=np.array([depth]),
        sin_latitude=np.array([np.sin(np.radians(latitude))]),
        is_once=np.array([once]),
    )


def in_14_d(where: Surroundings, parameters: Parameters = DEFAULT) -> float:
    return 14.0 * float(rate(where, parameters)[0])


def supernovae(depth: float) -> float:
    """Of all supernovae (Li et al. 2011) those that peak above a limit, per deg2 in 14 d: over astropy's shells."""
    z = np.linspace(1e-4, 2.0, 20_000)
    modulus = Planck18.distmod(z).value
    seen = 0.301 * norm.cdf((depth + 19.0 - modulus) / 0.5) + 0.705 * norm.cdf((depth + 17.0 - modulus) / 1.2)
    shells = 4.0 * np.pi * Planck18.differential_comoving_volume(z).value / (1.0 + z)
    return float(np.trapezoid(1e-4 * seen * shells, z) / SKY_DEG2 * 14.0 / 365.25)


@pytest.mark.parametrize("depth", [19.0, 20.5, 22.5, 23.8])
def test_at_the_pole_the_sky_shows_supernovae(depth: float) -> None:
    assert in_14_d(at(depth, 90.0)) == pytest.approx(supernovae(depth), rel=0.04)


def test_what_was_measured_at_two_depths() -> None:
    """About 0.05 per deg2 in 14 d at 20.5 mag, and 1.3 at 23.8."""
    assert in_14_d(at(20.5)) == pytest.approx(0.05, rel=0.3)
    assert in_14_d(at(23.8)) == pytest.approx(1.3, rel=0.3)


def test_a_list_holds_what_was_listed() -> None:
    """The Open Astronomy Catalog has 54,687 transients of the whole sky from 2018 to mid 2021."""
    assert in_14_d(at(19.5, 45.0, survey="oac")) == pytest.approx(54687 / SKY_DEG2 * 14.0 / (3.5 * 365.25), rel=0.1)


def test_there_is_more_near_the_plane_and_much_more_that_is_seen_once() -> None:
    assert in_14_d(at(20.5, 5.0)) > in_14_d(at(20.5, 60.0))
    assert in_14_d(at(20.5, once=True)) > 5.0 * in_14_d(at(20.5))


def test_one_rate_for_all_is_one_rate_for_all() -> None:
    told = replace(DEFAULT, background_per_deg2_day=0.5)
    assert in_14_d(at(20.5, once=True), told) == in_14_d(at(24.0, 3.0), told) == 7.0


def test_the_depth_is_what_the_exposures_told_that_found_it() -> None:
    rows = alerts(*({"ra": 150.0, "dec": 20.0, "flux_njy": 1e5, "survey": s} for s in ("ztf", "ztf", "lsst", "nobody")))
    start = EPOCH.timestamp()
    points = [
        (0, -1.0, None, 19.2),
        (0, -0.5, None, 19.8),
        (0, 1.0, 1e5, 19.4),
        (0, 2.0, 1e5, 23.0),
        (1, 1.0, 1e5, None),
    ]
    curves = LightCurves.from_rows(
        {"object": row, "time": start + day * DAY_S, "band": "r", "flux_njy": flux, "limit_mag": limit}
        for row, day, flux, limit in points
    )
    assert depths(rows, curves, DEFAULT).tolist() == pytest.approx([19.4, 20.5, 24.0, 20.5])
    assert depths(rows, curves, replace(DEFAULT, background_limit_mag=22.0)).tolist() == [22.0] * 4
    faint = replace(rows, flux_njy=np.full(4, 10.0 ** (0.4 * (31.4 - 22.0))))
    assert depths(faint, LightCurves.none(), DEFAULT).tolist() == pytest.approx([22.8, 22.8, 24.0, 22.8])


def test_the_prior_and_the_chance_follow_the_rate() -> None:
    """The same object found by a survey to 20.5 and by one to 24: as many times as many are unrelated."""
    row = {"ra": 150.0, "dec": 20.0, "n_detections": 2.0, "flux_njy": 1e5}
    merger = event(skymaps.circle(150.0, 20.0, 3.0))
    found = {s: score(merger, alerts(row | {"survey": s}))[0] for s in ("ztf", "lsst")}
    times = in_14_d(at(24.0, 50.0)) / in_14_d(at(20.5, 50.0))
    fell = found["ztf"].terms["prior"] - found["lsst"].terms["prior"]
    assert fell == pytest.approx(np.log(times), abs=0.06)  # of afterglows the deeper one sees more: P_0 is smaller


def test_what_was_seen_is_a_gamma_posterior_of_its_cell_alone() -> None:
    here, there = at(20.7), at(20.7, 5.0)
    (name,), _ = cells(here)
    assert name == "ztf/20/40/2"
    taught = replace(DEFAULT, rates=replace(DEFAULT.rates, learnt={name: Learnt(seen=300.0, expected=100.0)}))
    strength = DEFAULT.rates.strength
    assert in_14_d(here, taught) / in_14_d(here) == pytest.approx((strength + 300.0) / (strength + 100.0))
    assert in_14_d(there, taught) == in_14_d(there)
    assert taught.id != DEFAULT.id


def test_background_counts_are_the_volume_in_which_they_are_seen() -> None:
    """A single luminosity is seen to one distance: Euclidean where that is near."""
    near = background(10.0, ((1.0, -17.0, 1e-3),))
    reach = 10.0 ** ((10.0 + 17.0 - 25.0) / 5.0)
    assert near.mpc3_per_deg2 == pytest.approx(4.0 / 3.0 * np.pi * reach**3 / SKY_DEG2, rel=0.01)


def test_a_galaxy_stands_for_the_volume_of_its_light_or_of_its_number() -> None:
    whole = 4.0 / 3.0 * np.pi * (100.0 / (1.0 + float(skymaps.cosmology.redshift(np.array([100.0]))[0]))) ** 3
    some = galaxies({"mag": 14.5, "band": "r"}, {"density_deg2": 1000.0 / SKY_DEG2}, {})
    some = replace(some, per_mpc3=np.array([np.nan, np.nan, 0.01]))
    light, counted, thick = volume_mpc3(some, ()).tolist()
    assert light == pytest.approx(10.0 ** (-0.4 * (14.5 - 35.0 + 15.48)), rel=1e-6)
    assert counted == pytest.approx(whole / 1000.0, rel=1e-3)
    assert thick == pytest.approx(100.0)


@pytest.mark.realdata
@pytest.mark.parametrize("limit", ratios.LIMITS_MAG)
@pytest.mark.parametrize("mpc", ratios.DISTANCES_MPC)
def test_the_mean_distance_ratio_over_real_galaxies_is_one(data: Path, mpc: float, limit: float) -> None:
    made, edges = ratios.field(data, 20_000, 7), np.arange(0.0, ratios.FARTHEST_MPC + 0.5)
    weight = ratios.weights(made, edges, adapter.unrelated(limit, edges, data))
    ratio = adapter.ratio(made, mpc, limit, data)
    found = float(np.sum(weight * ratio))
    error = float(np.sqrt(np.sum((weight * (ratio - found))[np.isnan(made.mpc)] ** 2)))
    assert abs(found - 1.0) < 0.15 + 2.0 * error, (found, error)


def made_up(n: int, random: np.random.Generator) -> Galaxies:
    """Galaxies even in a volume to 60 Mpc, as dense as real ones."""
    ra, dec = over_galaxies.anywhere(n, random)
    mpc = 60.0 * np.cbrt(random.uniform(size=n))
    plain = galaxies(*({} for _ in range(n)))
    from coincidence.completeness import Catalog, Completeness
    from mma.catalogs import nearer_per_deg2, per_mpc3

    whole = Catalog(name="c", completeness=Completeness.parse("0:1,60:1,60.001:0"))
    return replace(
        plain, ra=ra, dec=dec, distance_mpc=mpc, density_deg2=nearer_per_deg2(mpc), per_mpc3=per_mpc3(mpc),
        catalogs=(whole,),
    )  # fmt: skip


@pytest.mark.parametrize("limit", [20.5, 23.8])
def test_the_mean_distance_ratio_over_galaxies_of_ours_is_one(limit: float) -> None:
    catalog = made_up(20_000, np.random.default_rng(3))
    found = over_galaxies.mean(catalog, limit, (40.0, 8.0), 150_000, 5)
    assert abs(found.value - 1.0) < 0.05 + 3.0 * found.error, found
