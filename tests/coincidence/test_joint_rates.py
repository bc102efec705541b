"""Which search a pair belongs to, its rate before and after trials, its odds; windows, pointing, distances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

import skymaps
from coincidence import associate
from coincidence.joint import PAIRINGS, RATES_PER_YEAR, YEAR_S, Role, Search, could_pair, footprint_overlap, role_of
from coincidence.joint.odds import FARTHEST_Z
from skymaps import cosmology, overlap
from tests.mma.world import circle_map

from .joint_events import HERE, made

DAY_S = 86400.0
PAIRS = sorted(PAIRINGS)


@given(st.sampled_from(PAIRS), st.floats(-1.5, 1.5), st.booleans())
def test_a_pair_is_one_in_either_order_and_within_its_window_only(pair, fraction, far_told):
    """Always second minus first: a burst 5 s after a merger is a pair, and one 5 s before is none."""
    pairing = PAIRINGS[pair]
    delay = round(fraction * max(pairing.end_s, -pairing.start_s), 3)
    far = {"far_hz": 1e-7} if far_told else {}
    a, b = made(pair[0], "A1", **far), made(pair[1], "B1", seconds=delay, observatory="another", **far)
    found = associate(a, b)
    assert found == associate(b, a)
    assert (role_of(a), role_of(b)) == pair
    assert (found is not None) == (pairing.start_s <= delay <= pairing.end_s)
    for one, other in ((a, b), (b, a)):
        near = could_pair(one.kind, one.time.timestamp(), other.kind, other.time.timestamp())
        assert near or found is None
    if found is not None:
        assert (found.first, found.second, found.delay_s) == ("A1", "B1", pytest.approx(delay))
        assert found.window_s == (pairing.start_s, pairing.end_s)


def test_before_and_after_trials():
    for role, trials, length in ((Role.CBC, 20, 6.0), (Role.BURST, 12, 660.0)):
        found = associate(made(role, "S1", far_hz=1e-8), made(Role.GRB, "G1", seconds=1.0))
        assert (found.search, found.trials) == (Search.UNTARGETED, trials)
        assert found.far_temporal_hz == pytest.approx(1e-8 * 310.0 / YEAR_S * length)
        assert found.far_spacetime_hz == pytest.approx(found.far_temporal_hz / found.overlap)
        assert found.far_after_trials_hz == pytest.approx(found.far_spacetime_hz * trials)


def test_both_below_their_thresholds():
    faint = made(Role.CBC, "S1", far_hz=1e-7, significant=False)
    fermi = associate(faint, made(Role.SUB_FERMI, "G1", seconds=2.0, far_hz=1e-6, region=skymaps.all_sky()))
    assert (fermi.search, fermi.far_spacetime_hz) == (Search.TARGETED, None)
    assert fermi.far_temporal_hz == pytest.approx(1.2427827e-11, rel=1e-6)  # ligo-raven 3.3, coinc_far
    swift = associate(faint, made(Role.SUB_SWIFT, "G2", seconds=-9.0, far_hz=1e-4))
    z, z_max = 30.0 * 1e-7 * 1e-4, 30.0 * 2.0 / DAY_S * 1e-3
    assert swift.far_temporal_hz == pytest.approx(z * (1.0 - math.log(z / z_max)))


def test_above_the_limits_of_the_search_there_is_no_rate_and_no_error():
    found = associate(made(Role.CBC, "S1", far_hz=1e-4), made(Role.SUB_FERMI, "G1", seconds=2.0, far_hz=1e-3))
    assert (found.search, found.far_temporal_hz, found.far_after_trials_hz) == (Search.TARGETED, None, None)
    assert "limits" in found.reason
    assert found.log_odds is not None


def test_beside_a_confident_merger_the_faint_burst_alone_is_judged():
    sure = made(Role.CBC, "S1", far_hz=1e-12, significant=True)
    found = associate(sure, made(Role.SUB_FERMI, "G1", seconds=2.0, far_hz=1e-6))
    assert found.search is Search.SWAPPED
    assert found.far_temporal_hz == pytest.approx(12.0 * RATES_PER_YEAR[Role.CBC] / YEAR_S * 1e-6)
    burst = associate(made(Role.GRB, "G2"), made(Role.NEUTRINO, "N1", seconds=100.0, far_hz=1e-7))
    assert burst.search is Search.SWAPPED
    assert burst.far_temporal_hz == pytest.approx(1000.0 * 310.0 / YEAR_S * 1e-7)


def test_supernova_neutrinos_by_time_alone():
    found = associate(made(Role.BURST, "S1", far_hz=1e-8), made(Role.SUPERNOVA, "SN1", seconds=-3.0))
    assert (found.search, found.far_temporal_hz, found.overlap) == (Search.NONE, None, None)
    assert found.reason.startswith("by time alone")
    assert found.delay_s == -3.0


def test_regions_that_do_not_meet_are_infinitely_false_and_say_why():
    half = circle_map(10.0, 60.0, 2.0)
    found = associate(made(Role.CBC, "S1", half, far_hz=1e-8), made(Role.NEUTRINO, "N1", circle_map(190.0, -60.0, 1.0)))
    assert found.overlap == 0.0
    assert (found.far_spacetime_hz, found.far_after_trials_hz) == (math.inf, math.inf)
    assert (found.sky, found.log_odds) == (-math.inf, -math.inf)
    assert found.reason == "the regions do not meet"
    assert found.far_temporal_hz is not None


def test_the_odds_are_the_sum_of_what_is_known():
    """Prior and time together: expected joint events over expected chance pairs in the window, ``R / (R_a R_b dt)``."""
    a, b = made(Role.CBC, "S1", far_hz=1e-9), made(Role.GRB, "G1", seconds=1.0)
    found = associate(a, b)
    mergers = RATES_PER_YEAR[Role.CBC] + 1e-9 * YEAR_S
    chance = mergers * 310.0 * 6.0 / YEAR_S
    assert found.prior + found.time == pytest.approx(math.log(0.3 / chance))
    assert found.sky == pytest.approx(math.log(overlap(a.region, b.region)))
    assert found.distance is None
    assert found.log_odds == pytest.approx(found.prior + found.time + found.sky)
    anywhere = associate(a, made(Role.GRB, "G1", skymaps.all_sky(), seconds=1.0))
    assert anywhere.sky is None
    assert anywhere.log_odds == pytest.approx(math.log(0.3 / chance))


@pytest.mark.parametrize(("classes", "factor"), [({}, 1.0), ({"BNS": 0.6, "NSBH": 0.4}, 20.0), ({"BBH": 1.0}, 0.02)])
def test_only_a_merger_with_matter_makes_a_burst(classes: dict[str, float], factor: float):
    known = associate(made(Role.CBC, "S1", classes=classes), made(Role.GRB, "G1"))
    plain = associate(made(Role.CBC, "S1"), made(Role.GRB, "G1"))
    assert known.prior - plain.prior == pytest.approx(math.log(factor))


def test_the_distance_ratio_is_its_integral():
    """``integral p_a p_b / p_prior``, done slowly with another quadrature and astropy's volumes."""
    from astropy.cosmology import Planck18

    mu, spread, z = 100.0, 20.0, 0.0225
    merger = made(Role.CBC, "S1", circle_map(*HERE, 3.0, (mu, spread)), far_hz=1e-9)
    flare = made(Role.FLARE, "C1", skymaps.circle(*HERE, 0.1), seconds=3600.0, redshift=z)
    found = associate(merger, flare)
    mpc = float(cosmology.distance_mpc(z)[0])
    error = mpc * 300.0 / 299792.458 / z

    def layers(d: float) -> float:
        return d * d * norm.pdf(d, mu, spread) / (mu**2 + spread**2)

    grid = np.linspace(1e-4, FARTHEST_Z, 4001)
    total = np.trapezoid(Planck18.differential_comoving_volume(grid).value / (1.0 + grid), grid)
    step = 1e-4
    slope = (Planck18.luminosity_distance(z + step) - Planck18.luminosity_distance(z - step)).value / (2.0 * step)
    prior = Planck18.differential_comoving_volume(z).value / (1.0 + z) / total / slope
    both = quad(lambda d: layers(d) * norm.pdf(d, mpc, error), mpc - 8.0 * error, mpc + 8.0 * error)[0]
    assert found.distance == pytest.approx(math.log(both / prior), abs=0.02)
    assert found.log_odds == pytest.approx(found.prior + found.sky + found.time + found.distance)
    far = associate(merger, made(Role.FLARE, "C1", skymaps.circle(*HERE, 0.1), seconds=3600.0, redshift=0.5))
    assert far.distance == pytest.approx(math.log(1e-3), abs=1e-3)


