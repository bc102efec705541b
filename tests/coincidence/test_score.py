"""Scores, ranks, probabilities, hosts and vetoes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import skymaps
from coincidence import DEFAULT, Galaxies, Kind, probabilities, rank, score
from coincidence.hosts import associate
from coincidence.ranking import worth_telling
from tests.coincidence.rows import DAY_S, EPOCH, alerts, event

CIRCLE = skymaps.circle(150.0, 20.0, 3.0)


def galaxies(*rows: tuple[str, float, float, float]) -> Galaxies:
    """Spectroscopic galaxies: name, ra, dec, Mpc."""
    names, ra, dec, mpc = zip(*rows, strict=True)
    n = len(rows)
    return Galaxies(
        name=np.array(names, dtype=object),
        catalog=np.full(n, "test", dtype=object),
        ra=np.array(ra),
        dec=np.array(dec),
        distance_mpc=np.array(mpc),
        distance_error_mpc=np.full(n, 1.0),
        kind=np.full(n, "spec", dtype=object),
        density_deg2=np.full(n, 0.3),
    )


def three_d(mpc: float, error: float) -> skymaps.SkyMap:
    """The circle as a map with the same distance everywhere."""
    flat = skymaps.as_skymap(CIRCLE)
    n = len(flat.lower)
    uniq = (flat.lower >> (2 * (29 - flat.order.astype(int)))) + (np.int64(4) << (2 * flat.order.astype(int)))
    norm = np.full(n, 1.0 / (mpc**2 + error**2))
    return skymaps.SkyMap.from_tiles(
        uniq, flat.probdensity, distmu=np.full(n, mpc), distsigma=np.full(n, error), distnorm=norm
    )


def test_terms_add_up_and_unknown_counts_nothing() -> None:
    (found,) = score(event(CIRCLE), alerts({"ra": 150.2, "dec": 20.1}))
    assert found.terms["distance"] is None
    assert sum(v for v in found.terms.values() if v is not None) == pytest.approx(found.by_class[found.counterpart])
    assert found.log_odds == pytest.approx(np.logaddexp.reduce(list(found.by_class.values())))
    density = CIRCLE.probdensity_at(150.2, 20.1)[0]
    assert found.terms["sky"] == pytest.approx(np.log(0.999 * 4 * np.pi * density + 1e-3))


def test_outside_the_region_or_window_is_no_candidate() -> None:
    rows = alerts(
        {"ra": 150.0, "dec": 20.0},
        {"ra": 150.0, "dec": 30.0},
        {"ra": 150.0, "dec": 20.0, "days": 11.0},
        {"ra": 150.0, "dec": 20.0, "days": -1.0},
    )
    assert [c.object_id for c in score(event(CIRCLE), rows)] == ["ZTF26000000"]


def test_host_at_the_events_distance_helps_another_hurts_and_none_is_neutral() -> None:
    rows = alerts({"ra": 149.9, "dec": 20.0}, {"ra": 150.0, "dec": 20.1}, {"ra": 150.1, "dec": 20.0})
    near = galaxies(("right", 149.9, 20.001, 40.0), ("wrong", 150.0, 20.101, 300.0))
    right, wrong, hostless = score(event(three_d(40.0, 8.0)), rows, near)
    assert right.terms["distance"] is not None
    assert wrong.terms["distance"] is not None
    assert right.terms["distance"] > 3.0
    assert wrong.terms["distance"] < -3.0
    assert hostless.terms["distance"] is None
    assert right.host is not None
    assert (right.host.name, hostless.host) == ("right", None)


def test_a_map_without_distance_makes_hosts_neutral() -> None:
    near = galaxies(("any", 150.0, 20.001, 40.0))
    (found,) = score(event(CIRCLE), alerts({"ra": 150.0, "dec": 20.0}), near)
    assert found.terms["distance"] is None
    assert found.credible_volume is None


@given(st.lists(st.tuples(st.floats(0, 360), st.floats(-90, 90), st.floats(10, 500)), min_size=1, max_size=30))
def test_host_weights_and_the_unseen_host_sum_to_one(places: list[tuple[float, float, float]]) -> None:
    rows = alerts(*({"ra": ra % 360, "dec": dec} for ra, dec, _ in places))
    near = galaxies(*((str(i), ra, max(-90, dec - 0.01), mpc) for i, (ra, dec, mpc) in enumerate(places)))
    found = associate(rows, near, DEFAULT)
    total = found.unseen + np.bincount(found.alert, found.weight, minlength=len(rows))
    assert total == pytest.approx(np.ones(len(rows)))


def test_host_chance_is_bloom_2002() -> None:
    rows = alerts({"ra": 150.0, "dec": 20.0})
    found = associate(rows, galaxies(("g", 150.0, 20.0 + 60.0 / 3600, 100.0)), DEFAULT)
    assert found.separation_arcsec[0] == pytest.approx(60.0, rel=1e-6)
    assert found.p_chance[0] == pytest.approx(1 - np.exp(-np.pi * (60 / 3600) ** 2 * 0.3), rel=1e-6)


def test_hosts_are_found_across_ra_zero_and_at_the_pole() -> None:
    rows = alerts({"ra": 0.001, "dec": 0.0}, {"ra": 10.0, "dec": 89.999})
    near = galaxies(("across", 359.999, 0.0, 100.0), ("pole", 190.0, 89.999, 100.0))
    found = associate(rows, near, DEFAULT)
    assert dict(zip(found.alert.tolist(), found.name, strict=True)) == {0: "across", 1: "pole"}


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ({"solar_system_arcsec": 1.0}, "moving"),
        ({"reliability": 0.1}, "bogus"),
        ({"first_seen": EPOCH.timestamp() - 3 * DAY_S}, "already active: first detected 3.00 d before"),
    ],
)
def test_a_veto_keeps_the_row_and_says_why(column: dict[str, float], reason: str) -> None:
    rows = alerts({"ra": 150.0, "dec": 20.0} | column, {"ra": 150.0, "dec": 20.0})
    vetoed, good = score(event(CIRCLE), rows)
    assert vetoed.veto is not None
    assert vetoed.veto.startswith(reason)
    assert vetoed.log_odds == -np.inf
    ranked = rank([vetoed, good])
    assert [(c.object_id, c.rank) for c in ranked] == [("ZTF26000001", 1), ("ZTF26000000", None)]


def test_a_long_active_object_may_be_the_source_of_a_neutrino() -> None:
    rows = alerts({"ra": 150.0, "dec": 20.0, "first_seen": EPOCH.timestamp() - 175 * DAY_S})
    (found,) = score(event(CIRCLE, kind=Kind.NEUTRINO), rows)
    assert found.veto is None
    assert found.counterpart in ("tde", "blazar")


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=50))
def test_probabilities_never_promise_more_than_one_counterpart(odds: list[float]) -> None:
    chance = probabilities(np.array(odds))
    assert chance.sum() <= 1.0 + 1e-12
    none = 1.0 / (1.0 + np.exp(np.array(odds)).sum())
    assert chance.sum() + none == pytest.approx(1.0)


def test_what_is_told_again() -> None:
    odds = np.array([5.0, 4.0, 3.0, -9.0, -8.0, -12.0, -6.0])
    told = np.array([5.0, 2.5, np.nan, np.nan, -9.5, -3.0, -9.0])
    assert DEFAULT.tell_from_log_odds == -7.0
    # the last three: known to be below, and still so; fell below, which is told once; came back
    assert worth_telling(odds, told, DEFAULT).tolist() == [False, True, True, False, False, True, True]
    everything = replace(DEFAULT, tell_from_log_odds=-100.0)
    assert worth_telling(odds, told, everything).tolist() == [False, True, True, True, True, True, True]
