"""Colours of light curves: against the density of a normal in all points, and what they tell of real kinds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from coincidence import DEFAULT
from coincidence.models import Light
from coincidence.terms import emergence, gaussian
from coincidence.terms.colours import ALONG, Colour
from coincidence.terms.shapes import mean_mag
from tests.coincidence.light import curve, limit, point
from tests.coincidence.test_photometry_curves import known, modulus, scored

MODEL = DEFAULT.photometry


@given(
    x=st.lists(st.floats(-5, 5), min_size=1, max_size=6),
    sigmas=st.tuples(st.floats(0.1, 3), st.floats(0.05, 2), st.floats(0.01, 2)),
    seed=st.integers(0, 1000),
)
def test_with_a_colour_it_is_the_density_of_a_normal_in_all_points_and_looks(
    x: list[float], sigmas: tuple[float, float, float], seed: int
) -> None:
    random = np.random.default_rng(seed)
    n, at, a, b, c = len(x), np.array(x), *sigmas
    times, group = random.normal(size=n), random.integers(0, 2, n)
    mag, variance = random.normal(size=n), random.uniform(0.05, 1.0, n)
    shared = gaussian.Shared(group=group, curve=np.zeros(2, dtype=np.int64), variance=0.3)
    sums = gaussian.sums(np.zeros(n, np.int64), 1, at, np.zeros(n), mag, variance, shared, c * times)
    look_x, step, deep = random.normal(size=3)
    look = gaussian.Look(limit=np.full(1, deep), x=np.full(1, look_x), mean=np.zeros(1), variance=0.2, k=c * step)
    got = gaussian.log_evidence(sums, np.zeros(1), np.full(1, a**2), b, [look])
    basis = np.stack([np.ones(n + 1), np.append(at, look_x), np.append(times, step)], axis=1)
    joint = basis @ np.diag([a**2, b**2, c**2]) @ basis.T + np.diag(np.append(variance, 0.2))
    joint[:n, :n] += 0.3 * (group[:, None] == group)
    seen = multivariate_normal(np.zeros(n), joint[:n, :n]).logpdf(mag)
    gain = np.linalg.solve(joint[:n, :n], joint[:n, n])
    spread = np.sqrt(joint[n, n] - gain @ joint[:n, n])
    assert got[0] == pytest.approx(seen + norm.logsf((deep - gain @ mag) / spread), rel=1e-6, abs=1e-6)


def test_colours_go_as_one_over_the_wavelength() -> None:
    """Effective wavelengths of ugrizy in micrometres (SDSS: Fukugita et al. 1996, AJ 111 1748; y of Pan-STARRS)."""
    inverse = 1.0 / np.array([0.356, 0.483, 0.626, 0.767, 0.910, 0.962])
    assert pytest.approx((inverse - inverse[2]) / (inverse[1] - inverse[2]), abs=0.1) == ALONG


def test_a_red_supernova_that_g_does_not_see_is_no_kilonova_by_its_colour() -> None:
    """Seen in r alone, as g went as deep: of a template of one colour that is fading, of supernovae a red one."""
    points = [limit(-2.0, 20.6), point(2.0, 20.4, error=0.1), limit(2.03, 21.2, "g")]
    grey = replace(DEFAULT, photometry=replace(MODEL, colour=0.0, colour_sigma=1e-3))
    as_before = known(scored(curve(*points), (200.0, 40.0), 200.0, parameters=grey).terms["photometry"])
    now = known(scored(curve(*points), (200.0, 40.0), 200.0).terms["photometry"])
    assert now < as_before - 0.2


def test_a_look_in_another_band_tells_less_of_when_it_began() -> None:
    """Which stretch of explosions a look in r finds that one in g minutes before did not: red ones are older."""
    ones = np.ones(1)

    def width(band: int) -> float:
        first = emergence.First(
            mag=20.3 * ones, variance=0.07 * ones, depth=20.5 * ones, limit=20.5 * ones, gap_d=0.02 * ones,
            band=np.array([2]), limit_band=np.array([band]),
        )  # fmt: skip
        colour = Colour(mean=MODEL.colour, sigma=MODEL.colour_sigma)
        return float(emergence.log_slow(first.as_red(colour), 18.0 * ones, ones, MODEL).width_d[0])

    assert width(1) > 1.2 * width(2)


def test_a_kilonova_that_rises_begins_as_the_square_of_time() -> None:
    template, light = DEFAULT.templates["kilonova"], Light(shape="template")
    days, band = np.array([0.1, 0.2, 0.4, 0.5]), np.full(4, 2)
    flat, rising = (mean_mag(light, template, days, band, (1.0, rise)) for rise in (0.0, 0.5))
    assert flat - flat[3] == pytest.approx(0.0)
    assert rising - flat == pytest.approx(5.0 * np.log10(0.5 / days))
    slow = mean_mag(light, template, 2.0 * days + 4.0, band, (2.0, 0.0))
    assert slow == pytest.approx(mean_mag(light, template, days + 2.0, band))


def test_a_kilonova_that_was_not_seen_two_hours_after_its_event_may_have_risen_since() -> None:
    points = [
        limit(-1.0, 20.6),
        limit(0.07, 21.5),
        point(1.1, modulus(100.0) - 15.6),
        point(3.0, modulus(100.0) - 14.0),
    ]
    its = scored(curve(*points), (100.0, 20.0), 100.0)
    at_once = replace(DEFAULT.classes["kilonova"], light=replace(DEFAULT.classes["kilonova"].light, courses=()))
    flat = replace(DEFAULT, classes=dict(DEFAULT.classes) | {"kilonova": at_once})
    assert its.log_odds > scored(curve(*points), (100.0, 20.0), 100.0, parameters=flat).log_odds + 1.0
