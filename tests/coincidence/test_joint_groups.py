"""More than two events that may be one: who joins, what the group says, whatever the order."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, norm

import skymaps
from coincidence import Event, associate
from coincidence.joint import Association, Group, Role, form
from skymaps import overlap

from .joint_events import HERE, made

MERGER = made(Role.CBC, "S1", skymaps.circle(*HERE, 8.0), far_hz=1e-9)
GBM = made(Role.GRB, "G1", skymaps.circle(HERE[0] + 1.0, HERE[1], 5.0), seconds=1.7)
SPI = made(Role.GRB, "G2", skymaps.all_sky(), seconds=1.9, observatory="INTEGRAL", instruments=("SPI-ACS",))
TRACK = made(Role.NEUTRINO, "N1", skymaps.circle(HERE[0], HERE[1] + 0.5, 1.0), seconds=200.0)
FLARE = made(
    Role.FLARE, "C1", skymaps.circle(*HERE, 0.1), seconds=7200.0, follows="S1", significance_sigma=6.0, tiles=3
)
FAR_TRACK = made(Role.NEUTRINO, "N2", skymaps.circle(HERE[0] + 120.0, -HERE[1], 1.0), seconds=-300.0)
ALL = (MERGER, GBM, SPI, TRACK, FLARE, FAR_TRACK)


def pairs_of(events: list[Event]) -> list[Association]:
    return [pair for a, b in combinations(events, 2) if (pair := associate(a, b)) is not None]


def formed(*events: Event) -> list[Group]:
    return form({event.id: event for event in events}, pairs_of(list(events)))


def test_five_events_are_one_group_and_a_stranger_is_not_in_it():
    (group,) = formed(*ALL)
    assert (group.id, group.anchor) == ("MM-S1", "S1")
    assert group.members == ("S1", "G1", "G2", "N1", "C1")
    assert group.kind == "cbc+grb+grb+neutrino+flare"
    assert len(group.links) == len(group.members) - 1
    assert group.links[0] == ("G1", "G2")
    assert group.log_odds is not None


@given(st.permutations(ALL), st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_the_order_is_of_no_matter(events, random):
    pairs = pairs_of(events)
    random.shuffle(pairs)
    assert form({event.id: event for event in events}, pairs) == formed(*ALL)


def test_the_overlap_of_three_is_that_of_gaussians():
    """``(4 pi)^2`` times the integral of three concentric ones: ``4 / (s1^2 s2^2 s3^2 sum 1/s_i^2)`` in radians."""
    sigmas = (3.0, 2.0, 1.0)
    roles = (Role.CBC, Role.GRB, Role.NEUTRINO)
    events = [
        made(role, name, skymaps.Circle.from_sigma(*HERE, s), seconds=1.0 if role is Role.GRB else 0.0)
        for role, name, s in zip(roles, ("S1", "G1", "N1"), sigmas, strict=True)
    ]
    (group,) = formed(*events)
    s2 = [math.radians(s) ** 2 for s in sigmas]
    expected = math.log(4.0 / (s2[0] * s2[1] * s2[2] * sum(1.0 / s for s in s2)))
    assert group.log_overlap == pytest.approx(expected, abs=0.01)


def test_two_are_as_their_pair():
    (group,) = formed(MERGER, GBM)
    pair = associate(MERGER, GBM)
    assert pair is not None
    assert group.log_overlap == pytest.approx(math.log(overlap(MERGER.region, GBM.region)))
    assert group.log_odds == pytest.approx(pair.log_odds)
    assert group.p_values == (pair.p_time, pair.p_sky)
    assert group.p_product == pytest.approx(pair.p_time * pair.p_sky)
    assert group.p_fisher == pytest.approx(chi2.sf(-2.0 * math.log(group.p_product), 4))


def test_a_second_trigger_of_the_burst_adds_its_place_and_no_odds():
    one, both = formed(MERGER, GBM), formed(MERGER, GBM, SPI)
    assert both[0].log_odds == pytest.approx(one[0].log_odds)
    assert both[0].p_values == one[0].p_values
    better = replace(SPI, region=skymaps.circle(HERE[0] + 1.2, HERE[1] + 0.4, 2.0))
    (placed,) = formed(MERGER, GBM, better)
    assert placed.log_overlap > both[0].log_overlap
    place = skymaps.product(GBM.region, better.region)
    assert placed.log_odds - one[0].log_odds == pytest.approx(
        math.log(overlap(MERGER.region, place) / overlap(MERGER.region, GBM.region)), abs=0.01
    )


def test_two_triggers_of_one_burst_are_a_group_without_a_merger():
    (group,) = formed(GBM, SPI)
    assert (group.id, group.members, group.p_values) == ("MM-G1", ("G1", "G2"), ())
    assert (group.p_product, group.p_fisher) == (None, None)


def test_what_was_found_by_pointing_adds_its_chance_and_no_odds():
    one, both = formed(MERGER, GBM), formed(MERGER, GBM, FLARE)
    assert both[0].members == ("S1", "G1", "C1")
    assert both[0].log_odds == pytest.approx(one[0].log_odds)
    alone = 1.0 - (1.0 - norm.sf(6.0)) ** 3
    assert both[0].p_values == pytest.approx((*one[0].p_values, alone), rel=1e-6, abs=0.0)
    (pointed,) = formed(MERGER, FLARE)
    assert pointed.log_odds is None


def test_the_sky_decides_who_joins():
    away = replace(GBM, region=skymaps.circle(HERE[0] + 90.0, HERE[1], 5.0))
    assert associate(MERGER, away) is not None
    assert formed(MERGER, away) == []


def test_each_agrees_with_one_and_not_with_the_other():
    """A wide merger, and two events apart from each other: the better one is taken."""
    wide = replace(MERGER, region=skymaps.circle(*HERE, 40.0))
    left = replace(GBM, region=skymaps.circle(HERE[0] - 8.0, HERE[1], 2.0))
    right = replace(TRACK, region=skymaps.circle(HERE[0] + 8.0, HERE[1], 2.0))
    (group,) = formed(wide, left, right)
    assert group.members == ("S1", "G1")


def test_no_two_mergers_in_one_group():
    twin = replace(MERGER, id="S2", observatory="another")
    (group,) = formed(MERGER, twin, GBM)
    assert group.members == ("S1", "G1")
