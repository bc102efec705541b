"""The rates are what they say: the mean overlap over rotations is 1, and pairs are as rare as claimed."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.stats import qmc

import skymaps
from coincidence import associate
from coincidence.joint import YEAR_S, Role
from skymaps import SkyMap, healpix, overlap

from .joint_events import made
from .rows import EPOCH

N = 1 << 14
"""Rotations."""

FEW = 1 << 11
"""Of a circle over a map, whose cells are made anew for each."""

GBM = skymaps.GBM_SYSTEMATIC["ground"]
ORDER = 4


def centres(n: int, seed: int) -> np.ndarray:
    """Places of a randomised even cover of the sky: each alone is uniform. Shape (n, 2), degrees."""
    u = qmc.Sobol(2, rng=np.random.default_rng(seed)).random(n)
    return np.stack([360.0 * u[:, 0], np.degrees(np.arcsin(2.0 * u[:, 1] - 1.0))], axis=1)


def rotations(n: int, seed: int) -> Rotation:
    """Random rotations, even over all of them: Shoemake 1992, from randomised even triples."""
    u, v, w = qmc.Sobol(3, rng=np.random.default_rng(seed)).random(n).T
    v, w = 2.0 * np.pi * v, 2.0 * np.pi * w
    one, two = np.sqrt(1.0 - u), np.sqrt(u)
    return Rotation.from_quat(np.stack([one * np.sin(v), one * np.cos(v), two * np.sin(w), two * np.cos(w)], axis=1))


PIXELS = np.arange(12 << (2 * ORDER))
_RA, _DEC = (np.radians(x) for x in healpix.pixel_centre(ORDER, PIXELS))
VECTORS = np.stack([np.cos(_DEC) * np.cos(_RA), np.cos(_DEC) * np.sin(_RA), np.sin(_DEC)], axis=1)


def two_blobs(turn: Rotation | None = None) -> SkyMap:
    """A map of two unlike blobs a third of the sky apart, turned."""
    towards = VECTORS if turn is None else turn.inv().apply(VECTORS)
    density = np.exp(20.0 * (towards[:, 0] - 1.0)) + 0.5 * np.exp(60.0 * (towards[:, 1] - 1.0))
    density /= density.sum() * healpix.area_sr(ORDER)
    return SkyMap.from_tiles(4 ** (ORDER + 1) + PIXELS, density)


def test_the_mean_over_rotations_is_one_for_circles():
    fixed = skymaps.circle(30.0, 40.0, 11.6, 0.68, GBM)
    found = [overlap(fixed, skymaps.circle(ra, dec, 10.0)) for ra, dec in centres(N, 1).tolist()]
    assert np.mean(found) == pytest.approx(1.0, abs=0.02)
    assert np.max(found) > 10.0


def test_the_mean_over_rotations_is_one_for_a_map_and_circles():
    fixed = two_blobs()
    found = [overlap(fixed, skymaps.circle(ra, dec, 15.0)) for ra, dec in centres(FEW, 2).tolist()]
    assert np.mean(found) == pytest.approx(1.0, abs=0.02)
    assert np.max(found) > 5.0


def test_the_mean_over_rotations_is_one_for_maps():
    fixed = two_blobs()
    found = [overlap(fixed, two_blobs(turn)) for turn in rotations(N, 3)]
    assert np.mean(found) == pytest.approx(1.0, abs=0.02)
    assert np.max(found) > 5.0


@pytest.mark.calibration
def test_unrelated_pairs_are_as_rare_as_their_rates_claim():
    """Triggers with rates even up to a limit, bursts at 310 per year, both anywhere at any time, by ``associate``.

    ``n`` triggers each with one burst within +-9 s stand for ``T = n / (FAR_max R 18 s)``. Of the pairs, ``x T`` are
    expected below x, as long as x is below the smallest rate that the largest overlap can make of FAR_max.
    """
    random, n, far_max, spread = np.random.default_rng(170817), 120_000, 1e-5, 9.0
    rate = 310.0 / YEAR_S
    merger, burst = made(Role.CBC, "S1"), made(Role.GRB, "G1")
    far = random.uniform(0.0, far_max, n).tolist()
    delay = random.uniform(-spread, spread, n).tolist()
    places = [(random.uniform(0.0, 360.0, n), np.degrees(np.arcsin(random.uniform(-1.0, 1.0, n)))) for _ in range(2)]
    (ra, dec), (ra2, dec2) = ((x.tolist(), y.tolist()) for x, y in places)
    found = []
    for i in range(n):
        a = replace(merger, far_hz=far[i], region=skymaps.circle(ra[i], dec[i], 40.0))
        time = EPOCH + timedelta(seconds=delay[i])
        pair = associate(a, replace(burst, time=time, region=skymaps.circle(ra2[i], dec2[i], 5.0, 0.68, GBM)))
        if pair is not None:
            found.append((pair.far_temporal_hz, pair.far_spacetime_hz))
    temporal, spacetime = np.array(found).T
    assert len(found) == pytest.approx(n * 6.0 / 18.0, rel=0.02)
    span = n / (far_max * rate * 2.0 * spread)
    largest = far_max * rate * 6.0
    best = overlap(skymaps.circle(0.0, 0.0, 40.0), skymaps.circle(0.0, 0.0, 5.0, 0.68, GBM))
    for part in (1.0 / best, 0.5 / best):
        limit = largest * part
        assert (spacetime < limit).sum() / (limit * span) == pytest.approx(1.0, abs=0.1)
    assert (temporal < largest / 20.0).sum() / (largest / 20.0 * span) == pytest.approx(1.0, abs=0.1)
    assert math.isfinite(best)
