"""Sources below their reference: no detection, and no counterpart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import skymaps
from coincidence import DEFAULT, Kind
from coincidence.curves import LightCurves
from coincidence.evidence import Evidence
from coincidence.objects import combine, told_times
from coincidence.pairs import all_of
from coincidence.score import Scores, score_pairs
from tests.coincidence.light import curve, point
from tests.coincidence.rows import DAY_S, EPOCH, alerts, event

CIRCLE = skymaps.circle(150.0, 20.0, 3.0)
MODEL = DEFAULT.photometry


def negative(days: float, mag: float, **more: Any) -> dict[str, Any]:
    """So much below the reference."""
    made = point(days, mag, **more)
    return made | {"flux_njy": -made["flux_njy"]}


def scored(curves: LightCurves, n: int, kind: Kind = Kind.CBC) -> Scores:
    """Objects that differ in their light curves alone."""
    objects = alerts(*({"ra": 150.0, "dec": 20.0} for _ in range(n)))
    its = event(CIRCLE, kind=kind)
    return score_pairs([its], objects, all_of(its, objects), Evidence(curves=curves), DEFAULT)


def test_what_is_only_fainter_than_its_reference_is_no_counterpart() -> None:
    found = scored(curve(point(1.0, 19.2), negative(1.0, 19.2, row=1)), 2)
    assert found.log_odds[1] < found.log_odds[0] - 5.0
    assert found.terms["photometry"][1] == pytest.approx(np.log(1e-4 / (1e-4 + MODEL.below_number)))


def test_what_was_fainter_before_the_event_says_nothing() -> None:
    """A look that saw nothing new, as deep as its error: the same as one whose flux is within it."""
    before = negative(-10.0, 21.3)
    zero = before | {"flux_njy": 0.0}
    with_both, with_none = (scored(curve(point(1.0, 19.2), look), 1).log_odds[0] for look in (before, zero))
    assert with_both == pytest.approx(with_none, abs=1e-12)


@pytest.mark.parametrize("days", [0.5, 2.0, 5.0])
def test_light_that_is_taken_away_after_the_event_speaks_against_it(days: float) -> None:
    looks = (negative(days, 21.0), negative(days, 21.0) | {"flux_njy": 0.0})
    low, none = (scored(curve(point(1.0, 19.2), point(3.0, 19.9), look), 1).log_odds[0] for look in looks)
    assert low == pytest.approx(none + np.log(0.01 / 0.06), abs=1e-9)


def test_noise_is_not_below() -> None:
    noise = negative(2.0, 21.0, error=0.25)  # 4.3 sigma
    low, none = (scored(curve(point(1.0, 19.2), look), 1).log_odds[0] for look in (noise, noise | {"flux_njy": 0.0}))
    assert low == pytest.approx(none, abs=1e-12)


@pytest.mark.parametrize("name", ["kilonova", "afterglow"])
def test_ratios_are_as_many_as_the_transients_that_the_prior_counts(name: str) -> None:
    """Over transients, some with false negatives, and the variable sources that come with them."""
    f, n, both, fault = (
        DEFAULT.classes[name].below_fraction,
        MODEL.below_number,
        MODEL.both_number,
        MODEL.fault_fraction,
    )
    clean, low, none = point(1.0, 19.2), negative(1.0, 19.2, row=1), negative(2.0, 19.2, row=3) | {"flux_njy": 0.0}
    mixed = [point(1.0, 19.2, row=2), negative(2.0, 19.2, row=2), point(1.0, 19.2, row=3), none]
    by_class = scored(curve(clean, low, *mixed), 5).by_class[name]  # the last has no light curve
    only, some = np.exp(by_class[1] - by_class[4]), np.exp(by_class[2] - by_class[3])
    total = (1.0 - f - fault) + (f + n) * only + (fault + both) * some
    assert total == pytest.approx(1.0, rel=1e-9)


def test_a_nucleus_on_its_way_down_is_no_flare() -> None:
    found = scored(curve(point(1.0, 19.2), negative(1.0, 19.2, row=1)), 2, Kind.TRANSIENT)
    assert found.by_class["flare"][1] == pytest.approx(found.by_class["flare"][0] + np.log(0.05 / 0.15))


# Objects


def row(days: float, flux: float, **more: Any) -> dict[str, Any]:
    return {"object_id": "ZTF26a", "id": f"{days}", "ra": 10.0, "dec": 5.0, "days": days, "flux_njy": flux} | more


def day(value: float) -> float:
    return float((value - EPOCH.timestamp()) / DAY_S)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
def test_an_objects_first_and_last_detection_are_positive(order: tuple[int, ...]) -> None:
    rows = [row(-3.0, -5e3, n_detections=0.0), row(1.0, 5e3, n_detections=1.0), row(4.0, -6e3, n_detections=1.0)]
    first = alerts(rows[order[0]])
    state = combine(first, told_times(first), first.time)[0]
    for i in order[1:]:
        both = type(state).concatenate([state, alerts(rows[i])])
        state = combine(both, told_times(both), both.time)[0]
    assert (day(state.first_seen[0]), day(state.time[0])) == pytest.approx((1.0, 1.0))
    assert (state.flux_njy[0], state.n_detections[0]) == (5e3, 1.0)


def test_an_object_that_was_never_detected_has_no_detections() -> None:
    both = alerts(row(-3.0, -5e3), row(1.0, -4e3))
    state = combine(both, told_times(both), both.time)[0]
    assert (day(state.first_seen[0]), day(state.time[0]), state.n_detections[0]) == pytest.approx((-3.0, 1.0, 0.0))
