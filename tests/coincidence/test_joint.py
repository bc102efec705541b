"""Event with event: RAVEN's published rates, windows in one convention, and who never meets."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import norm

import skymaps
from coincidence import Kind, Messenger, Stage, associate, joint_far, joint_far_targeted
from coincidence.joint import PAIRINGS, Role, after_trials, fisher, product, sigma, temporal_p_value
from tests.coincidence.rows import EPOCH, event

GW = event(skymaps.circle(197.0, -23.0, 3.0), far_hz=1e-9)
GRB = event(
    skymaps.circle(198.0, -24.0, 5.0),
    id="Fermi-GBM-1",
    messenger=Messenger.GAMMA,
    kind=Kind.GRB,
    observatory="Fermi",
    time=EPOCH + timedelta(seconds=1.74),
    notice="g1",
)


@pytest.mark.parametrize(
    ("far_hz", "rate_hz", "window_s", "expected", "tolerance"),
    [
        (1e-5, 9.830035514967023e-06, 6.0, 5.898e-10, 1e-13),
        (1e-9, 1.189117199391172e-05, 6.0, 7.1347e-14, 1e-17),
        (1e-5, 1e-7, 6.0, 6e-12, 1e-13),
    ],
)
def test_raven_untargeted(far_hz: float, rate_hz: float, window_s: float, expected: float, tolerance: float) -> None:
    assert joint_far(far_hz, rate_hz, window_s) == pytest.approx(expected, abs=tolerance)


def test_raven_targeted() -> None:
    fermi = joint_far_targeted(1e-7, 1e-6, 12.0, 1 / 86400, 1e-4)
    assert fermi == pytest.approx(1.2427827e-11, rel=1e-6)
    swift = joint_far_targeted(1e-7, 1e-4, 60.0, 2 / 86400, 1e-3)
    assert swift == pytest.approx(5.2482e-9, abs=1e-13)
    with pytest.raises(ValueError, match="above the limits"):
        joint_far_targeted(1.0, 1.0, 12.0, 1 / 86400, 1e-4)


def test_raven_with_the_sky() -> None:
    assert joint_far(1e-5, 9.830035514967023e-06, 6.0, 32.286) == pytest.approx(1.8268e-11, rel=1e-3)
    assert joint_far(1e-5, 9.830035514967023e-06, 6.0, 1430.0) == pytest.approx(4.12448e-13, rel=1e-3)
    assert joint_far(1e-5, 1e-5, 6.0, 0.0) == math.inf


def test_gw170817_in_time_and_joint() -> None:
    in_time = temporal_p_value(1.74, 351.2 / (3324 * 86400), 0.85)
    assert in_time == pytest.approx(5.0e-6, rel=0.01)
    assert product([in_time, 0.01]) == pytest.approx(5.0e-8, rel=0.01)
    assert sigma(product([in_time, 0.01])) == pytest.approx(norm.isf(in_time * 0.01), abs=1e-9)
    assert sigma(product([in_time, 0.01])) == pytest.approx(5.3, abs=0.05)


@pytest.fixture(scope="module")
def cases(data: Path) -> dict[str, Any]:
    """Published and recomputed cases beside the recorded data."""
    path = data.parent / "notes" / "science_cases.json"
    return {c["id"]: c for c in json.loads(path.read_text())["bars"]}


@pytest.mark.realdata
def test_every_case_of_raven_on_record(cases: dict[str, Any]) -> None:
    group = [c for c in cases.values() if c["group"] == "raven_far"]
    assert len(group) == 6
    for case in group:
        i = case["inputs"]
        length = i["window_s"][1] - i["window_s"][0] if "window_s" in i else None
        if "overlap" in i:
            found = joint_far(i["temporal_far_hz"], 1.0, 1.0, i["overlap"])
        elif i["method"] == "targeted":
            limits = i["far_gw_max_hz"], i["far_ext_max_hz"]
            found = joint_far_targeted(i["far_gw_hz"], i["far_ext_hz"], length, *limits)
        else:
            found = joint_far(i["far_gw_hz"], i["ext_rate_hz"], length)
        assert found == pytest.approx(case["expected"], **case["tolerance"]), case["id"]


@pytest.mark.realdata
def test_the_other_cases_on_record(cases: dict[str, Any]) -> None:
    i = cases["gw170817_ptemp"]["inputs"]
    in_time = temporal_p_value(i["dt_s"], i["n_sgrb"] / (i["days"] * 86400), i["livetime"])
    assert in_time == pytest.approx(cases["gw170817_ptemp"]["expected"], rel=0.01)
    i = cases["gw170817_pjoint"]["inputs"]
    assert product([i["p_temporal"], i["p_spatial"]]) == pytest.approx(cases["gw170817_pjoint"]["expected"])
    i = cases["gw170817_fisher"]["inputs"]
    assert fisher(i["p"]) == pytest.approx(cases["gw170817_fisher"]["expected"], rel=1e-5)
    i = cases["txs_trials"]["inputs"]
    after = after_trials(norm.sf(i["pre_trial_sigma"]), i["trials"])
    assert sigma(after) == pytest.approx(cases["txs_trials"]["expected"], abs=0.1)


WINDOWS = {
    "window_cbc": (Role.CBC, Role.GRB),
    "window_sub_fermi": (Role.CBC, Role.SUB_FERMI),
    "window_burst": (Role.BURST, Role.GRB),
    "window_snews": (Role.CBC, Role.SUPERNOVA),
}


@pytest.mark.realdata
@pytest.mark.parametrize("name", WINDOWS)
def test_windows_on_record(cases: dict[str, Any], name: str) -> None:
    start, end = cases[name]["expected"]  # told as GW minus external
    pairing = PAIRINGS[WINDOWS[name]]
    assert (pairing.start_s, pairing.end_s) == (-end, -start)


def test_a_merger_and_its_burst() -> None:
    found = associate(GRB, GW)
    assert found == associate(GW, GRB)
    assert found is not None
    assert (found.first, found.second, found.delay_s) == ("S260301a", "Fermi-GBM-1", pytest.approx(1.74))
    assert found.overlap == pytest.approx(skymaps.overlap(GW.region, GRB.region))  # type: ignore[arg-type]
    assert found.far_temporal_hz == pytest.approx(6.0 * 310 / (365 * 86400) * 1e-9)
    assert found.far_spacetime_hz == pytest.approx(found.far_temporal_hz / found.overlap)


@pytest.mark.parametrize(
    "other",
    [
        {"time": EPOCH + timedelta(seconds=5.1)},
        {"time": EPOCH - timedelta(seconds=1.1)},
        {"time": None},
        {"is_test": True},
        {"stage": Stage.RETRACTION},
        {"id": "S260301a"},
    ],
)
def test_who_never_meets(other: dict[str, object]) -> None:
    assert associate(GW, replace(GRB, **other)) is None  # type: ignore[arg-type]


def test_a_telescope_that_was_pointed_there_is_no_independent_witness() -> None:
    flare = replace(GRB, id="CTAO-1", kind=Kind.FLARE, observatory="CTAO", follows="S260301a")
    found = associate(GW, flare)
    assert found is not None
    assert found.by_construction
    assert found.far_temporal_hz is None


def test_a_telescope_pointed_by_another_event_was_not_pointed_at_this_one() -> None:
    elsewhere = skymaps.circle(10.0, -80.0, 0.1)
    flare = replace(GRB, id="CTAO-1", kind=Kind.FLARE, observatory="CTAO", follows="S260301a")
    told = [
        associate(GW, flare),
        associate(GW, replace(flare, follows="S260302b")),
        associate(GW, replace(flare, follows="S260302b", region=elsewhere)),
        associate(replace(GW, region=skymaps.circle(10.0, 80.0, 1.0)), replace(flare, region=elsewhere)),
    ]
    assert [pair and pair.reason for pair in told] == [
        "not independent: the telescope was pointed there",
        "not independent: the telescope was pointed by another event",
        "the regions do not meet",
        "the regions do not meet",
    ]
    assert all(pair and pair.by_construction and pair.far_temporal_hz is None for pair in told)


def test_a_burst_from_anywhere_is_judged_by_time_alone() -> None:
    found = associate(GW, replace(GRB, region=skymaps.all_sky()))
    assert found is not None
    assert found.overlap is None
    assert found.far_temporal_hz is not None
    assert found.far_spacetime_hz is None
