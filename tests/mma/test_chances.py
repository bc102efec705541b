"""What candidates say of chance counts that were measured."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coincidence.scrambled import Chances
from mma.store import chances


def test_where_no_trial_met_any_the_upper_limit_is_told():
    """Of none in n trials the upper limit of 90 % is ln(10) / n (Gehrels 1986)."""
    found = Chances(log_odds=np.array([2.0, 1.0]), counts=np.array([0.01, 0.02]), trials=100)
    above, one, below, unknown, vetoed = chances.told(found, [9.0, 2.0, 0.5, None, -math.inf])
    assert above == {"chance_count": pytest.approx(math.log(10.0) / 100), "chance_by": "limit"}
    assert one == {"chance_count": pytest.approx(0.01), "chance_by": "measured"}
    assert below == {"chance_count": pytest.approx(0.02), "chance_by": "measured"}
    assert unknown == vetoed == {}


def test_none_at_all_is_a_limit_too():
    found = Chances(log_odds=np.empty(0), counts=np.empty(0), trials=50)
    assert chances.told(found, [1.0]) == [{"chance_count": pytest.approx(math.log(10.0) / 50), "chance_by": "limit"}]