POINTED: dict[str, Any] = {"follows": "S1", "tiles": 7, "significance_sigma": 5.5}


def test_what_was_pointed_at_is_judged_within_its_field():
    merger = made(Role.CBC, "S1", skymaps.circle(*HERE, 40.0), far_hz=1e-9)
    flare = made(Role.FLARE, "C1", skymaps.circle(*HERE, 0.1), seconds=3600.0, **POINTED)
    found = associate(merger, flare)
    assert found.by_construction
    assert (found.search, found.far_temporal_hz, found.far_spacetime_hz) == (Search.NONE, None, None)
    assert "pointed" in found.reason
    assert (found.prior, found.time, found.log_odds, found.p_time, found.p_sky) == (None,) * 5
    # the wide region is nearly even over the field: the overlap relative to it is that of an even field, 1
    assert found.overlap == pytest.approx(1.0, abs=0.02)
    assert overlap(merger.region, flare.region) > 10.0
    assert found.p_alone == pytest.approx(1.0 - (1.0 - norm.sf(5.5)) ** 7, rel=1e-9)


@pytest.mark.parametrize("radius_deg", [40.0, 8.0, 3.0])
def test_the_mean_over_places_in_the_field_is_one(radius_deg: float):
    """Detections spread evenly over the field gain nothing on average, however well one knew where to look."""
    region, size = skymaps.circle(*HERE, radius_deg), 5.0
    radii, turns = 0.999 * size * np.sqrt((np.arange(600) + 0.5) / 600), np.arange(600) * np.pi * (3.0 - np.sqrt(5.0))
    found = []
    for east, north in zip((radii * np.cos(turns)).tolist(), (radii * np.sin(turns)).tolist(), strict=True):
        dec = HERE[1] + north
        where = skymaps.circle(HERE[0] + east / math.cos(math.radians(dec)), dec, 0.05)
        found.append(footprint_overlap(region, where, size))
    assert np.mean(found) == pytest.approx(1.0, abs=0.02)


