"""The photometry term: against closed forms, and over its own background."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

import skymaps
from coincidence import DEFAULT, Galaxies, Kind
from coincidence.curves import LightCurves
from coincidence.evidence import Evidence
from coincidence.hosts import associate
from coincidence.models import Light
from coincidence.pairs import all_of
from coincidence.score import score_pairs
from coincidence.terms import gaussian
from coincidence.terms.colours import ALONG
from coincidence.terms.photometry import STRETCHES
from coincidence.terms.places import background_magnitude
from coincidence.terms.shapes import mean_mag
from skymaps import FloatArray, IntArray
from tests.coincidence.light import even_map
from tests.coincidence.rows import DAY_S, EPOCH, alerts, event

CIRCLE = skymaps.circle(150.0, 20.0, 3.0)
SEED = 20260302
MODEL = DEFAULT.photometry
WIDER = 1.6
SHARES = np.array([0, 0, 0, 0, 1, 2, 2, 3, 4, 4])
"""Kinds of background transients in the order in which they are drawn: two fifths are ordinary supernovae."""


# The arithmetic


@given(
    x=st.lists(st.floats(-5, 5), min_size=1, max_size=6),
    offset=st.floats(-3, 3),
    sigmas=st.tuples(st.floats(0.1, 3), st.floats(0.05, 2)),
    seed=st.integers(0, 1000),
)
def test_evidence_is_the_density_of_a_normal_in_all_points(
    x: list[float], offset: float, sigmas: tuple[float, float], seed: int
) -> None:
    random = np.random.default_rng(seed)
    n, at = len(x), np.array(x)
    mean, mag, variance = random.normal(size=n), random.normal(size=n), random.uniform(0.05, 1.0, n)
    sums = gaussian.sums(np.zeros(n, dtype=np.int64), 1, at, mean, mag, variance)
    look_x, look_mean, noise, deep = random.normal(size=4) ** 2
    look = gaussian.Look(
        limit=np.array([deep]), x=np.array([look_x]), mean=np.array([look_mean]), variance=float(noise) + 0.1
    )
    got = gaussian.log_evidence(sums, np.array([offset]), np.array([sigmas[0] ** 2]), sigmas[1], [look])
    basis = np.stack([np.ones(n + 1), np.append(at, look_x)], axis=1)
    joint = basis @ np.diag(np.square(sigmas)) @ basis.T + np.diag(np.append(variance, noise + 0.1))
    centre = np.append(mean, look_mean) + offset
    seen = multivariate_normal(centre[:n], joint[:n, :n]).logpdf(mag)
    gain = np.linalg.solve(joint[:n, :n], joint[:n, n])
    predicted = centre[n] + gain @ (mag - centre[:n])
    spread = np.sqrt(joint[n, n] - gain @ joint[:n, n])
    assert got[0] == pytest.approx(seen + norm.logsf((deep - predicted) / spread), rel=1e-6, abs=1e-6)


def test_background_magnitudes_are_those_of_a_survey() -> None:
    # Euclidean space to 300 Mpc is near enough for M = -17: a population drawn by hand
    n, random = 2_000_000, np.random.default_rng(SEED)
    mpc = 500.0 * random.uniform(size=n) ** (1.0 / 3.0)
    mag = -17.0 + random.normal(size=n) + 5.0 * np.log10(mpc) + 25.0
    z = 70.0 * mpc / 299792.458
    seen = random.uniform(size=n) < (mag < 18.5) * (1.0 + z) ** -5.0  # comoving volume per luminosity distance
    mean, sigma = background_magnitude(18.5, ((1.0, -17.0, 1.0),))
    assert mean == pytest.approx(mag[seen].mean(), abs=0.03)
    assert sigma == pytest.approx(mag[seen].std(), abs=0.03)


# The mean over its own background is 1


STATED = replace(DEFAULT, background_limit_mag=20.5, background_per_deg2_day=0.1)
"""The depth and the rate, of which once_fraction is a part, that the draws below follow."""


def lights() -> dict[str, Any]:
    return {n: c.light for n, c in DEFAULT.classes.items() if c.light.shape in ("template", "power_law")}


def drawn_background(
    random: np.random.Generator, n: int, days: FloatArray, modulus_of: FloatArray, modulus_sigma: float, bands: IntArray
) -> tuple[FloatArray, FloatArray]:
    """True magnitudes of unrelated transients at given distances (NaN: unknown), with weights.

    Stratified: kinds come as often as ``SHARES`` says, with the weight that they have. Offsets and slopes are drawn 1.6
    times wider than they are, and weighted down again: what looks most like a counterpart is rare. Shapes (n, points)
    and (n,).
    """
    mean_m, sigma_m = background_magnitude(20.5, DEFAULT.luminosity)
    unseen = np.isnan(modulus_of)
    kinds: list[tuple[float, list[FloatArray], FloatArray, float, float, float, float]] = []
    flat, hue = np.zeros(len(days)), ALONG[bands]
    other = MODEL.other_fraction
    cooling = MODEL.cooling_fraction
    kinds.append((1.0 - other - cooling, [flat], days, MODEL.mag, MODEL.mag_sigma, MODEL.slope_sigma, 1.0))
    kinds.append((other / 2, [flat], days, MODEL.other_mag, MODEL.other_mag_sigma, MODEL.other_slope_sigma, 3.0))
    for name, light in lights().items():
        along = np.log10(days) if light.shape == "power_law" else days
        template, ways = DEFAULT.templates.get(name), light.courses or ((1.0,),)
        shapes = [mean_mag(light, template, days, bands, course[1:]) + light.colour * hue for course in ways]
        kinds.append((other / 4, shapes, along, light.mag, 3.0 * light.mag_sigma, 3.0 * light.slope_sigma, 3.0))
    cools = DEFAULT.templates["shock_cooling"]
    young = [mean_mag(Light(shape="template"), cools.stretched(k), days - days[0] + 0.5, bands) for k in STRETCHES]
    kinds.append((cooling, young, days, 0.0, MODEL.cooling_mag_sigma, MODEL.cooling_slope_sigma, 1.0))
    ordinary = (MODEL.colour, MODEL.colour_sigma)
    colours = [ordinary, ordinary, *((0.0, light.colour_sigma) for light in lights().values()), (0.0, 0.3)]
    ways = [[1.0], [1.0], *([course[0] for course in light.courses] for light in lights().values()), [1 / 3] * 3]
    which = SHARES[np.arange(n) % len(SHARES)]
    mags, weight = np.empty((n, len(days))), np.empty(n)
    for k, (part, shapes, along, mag, mag_sigma, slope_sigma, stretch) in enumerate(kinds):
        rows = which == k
        count = int(rows.sum())
        colour, colour_sigma = colours[k]
        shape = np.array(shapes)[random.choice(len(shapes), size=count, p=ways[k])] + colour * hue
        usual = mean_m - (shape[:, 0] if k else 0.0)  # what rises slowly is told in r
        centre = np.where(unseen[rows], usual, mag + modulus_of[rows])
        width = np.where(unseen[rows], stretch * sigma_m, np.hypot(mag_sigma, modulus_sigma))
        if k in (2, 3):  # its magnitude is told for a day after the event, and its slope leads on from there
            width = np.hypot(width, slope_sigma * (along[0] - (1.0 if along is days else 0.0)))
        width = np.hypot(width, colour_sigma * hue[0])
        a, b, c = WIDER * random.normal(size=(3, count))
        offset, slope = centre + width * a, slope_sigma * b
        mags[rows] = shape + offset[:, None] + slope[:, None] * (along - along[0])
        mags[rows] += colour_sigma * c[:, None] * (hue - hue[0])
        weight[rows] = (
            part
            * len(SHARES)
            / np.sum(k == SHARES)
            * WIDER**3
            * np.exp(-0.5 * (a**2 + b**2 + c**2) * (1.0 - WIDER**-2))
        )
    return mags + MODEL.model_error_mag * random.normal(size=mags.shape), weight


@pytest.mark.parametrize(
    ("hosts", "look", "n"),
    [
        pytest.param((40.0,), None, 20_000, id="one host, fewer"),
        pytest.param((), 5.0, 240_000, id="hostless, and a last look", marks=pytest.mark.calibration),
        pytest.param((40.0,), None, 240_000, id="one host", marks=pytest.mark.calibration),
        pytest.param((40.0, 250.0), 5.0, 240_000, id="two hosts, and a last look", marks=pytest.mark.calibration),
    ],
)
def test_photometry_ratio_has_mean_one_over_the_background(
    hosts: tuple[float, ...], look: float | None, n: int
) -> None:
    wider = (240_000 / n) ** 0.5
    random = np.random.default_rng(SEED)  # its own: the same draws whatever other tests run
    error, parts = 1e-3, {"kilonova": [], "afterglow": []}
    days = np.array([0.6, 1.7, 2.6] + ([look] if look else []))
    bands = np.array([1, 2, 2] + ([2] if look else []))
    rows = alerts({"ra": 150.0, "dec": 20.0}).take(np.zeros(n, dtype=np.int64))
    galaxies = galaxies_at(hosts)
    one = associate(rows.take(np.arange(1)), galaxies, STATED)
    merger = event(even_map(60.0, 20.0, CIRCLE))
    pairs = all_of(merger, rows)
    far = np.append(one.distance_mpc, np.nan)
    sigma = 5.0 / np.log(10.0) * (np.append(one.distance_error_mpc, np.nan) / far)
    for _ in range(4):
        choice = random.choice(len(hosts) + 1, size=n, p=np.append(one.weight, one.unseen[0]))
        mags, weight = np.empty((n, len(days))), np.empty(n)
        for k in range(len(far)):
            mine = choice == k
            moduli = np.full(int(mine.sum()), 5.0 * np.log10(far[k]) + 25.0)
            mags[mine], weight[mine] = drawn_background(
                random, len(moduli), days, moduli, np.nan_to_num(sigma[k]), bands
            )
        evidence = Evidence(galaxies=galaxies, curves=observed(random, mags, days, bands, error, look))
        for name in parts:
            parameters = replace(STATED, kinds=dict(DEFAULT.kinds) | {Kind.CBC: {name: 0.5}})
            found = score_pairs([merger], rows, pairs, evidence, parameters)
            ratio = np.exp(found.terms["photometry"]) * weight
            parts[name] += ratio.reshape(20, -1).mean(axis=1).tolist()
    for means in parts.values():
        assert np.std(means) / np.sqrt(len(means)) < 0.009 * wider  # or the test would say nothing
        assert np.mean(means) * (1.0 - MODEL.once_fraction) == pytest.approx(
            1.0, abs=0.02 * wider
        )  # all were seen again


def galaxies_at(mpc: tuple[float, ...]) -> Galaxies:
    """Galaxies near the test's alerts, at these distances."""
    n = len(mpc)
    if not n:
        return Galaxies.empty()
    text = np.full(n, "test", dtype=object)
    return Galaxies(
        name=np.array([f"g{k}" for k in range(n)], dtype=object),
        catalog=text,
        ra=np.full(n, 150.0),
        dec=20.0 + 0.003 * (1.0 + np.arange(n)),
        distance_mpc=np.array(mpc),
        distance_error_mpc=np.full(n, 1.0),
        kind=np.full(n, "spec", dtype=object),
        density_deg2=np.full(n, 300.0),
        mag=np.full(n, 8.0),  # bright enough to be the host mostly
        band=np.full(n, "r", dtype=object),
    )


def observed(
    random: np.random.Generator, mags: FloatArray, days: FloatArray, bands: IntArray, error: float, look: float | None
) -> LightCurves:
    """Light curves of true magnitudes, all measured; the last look, to 20.5 mag, only where it is bright enough."""
    n, m = mags.shape
    limits = np.full(mags.shape, np.nan)
    flux = 10.0 ** (0.4 * (31.4 - mags - error * random.normal(size=mags.shape)))
    flux_error = flux * error * np.log(10.0) / 2.5
    if look is not None:
        limits[:, -1] = 20.5
        missed = mags[:, -1] + MODEL.limit_softness_mag * random.normal(size=n) > 20.5
        flux[missed, -1] = np.nan
        flux_error[missed, -1] = np.nan
    return LightCurves.of(
        object=np.repeat(np.arange(n), m),
        time=EPOCH.timestamp() + np.tile(days, n) * DAY_S,
        band=np.array(["u", "g", "r", "i", "z", "y"], dtype=object)[np.tile(bands, n)],
        flux_njy=flux.ravel(),
        flux_error_njy=flux_error.ravel(),
        limit_mag=limits.ravel(),
    )
