"""Tonight, as the pages tell it; the arithmetic is tested with ``mma.observing.visibility``."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

import skymaps
from mma.api.pages import nights
from mma.observing.sites import CTAO_N, CTAO_S
from mma.observing.visibility import sample

NORTH, SOUTH = 0, 1


def unix(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def share(region: skymaps.Region, site: int) -> float:
    return float(nights.rows(unix("2026-03-01T20:00:00"), None, sample(region))[site]["share"])


def test_nights_are_long_in_winter():
    june, december = (nights.rows(unix(f"2026-{month}-21T12:00:00"), None) for month in ("06", "12"))
    assert december[NORTH]["dark_h"] > june[NORTH]["dark_h"] + 2.5
    assert june[SOUTH]["dark_h"] > december[SOUTH]["dark_h"] + 2.5


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_tonight_is_on_or_comes_next(hour: int):
    now = unix("2026-11-23") + 3600.0 * hour
    for row in nights.rows(now, None):
        start, end = row["dark"]
        assert end > now
        assert start - now < 24 * 3600.0
        assert row["dark_h"] == pytest.approx((end - start) / 3600.0)


def test_a_pole_of_the_sky_stands_still():
    row = nights.rows(unix("2026-03-01T20:00:00"), (0.0, 90.0))[NORTH]
    assert row["top_deg"] == pytest.approx(CTAO_N.latitude, abs=0.2)  # precession since J2000
    low = nights.rows(unix("2026-03-01T20:00:00"), (0.0, -90.0))[NORTH]
    assert low["high_h"] == 0.0


def test_what_of_a_region_is_in_reach():
    assert share(skymaps.circle(160.0, -25.0, 3.0), SOUTH) == pytest.approx(1.0)
    assert share(skymaps.circle(160.0, 80.0, 3.0), SOUTH) == 0.0


def test_more_than_a_moment_and_less_than_a_year_shows_is_in_reach():
    """At any moment (1 - sin 30) / 2 of the sky is high; in a year, what culminates high: within 60 degrees of the
    latitude in declination."""
    low, high = (np.sin(np.radians(max(CTAO_S.latitude + a, -90.0))) for a in (-60.0, 60.0))
    assert 0.25 < share(skymaps.all_sky(), SOUTH) < (high - low) / 2.0
