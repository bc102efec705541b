"""Events: the newest notice wins, whatever comes first."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import skymaps
from coincidence import ActiveEvents, Event, Kind, News, Stage, fold
from coincidence.active import in_order
from coincidence.event import set_apart
from coincidence.objects import combine, told_times
from tests.coincidence.rows import DAY_S, EPOCH, alerts, event

WIDE, NARROW = skymaps.circle(150.0, 20.0, 5.0), skymaps.circle(150.0, 20.0, 1.0)
FIRST = event(WIDE)
SECOND = event(NARROW, issued=EPOCH + timedelta(hours=1), stage=Stage.INITIAL, notice="n2", aliases=("GW260301",))
GONE = event(None, time=None, issued=EPOCH + timedelta(hours=2), stage=Stage.RETRACTION, notice="n3")
BACK = event(WIDE, issued=EPOCH + timedelta(hours=3), stage=Stage.UPDATE, notice="n4")


@pytest.mark.parametrize("notices", list(itertools.permutations([FIRST, SECOND, GONE, BACK])))
def test_the_order_of_arrival_does_not_matter(notices: tuple[Event, ...]) -> None:
    active = ActiveEvents()
    for notice in (*notices, *notices):
        active.update(notice)
    assert active["S260301a"] == fold([FIRST, SECOND, GONE, BACK])
    assert active["S260301a"].stage is Stage.UPDATE
    assert active["S260301a"].aliases == ("GW260301",)
    assert active.searching == ["S260301a"]
    assert active.revision("S260301a") == 4


def test_a_retraction_keeps_what_was_known_and_ends_the_search() -> None:
    active = ActiveEvents()
    news = [active.update(notice).news for notice in (FIRST, GONE, SECOND, FIRST)]
    assert news == [News.NEW, News.RETRACTED, News.RETRACTED, News.REPEATED]
    assert active["S260301a"].time == EPOCH
    assert active["S260301a"].region is NARROW
    assert active.searching == []


def test_of_notices_of_one_second_the_later_stage_counts() -> None:
    update = event(NARROW, stage=Stage.UPDATE, notice="a")
    initial = event(WIDE, stage=Stage.INITIAL, notice="b")
    assert fold([update, initial]).region is fold([initial, update]).region is NARROW


def test_a_notice_without_a_position_never_replaces_one_with() -> None:
    nowhere = event(skymaps.all_sky(), issued=EPOCH + timedelta(hours=4), notice="n5")
    assert fold([FIRST, nowhere]).region is WIDE


def test_names_that_begin_alike_are_two_events() -> None:
    active = ActiveEvents()
    active.update(FIRST)
    active.update(replace(GONE, id="S260301aa"))
    assert active["S260301a"].stage is Stage.PRELIMINARY


def test_an_event_expires_when_its_window_closes() -> None:
    active = ActiveEvents()
    active.update(FIRST)
    assert active.expire(EPOCH.timestamp() + 9.9 * DAY_S) == []
    assert active.expire(EPOCH.timestamp() + 10.1 * DAY_S) == ["S260301a"]
    assert len(active.match(alerts({"ra": 150.0, "dec": 20.0})).alert) == 0
    assert active.update(SECOND, now=EPOCH.timestamp() + 11 * DAY_S).news is News.REVISED
    assert active.searching == []


def test_an_event_from_anywhere_is_met_by_nothing_unless_it_is_a_supernova() -> None:
    active = ActiveEvents()
    active.update(event(skymaps.all_sky(), kind=Kind.GRB))
    active.update(event(skymaps.all_sky(), kind=Kind.SUPERNOVA, id="SNEWS-1"))
    assert active.searching == ["SNEWS-1"]


def test_one_object_in_two_regions_is_two_pairs() -> None:
    active = ActiveEvents()
    active.update(FIRST)
    active.update(event(NARROW, id="IC1", kind=Kind.NEUTRINO, notice="n9"))
    pairs = active.match(alerts({"ra": 150.0, "dec": 20.0}, {"ra": 153.0, "dec": 20.0}))
    found = sorted(zip(pairs.alert.tolist(), (pairs.events[e] for e in pairs.event), strict=True))
    assert found == [(0, "IC1"), (0, "S260301a"), (1, "S260301a")]


def test_a_burst_is_matched_in_bounded_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """5,000 alerts in one place that 30 open events hold: 150,000 pairs, never more than 1,000 of them at once."""
    monkeypatch.setattr("skymaps.index.PAIRS", 1000)
    active = ActiveEvents()
    for i in range(40):
        when = EPOCH if i % 4 else EPOCH + timedelta(days=100)
        active.update(event(WIDE, id=f"S{i}", notice=f"n{i}", time=when, issued=when))
    batch = alerts({"ra": 150.0, "dec": 20.0}).take(np.zeros(5000, dtype=np.int64))
    parts = list(active.match_parts(batch))
    assert max(len(part) for part in parts) <= 1000
    assert sum(len(part) for part in parts) == 5000 * 30
    whole = active.match(batch)
    assert whole.alert.tolist() == [row for part in parts for row in part.alert.tolist()]
    names = [part.events[at] for part in parts for at in part.event.tolist()]
    assert [whole.events[at] for at in whole.event.tolist()] == names
    assert sorted(whole.events) == sorted(f"S{i}" for i in range(40) if i % 4)


def test_pairs_name_only_events_that_were_met() -> None:
    active = ActiveEvents()
    active.update(FIRST)
    active.update(event(skymaps.circle(10.0, -60.0, 1.0), id="IC1", kind=Kind.NEUTRINO, notice="n9"))
    pairs = active.match(alerts({"ra": 150.0, "dec": 20.0}, {"ra": 300.0, "dec": 20.0}))
    assert pairs.events == ["S260301a"]
    assert active.match(alerts({"ra": 300.0, "dec": 20.0})).events == []


def test_test_notices_have_names_of_their_own() -> None:
    real, test = event(WIDE, id="Fermi-GBM-1"), event(WIDE, id="Fermi-GBM-1", is_test=True)
    assert set_apart(real).id == "Fermi-GBM-1"
    assert set_apart(test).id == "Fermi-GBM-1-test"
    assert set_apart(set_apart(test)) == set_apart(test)
    assert set_apart(event(WIDE, id="MS181101ab", is_test=True)).id == "MS181101ab"


@given(st.permutations(range(6)), st.integers(0, 6))
def test_an_object_is_the_same_in_whatever_order_its_detections_come(order: list[int], cut: int) -> None:
    first = EPOCH.timestamp()
    rows = alerts(
        {"object_id": "A", "ra": 150.0, "dec": 20.0, "days": 1.0, "first_seen": first, "last_unseen": first - 5.0},
        {"object_id": "A", "ra": 150.1, "dec": 20.0, "days": 3.0, "reliability": 0.9},
        {"object_id": "A", "ra": 150.2, "dec": 20.0, "days": 2.0, "redshift": 0.01, "first_seen": first + 9.0},
        {"object_id": "A", "ra": 150.3, "dec": 20.0, "days": 1.5, "redshift": 0.02, "solar_system_arcsec": 1.0},
        {"object_id": "B", "ra": 10.0, "dec": 0.0, "solar_system_arcsec": 1.0, "n_detections": 3.0},
        {"object_id": "B", "ra": 10.0, "dec": 0.0, "days": 2.0, "solar_system_arcsec": 2.0},
    )
    shuffled = rows.take(np.array(order))
    part, told, placed = combine(shuffled.take(np.arange(cut)), told_times(shuffled)[:cut], shuffled.time[:cut])
    rest = shuffled.take(np.arange(cut, 6))
    both = type(rows).concatenate([part, rest])
    times = (np.concatenate([told, told_times(rest)]), np.concatenate([placed, rest.time]))
    a = combine(both, *times)[0].take(np.arange(2))
    assert a.object_id.tolist() == ["A", "B"]
    assert a.ra.tolist() == [150.1, 10.0]
    assert a.first_seen[0] == first
    assert a.last_unseen[0] == first - 5.0
    assert a.redshift[0] == 0.01
    assert a.reliability[0] == 0.9
    assert np.isnan(a.solar_system_arcsec[0])
    assert a.solar_system_arcsec[1] == 2.0
    assert a.n_detections[1] == 3.0


NUMBERED = st.lists(
    st.builds(
        lambda hours, stage, number, series, name: event(
            WIDE, issued=EPOCH + timedelta(hours=hours), stage=stage, number=number, series=series, notice=name
        ),
        st.integers(-5, 5),
        st.sampled_from([Stage.INITIAL, Stage.UPDATE, Stage.RETRACTION]),
        st.one_of(st.none(), st.integers(1, 4)),
        st.sampled_from(["a", "b"]),
        st.text("0123456789abcdef", min_size=6, max_size=6),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda notice: notice.notice,
)


@given(NUMBERED, st.randoms(use_true_random=False))
def test_the_order_of_notices_is_one_whatever_comes_first_and_numbers_rise_in_it(notices: list[Event], random) -> None:
    ordered = in_order(notices)
    shuffled = list(notices)
    random.shuffle(shuffled)
    assert [n.notice for n in in_order(shuffled)] == [n.notice for n in ordered]
    for series in ("a", "b"):
        numbers = [n.number for n in ordered if n.series == series and n.number and n.stage is not Stage.RETRACTION]
        assert numbers == sorted(numbers)


@given(NUMBERED)
def test_a_retraction_before_all_others_is_the_last_word(notices: list[Event]) -> None:
    standing = [replace(n, number=None) for n in notices if n.stage is not Stage.RETRACTION]
    early = event(None, issued=EPOCH - timedelta(days=1), stage=Stage.RETRACTION, notice="early", time=None)
    assert fold([*standing, early]).stage is Stage.RETRACTION


def test_a_size_that_was_taken_gives_way_to_one_that_was_told() -> None:
    guess = event(WIDE, issued=EPOCH + timedelta(hours=9), notice="guess", is_guess=True, remarks=("taken",))
    assert fold([SECOND, guess]).region is NARROW
    assert not fold([SECOND, guess]).is_guess
    assert fold([guess]).region is WIDE
