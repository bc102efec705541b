"""What is seen first, and the looks that saw nothing before and after: whole densities, and who gains by them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import norm

from coincidence import DEFAULT
from coincidence.models import Photometry
from coincidence.terms import emergence, gaussian
from coincidence.terms.points import points
from skymaps import FloatArray
from tests.coincidence.light import curve, limit, point

MODEL = DEFAULT.photometry
ONE = np.ones(1)


def first(
    mag: float | FloatArray, limit_mag: float, gap_d: float, variance: float = 0.07, depth: float = 20.5
) -> emergence.First:
    ones, red = np.ones(np.size(mag)), np.full(np.size(mag), 2)
    return emergence.First(
        mag=mag * ones, variance=variance * ones, depth=depth * ones, limit=limit_mag * ones, gap_d=gap_d * ones,
        band=red, limit_band=red,
    )  # fmt: skip


@given(
    mean=st.floats(17.0, 22.0),
    sigma=st.floats(0.3, 3.0),
    gap=st.floats(0.01, 30.0),
    variance=st.floats(0.01, 0.5),
    before=st.floats(18.5, 20.9),
)
def test_the_first_magnitude_has_a_density_of_its_own(
    mean: float, sigma: float, gap: float, variance: float, before: float
) -> None:
    mag = np.linspace(min(mean - 9.0 * sigma, 8.0), 26.0, 40_001)
    seen = first(mag, before, gap, variance, depth=max(20.5, before))
    usual = norm.pdf(mag, mean, np.sqrt(sigma**2 + variance))
    rows = mean * np.ones(len(mag)), sigma**2 * np.ones(len(mag))
    for its in (slow(seen, *rows), emergence.log_sudden(seen, *rows, MODEL)):
        if norm.cdf((20.5 - mean) / sigma) > 1e-3:
            assert np.trapezoid(usual * np.exp(its), mag) == pytest.approx(1.0, abs=1e-4)


def test_no_look_before_says_nothing() -> None:
    nothing = first(19.0, np.nan, 0.0)
    assert slow(nothing, 18.0 * ONE, ONE).tolist() == [0.0]
    assert emergence.log_sudden(nothing, 18.0 * ONE, ONE, MODEL).tolist() == [0.0]


def slow(seen: emergence.First, peak: FloatArray, variance: FloatArray, model: Photometry = MODEL) -> FloatArray:
    """What to add for a slow riser, whatever its peak."""
    return np.asarray(logsumexp(emergence.log_slow(seen, peak, variance, model).value, axis=1))


def gain(seen: emergence.First, peak: float, variance: float = 2.0) -> float:
    """Log ratio of a sudden source to a slow one of the same brightness."""
    sudden = emergence.log_sudden(seen, peak * ONE, variance * ONE, MODEL)
    return float((sudden - slow(seen, peak * ONE, variance * ONE))[0])


def test_a_slow_riser_is_found_near_the_limit_and_a_sudden_one_anywhere() -> None:
    """Two magnitudes above the limit a day after nothing was there: no supernova that peaks at 19.3 does that."""
    assert gain(first(18.5, 20.5, 1.0), 19.3, 0.6) > gain(first(20.3, 20.5, 1.0), 19.3, 0.6) + np.log(100.0)
    assert gain(first(18.0, 20.5, 30.0), 19.3, 0.6) == pytest.approx(0.0, abs=1e-12)  # in a month anything does


def test_a_supernova_in_a_near_galaxy_is_soon_far_above_the_limit() -> None:
    """One that peaks at 15 passes 20.5 a day after its explosion, and is at 18 two days later."""
    assert gain(first(18.0, 20.5, 2.0), 15.0) < gain(first(18.0, 20.5, 2.0), 19.3) - np.log(100.0)
    seen = first(19.0, 20.5, 2.0)
    young, old = (emergence.log_slow(seen, m * ONE, 0.3 * ONE, MODEL).age_d.max() for m in (14.5, 19.3))
    assert young < 3.0 < 6.0 < old


def test_the_fainter_half_of_the_peaks_is_nearly_there() -> None:
    """Found at 20.3, a supernova of unknown distance may be at its peak, or a magnitude and more below it."""
    found = emergence.log_slow(first(20.3, 20.5, 2.0), 19.3 * ONE, 0.6 * ONE, MODEL)
    rises_on, is_there = 5.0 * np.log10(MODEL.rise_d / found.age_d[0])
    assert rises_on > 1.0 > 0.6 > is_there


def test_growth_as_the_square_of_time() -> None:
    """Of one peak magnitude, with small errors: the closed form, and the age that goes with a magnitude."""
    peak, gap, error = 15.5, 3.0, 1e-3
    passed = MODEL.rise_d * 10.0 ** ((peak - 20.5) / 5.0)
    sharp = replace(MODEL, limit_softness_mag=1e-3)
    for mag in (20.3, 19.0, 18.2):
        seen = first(mag, 20.5, gap, error**2)
        its, age = (
            slow(seen, peak * ONE, error**2 * ONE, sharp),
            emergence.log_slow(seen, peak * ONE, error**2 * ONE, sharp).age_d,
        )
        density = float(norm.logpdf(mag, peak, np.sqrt(2.0) * error) + its[0])
        when = MODEL.rise_d * 10.0 ** ((peak - mag) / 5.0)
        assert passed < when < passed + gap
        assert np.exp(density) == pytest.approx(when * np.log(10.0) / 5.0 / gap, rel=0.02)
        assert age[0] == pytest.approx([when, when], rel=0.01)


@pytest.mark.parametrize(("gap", "before"), [(0.02, 20.5), (2.0, 20.5), (0.02, 19.5), (2.0, 21.3)])
def test_the_stretch_of_explosions_that_a_look_finds(gap: float, before: float) -> None:
    """Drawn: what explodes evenly in time and peaks at 18, limits blurred at each look, found by the second alone."""
    random, peak = np.random.default_rng(20260304), 18.0
    soft, error = MODEL.limit_softness_mag, MODEL.model_error_mag
    age = random.uniform(0.0, 60.0, 400_000)
    bright = 5.0 * np.log10(MODEL.rise_d / np.maximum(age, 1e-9))  # as if it rose for ever: the closed form does so too
    sooner = 5.0 * np.log10(MODEL.rise_d / np.maximum(age - gap, 1e-9))
    seen = peak + bright + soft * random.normal(size=len(age)) < 20.5
    missed = peak + sooner + np.hypot(soft, error) * random.normal(size=len(age)) > before
    expected = 60.0 * np.mean(seen & missed)
    its = emergence.log_slow(first(20.3, before, gap), peak * ONE, 1e-6 * ONE, MODEL).width_d
    assert its[0] == pytest.approx(expected, rel=0.1)


def test_a_shallow_look_before_a_deep_detection_tells_little() -> None:
    """A source at 22 that a look to 19 did not see may have been there all the time."""
    assert abs(gain(first(22.0, 19.0, 0.1, depth=23.0), 21.0)) < 1.0


def test_the_last_look_before_and_the_deepest_of_each_night_after() -> None:
    seen = points(
        curve(
            limit(-9.0, 21.5), limit(-2.0, 20.4), limit(-1.0, 20.6, "g"), point(0.0, 19.0), point(2.0, 19.5),
            limit(1.0, 20.5), limit(3.1, 20.1), limit(3.2, 20.9, "g"), limit(5.0, 20.3),
            limit(-3.0, 20.0, row=1), point(0.0, 19.0, row=1), limit(4.0, 20.2, row=1), point(0.0, 18.0, row=2),
        ),
        DEFAULT,
    )  # fmt: skip
    objects = np.arange(3)
    assert seen.before.of(objects)[1] == pytest.approx([20.6, 20.0, np.nan], nan_ok=True)
    assert [look.of(objects)[1].tolist() for look in seen.after] == [
        pytest.approx([20.9, 20.2, np.nan], nan_ok=True),
        pytest.approx([20.3, np.nan, np.nan], nan_ok=True),
    ]


def test_no_more_than_some_nights_after_count() -> None:
    late = [limit(2.0 + k, 20.5) for k in range(12)]
    assert len(points(curve(point(0.0, 19.0), *late), DEFAULT).after) == 5


def test_looks_one_after_another_are_close_to_their_integral() -> None:
    at, mag, noise = np.array([0.0, 1.0]), np.array([0.1, 0.5]), 0.1
    sums = gaussian.sums(np.zeros(2, dtype=np.int64), 1, at, np.zeros(2), mag, np.full(2, noise))
    looks = [gaussian.Look(limit=d * ONE, x=x * ONE, mean=0.0 * ONE, variance=0.2) for x, d in ((2.0, 0.9), (4.0, 1.4))]
    got = gaussian.log_evidence(sums, 0.0 * ONE, 4.0 * ONE, 0.5, looks)[0]
    a, b = (g.ravel() for g in np.meshgrid(np.linspace(-4, 4, 1601), np.linspace(-3, 3, 1201), indexing="ij"))
    density = norm.logpdf(a, 0.0, 2.0) + norm.logpdf(b, 0.0, 0.5)
    for x, y in zip(at, mag, strict=True):
        density += norm.logpdf(y, a + b * x, np.sqrt(noise))
    for look in looks:
        density += norm.logcdf((a + b * look.x - look.limit) / np.sqrt(0.2))
    whole = np.log(np.exp(density).sum() * (8.0 / 1600) * (6.0 / 1200))
    assert got == pytest.approx(whole, abs=0.02)


def test_what_was_just_found_is_still_rising() -> None:
    slower = replace(MODEL, rise_d=8.0)
    assert first(20.0, 20.5, 2.0).just_found(slower).tolist() == [True]
    assert first(20.0, 20.5, 9.0).just_found(slower).tolist() == [False]
    assert first(20.0, np.nan, 2.0).just_found(slower).tolist() == [False]
