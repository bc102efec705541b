"""IceCube's searches around superevents: each neutrino found is an event that follows the superevent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from coincidence.event import Kind, Messenger, Stage
from mma.errors import DecodeError, Ignored
from mma.notices import decode, decode_all

START = datetime(2027, 3, 1, 2, tzinfo=UTC)


def neutrino(number, generic, bayesian, dt=10.0, **more):
    place = {"ra": 40.0 + number, "dec": -10.0, "ra_dec_error": 0.6, "containment_probability": 0.9}
    told = {"event_dt": dt, "localization": place, "id": [f"140001_{number}"]}
    return told | {"event_pval_generic": generic, "event_pval_bayesian": bayesian} | more


@pytest.fixture
def search(said):
    def make(*found, **more):
        document = {
            "$schema": "https://gcn.nasa.gov/schema/main/gcn/notices/icecube/lvk_nu_track_search.schema.json",
            "ref_ID": "S270301ab", "alert_datetime": "2027-03-01T02:40:00Z", "trigger_time": "2027-03-01T02:00:00Z",
            "pval_generic": 0.2, "n_events_coincident": len(found), "coincident_events": list(found),
        }  # fmt: skip
        return said(document | more)

    return make


def test_every_neutrino_is_an_event_that_with_the_least_p_value_first(search):
    message = search(neutrino(1, 0.087, 0.31), neutrino(2, None, 0.031, dt=-31.5), neutrino(3, None, None))
    events = decode_all(message, "gcn")
    assert [e.id for e in events] == ["IceCube-140001_2", "IceCube-140001_1", "IceCube-140001_3"]
    assert {(e.messenger, e.kind, e.follows) for e in events} == {(Messenger.NEUTRINO, Kind.NEUTRINO, "S270301ab")}
    assert events[0].time == START - timedelta(seconds=31.5)
    assert [e.region.centre()[0] for e in events] == pytest.approx([42.0, 41.0, 43.0])
    assert events[0].remarks == ("p-value: Bayesian 0.031", "number 1 by p-value of 3 found by the search")
    assert decode(message).id == events[0].id


@pytest.mark.parametrize(
    "odd",
    [{"event_pval_generic": "often"}, {"event_dt": None}, {"event_dt": "soon"}, {"localization": None},
     {"localization": {"ra": 42.0, "dec": "south"}}, {"id": 140001}, {"event_pval_bayesian": float("nan")}],
)  # fmt: skip
def test_what_is_odd_about_one_costs_neither_it_nor_the_others(search, odd):
    events = decode_all(search(neutrino(1, 0.01, 0.02), neutrino(2, 0.5, 0.6, **odd)), "gcn")
    assert len(events) == 2
    assert events[0].id == "IceCube-140001_1"
    assert events[0].remarks == ("p-value: generic 0.01, Bayesian 0.02", "number 1 by p-value of 2 found by the search")


@pytest.mark.parametrize("found", [[], None])
def test_no_neutrino_is_no_event(search, found):
    with pytest.raises(Ignored, match="no neutrino"):
        decode(search(coincident_events=found))


@pytest.mark.parametrize("change", [{"coincident_events": "two"}, {"trigger_time": None}, {"trigger_time": "soon"}])
def test_a_search_that_tells_nothing_is_refused(search, change):
    with pytest.raises(DecodeError):
        decode(search(neutrino(1, 0.1, 0.1), **change))


def test_what_follows_a_mock_superevent_is_a_test(search):
    assert all(e.is_test for e in decode_all(search(neutrino(1, 0.1, 0.1), ref_ID="MS270301a"), "gcn"))


def test_a_row_that_is_none_costs_none_of_the_others(search):
    events = decode_all(search(None, neutrino(1, 0.01, 0.02), "x"), "gcn")
    assert [e.id for e in events] == ["IceCube-140001_1"]
    assert sum("is no neutrino: left out" in remark for remark in events[0].remarks) == 2


def test_a_search_that_is_taken_back_takes_back_its_neutrinos(search):
    events = decode_all(search(neutrino(1, 0.01, 0.02), neutrino(2, 0.5, 0.6), alert_type="retraction"), "gcn")
    assert [(e.stage, e.region) for e in events] == [(Stage.RETRACTION, None)] * 2


def test_a_superevent_told_by_its_notice_alone_is_followed(search):
    reference = {"gcn.notices.LVK.alert": "S270301ab-2-Preliminary", "gcn.circulars": 5}
    (event,) = decode_all(search(neutrino(1, 0.01, 0.02), ref_ID=None, reference=reference), "gcn")
    assert event.follows == "S270301ab"
    mock = {"gcn.notices.LVK.alert": ["MS270301ab-2-Preliminary"]}
    assert decode(search(neutrino(1, 0.01, 0.02), ref_ID=None, reference=mock)).is_test


def test_without_a_time_of_the_superevent_the_search_lies_evenly_around_it(search):
    span = {"observation_start": "2027-03-01T01:51:40Z", "observation_stop": "2027-03-01T02:08:20Z"}
    event = decode(search(neutrino(1, 0.01, 0.02, dt=10.0), trigger_time=None, **span))
    assert event.time == START + timedelta(seconds=10.0)
    assert "no trigger_time: the middle of the search stands in" in event.remarks
