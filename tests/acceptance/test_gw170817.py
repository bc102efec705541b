"""GW170817: the real counterpart comes out first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import gw170817
from coincidence import DEFAULT
from mma.answers import queries

pytestmark = pytest.mark.realdata


def test_ranks_over_200_nights(data: Path) -> None:
    whole, by_sky = gw170817.ranks(data, nights=200)
    assert np.mean(np.array(whole) == 1) >= 0.98
    assert 6 <= np.median(by_sky) <= 8


def test_one_night_through_the_engine(data: Path) -> None:
    with gw170817.one_night(data) as (store, _), store.read() as connection:
        first = queries.candidates(connection, "S170817a")[0]
    assert first["object"] == "AT2017gfo"
    assert first["host"]["name"] == "NGC4993"
    assert first["credible_level"] == pytest.approx(0.3826, abs=1e-3)
    assert first["credible_volume"] == pytest.approx(0.2854, abs=2e-3)
    assert first["delay_s"] / 3600 == pytest.approx(11.32, abs=0.01)  # 2017-08-18 00:00 UTC in the photometry
    assert first["parameters"] == DEFAULT.id
