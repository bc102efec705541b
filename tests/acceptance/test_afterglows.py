"""Real afterglows of bursts: known for what they are within hours, and from then on."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skymaps
from coincidence import Candidate, Kind, rank, score
from coincidence.curves import LightCurves
from tests.coincidence.light import limit, point
from tests.coincidence.rows import DAY_S, EPOCH, alerts, event

GBM = skymaps.circle(150.0, 20.0, 5.0)
"""As wide as a bright burst that Fermi-GBM located on the ground."""

GRB211211A = [
    (0.28, 20.25, "r"),
    (0.43, 20.25, "r"),
    (0.69, 20.89, "r"),
    (0.69, 20.80, "i"),
    (1.40, 22.5, "r"),
    (1.68, 22.6, "i"),
    (2.68, 24.1, "i"),
    (3.2, 24.6, "i"),
]
"""Days after the burst, AB magnitude and band: a plateau, then a fall that was steeper than any jet break. GCN circular
31221 (0.69 d) and others, rounded, as Rastinejad et al. 2022 (Nature 612 223, figure 1) show them."""

GRB230812B = [
    (0.096, 17.45, "g"),
    (0.36, 18.9, "r"),
    (0.83, 19.98, "r"),
    (0.85, 20.34, "g"),
    (1.06, 20.45, "r"),
    (1.45, 20.81, "r"),
    (1.99, 21.16, "r"),
    (3.04, 21.40, "r"),
    (6.90, 22.06, "r"),
    (8.10, 21.44, "r"),
]
"""The same of GCN circulars 34398, 34406, 34416, 34420, 34432, 34442, 34500 and 34516: a supernova takes over."""


def scored(*objects: list[dict[str, Any]], region: skymaps.Region = GBM) -> list[Candidate]:
    """Objects in a burst's region by their light curves; the survey looked half a day before the burst and saw none."""
    rows = []
    for k, points in enumerate(objects):
        seen = [p["time"] for p in points if "flux_njy" in p]
        row = {"ra": 150.2 + 0.04 * k, "dec": 20.3, "time": max(seen), "first_seen": min(seen)}
        unseen = [p["time"] for p in points if "flux_njy" not in p and p["time"] < min(seen)]
        rows.append(row | {"last_unseen": max(unseen, default=EPOCH.timestamp() - 0.5 * DAY_S)})
    curves = LightCurves.from_rows([p | {"object": k} for k, points in enumerate(objects) for p in points])
    return rank(score(event(region, kind=Kind.GRB), alerts(*rows), curves=curves))


def until(days: float, points: Iterable[tuple[float, float, str]], error: float = 0.05) -> list[dict[str, Any]]:
    """The points of a burst up to so many days after it."""
    return [point(t, mag, band, error=error) for t, mag, band in points if t <= days]


@pytest.mark.realdata
def test_real_afterglows_are_known_within_ten_hours(data: Path) -> None:
    bursts: dict[str, list[dict[str, Any]]] = {}
    with gzip.open(data / "yardstick/afterglows.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            if (days := float(row["days_after"])) <= 0.4:
                seen = point(days, float(row["r_mag_ab"]), error=float(row["mag_error"]))
                bursts.setdefault(row["burst"], []).append(seen)
    found = [scored(points)[0].probability for points in bursts.values()]
    assert len(found) >= 15
    assert np.median(np.array(found, dtype=np.float64)) >= 0.5


def test_grb_211211a_stays_what_it_is_as_its_light_curve_grows() -> None:
    for days in (0.3, 0.7, 1.5, 2.0, 3.0, 4.0):
        (found,) = scored(until(days, GRB211211A))
        assert (found.probability or 0.0) >= 0.5, days


def test_grb_230812b_is_first_of_forty() -> None:
    random = np.random.default_rng(20230812)
    for days in (0.4, 1.0, 3.0, 9.0):
        others = []
        for _ in range(40):  # supernovae near their peak, found since the burst
            mag, slope, first = random.uniform(19.0, 20.6), random.normal(0.0, 0.05), random.uniform(0.05, 0.4)
            at = np.arange(first, days + 1e-9, 1.0)
            curve = [point(float(t), float(mag + slope * t + 0.05 * random.normal()), "r") for t in at]
            others.append([limit(-1.0, 20.7), *curve])
        found = scored(until(days, GRB230812B), *others)
        first_of = next(c for c in found if c.rank == 1)
        assert first_of.object_id == alerts({}).object_id[0], days
