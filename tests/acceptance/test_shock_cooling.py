"""A supernova that cools from its shock fades as fast as a kilonova for some days: SN 2025ulz after S250818k."""

from __future__ import annotations

import numpy as np
import pytest

import skymaps
from coincidence import DEFAULT, Candidate, rank, score
from coincidence.terms.shapes import mean_mag
from tests.coincidence.light import curve, even_map, limit, point
from tests.coincidence.rows import DAY_S, EPOCH, alerts, event

DAYS = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0)
COOLING = {
    "g": (-17.3, -17.0, -16.3, -15.8, -15.5, -15.5, -16.0),
    "r": (-17.0, -16.9, -16.5, -16.2, -16.0, -16.0, -16.5),
}
"""Absolute magnitudes on ``DAYS`` after the event, rounded, as SN 2025ulz fell for four days and rose again."""

MPC, ERROR_MPC = 259.0, 74.0
"""Of S250818k (arXiv 2510.01142), whose map had about 900 deg2; it was real with a probability of 0.29 (LVK)."""

REGION = skymaps.circle(150.0, 20.0, 17.5)


def kilonova() -> dict[str, tuple[float, ...]]:
    """AT2017gfo on the same days and in the same bands."""
    light, template, at = DEFAULT.classes["kilonova"].light, DEFAULT.templates["kilonova"], np.array(DAYS)
    columns = {"g": 1, "r": 2}
    return {b: tuple(mean_mag(light, template, at, np.full(len(at), k)).tolist()) for b, k in columns.items()}


def scored(mags: dict[str, tuple[float, ...]], until: float) -> Candidate:
    modulus = 5.0 * np.log10(MPC) + 25.0
    points = [
        point(day, modulus + mag, band, error=0.08)
        for band, told in mags.items()
        for day, mag in zip(DAYS, told, strict=True)
        if day <= until
    ]
    before = [limit(-1.5, 22.5, "g"), limit(-1.4, 22.5, "r")]
    row = {
        "ra": 152.0,
        "dec": 20.0,
        "time": EPOCH.timestamp() + until * DAY_S,
        "first_seen": EPOCH.timestamp() + DAYS[0] * DAY_S,
        "last_unseen": EPOCH.timestamp() - 1.4 * DAY_S,
        "n_detections": float(len(points)),
        "distance_mpc": MPC,
    }
    merger = event(even_map(MPC, ERROR_MPC, REGION), classes={"BNS": 0.29, "Terrestrial": 0.71, "HasRemnant": 1.0})
    (found,) = rank(score(merger, alerts(row), curves=curve(*before, *points)))
    return found


@pytest.mark.parametrize("until", DAYS[2:])
def test_shock_cooling_is_below_a_kilonova_from_the_second_night_on(until: float) -> None:
    cooling, true = scored(COOLING, until).probability, scored(kilonova(), until).probability
    assert cooling is not None
    assert true is not None
    assert cooling < true
    assert cooling < 0.3
    assert true > 0.9


def test_in_its_first_night_nobody_can_tell_it_from_a_kilonova() -> None:
    assert scored(COOLING, 1.0).probability == pytest.approx(scored(kilonova(), 1.0).probability, abs=0.1)
