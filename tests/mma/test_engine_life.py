"""The life of an event: revisions, retractions, windows, tests; the same on both databases."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from mma.answers import queries
from mma.store import tables
from tests.mma.world import (
    HERE,
    T0,
    THERE,
    World,
    as_json,
    as_message,
    burst,
    detection,
    of_type,
    retraction,
    superevent,
)

EVENT = "S270301ab"


def near(place: tuple[float, float], degrees: float) -> tuple[float, float]:
    return place[0], place[1] + degrees


def test_an_alert_inside_becomes_a_candidate_and_one_outside_does_not(world: World):
    told = world.hears(superevent(), detection("ZTF27inside", HERE), detection("ZTF27outside", THERE))
    assert world.objects(EVENT) == ["ZTF27inside"]
    assert [m["object"]["id"] for m in of_type(told, "candidate", "new")] == ["ZTF27inside"]
    assert world.status()["objects"] == 2


def test_alerts_that_came_before_the_notice_are_matched_from_the_store(world: World):
    assert world.hears(detection("ZTF27early", HERE), detection("ZTF27away", THERE)) == []
    world.restart()
    told = world.hears(superevent())
    assert [m["object"]["id"] for m in of_type(told, "candidate")] == ["ZTF27early"]


def test_a_revised_map_rescores_and_withdraws_what_fell_out(world: World):
    stays, falls = detection("ZTF27stays", near(HERE, 2.0)), detection("ZTF27falls", near(HERE, -2.0))
    world.hears(superevent(radius_deg=5.0), stays, falls)
    before = {row["object"]: row for row in world.candidates(EVENT)}
    told = world.hears(superevent(place=near(HERE, 3.0), radius_deg=1.5, stage="UPDATE", minutes=60.0))
    after = {row["object"]: row for row in world.candidates(EVENT, everything=True)}
    assert world.objects(EVENT) == ["ZTF27stays"]
    assert after["ZTF27stays"]["skymap_sha256"] != before["ZTF27stays"]["skymap_sha256"]
    assert after["ZTF27stays"]["terms"]["sky"] > before["ZTF27stays"]["terms"]["sky"]
    withdrawn = of_type(told, "candidate", "withdrawal")
    assert [(m["object"]["id"], m["reason"]) for m in withdrawn] == [
        ("ZTF27falls", "outside the region or window of the newest notice")
    ]
    assert withdrawn[0]["score"] is None
    assert after["ZTF27falls"]["state"] == "withdrawn"
    assert after["ZTF27falls"]["rank"] is after["ZTF27falls"]["probability"] is None
    assert world.hears(superevent(place=near(HERE, 3.0), radius_deg=1.5, stage="UPDATE", minutes=60.0)) == []


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_newest_issued_wins_whatever_comes_first(world: World, newest_first):
    old, new = superevent(radius_deg=5.0), superevent(radius_deg=2.0, stage="UPDATE", minutes=60.0)
    for notice in [new, old] if newest_first else [old, new]:
        world.hears(notice)
    event = world.events()[EVENT]
    assert (event["stage"], event["revision"]) == ("update", 2)
    assert event["area90_deg2"] == pytest.approx(3.14159 * 2.0**2, rel=0.05)


def test_a_retraction_withdraws_every_told_candidate_and_keeps_its_history(world: World):
    told = world.hears(superevent(), detection("ZTF27a"), detection("ZTF27b", near(HERE, 1.0)))
    names = {m["object"]["id"] for m in of_type(told, "candidate", "new")}
    n_scores = len(world.ask(queries.history, EVENT, "ZTF27a"))
    told = world.hears(retraction())
    assert {m["object"]["id"] for m in of_type(told, "candidate", "withdrawal")} == names == {"ZTF27a", "ZTF27b"}
    assert [(m["type"], m["state"]) for m in of_type(told, "event")] == [("withdrawal", "retracted")]
    event = world.events()[EVENT]
    assert (event["state"], event["n_candidates"], event["p_none"]) == ("retracted", 0, 1.0)
    assert len(world.ask(queries.history, EVENT, "ZTF27a")) == n_scores == 1
    assert world.hears(detection("ZTF27c")) == []
    assert world.hears(retraction()) == []


def test_a_newer_notice_takes_a_retraction_back(world: World):
    world.hears(superevent(), detection("ZTF27a"))
    world.hears(retraction())
    assert world.objects(EVENT) == []
    world.restart()
    told = world.hears(superevent(stage="UPDATE", minutes=90.0))
    assert world.objects(EVENT) == ["ZTF27a"]
    assert world.events()[EVENT]["state"] == "active"
    again = of_type(told, "candidate")
    assert [(m["type"], m["revision"]) for m in again] == [("update", 3)]


def test_a_retraction_that_comes_first_holds(world: World):
    world.hears(retraction(), detection("ZTF27a"))
    told = world.hears(superevent())
    assert of_type(told, "candidate") == []
    assert world.events()[EVENT]["state"] == "retracted"


def test_an_event_expires_when_its_window_closes(world: World):
    world.clock += 86400.0 * 20
    world.hears(superevent(), detection("ZTF27a"))
    assert world.hears(detection("ZTF27far", THERE, hours=24 * 10.9)) == []
    assert world.events()[EVENT]["state"] == "active"  # the window closed after 10 d; alerts may be a day late
    assert world.hears(detection("ZTF27far", THERE, hours=24 * 11.1)) == []
    assert world.events()[EVENT]["state"] == "expired"
    assert world.objects(EVENT) == ["ZTF27a"]
    assert world.hears(detection("ZTF27after", HERE, hours=24 * 11.1, first_hours=20.0)) == []
    told = world.hears(retraction())
    assert [m["object"]["id"] for m in of_type(told, "candidate", "withdrawal")] == ["ZTF27a"]


@pytest.mark.parametrize("restart", [False, True])
def test_a_closed_window_is_open_to_its_own_alerts_however_late_they_come(world: World, restart: bool):
    """As from a partition that is days behind the one whose alerts closed the window."""
    world.clock += 86400.0 * 20
    world.hears(superevent(), detection("ZTF27far", THERE, hours=24 * 11.1))
    assert world.events()[EVENT]["state"] == "expired"
    if restart:
        world.restart()
    told = world.hears(detection("ZTF27a", hours=20.0), detection("ZTF27a", hours=24 * 11.1, first_hours=20.0))
    assert [m["revision"] for m in of_type(told, "candidate")] == [1]
    assert world.objects(EVENT) == ["ZTF27a"]
    assert world.hears(detection("ZTF27after", HERE, hours=24 * 11.1, first_hours=20.0)) == []


def test_notices_read_first_after_an_outage_close_no_window_for_older_alerts(world: World):
    world.hears(superevent(), burst(seconds=86400.0 * 15))
    told = world.hears(detection("ZTF27a"))
    assert EVENT in {m["event"]["id"] for m in of_type(told, "candidate", "new")}


def test_an_alert_from_the_future_closes_no_window(world: World):
    world.hears(superevent(), detection("ZTF27far", THERE, hours=24 * 3000))
    assert len(of_type(world.hears(detection("ZTF27a")), "candidate", "new")) == 1


def test_when_a_broker_got_them_does_not_matter(world: World):
    """A night that is played back years later, through a broker, finds what it found."""
    later = T0.timestamp() + 86400.0 * 3000
    told = world.hears(*(as_message(p, timestamp=later) for p in (superevent(), detection("ZTF27a"))))
    assert [m["object"]["id"] for m in of_type(told, "candidate", "new")] == ["ZTF27a"]


def test_one_object_in_two_regions_is_two_candidates(world: World):
    told = world.hears(superevent(), burst(), detection("ZTF27both"))
    keys = {(m["event"]["id"], m["object"]["id"]) for m in of_type(told, "candidate", "new")}
    assert keys == {(EVENT, "ZTF27both"), ("Fermi-GBM-826000000", "ZTF27both")}
    events = world.ask(queries.object_, "ZTF27both")["events"]
    assert [e["event"] for e in events] == ["Fermi-GBM-826000000", EVENT]


def test_a_newer_detection_elsewhere_moves_an_object_out(world: World):
    world.hears(superevent(), detection("ZTF27a", HERE, 10.0))
    told = world.hears(detection("ZTF27a", THERE, 11.0))
    withdrawal = of_type(told, "candidate", "withdrawal")
    assert [m["reason"] for m in withdrawal] == ["outside the region or window after a newer detection"]
    assert world.objects(EVENT) == []


def test_test_notices_and_real_ones_never_meet(world: World):
    real = burst(error_deg=3.0, systematic_included=True)
    test = burst(error_deg=1.0, systematic_included=True, alert_tense="test")
    merger, mock = superevent(), superevent("MS270301ab")
    told = world.hears(real, test, merger, mock, detection("ZTF27a"))
    events = world.events()
    assert {name: row["test"] for name, row in events.items()} == {
        "Fermi-GBM-826000000": False,
        "Fermi-GBM-826000000-test": True,
        EVENT: False,
        "MS270301ab": True,
    }
    assert events["Fermi-GBM-826000000"]["revision"] == 1
    areas = [events[name]["area90_deg2"] for name in ("Fermi-GBM-826000000", "Fermi-GBM-826000000-test")]
    assert areas[0] == pytest.approx(9.0 * areas[1], rel=0.01)
    assert {m["topic"] for m in told if m["test"]} == {
        "mma.candidates.test",
        "mma.events.test",
        "mma.associations.test",
    }
    pairs = {tuple(m["events"]): m["test"] for m in of_type(told, "association")}
    assert pairs == {
        (EVENT, "Fermi-GBM-826000000"): False,
        ("MS270301ab", "Fermi-GBM-826000000-test"): True,
    }


def test_ids_are_exact(world: World):
    world.hears(superevent("S230518h", HERE), superevent("S230518ha", THERE), detection("ZTF27a", HERE))
    world.hears(retraction("S230518ha"))
    events = world.events()
    assert {name: row["state"] for name, row in events.items()} == {"S230518h": "active", "S230518ha": "retracted"}
    assert world.objects("S230518h") == ["ZTF27a"]
    assert world.objects("S230518ha") == []


def rows_of(world: World) -> dict[str, list]:
    with world.store.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in tables.metadata.sorted_tables
            if table.name != "intake"
        }


def test_the_same_messages_twice_change_nothing(world: World):
    messages = [superevent(), burst(), detection("ZTF27a"), detection("ZTF27a", hours=12.0), superevent(radius_deg=2.0)]
    messages += [b"no", b'{"superevent_id": ', retraction("S270301zz")]
    messages = [as_message(m) for m in messages]
    world.hears(*messages)
    before = rows_of(world)
    assert world.hears(*messages) == []
    assert rows_of(world) == before
    world.restart()
    assert world.hears(*messages, batch_size=1) == []
    assert rows_of(world) == before
    assert world.status()["messages"] == {"read": 24, "decoded": 18, "set_aside": 6, "ignored": 0}


def test_aliases_lead_to_the_event(world: World):
    world.hears(burst(id=["826000000", "bn270301083"]))
    assert world.ask(queries.event_id, "bn270301083") == "Fermi-GBM-826000000"


def test_an_event_without_position_or_time_is_kept_unlocated(world: World):
    document = json.loads(burst())
    del document["ra"], document["dec"], document["ra_dec_error"]
    document["alert_type"] = "initial"
    told = world.hears(as_json(document), detection("ZTF27a"))
    assert world.events()["Fermi-GBM-826000000"]["state"] == "unlocated"
    assert of_type(told, "candidate") == []
    later = json.loads(burst()) | {"alert_datetime": (T0 + timedelta(minutes=20)).isoformat()}
    told = world.hears(as_json(later))
    assert [m["object"]["id"] for m in of_type(told, "candidate")] == ["ZTF27a"]
