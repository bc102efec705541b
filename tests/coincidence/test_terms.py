"""Each term against its definition, and the identity that its mean over its own background is 1."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import skymaps
from coincidence import DEFAULT
from coincidence.curves import LightCurves
from coincidence.models import Classifier, Onset
from coincidence.population import Backgrounds, background
from coincidence.terms import classifier, context, distance, sky, state, time
from skymaps import FloatArray
from tests.coincidence.rows import DAY_S

RANDOM = np.random.default_rng(20260301)
ONSETS = [model.onset for model in DEFAULT.classes.values()]


@pytest.mark.parametrize("onset", ONSETS, ids=list(DEFAULT.classes))
def test_onset_densities_integrate_to_one(onset: Onset) -> None:
    ends = time.onset_cdf(onset, np.array([onset.start_d - 1, onset.start_d, onset.end_d, onset.end_d + 1]))
    assert ends.tolist() == pytest.approx([0, 0, 1, 1])


def test_a_kilonova_is_seen_within_half_a_day_but_for_some() -> None:
    onset = DEFAULT.classes["kilonova"].onset
    late = [0.2 * (1.0 - np.exp(-x)) / (1.0 - np.exp(-10.0)) for x in (0.25, 0.5, 3.0)]
    expected = [0.4 + late[0], 0.8 + late[1], 0.8 + late[2]]
    assert time.onset_cdf(onset, np.array([0.25, 0.5, 3.0])).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("cadence_d", [0.05, 1.0, 3.7])
@pytest.mark.parametrize("onset", ONSETS, ids=list(DEFAULT.classes))
def test_time_ratios_of_an_even_background_add_up_to_its_number(onset: Onset, cadence_d: float) -> None:
    length = onset.end_d - onset.start_d
    n = 400_000
    begin = onset.start_d - 2 * cadence_d
    span = length + 4 * cadence_d
    onsets = begin + span * RANDOM.uniform(size=n)
    phase = RANDOM.uniform(size=n) * cadence_d
    unseen = np.floor((onsets - phase) / cadence_d) * cadence_d + phase
    ratios = np.exp(time.time(onset, unseen + cadence_d, unseen, gap_d=3.0))
    assert ratios.sum() / (n * length / span) == pytest.approx(1.0, abs=0.02)


def test_an_onset_before_the_event_is_no_kilonova() -> None:
    onset = DEFAULT.classes["kilonova"].onset
    assert time.time(onset, np.array([-0.5]), np.array([-1.5]), 3.0)[0] == -np.inf


def test_unknown_last_non_detection_means_the_usual_gap() -> None:
    onset = DEFAULT.classes["kilonova"].onset
    first = np.array([0.4, 2.0, 5.0])
    told = time.time(onset, first, first - 3.0, 3.0)
    assert time.time(onset, first, np.full(3, np.nan), 3.0) == pytest.approx(told)


@pytest.mark.parametrize(
    "region",
    [
        skymaps.circle(10.0, -89.0, 20.0),
        skymaps.ellipse(359.9, 10.0, 25.0, 8.0, 40.0),
        skymaps.annulus(200.0, 30.0, 40.0, 5.0),
    ],
    ids=["circle", "ellipse", "annulus"],
)
def test_sky_ratio_has_mean_one_over_an_even_sky(region: skymaps.Region) -> None:
    n = 400_000
    ra = RANDOM.uniform(0, 360, n)
    dec = np.degrees(np.arcsin(RANDOM.uniform(-1, 1, n)))
    ratio = np.exp(sky.sky(region.probdensity_at(ra, dec), DEFAULT.sky_floor))
    assert ratio.mean() == pytest.approx(1.0, abs=0.02)


def test_a_wrong_region_costs_no_more_than_its_floor() -> None:
    assert sky.sky(np.array([0.0]), 1e-3)[0] == pytest.approx(np.log(1e-3))


def at_20_5(n: int) -> Backgrounds:
    """Unrelated transients of a survey to 20.5 mag, for n rows."""
    return Backgrounds.of(np.full(n, 20.5), DEFAULT.luminosity)


@pytest.mark.parametrize("error_mpc", [0.5, 4.4, 20.0])
def test_distance_ratio_has_mean_one_over_background_distances(error_mpc: float) -> None:
    model = background(20.5, DEFAULT.luminosity)
    mpc = np.exp(model.log_mpc)
    weight = model.density * np.gradient(mpc)
    true = RANDOM.choice(mpc, size=300_000, p=weight / weight.sum())
    true = true * np.exp(RANDOM.uniform(-0.5, 0.5, len(true)) * (model.log_mpc[1] - model.log_mpc[0]))
    told = true + error_mpc * RANDOM.normal(size=len(true))
    told, far = told[told > 0], true.max()
    n = len(told)
    layers = (np.full(n, 200.0), np.full(n, 60.0), np.full(n, 1.0 / (200.0**2 + 60.0**2)))
    ratio = distance.distance(DEFAULT, at_20_5(n), layers, told, np.full(n, error_mpc))
    assert far > 1000.0
    assert ratio.mean() == pytest.approx(1.0, abs=0.02)


@given(
    mu=st.floats(-200, 400),
    sigma=st.floats(5, 200),
    mpc=st.floats(5, 600),
    error=st.floats(0.5, 60),
)
def test_event_integral_is_the_integral(mu: float, sigma: float, mpc: float, error: float) -> None:
    d = np.linspace(max(mpc - 10 * error, 1e-9), mpc + 10 * error, 40_001)
    density = d**2 * np.exp(-0.5 * ((d - mu) / sigma) ** 2) / np.sqrt(2 * np.pi) / sigma
    host = np.exp(-0.5 * ((d - mpc) / error) ** 2) / np.sqrt(2 * np.pi) / error
    expected = np.trapezoid(density * host, d)
    one = np.ones(1)
    got = distance.event_integral(mu * one, sigma * one, one, mpc * one, error * one)[0]
    assert got == pytest.approx(expected, rel=1e-4, abs=1e-12)


def test_unknown_distance_is_neutral() -> None:
    nan, one = np.array([np.nan]), np.ones(1)
    layers = (100.0 * one, 30.0 * one, one / 10900.0)
    assert distance.distance(DEFAULT, at_20_5(1), layers, nan, nan)[0] == 1.0
    assert distance.distance(DEFAULT, at_20_5(1), (nan, nan, nan), 100.0 * one, 4.0 * one)[0] == 1.0


def test_background_is_a_density_and_falls_beyond_the_survey() -> None:
    model = background(20.5, DEFAULT.luminosity)
    mpc = np.exp(model.log_mpc)
    assert np.trapezoid(model.density, mpc) == pytest.approx(1.0)
    near, far = model.at(np.array([100.0])), model.at(np.array([200.0]))
    assert far / near == pytest.approx(4.0, rel=0.25)  # d^2, less what redshift and the limit take
    assert model.at(np.array([5000.0]))[0] < 1e-3 * model.density.max()


KILONOVA, BLAZAR = DEFAULT.classes["kilonova"], DEFAULT.classes["blazar"]


def test_stars_count_against_and_galaxies_for() -> None:
    score = np.array([1.0, 0.0, 0.5, 1.0, np.nan])
    arcsec = np.array([0.3, 0.3, 0.3, 9.0, 0.3])
    half = (0.98 * 0.25 + 0.02 * 0.5) / (0.7 * 0.25 + 0.3 * 0.5)  # half of what is not on a star has nothing near
    expected = [np.log(0.02 / 0.3), np.log(0.98 / 0.7), np.log(half), np.log(0.98 / 0.7), np.nan]
    got = context.context(score, arcsec, None, KILONOVA, DEFAULT)
    assert got == pytest.approx(expected, nan_ok=True)
    assert context.context(score, arcsec, None, BLAZAR, DEFAULT)[0] > 0  # a blazar is point-like


@pytest.mark.parametrize("name", list(DEFAULT.classes))
def test_context_ratio_has_mean_one_over_what_lies_under_the_background(name: str) -> None:
    n, model = 400_000, DEFAULT.underneath
    is_star = RANDOM.uniform(size=n) < model.star_fraction
    is_far = ~is_star & (RANDOM.uniform(size=n) < model.nothing_fraction)
    score = np.sqrt(RANDOM.uniform(size=n))  # density 2 s
    score = np.where(is_star, score, 1.0 - score)
    is_agn = RANDOM.uniform(size=n) < model.agn_fraction
    ratio = np.exp(context.context(score, np.where(is_far, 7.0, 0.5), is_agn, DEFAULT.classes[name], DEFAULT))
    assert ratio.mean() == pytest.approx(1.0, abs=0.02)


def test_a_nucleus_counts_for_a_blazar_and_against_a_kilonova() -> None:
    unknown, there = np.full(2, np.nan), np.array([True, False])
    kilonova = context.context(unknown, unknown, there, KILONOVA, DEFAULT)
    blazar = context.context(unknown, unknown, there, BLAZAR, DEFAULT)
    assert kilonova == pytest.approx([np.log(0.001 / 0.05), np.log(0.999 / 0.95)])
    assert blazar == pytest.approx([np.log(0.9 / 0.05), np.log(0.1 / 0.95)])
    assert np.isnan(context.context(unknown, unknown, None, BLAZAR, DEFAULT)).all()


def test_nuclei_are_found_across_ra_zero_and_at_the_pole() -> None:
    ra, dec = np.array([0.0001, 10.0, 40.0]), np.array([0.0, 89.9999, 5.0])
    got = context.on_agn(ra, dec, np.array([359.9999, 190.0, 40.0]), np.array([0.0, 89.9999, 5.001]), 2.0)
    assert got.tolist() == [True, True, False]


@pytest.mark.parametrize("prior", [0.5, 0.02])
def test_classifier_ratio_has_mean_one_over_what_is_not_of_the_class(prior: float) -> None:
    n, model = 400_000, Classifier(counterpart="kilonova", label="KN", prior=prior)
    # a calibrated classifier: one number x, normal about 2 for the class and about 0 for the rest
    is_like = RANDOM.uniform(size=n) < model.ceiling
    x = RANDOM.normal(size=n) + np.where(is_like, 2.0, 0.0)
    odds = prior / (1.0 - prior) * np.exp(2.0 * x - 2.0)
    ratio = np.exp(classifier.classifier(odds / (1.0 + odds), model))
    assert ratio.mean() == pytest.approx(1.0, abs=0.02)


def test_a_classifier_that_says_its_prior_says_nothing_and_its_worst_costs_the_floor() -> None:
    model = Classifier(counterpart="kilonova", label="KN", prior=0.1, floor=0.02, ceiling=0.01)
    got = classifier.classifier(np.array([0.1, 0.0, 1.0]), model)
    assert got == pytest.approx([0.0, np.log(0.02), np.log(0.98 / 0.01 + 0.02)], abs=1e-6)


@given(st.lists(st.integers(-10_000, 10_000), min_size=5, max_size=40, unique=True), st.floats(0.1, 1.0))
def test_state_ratio_has_mean_one_over_its_ranks(fluxes: list[int], rank_index: float) -> None:
    history = np.array(fluxes, dtype=np.float64)
    between = np.sort(history)
    now = np.r_[between[0] - 1.0, (between[1:] + between[:-1]) / 2, between[-1] + 1.0]
    ratios = [np.exp(ranked(history, flux, rank_index)) for flux in now]
    assert np.mean(ratios) == pytest.approx(1.0)
    assert ratios[-1] == pytest.approx(len(now) ** (1.0 - rank_index))  # the brightest ever


def ranked(history: FloatArray, now: float, rank_index: float) -> float:
    """The state term of one object."""
    n = len(history)
    curve = LightCurves.of(
        object=np.zeros(n + 1),
        time=np.r_[-(100.0 + np.arange(n)), 0.0] * DAY_S,
        band=["r"] * (n + 1),
        flux_njy=np.r_[history, now],
        flux_error_njy=np.ones(n + 1),
        limit_mag=np.full(n + 1, np.nan),
    )
    return float(state.state(curve, np.zeros(1, dtype=np.int64), np.zeros(1), rank_index, DEFAULT)[0])


def test_a_state_without_enough_history_is_unknown() -> None:
    assert np.isnan(ranked(np.arange(4.0), 9.0, 0.5))
    assert np.isfinite(ranked(np.arange(5.0), 9.0, 0.5))


def test_equal_fluxes_share_their_ranks() -> None:
    assert ranked(np.full(9, 5.0), 5.0, 0.5) == pytest.approx(0.0)
