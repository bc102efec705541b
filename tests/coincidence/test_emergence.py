"""What is seen first, and the looks that saw nothing before and after: whole densities, and who gains by them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from coincidence import DEFAULT
from coincidence.terms import emergence, gaussian
from coincidence.terms.points import points
from tests.coincidence.light import curve, limit, point

MODEL = DEFAULT.photometry
ONE = np.ones(1)


def first(mag: float, limit_mag: float, gap_d: float, variance: float = 0.07) -> emergence.First:
    return emergence.First(mag=mag * ONE, variance=variance * ONE, limit=limit_mag * ONE, gap_d=gap_d * ONE)


def normal(mag: float, mean: float, variance: float) -> float:
    return float(norm.pdf(mag, mean, np.sqrt(variance)))


@given(mean=st.floats(17.0, 22.0), sigma=st.floats(0.3, 3.0), gap=st.floats(0.01, 30.0), variance=st.floats(0.01, 0.5))
def test_the_first_magnitude_has_a_density_of_its_own(mean: float, sigma: float, gap: float, variance: float) -> None:
    def slow(mag: float) -> float:
        its = emergence.log_slow(first(mag, 20.5, gap, variance), mean * ONE, sigma**2 * ONE, MODEL)[0]
        return float(normal(mag, mean, sigma**2 + variance) * np.exp(its))

    def sudden(mag: float) -> float:
        its = emergence.log_sudden(first(mag, 20.5, gap, variance), mean * ONE, sigma**2 * ONE, MODEL)[0]
        return float(normal(mag, mean, sigma**2 + variance) * np.exp(its))

    assert quad(slow, 10.0, 26.0, points=[20.5], limit=400)[0] == pytest.approx(1.0, abs=1e-4)
    if norm.cdf((20.5 - mean) / sigma) > 1e-3:
        bright = mean - 9.0 * sigma
        assert quad(sudden, bright, 24.0, points=[20.5], limit=400)[0] == pytest.approx(1.0, abs=1e-4)


def test_no_look_before_says_nothing() -> None:
    nothing = first(19.0, np.nan, 0.0)
    assert emergence.log_slow(nothing, 18.0 * ONE, ONE, MODEL).tolist() == [0.0]
    assert emergence.log_sudden(nothing, 18.0 * ONE, ONE, MODEL).tolist() == [0.0]


def test_a_slow_riser_is_found_near_the_limit_and_a_sudden_one_anywhere() -> None:
    """A magnitude and more above the limit a day after nothing was there: no supernova does that."""
    near, far = (
        emergence.log_sudden(seen, 18.5 * ONE, 2.0 * ONE, MODEL)
        - emergence.log_slow(seen, 18.5 * ONE, 2.0 * ONE, MODEL)
        for seen in (first(20.3, 20.5, 1.0), first(18.0, 20.5, 1.0))
    )
    assert far[0] > near[0] + np.log(100.0)
    later = first(18.0, 20.5, 30.0)
    month = emergence.log_sudden(later, 18.5 * ONE, 2.0 * ONE, MODEL) - emergence.log_slow(
        later, 18.5 * ONE, 2.0 * ONE, MODEL
    )
    assert month[0] < 2.0  # in a month it may


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
