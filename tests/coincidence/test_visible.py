"""What could have been seen of an event, by its distance and the looks; and what the looks since an event say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

import skymaps
from coincidence import DEFAULT, Candidate, Kind, score
from coincidence.priors import possible
from coincidence.terms.visible import visible
from tests.coincidence.light import curve, even_map, limit, point
from tests.coincidence.rows import DAY_S, EPOCH, alerts, event

CIRCLE = skymaps.circle(150.0, 20.0, 3.0)
KILONOVA = DEFAULT.classes["kilonova"].light


def of_kilonova(mpc: float, depth: float, cadence_d: float = 2.0) -> float:
    template = DEFAULT.templates["kilonova"]
    return visible(KILONOVA, template, (mpc, 0.15 * mpc), depth, cadence_d, DEFAULT.photometry)


def scored(*points: dict[str, Any], mpc: float = 100.0, **more: Any) -> Candidate:
    seen = [p["time"] for p in points if "flux_njy" in p]
    unseen = [p["time"] for p in points if "flux_njy" not in p and p["time"] < min(seen)]
    row = {"ra": 150.0, "dec": 20.0, "time": max(seen), "first_seen": min(seen), "last_unseen": max(unseen)}
    (found,) = score(event(even_map(mpc, 20.0, CIRCLE), **more), alerts(row), curves=curve(*points))
    return found


@pytest.mark.parametrize(("mpc", "low", "high"), [(40.0, 0.9, 1.0), (160.0, 0.3, 0.7), (300.0, 0.0, 0.15)])
def test_what_ztf_sees_of_kilonovae(mpc: float, low: float, high: float) -> None:
    """As counted on simulated nights: nearly all at 40 Mpc, about half at 160, few at 300."""
    assert low <= of_kilonova(mpc, 20.5) <= high


def test_a_part_of_a_normal_where_one_look_and_one_distance_decide() -> None:
    """Looks so rare that only the first counts, at a known day; no slope to speak of: the normal's integral."""
    light = DEFAULT.classes["afterglow"].light
    seen = visible(light, None, None, 20.5, 2.0, DEFAULT.photometry)
    deeper = visible(light, None, None, 24.0, 2.0, DEFAULT.photometry)
    by_one_day = norm.cdf((20.5 - 20.5) / np.hypot(1.8, np.hypot(0.25, 0.3)))
    assert by_one_day < seen < 0.7  # looks are a day after the event on average, and half of them sooner
    assert deeper > 0.9


def test_deeper_and_more_frequent_looks_see_more() -> None:
    assert (
        of_kilonova(200.0, 20.5) < of_kilonova(200.0, 20.5, 1.0) < of_kilonova(200.0, 22.5) < of_kilonova(200.0, 24.0)
    )


def test_a_far_event_has_a_smaller_prior() -> None:
    near, far = (scored(limit(-0.5, 20.6), point(0.5, 20.0), mpc=mpc).terms["prior"] for mpc in (40.0, 300.0))
    assert near is not None
    assert far is not None
    assert near > far + np.log(4.0)


def test_a_deep_look_after_the_event_that_saw_nothing_counts_against_a_kilonova() -> None:
    """At 100 Mpc AT2017gfo had 19.2 mag in its first days: a look to 22 a day after the event would have seen it."""
    seen = limit(-0.5, 20.6), point(2.0, 20.5), point(4.0, 20.9)
    without = scored(*seen).by_class["kilonova"]
    shallow = scored(*seen, limit(1.0, 17.0)).by_class["kilonova"]
    deep = scored(*seen, limit(1.0, 22.0)).by_class["kilonova"]
    assert deep < without - 1.0
    assert deep < shallow - 1.0


def test_a_shallow_look_just_before_does_not_tell_when_it_began() -> None:
    """Where two exposures of a night differ in depth, the shallow one says nothing of what only the deep one sees."""
    alone = scored(limit(-2.0, 21.0), point(0.5, 20.8, error=0.1)).log_odds
    between = scored(limit(-2.0, 21.0), limit(0.49, 19.0), point(0.5, 20.8, error=0.1)).log_odds
    assert between == pytest.approx(alone, abs=1.5)


# What the sender says of the event


@pytest.mark.parametrize(
    ("classes", "kilonova"),
    [
        ({"BNS": 0.9, "NSBH": 0.0, "BBH": 0.0, "Terrestrial": 0.1, "HasNS": 1.0, "HasRemnant": 1.0}, 0.9),
        ({"NSBH": 1.0, "HasNS": 1.0, "HasRemnant": 0.0}, 0.0),
        ({"BBH": 0.99, "Terrestrial": 0.01, "HasNS": 0.0, "HasRemnant": 0.0}, 0.0),
        ({"BBH": 0.99, "Terrestrial": 0.01}, 0.0),
        ({"MassGap": 1.0}, 0.0),
        ({"BNS": 0.5, "Terrestrial": 0.5}, 0.5),
        ({}, 1.0),
    ],
)
def test_only_what_leaves_matter_shines(classes: dict[str, float], kilonova: float) -> None:
    merger = event(CIRCLE, classes=classes)
    assert possible(merger, "kilonova") == pytest.approx(kilonova)
    assert possible(merger, "afterglow") == pytest.approx(kilonova)


def test_two_black_holes_may_flare_in_an_active_nucleus() -> None:
    holes, stars = (event(CIRCLE, classes=c) for c in ({"BBH": 0.95, "Terrestrial": 0.05}, {"BNS": 1.0}))
    assert possible(holes, "agn_flare") == pytest.approx(0.95)
    assert possible(stars, "agn_flare") == 0.0


def test_something_lighter_than_the_sun_may_have_merged_in_a_collapsing_star() -> None:
    light, usual = (event(CIRCLE, classes=c) for c in ({"BNS": 1.0, "HasSSM": 0.9}, {"BNS": 1.0}))
    assert possible(light, "superkilonova") == pytest.approx(0.9)
    assert possible(usual, "superkilonova") < 0.05


@pytest.mark.parametrize("signalness", [0.3, 0.9])
def test_a_neutrino_is_astrophysical_as_probably_as_its_sender_says(signalness: float) -> None:
    row = alerts({"ra": 150.0, "dec": 20.0, "first_seen": EPOCH.timestamp() - 3 * DAY_S})
    (whole,) = score(event(CIRCLE, kind=Kind.NEUTRINO), row)
    (part,) = score(event(CIRCLE, kind=Kind.NEUTRINO, classes={"astrophysical": signalness}), row)
    stated = DEFAULT.kinds[Kind.NEUTRINO]
    none = [1.0 - s * sum(stated.values()) for s in (1.0, signalness)]
    for name in stated:
        lost = whole.by_class[name] - part.by_class[name]
        assert lost == pytest.approx(-np.log(signalness * none[0] / none[1]))