def test_an_event_smaller_than_the_field():
    """Then all of it is inside, and the overlap is that with the whole sky times the field's share of it."""
    burst = made(Role.GRB, "G1", skymaps.circle(*HERE, 0.05))
    flare = made(Role.FLARE, "C1", skymaps.circle(HERE[0], HERE[1] + 0.03, 0.1), seconds=600.0, follows="G1")
    share = (1.0 - math.cos(math.radians(5.0))) / 2.0
    assert associate(burst, flare).overlap == pytest.approx(overlap(burst.region, flare.region) * share, rel=1e-3)


def test_who_follows_a_third_event_is_no_independent_witness_either():
    flare = made(Role.FLARE, "C1", skymaps.circle(*HERE, 0.1), seconds=3600.0, follows="G1")
    found = associate(made(Role.CBC, "S1", far_hz=1e-9), flare)
    assert found.by_construction
    assert found.far_temporal_hz is None
    free = associate(made(Role.CBC, "S1", far_hz=1e-9), made(Role.FLARE, "C1", seconds=3600.0))
    assert not free.by_construction
    assert free.far_temporal_hz == pytest.approx(1e-9 * RATES_PER_YEAR[Role.FLARE] / YEAR_S * 3 * DAY_S)


def test_one_burst_seen_twice_has_no_rate():
    found = associate(made(Role.GRB, "G2"), made(Role.GRB, "G1", seconds=1.0, observatory="INTEGRAL"))
    assert found.same_source
    assert (found.first, found.second, found.delay_s) == ("G1", "G2", -1.0)
    assert (found.far_temporal_hz, found.p_time, found.p_sky) == (None, None, None)
    assert associate(made(Role.GRB, "G2"), made(Role.GRB, "G1", seconds=1.0)) is None  # of one instrument: two bursts
