"""SNEWS 2.0 alerts: a time, and no place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coincidence.event import Kind, Stage
from mma.errors import DecodeError, Ignored
from mma.notices import decode
from skymaps import AllSky


@pytest.fixture
def alert():
    return {
        "id": "SNEWS_Coincidence_ALERT_27/03/01_02:00:20:000000",
        "alert_type": "COINC_MSG",
        "sent_time": "2027-03-01T02:00:20",
        "False Alarm Prob": "1.2e-9",
        "detector_names": ["KamLAND", "IceCube"],
        "neutrino_times": ["2027-03-01T02:00:05.250000", "2027-03-01T02:00:01.5"],
        "p_values": [0.01, 0.02],
    }


def test_a_coincidence_is_a_supernova_somewhere(said, alert):
    event = decode(said(alert))
    assert (event.id, event.kind, event.stage) == ("SNEWS-20270301T020001", Kind.SUPERNOVA, Stage.INITIAL)
    assert event.time == datetime(2027, 3, 1, 2, 0, 1, 500000, tzinfo=UTC)
    assert event.issued == datetime(2027, 3, 1, 2, 0, 20, tzinfo=UTC)
    assert isinstance(event.region, AllSky)
    assert event.instruments == ("KamLAND", "IceCube")
    assert event.aliases == (alert["id"],)
    assert not event.is_test


@pytest.mark.parametrize(
    ("word", "stage"), [("COINC_MSG-UPDATE", Stage.UPDATE), ("COINC_MSG RETRACTION", Stage.RETRACTION)]
)
def test_updates_and_retractions_are_the_same_event(said, alert, word, stage):
    event = decode(said(alert | {"alert_type": word, "id": "another wall clock"}))
    assert (event.id, event.stage) == ("SNEWS-20270301T020001", stage)
    assert (event.region is None) == (stage is Stage.RETRACTION)


@pytest.mark.parametrize("change", [{"alert_type": "TEST COINC_MSG"}, {"is_test": True}, {"is_test": "True"}])
def test_fire_drills_are_tests(said, alert, change):
    assert decode(said(alert | change)).is_test


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"machine_time": "2027-03-01T02:00:20", "is_test": "True"}, "heartbeat"),
        ({"machine_time": "x", "neutrino_time_utc": "x", "p_val": 0.1, "is_test": True}, "one detector"),
    ],
)
def test_what_detectors_send_is_no_alert(said, document, reason):
    with pytest.raises(Ignored, match=reason):
        decode(said(document))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"neutrino_times": []}, "neutrino_times"),
        ({"neutrino_times": [12.5]}, "neutrino_times"),
        ({"neutrino_times": ["2027-03-00T00:00:00"]}, "neutrino_times"),
    ],
)
def test_a_wrong_field_is_named(said, alert, change, word):
    with pytest.raises(DecodeError, match=word):
        decode(said(alert | change))


@pytest.mark.parametrize(
    "change",
    [{"is_test": {}}, {"sent_time": "now"}, {"alert_type": {}}, {"neutrino_times": ["2027-03-01T02:00:01.5", "soon"]}],
)
def test_another_wrong_field_costs_only_itself(said, alert, change):
    event = decode(said(alert | change))
    assert (event.id, event.stage) == ("SNEWS-20270301T020001", Stage.INITIAL)
    assert any(next(iter(change)) in remark for remark in event.remarks)


GCN = {
    "$schema": "https://gcn.nasa.gov/schema/main/gcn/notices/snews2/coincidence.schema.json",
    "mission": "SNEWS2",
    "messenger": "Neutrino",
    "alert_datetime": "2027-03-01T02:00:20Z",
    "alert_tense": "current",
    "alert_type": "initial",
    "record_number": 1,
    "trigger_time": "2027-03-01T02:00:01.5Z",
    "id": "SNEWS_Coincidence_ALERT_INITIAL_2027-03-01T02:00:20",
    "snews2_tier": "CoincidenceTier",
    "detector_names": ["KamLAND", "IceCube"],
    "event_times_utc": ["2027-03-01T02:00:05.25Z", "2027-03-01T02:00:01.5Z"],
    "tier_data": {"p_values": [0.01, 0.02]},
}
IN_SECTIONS = {
    "alert": {name: GCN[name] for name in ("alert_datetime", "alert_tense", "alert_type")},
    "event": {"id": GCN["id"]},
    "reporter": {"mission": "SNEWS", "messenger": "Neutrino"},
    "datetime": {"trigger_time": GCN["trigger_time"]},
    "statistics": {"far": 1e-9},
    "snews2_tier": "CoincidenceTier",
    "detector_names": GCN["detector_names"],
    "event_times_utc": GCN["event_times_utc"],
    "tier_data": {},
}


@pytest.mark.parametrize("form", [GCN, IN_SECTIONS])
def test_gcns_form_is_the_same_event_as_hopskotchs(said, alert, form):
    event, other = decode(said(form)), decode(said(alert))
    assert (event.id, event.kind, event.messenger, event.time) == (other.id, other.kind, other.messenger, other.time)
    assert (event.issued, event.instruments) == (other.issued, other.instruments)
    assert not event.is_test


@pytest.mark.parametrize(
    ("change", "stage"),
    [({"alert_type": "update"}, Stage.UPDATE), ({"alert_type": "retraction"}, Stage.RETRACTION)],
)
def test_gcns_updates_and_retractions(said, change, stage):
    event = decode(said(GCN | change | {"record_number": 2}))
    assert (event.id, event.stage, event.number) == ("SNEWS-20270301T020001", stage, 2)


@pytest.mark.parametrize("change", [{"alert_tense": "test"}, {"is_firedrill": True}])
def test_rehearsals_on_gcn_are_tests(said, change):
    assert decode(said(GCN | change)).is_test


@pytest.mark.parametrize("tier", ["HeartbeatTier", "Heartbeat", "TimingTier", "SignificanceTier"])
def test_single_detectors_on_gcn_are_no_alert(said, tier):
    with pytest.raises(Ignored, match="SNEWS"):
        decode(said(GCN | {"snews2_tier": tier}))
