"""Regions of notices hold the part of finer positions that they claim."""

from __future__ import annotations

import pytest

from benchmarks import containment
from mma.notices import decode_gcn, decode_voevent
from tests.mma.notices.test_voevent import disc


@pytest.fixture(scope="module")
def recorded(data):
    return list(containment.notices(data))


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "n"),
    [("GBM flight, by the final position", 41), ("GBM flight, by the ground position", 38),
     ("GBM ground, by the final position", 38)],
)  # fmt: skip
def test_ninety_percent_regions_of_gbm_hold_nine_in_ten(recorded, name, n):
    """Within two standard errors of a share of n; the finer positions have errors of their own."""
    found = containment.levels(recorded, *containment.PAIRS[name])
    assert len(found) == n
    assert sum(level <= 0.9 for level in found) / n > 0.9 - 2.0 * (0.9 * 0.1 / n) ** 0.5
    assert sum(level <= 0.68 for level in found) / n > 0.68 - 2.0 * (0.68 * 0.32 / n) ** 0.5


@pytest.mark.realdata
def test_what_bat_told_holds_what_xrt_saw(recorded):
    assert max(containment.levels(recorded, *containment.PAIRS["BAT, by XRT"])) < 0.95


def test_a_flight_position_in_json_is_wider_than_it_says(said, gcn_document):
    told = gcn_document | {"systematic_included": True, "subtype": "FLIGHT_POSITION"}
    ground = gcn_document | {"systematic_included": False, "subtype": "GROUND_POSITION"}
    assert decode_gcn(said(told)).region.area_deg2(0.9) == decode_gcn(said(ground)).region.area_deg2(0.9)


def test_xrt_circles_hold_what_was_measured_of_them(voevent):
    region = decode_voevent(voevent(67, error="0.001")).region
    assert region.area_deg2(0.55) == pytest.approx(disc(0.001), rel=0.01)
