"""The photometry term on real and typical light curves, and the points that it takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

import skymaps
from coincidence import DEFAULT, Candidate, Kind, score
from coincidence.curves import LightCurves
from coincidence.terms import gaussian
from coincidence.terms.points import points
from coincidence.terms.shapes import mean_mag
from tests.coincidence.light import GW170817, curve, even_map, gfo, limit, njy, point
from tests.coincidence.rows import DAY_S, EPOCH, alerts, event

CIRCLE = skymaps.circle(150.0, 20.0, 3.0)
MODEL = DEFAULT.photometry


def modulus(mpc: float) -> float:
    return float(5.0 * np.log10(mpc) + 25.0)


def scored(
    curves: LightCurves | None,
    map_mpc: tuple[float, float],
    host_mpc: float | None = None,
    *,
    classes: dict[str, float] | None = None,
    **more: Any,
) -> Candidate:
    """One object half a day after a merger, with its light curve."""
    row: dict[str, Any] = {"ra": 150.0, "dec": 20.0, "days": 0.5, "last_unseen": EPOCH.timestamp() - 0.5 * DAY_S}
    if host_mpc is not None:
        row["distance_mpc"] = host_mpc
    told = {} if classes is None else {"classes": classes}
    (found,) = score(event(even_map(*map_mpc, CIRCLE), **told), alerts(row), curves=curves, **more)
    return found


def known(value: float | None) -> float:
    assert value is not None
    return value


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
    classes = {"NSBH": 0.998, "MassGap": 0.002, "HasNS": 0.998, "HasRemnant": 0.01}  # its notice: HasRemnant 0.0
    found = scored(curve(*slow), (267.0, 52.0), host_mpc, classes=classes)
    assert found.by_class["kilonova"] < 0.0
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
    assert light <= most + 1e-9
    assert np.log(MODEL.floor) - 1e-9 <= light + known(found.terms["time"])


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
    assert scored(curve(*nights, *many), (200.0, 40.0), 200.0).terms["photometry"] == pytest.approx(few, abs=0.2)
    assert len(points(curve(*nights, *many), DEFAULT).mag) <= 2 * 5


def test_a_night_is_not_cut_at_midnight() -> None:
    start = -EPOCH.timestamp() % DAY_S / DAY_S
    night = [point(start - 0.01, 20.0, error=0.05), point(start + 0.01, 20.0, error=0.04)]
    assert points(curve(*night), DEFAULT).night.tolist() == [0, 0]
    assert points(curve(*night, point(start + 0.7, 20.0)), DEFAULT).night.tolist() == [0, 0, 1]


def test_points_minutes_apart_are_one_of_their_mean_whatever_their_errors() -> None:
    minute = 1.0 / 1440.0
    close = [point(1.0 + k * minute, m, error=e) for k, m, e in ((0, 19.0, 0.2), (1, 20.0, 0.02), (2, 21.0, 0.2))]
    seen = points(curve(*close, point(1.1, 19.5, error=0.3), point(1.0, 20.5, "g")), DEFAULT)
    assert seen.mag == pytest.approx([20.0, 20.5, 19.5]) or seen.mag == pytest.approx([20.5, 20.0, 19.5])
    of_three = float(seen.variance[np.isclose(seen.mag, 20.0)][0])
    own = (1.0 - MODEL.night_share) * MODEL.model_error_mag**2
    assert of_three - own == pytest.approx((0.2**2 + 0.02**2 + 0.2**2) / 9.0)
    assert sorted(seen.night.tolist()) == [0, 1, 1]  # a night has a group for each band


@given(
    x=st.lists(st.floats(-3, 3), min_size=2, max_size=9),
    common=st.floats(0.0, 1.0),
    seed=st.integers(0, 1000),
)
def test_an_error_in_common_is_the_normal_with_that_covariance(x: list[float], common: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    n, at = len(x), np.array(x)
    group = np.sort(random.integers(0, 3, n))
    group = np.unique(group, return_inverse=True)[1]
    mag, variance = random.normal(size=n), random.uniform(0.02, 1.0, n)
    shared = gaussian.Shared(group=group, curve=np.zeros(group.max() + 1, dtype=np.int64), variance=common)
    sums = gaussian.sums(np.zeros(n, dtype=np.int64), 1, at, np.zeros(n), mag, variance, shared)
    got = gaussian.log_evidence(sums, np.array([0.3]), np.array([1.7]), 0.6)
    basis = np.stack([np.ones(n), at], axis=1)
    joint = basis @ np.diag([1.7, 0.36]) @ basis.T + np.diag(variance) + common * (group[:, None] == group)
    assert got[0] == pytest.approx(multivariate_normal(np.full(n, 0.3), joint).logpdf(mag), rel=1e-6, abs=1e-6)


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
    seen = points(curve(point(1.0, 20.0)), DEFAULT)
    assert seen.variance + seen.common == pytest.approx([0.05**2 + 0.25**2])
