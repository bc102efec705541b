"""Maps with flaws that leave their meaning clear are mended, and say how much; expected values by arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import skymaps
from skymaps import RegionError, SkyMap

from .test_bad_maps import EVEN, archive, changed, multi_order, scan
from .test_read import density, flat_bytes

UNSEEN = -1.6375e30
"""HEALPix's mark of a pixel that nobody looked at."""


@pytest.mark.parametrize("factor", [0.5001, 0.9, 1.01, 1.12, 1.9999])
@pytest.mark.parametrize("ordering", ["NESTED", "RING"])
def test_a_sum_that_is_off_is_divided_out(factor, ordering):
    good = skymaps.read(flat_bytes(density(), ordering=ordering))
    found = skymaps.read(flat_bytes(density() * factor, ordering=ordering))
    assert found.total == pytest.approx(1.0, abs=1e-12)
    assert found.probdensity == pytest.approx(good.probdensity, rel=1e-9)
    assert found.remarks == (f"map's probabilities sum to {factor:.6g}: divided by that",)
    assert good.remarks == ()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, UNSEEN, -1e-9])
def test_cells_without_a_value_hold_no_probability(value):
    found = skymaps.read(multi_order(values=changed(EVEN, 3, value)))
    assert found.probdensity[3] == 0.0
    assert found.total == pytest.approx(1.0, abs=1e-12)
    assert np.delete(found.probdensity, 3) == pytest.approx(3.0 / (11.0 * np.pi))  # 1 / 11 over pi / 3 sr
    assert found.remarks[0].startswith("map: 1 of 12 cells, 0.0833 of the sky, have no value (1 ")
    assert found.remarks[1] == "map's probabilities sum to 0.916667: divided by that"


def test_most_of_a_map_may_be_missing_but_not_all():
    values = np.full(12, np.nan)
    values[5] = EVEN[0]
    found = skymaps.read(multi_order(values=values))
    assert found.probdensity[5] == pytest.approx(3.0 / np.pi)
    with pytest.raises(RegionError, match="12 NaN"):
        skymaps.read(multi_order(values=np.full(12, np.nan)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_scan_whose_fit_failed_somewhere_falls_back_to_the_coarser_one(bad):
    """-ln L of 10 everywhere, and a fine scan of one pixel in which one of four fits failed."""
    data = archive(**{"nside-1": scan(range(12), [10.0] * 12), "nside-2": scan(range(4), [8.0, bad, 10.0, 10.0])})
    found = skymaps.read(data)
    weights = np.array([np.exp(2.0), 1.0, 1.0, 1.0, *[4.0] * 11])
    prob = found.probdensity * np.pi / 3 / 4.0**found.order
    assert np.sort(prob) == pytest.approx(np.sort(weights / weights.sum()))
    assert found.remarks == ("scan: 1 pixels whose likelihood is not finite left out",)


@given(st.lists(st.one_of(st.floats(0.0, 0.05), st.just(np.nan), st.just(UNSEEN)), min_size=12, max_size=12))
def test_whatever_is_mended_is_a_map_that_is_written_and_read_without_a_remark(values):
    try:
        found = SkyMap.from_tiles(np.arange(4, 16), values)
    except RegionError:
        return
    assert found.total == pytest.approx(1.0, abs=1e-3)
    again = skymaps.read(skymaps.write_fits(found))
    assert again.remarks == ()
    assert again.probdensity == pytest.approx(found.probdensity)
