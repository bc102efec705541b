"""The yardstick's populations stand alone, and agree with what is published or can be worked out."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy import units
from astropy.cosmology import FlatLambdaCDM
from scipy.special import gamma, gammaincc
from scipy.stats import kstest

from benchmarks.yardstick import __main__ as yardstick
from benchmarks.yardstick import (
    bursts,
    cosmos,
    ejecta,
    galaxies,
    kilonovae,
    lists,
    measures,
    night,
    places,
    ratios,
    schedule,
    shapes,
    sides,
    sources,
    supernovae,
)
from benchmarks.yardstick.measures import Judged

FOLDER = Path(yardstick.__file__).parent
DOORS = {"adapter", "plays", "__main__"}
"""Modules that are no population: what asks the score, and the command."""


def populations() -> list[Path]:
    return [path for path in sorted(FOLDER.glob("*.py")) if path.stem not in DOORS]


def test_populations_import_nothing_that_they_measure():
    assert len(populations()) > 10
    for path in populations():
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level <= 1, path
                names = [str(node.module)] if node.level == 0 else [a.name for a in node.names]
            assert {name.partition(".")[0] for name in names}.isdisjoint({"coincidence", "mma", "adapter", "plays"}), (
                path
            )


def test_nothing_that_populations_import_does_either():
    names = [f"benchmarks.yardstick.{path.stem}" for path in populations() if path.stem != "__init__"]
    code = (
        f"import sys, {', '.join(names)}; print([m for m in sys.modules if m.split('.')[0] in ('coincidence', 'mma')])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=FOLDER.parents[1], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_distances_are_those_of_the_standard_model():
    model = FlatLambdaCDM(H0=67.7, Om0=0.31, Tcmb0=0.0)
    z = np.array([0.003, 0.03, 0.3, 1.0])
    assert cosmos.luminosity_mpc(z) == pytest.approx(model.luminosity_distance(z).to_value(units.Mpc), rel=1e-4)
    assert cosmos.redshift(cosmos.luminosity_mpc(z)) == pytest.approx(z, rel=1e-4)
    assert cosmos.modulus(10e-6) == pytest.approx(0.0)


def test_a_constant_rate_that_undoes_the_dilation_counts_the_volume():
    expected = 2e-5 * float(cosmos.volume_mpc3(0.2))
    assert cosmos.number(2e-5, 1.0, 0.2) == pytest.approx(expected, rel=1e-6)
    z = cosmos.redshifts(20_000, 1.0, 0.2, np.random.default_rng(1))
    share = cosmos.volume_mpc3(z) / cosmos.volume_mpc3(0.2)  # even, where the rate is
    assert kstest(share, "uniform").pvalue > 0.01


def upper(a: float, x: float) -> float:
    """Incomplete gamma function for a in (-1, 0), by its recursion."""
    return (gammaincc(a + 1.0, x) * gamma(a + 1.0) - x**a * np.exp(-x)) / a


@pytest.mark.parametrize("magnitudes", [-1.0, 0.0, 2.0, 5.0])
def test_galaxies_are_as_many_as_schechter_s_function_says(magnitudes):
    x = 10.0 ** (-0.4 * magnitudes)
    expected = galaxies.DENSITY * upper(galaxies.ALPHA + 1.0, x)
    assert galaxies.brighter(np.array([galaxies.STAR_MAG + magnitudes]))[0] == pytest.approx(expected, rel=5e-3)


def test_hosts_shine_as_the_light_does():
    mags = galaxies.luminous(40_000, np.random.default_rng(2))
    light = 10.0 ** (-0.4 * (mags - galaxies.STAR_MAG))
    assert light.mean() == pytest.approx(galaxies.ALPHA + 2.0, rel=0.02)  # mean of a Gamma(alpha + 2)
    assert galaxies.light_held(np.array([1.0]), 17.77)[0] > 0.999
    assert galaxies.light_held(np.array([2000.0]), 17.77)[0] < 0.01


def test_radioactive_power_is_that_of_the_papers():
    # Metzger 2019 (Living Rev. Relativ. 23 1), eq. 23: 2e10 (t / 1 d)^-1.3 erg/s/g
    days = np.array([0.5, 1.0, 3.0])
    assert ejecta.heating(days) == pytest.approx(2e10 * days**-1.3, rel=0.05)
    # Barnes et al. 2016, table 1: coefficients at a node of the grid
    a, b, d = 1.31, 0.21, 1.13
    x = 2.0 * b * 2.0**d
    expected = 0.36 * (np.exp(-a * 2.0) + np.log1p(x) / x)
    assert ejecta.thermalised(np.array([2.0]), 1e-2, 0.2)[0] == pytest.approx(expected, rel=1e-9)


def test_clear_ejecta_shine_with_what_heats_them():
    part = ejecta.Component(mass=1e-3, speed=0.3, opacity=1e-3, floor_k=2500.0)
    days = np.array([2.0, 5.0])
    power = part.mass * ejecta.SOLAR_MASS_G * ejecta.heating(days) * ejecta.thermalised(days, 1e-3, 0.3)
    assert ejecta.luminosity(days, part) == pytest.approx(power, rel=0.02)


def test_the_published_fit_gives_the_published_light():
    # Villar et al. 2017, table 3, three components; L about 5e41 to 1e42 erg/s at 0.6 to 1 d, 1e41 at a week
    # (Cowperthwaite et al. 2017, ApJL 848 L17; Drout et al. 2017, Science 358 1570); r = 17.3 to 17.5 at 1 d, 40.7 Mpc
    fit = [
        ejecta.Component(mass=0.020, speed=0.266, opacity=0.5, floor_k=674.0),
        ejecta.Component(mass=0.047, speed=0.152, opacity=3.0, floor_k=1308.0),
        ejecta.Component(mass=0.011, speed=0.137, opacity=10.0, floor_k=3745.0),
    ]
    days = np.array([0.6, 1.0, 7.0])
    total = sum(ejecta.luminosity(days, part) for part in fit)
    assert np.all(total > [3e41, 3e41, 5e40])
    assert np.all(total < [2e42, 1e42, 2e41])
    red = ejecta.absolute(np.array([1.0]), fit)[2, 0] + cosmos.modulus(40.7)
    assert red == pytest.approx(17.4, abs=0.4)


@pytest.mark.realdata
def test_at2017gfo_is_as_bright_as_it_was(data):
    table = kilonovae.at2017gfo(data / "counterparts" / "nmma-AT2017gfo.dat")
    r = np.interp([0.6, 5.0], kilonovae.GRID, table[sources.BANDS.index("r")])
    assert r[0] == pytest.approx(-15.9, abs=0.3)
    assert (r[1] - r[0]) / 4.4 == pytest.approx(0.75, abs=0.25)  # fades by 0.78 mag a day in r


@pytest.mark.realdata
@pytest.mark.parametrize(("limit", "least", "most"), [(20.5, 0.03, 0.12), (23.8, 0.8, 2.6)])
def test_supernovae_are_as_many_as_surveys_find(data, limit, least, most):
    patch = supernovae.Patch(
        area_deg2=20_000.0 if limit < 22 else 500.0, start=0.0, end=14.0 * 86400.0, deepest_mag=limit
    )
    batches = supernovae.draw(data / "yardstick", patch, np.random.default_rng(3))
    n = 0
    for batch in batches:
        begun = np.flatnonzero((batch.onset >= patch.start) & (batch.onset < patch.end))
        when = batch.onset[begun, None] + np.arange(1.0, 60.0, 2.0) * 86400.0
        row = np.repeat(begun, when.shape[1])
        flux = batch.light(row, when.ravel(), np.full(len(row), 2)).reshape(when.shape)
        n += int(np.sum(flux.max(axis=1) > sources.flux_njy(limit)))
    assert least < n / patch.area_deg2 < most


@pytest.mark.realdata
def test_real_supernovae_have_the_brightness_of_type_ia(data):
    table = shapes.real_ia(data / "yardstick")
    assert len(table.peak) > 100
    assert np.average(table.peak, weights=table.weight) == pytest.approx(-18.9, abs=0.35)  # dust and all
    assert np.nanmin(table.mag[:, 0, 2, :], axis=1) == pytest.approx(0.0, abs=0.5)


@pytest.mark.realdata
def test_places_from_a_map_are_as_often_inside_as_it_says(data):
    skymap = night.read(data / "skymaps" / "gw" / "GW170817.fits.gz")
    random = np.random.default_rng(4)
    ra, dec, mpc = np.array([places.from_map(skymap, random) for _ in range(300)]).T
    assert kstest(skymap.credible_level_at(ra, dec), "uniform").pvalue > 0.01
    assert kstest(skymap.credible_volume_at(ra, dec, mpc), "uniform").pvalue > 0.01


def test_a_survey_looks_at_night_every_second_night_as_deep_as_it_says():
    random = np.random.default_rng(5)
    numbers = np.unique(schedule.field_of(schedule.ZTF, random.uniform(0, 360, 4000), np.full(4000, 30.0)))
    start = 1.70e9
    looks = schedule.looks(schedule.ZTF, numbers, start, start + 30 * 86400.0, start + 60 * 86400.0, 0, random)
    assert np.all(np.diff(looks.field) >= 0)
    nights = np.unique(np.round(looks.time / 86400.0 + schedule.ZTF.longitude_deg / 360.0))
    local = (looks.time / 86400.0 + schedule.ZTF.longitude_deg / 360.0) % 1.0  # 0: midnight
    assert np.all(np.minimum(local, 1.0 - local) < 0.26)
    assert 25 <= len(nights) <= 58  # 70 % of 60 are clear
    red = looks.limit_mag[looks.band == sources.BANDS.index("r")]
    assert np.median(red) == pytest.approx(20.6, abs=0.25)


@pytest.mark.realdata
def test_places_of_ratios_count_what_the_background_says(data):
    made = ratios.field(data, 3000, 1)
    edges = np.arange(0.0, 51.0, 1.0)
    held = np.full(50, 1e-4)
    weight = ratios.weights(made, edges, held)
    near = np.isfinite(made.mpc)
    filled = np.unique(np.digitize(made.mpc[near], edges) - 1)
    assert weight.sum() == pytest.approx(1.0)
    assert weight[near].sum() == pytest.approx(1e-4 * len(filled))  # every step that has a galaxy
    # the parts of the sky that the others stand for: as many of them north of the equator as there is sky
    north = weight[~near & (made.dec > 0)].sum() / weight[~near].sum()
    assert north == pytest.approx(0.5, abs=0.05)


def test_the_region_of_ratios_is_as_far_as_it_says():
    region = ratios.region(40.0)
    mean = region.distance_moments_at(np.array([10.0]), np.array([20.0]))[0]
    # mean of d^2 normal(d; m, s): m (m^2 + 3 s^2) / (m^2 + s^2)
    assert mean[0] == pytest.approx(40.0 * (1 + 3 * 0.04) / 1.04, rel=1e-3)
    assert region.total == pytest.approx(1.0)
    mpc = np.linspace(0.1, 120.0, 4000)
    density = region.distance_density_at(np.full(4000, 10.0), np.full(4000, 20.0), mpc)
    assert np.trapezoid(density, mpc) == pytest.approx(1.0, rel=1e-3)


@pytest.mark.realdata
def test_bursts_are_cut_and_keep_what_was_measured(data):
    curves = {curve.name: curve for curve in bursts.read(data / "yardstick" / "afterglows.csv.gz")}
    assert len(curves) >= 15
    assert all(curve.days.max() <= 0.4 for curve in curves.values())
    some = bursts.points(curves["GRB130427A-SN2013cq"], 1e9)
    told = sources.magnitude(some.flux_njy[some.detected])
    assert told == pytest.approx(curves["GRB130427A-SN2013cq"].mag)
    assert some.detected.sum() == len(some.time) - 2


def test_a_curve_grows_and_limits_stay_limits():
    whole = bursts.written("GRB211211A", bursts.GRB_211211A_POINTS)
    early = bursts.until(whole, 0.5)
    assert len(early.days) == 6
    told = bursts.points(whole, 0.0)
    assert np.isnan(told.flux_njy[~told.detected]).all()
    assert told.limit_mag[~told.detected].tolist() == [20.6, 20.8, 21.96, 23.06]
    places_ = [bursts.alone(curve, 0.0, 1).objects.ra[0] for curve in (early, whole)]
    assert places_[0] == places_[1]


@pytest.mark.realdata
def test_lists_hold_what_was_discovered_in_their_days(data):
    for number in range(6):
        told = lists.draw(data, number, 1)
        days = np.array([lists._noon(row["discoverdate"]) for row in told.rows])
        assert np.all(days > told.time - (lists.BEFORE_D + 1.0) * 86400.0)
        assert np.all(days < told.time + (lists.AFTER_D + 1.0) * 86400.0)
        assert {row["claimedtype"] for row in told.rows} == {"Candidate"}
        assert sum(row["event"] == told.true for row in told.rows) == (told.true is not None)


def test_isotonic_probabilities_never_fall():
    random = np.random.default_rng(6)
    score = random.uniform(size=500)
    p = sides.isotonic(score, random.uniform(size=500) < score**2, np.linspace(-0.2, 1.2, 50))
    assert np.all(np.diff(p) >= 0)
    assert p[0] >= 0
    assert p[-1] <= 1


def test_lists_of_sides_promise_at_most_one():
    p = sides.together(np.array([0.5, 0.5, np.nan]), by_odds=True)
    assert p[:2] == pytest.approx([1 / 3, 1 / 3])  # odds of 1 each, and of 1 for none
    assert np.isnan(p[2])
    assert sides.together(np.array([0.5, 0.2]), by_odds=False) == pytest.approx([0.5, 0.2])
    assert sides.together(np.array([0.9, 0.9]), by_odds=False).sum() == pytest.approx(0.98)


def test_log_loss_and_ranks_by_hand():
    one = Judged(probability=np.array([0.5, 0.25, np.nan]), true=1)
    nothing = Judged(probability=np.array([0.2]), true=None)
    vetoed = Judged(probability=np.array([np.nan, 0.1]), true=0)
    told = measures.summary([one, nothing, vetoed])
    assert one.log_loss == pytest.approx(np.log(4.0))
    assert nothing.log_loss == pytest.approx(-np.log(0.8))
    assert vetoed.log_loss == pytest.approx(-np.log(measures.LEAST))
    assert told["log_loss"] == pytest.approx((np.log(4.0) - np.log(0.8) - np.log(1e-6)) / 3.0)
    assert told["sum_p"] == pytest.approx(1.05)
    assert told["ratio"] == pytest.approx(1.05 / 2)
    assert told["recall_1"] == 0.0
    assert told["recall_10"] == 0.5
    assert told["false"] == pytest.approx(3 / 3)
    assert told["none_true"] == pytest.approx(0.8)


@pytest.mark.realdata
def test_a_tiny_yardstick_runs(data, tmp_path, capsys):
    answers = yardstick.main(["--nights", "2", "--out", str(tmp_path), "--data", str(data), "--sets", "ztf"])
    assert set(answers["ztf"]["rules"]) == {"mma", *sides.NAMES}
    assert "| mma | 2 |" in (tmp_path / "yardstick.md").read_text()
    assert "| mma | 2 |" in capsys.readouterr().out
    assert (tmp_path / "ztf.png").stat().st_size > 1000


@pytest.mark.realdata
@pytest.mark.parametrize("name", ["rubin", "lists"])
def test_other_sets_run_too(name, data, tmp_path):
    answer = yardstick.main(["--nights", "1", "--out", str(tmp_path), "--data", str(data), "--sets", name])[name]
    assert answer["rules"]["mma"]["events"] == 1


@pytest.mark.realdata
def test_afterglows_and_ratios_are_told_as_tables(data, tmp_path):
    arguments = ["--nights", "200", "--out", str(tmp_path), "--data", str(data), "--sets", "afterglows,ratios"]
    answers = yardstick.main(arguments)
    assert answers["afterglows"]["numbers"].keys() == {
        "median P", "least P of GRB 211211A", "rank of GRB 230812B",
    }  # fmt: skip
    assert len(answers["ratios"]["tables"]["mean ratio of distances, real 50MGC"][1]) == 9
    assert "| 22 | 20.5 |" in (tmp_path / "yardstick.md").read_text()
