"""What is drawn follows what is claimed: onsets, distances, rates, places, errors; the scorecard counts right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import kstest

import skymaps
from coincidence import DEFAULT
from mma.simulate import classes, hosts, scorecard, sky, triggers, truth
from mma.simulate.detectors import NETWORKS
from mma.simulate.light import SURVEYS, Curve, observe
from mma.simulate.skymap import Ring, draw, ring_map
from skymaps import cosmology
from tests.mma.world import T0


def random(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", list(DEFAULT.classes))
def test_onsets_follow_the_stated_density(name):
    """Against the density integrated numerically: the mean of what is drawn, within 5 standard errors."""
    model = DEFAULT.classes[name].onset
    densities = {
        "box": lambda x: 1.0,
        "plateau_exponential": lambda x: 1.0 if x < model.flat_d else np.exp(-(x - model.flat_d) / model.scale_d),
        "power_law": lambda x: 1.0 / (x - model.start_d + model.scale_d),
        "event": lambda x: (
            (1.0 - model.late) / model.flat_d * (x < model.flat_d)
            + model.late * np.exp(-x / model.scale_d) / -np.expm1(-model.end_d / model.scale_d) / model.scale_d
        ),
    }
    h, ends = densities[model.shape], (model.start_d, model.end_d)
    mass, mean, square = (
        quad(lambda x, k=k: x**k * h(x), *ends, limit=500, points=[model.flat_d])[0] for k in (0, 1, 2)
    )
    drawn = np.array([classes.onset_d(model, r) for r in [random()] for _ in range(4000)])
    sigma = np.sqrt(square / mass - (mean / mass) ** 2)
    assert np.mean(drawn) == pytest.approx(mean / mass, abs=5 * sigma / np.sqrt(4000))
    assert drawn.min() >= ends[0]
    assert drawn.max() <= ends[1]


def test_background_is_even_in_volume_where_nothing_is_too_faint():
    """All of magnitude -19 to 300 Mpc are brighter than 20: below that the count grows as the comoving volume."""
    mpc, mag = classes.background(20000, 21.5, random(), ((1.0, -19.0, 0.01),))
    assert (mag < 21.5).all()
    near = mpc[mpc < 600.0]
    z = cosmology.redshift(near)
    comoving = near / (1 + z)
    edge = 600.0 / (1 + cosmology.redshift(np.array([600.0]))[0])
    assert kstest((comoving / edge) ** 3, "uniform").statistic < 0.04  # time dilation bends it by 3 %


@given(st.floats(0.02, 40.0), st.floats(-89.0, 89.0), st.floats(0.0, 359.9))
def test_displacement_never_leaves_the_sphere(sigma, dec, ra):
    told = triggers.displaced(ra, dec, sigma, random())
    assert 0.0 <= told[0] < 360.0
    assert -90.0 <= told[1] <= 90.0


@pytest.mark.parametrize("kind", ["grb", "neutrino", "flare"])
def test_true_places_lie_within_the_regions_as_often_as_they_say(kind):
    """The decoded notice's region against the truth: credible levels even from 0 to 1."""
    levels = []
    for i in range(300):
        trigger = triggers.POINTED[kind](i, triggers.START, random(i))
        (event,) = trigger.events()
        levels.append(float(event.region.credible_level_at(np.array([trigger.ra]), np.array([trigger.dec]))[0]))
    assert kstest(levels, "uniform").pvalue > 0.001


def test_levels_of_sources_drawn_from_a_map_are_even():
    ring = Ring(
        axis_ra=100.0,
        axis_dec=20.0,
        radius_deg=50.0,
        width_deg=4.0,
        bright_ra=150.0,
        bright_dec=20.0,
        concentration=8.0,
        distance_mpc=120.0,
        distance_error_mpc=30.0,
    )
    skymap, r = ring_map(ring, T0, "S1a"), random(4)
    at = np.array([draw(skymap, r) for _ in range(300)])
    assert scorecard.pp(skymap.credible_level_at(at[:, 0], at[:, 1]).tolist())["p"] > 0.001
    assert scorecard.pp(skymap.credible_volume_at(at[:, 0], at[:, 1], at[:, 2]).tolist())["p"] > 0.001
    assert scorecard.pp((skymap.credible_level_at(at[:, 0], at[:, 1]) ** 2).tolist())["p"] < 1e-6  # too sure of itself


@pytest.mark.parametrize("survey", list(SURVEYS))
def test_unrelated_transients_come_at_the_stated_rate_evenly_in_time(survey):
    """First detections within the window, per square degree and day."""
    plan = truth.Plan(kinds=("neutrino",), survey=survey, contaminants=0.0, per_deg2_14d=60.0)
    trigger = triggers.neutrino(1, triggers.START, random(2))
    (event,) = trigger.events()
    around = sky.Sky(plan=plan, trigger=trigger, event=event, number=1, random=random(3))
    found = list(around.background())
    start, end = around.window
    first = np.array([s.seen.visits.time[s.seen.first] for s in found])
    inside = first[(first >= start) & (first <= end)]
    _, size = sky.searched(event.region)
    area = size.sum() / (12 << 58) * 4 * np.pi * (180 / np.pi) ** 2
    expected = 60.0 / 14.0 * area * (end - start) / 86400.0
    assert len(inside) == pytest.approx(expected, abs=5 * np.sqrt(expected))
    assert kstest((inside - start) / (end - start), "uniform").pvalue > 0.001


