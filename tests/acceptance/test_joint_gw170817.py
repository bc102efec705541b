"""GW170817 and GRB 170817A: the numbers that are published, and what ours say of the same two."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import skymaps
from coincidence import Event, Kind, Messenger, Stage, associate
from coincidence.joint import Association, fisher, p_of_odds, product, sigma, temporal_p_value
from skymaps import healpix, overlap

pytestmark = pytest.mark.realdata
MERGED = datetime(2017, 8, 17, 12, 41, 4, 429464, tzinfo=UTC)
PLACE, RADIUS_DEG = (176.8, -39.8), 11.6
ONE_SIGMA = 1.0 - math.exp(-0.5)
"""Containment of the radius sigma."""


@pytest.fixture(scope="module")
def skymap(data: Path) -> skymaps.SkyMap:
    return skymaps.read(data / "skymaps" / "gw" / "GW170817.fits.gz")


def burst_region(containment: float, systematic: str = "final") -> skymaps.Circle:
    return skymaps.circle(*PLACE, RADIUS_DEG, containment, skymaps.GBM_SYSTEMATIC[systematic])


@pytest.fixture(scope="module")
def pair(skymap: skymaps.SkyMap) -> Association:
    merger = Event(
        id="S170817a",
        messenger=Messenger.GW,
        kind=Kind.CBC,
        observatory="LVK",
        issued=MERGED,
        stage=Stage.INITIAL,
        time=MERGED,
        region=skymap,
        notice="1",
        far_hz=1.0 / (8e4 * 365.25 * 86400.0),
        classes={"BNS": 1.0},
    )
    burst = Event(
        id="Fermi-GBM-524666471",
        messenger=Messenger.GAMMA,
        kind=Kind.GRB,
        observatory="Fermi",
        issued=MERGED,
        stage=Stage.INITIAL,
        time=MERGED + timedelta(seconds=1.74),
        region=burst_region(0.68),
        notice="2",
        instruments=("GBM",),
    )
    found = associate(merger, burst)
    assert found is not None
    return found


def test_the_overlap_depends_on_what_the_radius_holds(skymap: skymaps.SkyMap) -> None:
    """5.6 and 4.8 are for 11.6 deg taken as sigma; at 68 % containment, as GCN 21506 words it, it is less."""
    assert overlap(skymap, burst_region(ONE_SIGMA)) == pytest.approx(5.6, rel=0.02)
    assert overlap(skymap, skymaps.circle(*PLACE, RADIUS_DEG, ONE_SIGMA)) == pytest.approx(4.8, rel=0.02)
    assert 1.5 < overlap(skymap, burst_region(0.68)) < 2.5


def test_in_time_as_published(pair: Association) -> None:
    assert pair.delay_s == pytest.approx(1.74)
    assert temporal_p_value(pair.delay_s, 351.2 / (3324 * 86400.0), 0.85) == pytest.approx(5.0e-6, rel=0.01)
    assert pair.far_spacetime_hz is not None
    assert pair.far_temporal_hz is not None
    assert pair.far_after_trials_hz == pytest.approx(20.0 * pair.far_spacetime_hz)
    merger_hz, burst_hz = 1.0 / (8e4 * 365.25 * 86400.0), 310.0 / (365.0 * 86400.0)
    assert pair.far_temporal_hz == pytest.approx(6.0 * burst_hz * merger_hz)


def test_beyond_five_sigma_as_a_product(skymap: skymaps.SkyMap) -> None:
    """In time by bursts as short as this one, on the sky by the share of places where the circle would fit as well.

    The bare product is how Abbott et al. 2017 (ApJL 848 L13) come to 5.3 sigma, with 0.01 on the sky.
    """
    in_time = temporal_p_value(1.74, 351.2 / (3324 * 86400.0), 0.85)
    assert sigma(product([in_time, 0.01])) == pytest.approx(5.3, abs=0.05)
    observed = overlap(skymap, burst_region(0.68))
    ra, dec = healpix.pixel_centre(4, healpix.disc(*skymap.centre(), np.radians(40.0), 4))
    places = [
        skymaps.circle(*p, RADIUS_DEG, 0.68, burst_region(0.68).systematic)
        for p in zip(ra.tolist(), dec.tolist(), strict=True)
    ]
    values = np.array([overlap(skymap, place) for place in places])
    on_the_sky = (values >= observed).sum() / (12 << 8)
    assert 0.01 < on_the_sky < 0.06  # a circle of this size fits as well within 25 deg
    assert sigma(product([in_time, on_the_sky])) > 5.0
    assert 4.0 < sigma(fisher([in_time, on_the_sky])) < 5.0


def test_the_odds_are_strong_and_no_discovery_by_themselves(pair: Association) -> None:
    """All bursts count as background, and a window of 6 s: thousands to one, between three and four sigma as chance."""
    assert pair.log_odds is not None
    assert 7.0 < pair.log_odds < 9.0
    assert 3.0 < sigma(p_of_odds(pair.log_odds)) < 4.0
