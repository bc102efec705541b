"""The photometry term: against closed forms, over its own background, and on real and typical light curves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

import skymaps
from coincidence import DEFAULT, Candidate, Galaxies, Kind, score
from coincidence.curves import LightCurves
from coincidence.evidence import Evidence
from coincidence.hosts import associate
from coincidence.pairs import all_of
from coincidence.score import score_pairs
from coincidence.terms import gaussian
from coincidence.terms.photometry import background_magnitude
from coincidence.terms.points import points
from coincidence.terms.shapes import mean_mag
from skymaps import FloatArray, IntArray
from tests.coincidence.light import GW170817, curve, even_map, gfo, limit, njy, point
from tests.coincidence.rows import DAY_S, EPOCH, alerts, event

CIRCLE = skymaps.circle(150.0, 20.0, 3.0)
SEED = 20260302
MODEL = DEFAULT.photometry
WIDER = 1.6
SHARES = np.array([0, 0, 0, 0, 1, 2, 2, 3])
"""Kinds of background transients in the order in which they are drawn: half are supernovae."""


def modulus(mpc: float) -> float:
    return float(5.0 * np.log10(mpc) + 25.0)


def scored(
    curves: LightCurves | None, map_mpc: tuple[float, float], host_mpc: float | None = None, **more: Any
) -> Candidate:
    """One object half a day after a merger, with its light curve."""
    row: dict[str, Any] = {"ra": 150.0, "dec": 20.0, "days": 0.5, "last_unseen": EPOCH.timestamp() - 0.5 * DAY_S}
    if host_mpc is not None:
        row["distance_mpc"] = host_mpc
    (found,) = score(event(even_map(*map_mpc, CIRCLE)), alerts(row), curves=curves, **more)
    return found


def known(value: float | None) -> float:
    assert value is not None
    return value


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
    kinds: list[tuple[float, FloatArray, FloatArray, float, float, float, float]] = []
    flat = np.zeros(len(days))
    other = MODEL.other_fraction
    kinds.append((1.0 - other, flat, days, MODEL.mag, MODEL.mag_sigma, MODEL.slope_sigma, 1.0))
    kinds.append((other / 2, flat, days, MODEL.other_mag, MODEL.other_mag_sigma, MODEL.other_slope_sigma, 3.0))
    for name, light in lights().items():
        along = np.log10(days) if light.shape == "power_law" else days
        shape = mean_mag(light, DEFAULT.templates.get(name), days, bands)
        kinds.append((other / 4, shape, along, light.mag, 3.0 * light.mag_sigma, 3.0 * light.slope_sigma, 3.0))
    which = SHARES[np.arange(n) % len(SHARES)]
    mags, weight = np.empty((n, len(days))), np.empty(n)
    for k, (part, shape, along, mag, mag_sigma, slope_sigma, stretch) in enumerate(kinds):
        rows = which == k
        count = int(rows.sum())
        usual = mean_m - shape[0]
        centre = np.where(unseen[rows], usual, mag + modulus_of[rows])
        width = np.where(unseen[rows], stretch * sigma_m, np.hypot(mag_sigma, modulus_sigma))
        if shape is not flat:  # its magnitude is told for a day after the event, and its slope leads on from there
            width = np.hypot(width, slope_sigma * (along[0] - (1.0 if along is days else 0.0)))
        a, b = WIDER * random.normal(size=(2, count))
        offset, slope = centre + width * a, slope_sigma * b
        mags[rows] = shape + offset[:, None] + slope[:, None] * (along - along[0])
        weight[rows] = (
            part * len(SHARES) / np.sum(k == SHARES) * WIDER**2 * np.exp(-0.5 * (a**2 + b**2) * (1.0 - WIDER**-2))
        )
    return mags + MODEL.model_error_mag * random.normal(size=mags.shape), weight


@pytest.mark.parametrize(
    ("hosts", "look"),
    [((), 5.0), ((40.0,), None), ((40.0, 250.0), 5.0)],
    ids=["hostless, and a last look", "one host", "two hosts, and a last look"],
)
def test_photometry_ratio_has_mean_one_over_the_background(hosts: tuple[float, ...], look: float | None) -> None:
    random = np.random.default_rng(SEED)  # its own: the same draws whatever other tests run
    n, error, parts = 240_000, 1e-3, {"kilonova": [], "afterglow": []}
    days = np.array([0.6, 1.7, 2.6] + ([look] if look else []))
    bands = np.array([1, 2, 2] + ([2] if look else []))
    rows = alerts({"ra": 150.0, "dec": 20.0}).take(np.zeros(n, dtype=np.int64))
    galaxies = galaxies_at(hosts)
    one = associate(rows.take(np.arange(1)), galaxies, DEFAULT)
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
            parameters = replace(DEFAULT, kinds=dict(DEFAULT.kinds) | {Kind.CBC: {name: 0.5}})
            found = score_pairs([merger], rows, pairs, evidence, parameters)
            ratio = np.exp(found.terms["photometry"]) * weight
            parts[name] += ratio.reshape(20, -1).mean(axis=1).tolist()
    for means in parts.values():
        assert np.std(means) / np.sqrt(len(means)) < 0.009  # or the test would say nothing
        assert np.mean(means) * (1.0 - MODEL.once_fraction) == pytest.approx(1.0, abs=0.02)  # all were seen again


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


# What it says of real and typical objects


@pytest.mark.realdata
def test_at2017gfo_as_published(data: Path) -> None:
    real = gfo(data)
    days = (real.time - GW170817.timestamp()) / DAY_S
    absolute = 31.4 - 2.5 * np.log10(real.flux_njy) - modulus(40.7)
    peak = {"g": -16.03, "r": -16.01, "i": -16.01, "z": -15.95, "y": -15.86, "J": -15.62, "H": -15.58, "K": -15.53}
    fade = {"g": 1.19, "r": 0.78, "i": 0.51, "z": 0.38}
    for band, brightest in peak.items():
        t, mag = days[real.band == band], absolute[real.band == band]
        assert mag.min() == pytest.approx(brightest, abs=0.1)
        after = (t >= t[mag.argmin()]) & (t <= t[mag.argmin()] + 5.0)
        if band in fade:
            assert np.polyfit(t[after], mag[after], 1)[0] == pytest.approx(fade[band], abs=0.1)


@pytest.mark.realdata
def test_the_template_is_at2017gfo(data: Path) -> None:
    real = points(gfo(data), DEFAULT)
    days = (real.curve.time - GW170817.timestamp()) / DAY_S
    light, template = DEFAULT.classes["kilonova"].light, DEFAULT.templates["kilonova"]
    off = real.mag - modulus(40.7) - mean_mag(light, template, days, real.band)
    assert np.sqrt(np.mean(off**2)) < DEFAULT.photometry.model_error_mag
    assert len(off) > 40


@pytest.mark.realdata
@pytest.mark.parametrize("host_mpc", [40.7, None])
def test_at2017gfo_is_a_kilonova(data: Path, host_mpc: float | None) -> None:
    found = scored(gfo(data, since=EPOCH), (40.0, 8.0), host_mpc)
    assert found.counterpart == "kilonova"
    assert known(found.terms["photometry"]) > 5.0


@pytest.mark.parametrize("mag", [-18.8, -17.5, -17.0], ids=["Ia", "Ib", "Ic"])
@pytest.mark.parametrize("host_mpc", [267.0, None])
def test_a_supernova_at_the_distance_of_s190814bv_is_no_kilonova(mag: float, host_mpc: float | None) -> None:
    slow = [point(t, modulus(267.0) + mag + 0.03 * (t - 1.0), band) for t in (1, 3, 5, 8) for band in "gr"]
    found = scored(curve(*slow), (267.0, 52.0), host_mpc)
    assert known(found.terms["photometry"]) < -2.0
    assert found.log_odds < 0.0
    assert 1.0 / (1.0 + np.exp(-found.log_odds)) < 0.1


def test_a_kilonova_at_200_mpc_seen_twice_is_seen_to_fade() -> None:
    twice = [point(1.0, modulus(200.0) - 15.8), point(3.0, modulus(200.0) - 13.9)]
    assert known(scored(curve(*twice), (200.0, 40.0), 200.0).terms["photometry"]) > 2.0
    assert known(scored(curve(*twice), (200.0, 40.0)).terms["photometry"]) > 2.0


def test_a_later_deep_look_that_sees_nothing_is_fading_too() -> None:
    seen = point(1.0, 20.0)
    alone = known(scored(curve(seen), (200.0, 40.0), 200.0).terms["photometry"])
    shallow = known(scored(curve(seen, limit(4.0, 18.0)), (200.0, 40.0), 200.0).terms["photometry"])
    deep = known(scored(curve(seen, limit(4.0, 22.5)), (200.0, 40.0), 200.0).terms["photometry"])
    assert shallow == pytest.approx(alone, abs=0.05)
    assert deep > alone + 1.0


def test_an_afterglow_fades_as_a_power_law_whatever_its_distance() -> None:
    fading = [point(t, 20.0 + 2.5 * np.log10(t), "r") for t in (0.1, 0.5, 1.2, 2.1)]
    row = alerts({"ra": 150.0, "dec": 20.0, "days": 0.1, "last_unseen": EPOCH.timestamp() - DAY_S})
    (found,) = score(event(CIRCLE, kind=Kind.GRB), row, curves=curve(*fading))
    assert found.counterpart == "afterglow"
    assert known(found.terms["photometry"]) > 3.0
    fading_odds = found.by_class["afterglow"]
    constant = [point(t, 20.0, "r") for t in (0.1, 0.5, 1.2, 2.1)]
    (found,) = score(event(CIRCLE, kind=Kind.GRB), row, curves=curve(*constant))
    assert found.by_class["afterglow"] < fading_odds - 5.0


def test_supernovae_are_not_told_from_supernovae() -> None:
    slow = [point(t, modulus(200.0) - 18.5 + 0.02 * t) for t in (1, 4, 8)]
    parameters = replace(DEFAULT, kinds=dict(DEFAULT.kinds) | {Kind.CBC: {"supernova": 0.1}})
    found = scored(curve(*slow), (200.0, 40.0), 200.0, parameters=parameters)
    assert abs(known(found.terms["photometry"])) < 1.0


@given(st.lists(st.tuples(st.floats(0.1, 20), st.floats(10, 26), st.sampled_from("ugrizy")), min_size=1, max_size=15))
def test_what_it_costs_is_bounded_by_the_floor_and_what_it_gives_by_the_others(
    seen: list[tuple[float, float, str]],
) -> None:
    parameters = replace(DEFAULT, kinds=dict(DEFAULT.kinds) | {Kind.CBC: {"kilonova": 0.5}})
    found = scored(curve(*(point(*p) for p in seen)), (100.0, 30.0), 100.0, parameters=parameters)
    light = known(found.terms["photometry"])
    most = np.log(
        9.0 * 4.0 / MODEL.other_fraction / (1.0 - MODEL.once_fraction)
    )  # a quarter of the others is like it, 3 times wider in both ways
    assert np.log(MODEL.floor) - 1e-9 <= light <= most + 1e-9


def test_without_a_usable_point_nothing_is_known() -> None:
    assert scored(None, (100.0, 30.0)).terms["photometry"] is None
    assert scored(curve(limit(1.0, 21.0)), (100.0, 30.0)).terms["photometry"] is None
    assert scored(curve(point(1.0, 20.0, "K")), (100.0, 30.0)).terms["photometry"] is None
    assert scored(curve(point(1.0, 20.0, error=0.5)), (100.0, 30.0)).terms["photometry"] is None  # 2 sigma


# Points


def test_hundreds_of_points_of_one_night_count_once() -> None:
    nights = [point(1.0, 20.0), point(3.0, 21.5)]
    many = [point(t + k * 1e-3, m, error=0.06) for t, m in ((1.0, 20.0), (3.0, 21.5)) for k in range(1, 200)]
    few = scored(curve(*nights), (200.0, 40.0), 200.0).terms["photometry"]
    assert scored(curve(*nights, *many), (200.0, 40.0), 200.0).terms["photometry"] == pytest.approx(few)


def test_a_night_is_not_cut_at_midnight() -> None:
    start = -EPOCH.timestamp() % DAY_S / DAY_S
    night = [point(start - 0.01, 20.0, error=0.05), point(start + 0.01, 20.0, error=0.04)]
    assert points(curve(*night), DEFAULT).mag == pytest.approx([20.0])
    assert len(points(curve(*night, point(start + 0.7, 20.0)), DEFAULT).mag) == 2


def test_order_of_points_changes_neither_score_nor_digest() -> None:
    rows = [point(t, 20.0 + 0.3 * t, b) for t in (1.0, 2.0, 3.1) for b in "gr"] + [limit(6.0, 21.0)]
    rows += [point(1.0, 19.0, row=2)]
    one = LightCurves.from_rows(rows)
    other = LightCurves.from_rows([*rows[::-1], rows[0]])  # and one told twice
    assert one.digests(4) == other.digests(4)
    assert [bool(d) for d in one.digests(4)] == [True, False, True, False]
    assert one.digests(4)[0] != LightCurves.from_rows(rows[1:]).digests(4)[0]
    assert scored(one, (200.0, 40.0)).terms == scored(other, (200.0, 40.0)).terms


def test_each_pair_has_its_own_curve() -> None:
    rows = alerts(*({"ra": 150.0 + 0.1 * k, "dec": 20.0, "days": 1.0} for k in range(3)))
    fading = [point(1.0, 20.7, row=2), point(3.0, 22.6, row=2)]
    slow = [point(1.0, 20.7, row=0), point(3.0, 20.7, row=0)]
    first, second, third = score(event(even_map(200.0, 40.0, CIRCLE)), rows, curves=curve(*fading, *slow))
    assert known(first.terms["photometry"]) < -1.0
    assert second.terms["photometry"] is None
    assert known(third.terms["photometry"]) > 1.0


def test_flux_of_a_magnitude() -> None:
    assert njy(31.4) == pytest.approx(1.0)
    assert points(curve(point(1.0, 20.0)), DEFAULT).variance == pytest.approx([0.05**2 + 0.25**2])