def test_catalogue_distances_are_wrong_by_as_much_as_they_say():
    r = random(5)
    spec = np.array([hosts.measured(150.0, False, r)[0] for _ in range(2000)])
    assert np.std(spec) == pytest.approx(4.4, rel=0.1)
    photo = [hosts.measured(900.0, True, r) for _ in range(2000)]
    pull = [(told - 900.0) / error for told, error, _ in photo]
    assert np.std(pull) == pytest.approx(1.0, abs=0.15)  # a redshift's error is not quite even in distance


def test_a_light_curve_has_its_peak_and_its_fade():
    curve = Curve(onset=0.0, peak_mag=18.0, rise_d=2.0, fade_mag_d=0.5, bluer_fade_mag_d=0.3)
    days = np.array([-1.0, 0.2, 2.0, 4.0]) * 86400.0
    r, g = np.full(4, 2), np.full(4, 1)
    assert curve.mag(days, r) == pytest.approx([np.inf, 23.0, 18.0, 19.0])  # flux as t^2: a tenth of the rise is 5 mag
    assert curve.mag(days, g)[-1] == pytest.approx(19.6)
    assert curve.mag(np.array([curve.crossing_d(20.0) * 86400.0]), r[:1]) == pytest.approx([20.0])


def test_what_is_brighter_than_the_limit_is_seen_and_else_not():
    survey, r = SURVEYS["ztf"], random(6)
    visits = survey.visits(0.0, 100 * 86400.0, r)
    assert len(visits.time) == pytest.approx(50 * 0.85, abs=12)
    bright = Curve(onset=40 * 86400.0, peak_mag=16.0, rise_d=0.1, fade_mag_d=0.0)
    seen = observe(bright, visits, r)
    assert (seen.detected == (visits.time > bright.onset)).all()
    assert seen.last_unseen(30.0) == visits.time[visits.time < bright.onset][-1]
    faint = Curve(onset=0.0, peak_mag=24.0, rise_d=0.1, fade_mag_d=0.0)
    assert not observe(faint, visits, r).detected.any()


def judged(**changes):
    told = {
        "event": "e",
        "kind": "cbc",
        "counterpart": "kilonova",
        "rank": 1,
        "candidates": 2,
        "probability": np.array([0.7, 0.2]),
        "is_true": np.array([True, False]),
        "level": 0.4,
        "volume": 0.3,
        "counted": 3,
        "claimed": 4.0,
    }
    return scorecard.Judged(**told | changes)


def test_the_scorecard_counts():
    """By hand: two events, one counterpart first, one not found."""
    lost = judged(rank=None, is_true=np.array([False, False]), level=0.8, volume=None, counted=5)
    card = scorecard.summary([judged(), lost], nights=4)
    assert card["rank"] == {
        "n": 2, "median": 1.0, "p90": None, "recall_at_1": 0.5, "recall_at_10": 0.5, "found": 1
    }  # fmt: skip
    assert card["brier"] == pytest.approx((0.09 + 0.04 + 0.49 + 0.04) / 4)
    assert card["chance"]["ratio"] == 1.0
    assert card["false_candidates"] == {"from_probability": 0.1, "n": 3, "per_night": 0.75}
    assert card["reliability"][7] == {
        "from": 0.7, "n": 2, "claimed": pytest.approx(0.7), "true": 0.5, "error": pytest.approx(np.sqrt(0.21 / 2)),
        "occupied": False,
    }  # fmt: skip
    assert card["reliability_worst"] is None
    assert (card["pp"]["sky"]["n"], card["pp"]["volume"]["n"]) == (2, 1)


def test_stability_of_orders():
    names = [f"o{i}" for i in range(12)]
    assert scorecard.stability(names, names) == (pytest.approx(1.0), 1.0)
    tau, overlap = scorecard.stability(names[::-1], names)
    assert tau == pytest.approx(-1.0)
    assert overlap == pytest.approx(0.8)
    assert scorecard.stability([], names) == (None, None)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=300))
def test_deciles_hold_every_candidate_once(values):
    p = np.array(values)
    rows = scorecard.reliability(p, np.zeros(len(p), dtype=bool))
    assert sum(row["n"] for row in rows) == len(p)
    assert all(row["from"] <= row["claimed"] <= row["from"] + 0.1 + 1e-12 for row in rows if row["n"])


def test_networks_are_named_by_their_detectors():
    for network in NETWORKS.values():
        assert [name for name, _ in network.ranges_mpc] == ["H1", "L1", "V1"]


def test_a_real_bayestar_map_is_made_once(tmp_path, monkeypatch):
    """One merger localised; the second call finds it there."""
    from mma.simulate import maps

    (drawn,) = maps.make(tmp_path, 1, network="o4", seed=11)
    skymap = skymaps.read(maps.path_of(tmp_path, drawn))
    assert skymap.creator == "BAYESTAR"
    assert skymap.has_distance
    assert drawn.snr >= NETWORKS["o4"].threshold
    at = np.array([drawn.ra]), np.array([drawn.dec])
    assert skymap.credible_level_at(*at)[0] < 0.9999
    before = (tmp_path / f"{drawn.name}.fits").stat().st_mtime_ns
    assert maps.make(tmp_path, 1, network="o4", seed=11) == [drawn]
    assert (tmp_path / f"{drawn.name}.fits").stat().st_mtime_ns == before
