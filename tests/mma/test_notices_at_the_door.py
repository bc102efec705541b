"""What marks decide before the content is read: rehearsals, formats, encodings; and what nobody knows."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from mma.engine import topics
from mma.streams import Message
from mma.streams.connect import REHEARSING
from tests.mma.world import T0, World, as_json, as_message, burst, detection, retraction, superevent

EVENT = "S270301ab"


@pytest.mark.parametrize(
    ("given", "is_test"),
    [
        ({"headers": {"_test": b"true"}}, True),
        ({"headers": {"_test": b"1", "_format": b"json"}}, True),
        ({"headers": {"_test": b"false"}}, False),
        ({"topic": "igwn.gwalert.test"}, True),
        ({"topic": "snews.alert-test"}, True),
        ({"topic": "igwn.gwalert"}, False),
        ({"topic": "/data/latest"}, False),
        ({"topic": "/data/notes.test", "name": "notes.test"}, False),
    ],
)
def test_a_rehearsal_is_a_test_by_any_mark(small_world: World, given, is_test):
    small_world.hears(as_message(superevent(), **given), as_message(burst(), **given))
    events = small_world.events()
    assert {row["test"] for row in events.values()} == {is_test}
    assert set(events) == ({f"{EVENT}-test", "Fermi-GBM-826000000-test"} if is_test else {EVENT, "Fermi-GBM-826000000"})
    assert any("rehearsal" in r for row in events.values() for r in row["remarks"]) == is_test


def test_a_rehearsal_and_the_event_of_the_same_name_never_meet(small_world: World):
    small_world.hears(superevent(), as_message(retraction(), headers={"_test": b"true"}))
    assert {name: row["state"] for name, row in small_world.events().items()} == {
        EVENT: "active",
        f"{EVENT}-test": "retracted",
    }


def test_a_rehearsal_of_an_optical_stream_makes_no_candidate(small_world: World):
    small_world.hears(superevent(), as_message(detection("ZTF27a"), headers={"_test": b"true"}), detection("ZTF27b"))
    assert small_world.objects(EVENT) == ["ZTF27b"]
    assert small_world.status()["messages"] == {"read": 3, "decoded": 2, "set_aside": 0, "ignored": 1}


@pytest.mark.parametrize(
    ("host", "rehearses"),
    [
        ("kafka.test.gcn.nasa.gov", True),
        ("test.gcn.nasa.gov", True),
        ("kafka.gcn.nasa.gov", False),
        ("localhost", False),
    ],
)
def test_gcns_test_host_carries_rehearsals(host, rehearses):
    assert bool(REHEARSING.search(host)) == rehearses


def test_a_schema_of_a_test_stream_is_a_test(small_world: World):
    schema = "https://gcn.nasa.gov/schema/main/gcn/notices/superk/sn_alert.test.schema.json"
    other = "https://test.gcn.nasa.gov/schema/main/gcn/notices/fermi/gbm/trigger.schema.json"
    small_world.hears(burst(**{"$schema": schema, "trigger_number": 7}), burst(**{"$schema": other}))
    assert all(row["test"] for row in small_world.events().values())


@pytest.mark.parametrize(
    ("said", "is_test"),
    [({"is_test": True}, True), ({"is_test": "True"}, True), ({"test": 1}, True), ({"is_test": False}, False),
     ({"alert_type": "test"}, True), ({"alert_tense": "TEST"}, True), ({"is_test": None}, False)],
)  # fmt: skip
def test_a_notice_that_calls_itself_a_test_is_one(small_world: World, said, is_test):
    small_world.hears(burst(**said))
    assert [row["test"] for row in small_world.events().values()] == [is_test]


def test_a_pointer_to_a_message_is_a_dead_letter_that_says_where(small_world: World):
    pointer = as_json({"url": "https://example.invalid/hop-archive/msg/9c1d"})
    small_world.hears(
        as_message(pointer, topic="igwn.gwalert", headers={"_format": b"external"}),
        as_message(pointer),
        as_message(pointer, topic="igwn.gwalert"),
        as_message(pointer, topic="gcn.notices.svom.voevent.eclairs"),
        as_message(b"gone", headers={"_format": b"external"}),
        as_message(b"", topic="igwn.gwalert"),
    )
    reasons = small_world.reasons()
    assert [r.startswith("external: the message itself is elsewhere") for r in reasons] == [True] * 5
    assert sum("https://example.invalid/hop-archive/msg/9c1d" in r for r in reasons) == 4
    assert small_world.status()["messages"] == {"read": 6, "decoded": 0, "set_aside": 5, "ignored": 1}


XML = (
    '<?xml version="1.0" encoding="{}"?><voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0"'
    ' ivorn="ivo://nasa.gsfc.gcn/Fermi#x" role="observation" version="2.0">'
    "<Who><Date>2027-03-01T02:00:40</Date><Author><contactName>Jos\u00e9</contactName></Author></Who>"
    "<What><Param name='Packet_Type' value='112'/><Param name='TrigID' value='826000000'/></What>"
    "<WhereWhen><ObsDataLocation><ObservationLocation><AstroCoords coord_system_id='UTC-FK5-GEO'>"
    "<Time><TimeInstant><ISOTime>2027-03-01T02:00:00</ISOTime></TimeInstant></Time><Position2D unit='deg'>"
    "<Value2><C1>10</C1><C2>10</C2></Value2><Error2Radius>3</Error2Radius></Position2D></AstroCoords>"
    "</ObservationLocation></ObsDataLocation></WhereWhen></voe:VOEvent>"
)
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_in_any_encoding_is_one_notice(small_world: World, encoding):
    text = json.dumps(json.loads(burst(additional_info="Jos\u00e9")), ensure_ascii=False)
    small_world.hears(text.encode(encoding), text.encode())
    (event,) = small_world.events().values()
    assert (event["id"], event["revision"]) == ("Fermi-GBM-826000000", 1)
    assert ("not UTF-8: read as Latin-1" in event["remarks"]) == (encoding == "latin-1")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("declared", ["UTF-8", "UTF-16", "ISO-8859-1"])
def test_xml_in_any_encoding_whatever_it_declares(small_world: World, encoding, declared):
    small_world.hears(XML.format(declared).encode(encoding))
    assert list(small_world.events()) == ["Fermi-GBM-826000000"]


@pytest.mark.parametrize("topic", ["igwn.gwalert", "gcn.notices.x", "snews.alert", "mma.gamma", "anything"])
def test_the_content_decides_what_a_topic_carries(topic):
    def told(payload):
        return topics.format_of(Message(payload=payload, topic=topic))

    assert told(superevent()) == "igwn"
    assert told(burst()) == "gcn"
    assert told(XML.format("UTF-8").encode()) == "voevent"
    assert told(as_json({"snews2_tier": "CoincidenceTier"})) == "snews"


def snews(first: float, sent: float, **more):
    times = [(T0 + timedelta(seconds=s)).isoformat() for s in (first, 1.9, 2.3)]
    sender = (T0 + timedelta(seconds=sent)).isoformat()
    return as_json(
        {"id": f"A {sender}", "sent_time": sender, "detector_names": ["A", "B"], "neutrino_times": times} | more
    )


def test_a_supernova_with_an_earlier_first_neutrino_is_the_same(small_world: World):
    small_world.hears(snews(1.1, 40.0), snews(0.4, 60.0, alert_type="UPDATE"), snews(-3.0, 90.0, alert_type="UPDATE"))
    (event,) = small_world.events().values()
    assert (event["id"], event["revision"], event["stage"]) == ("SNEWS-20270301T020001", 3, "update")
    assert {"SNEWS-20270301T020000", "SNEWS-20270301T015957"} <= set(event["aliases"])
    small_world.hears(snews(0.0, 120.0, alert_type="RETRACTION"))
    assert small_world.events()["SNEWS-20270301T020001"]["state"] == "retracted"


def test_supernovae_minutes_apart_and_drills_are_others(small_world: World):
    small_world.hears(snews(1.1, 40.0), snews(1.2, 50.0, is_test=True))
    far = json.loads(snews(1.1, 300.0))
    far["neutrino_times"] = [(T0 + timedelta(seconds=240.0 + s)).isoformat() for s in (0.0, 1.0)]
    small_world.hears(as_json(far))
    assert len(small_world.events()) == 3


def maxi(kind: str, minutes: float, number: int | None, **more):
    document = {
        "mission": "MAXI", "instrument": "GSC", "id": "9995290001", "trigger_time": T0.isoformat(),
        "alert_type": kind, "alert_datetime": (T0 + timedelta(minutes=minutes)).isoformat(),
        "ra": 150.0, "dec": 20.0, "ra_dec_error": 0.3,
    }  # fmt: skip
    return as_json(document | ({} if number is None else {"record_number": number}) | more)


def lvk(kind: str, minutes: float):
    return retraction(minutes=minutes) if kind == "retraction" else superevent(stage="INITIAL", minutes=minutes)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    "messages",
    [
        [maxi("initial", 5.0, 1), maxi("retraction", -55.0, 2)],
        [maxi("initial", 5.0, None), maxi("retraction", -55.0, None)],
        [maxi("initial", 5.0, 1), maxi("update", 20.0, 2), maxi("retraction", 10.0, 3)],
        [lvk("initial", 5.0), lvk("retraction", -60.0)],
        [snews(1.1, 40.0), snews(1.1, -4000.0, alert_type="RETRACTION")],
    ],
)
def test_a_retraction_retracts_whatever_its_clock_says(small_world: World, messages, order):
    small_world.hears(*messages[::order])
    assert [row["state"] for row in small_world.events().values()] == ["retracted"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_higher_number_takes_a_retraction_back_whatever_the_clocks_say(small_world: World, order):
    messages = [maxi("initial", 5.0, 1), maxi("retraction", 30.0, 2), maxi("update", 10.0, 3, ra=151.0)]
    small_world.hears(*messages[::order])
    (event,) = small_world.events().values()
    assert (event["state"], event["stage"]) == ("active", "update")


@pytest.mark.parametrize(
    "called",
    [{"id": "bn270301083"}, {"id": ["bn270301083", "826000000"]}, {"id": None, "trigger_time": None},
     {"id": "5", "trigger_time": None}],
)  # fmt: skip
@pytest.mark.parametrize("is_test", [False, True])
def test_a_retraction_is_of_the_event_whatever_name_of_it_is_told(small_world: World, called, is_test):
    tense = {"alert_tense": "test"} if is_test else {}
    name = {"event_name": "GRB 270301B"}
    small_world.hears(burst(id=["826000000", "bn270301083"], **name, **tense))
    small_world.hears(
        burst(**({"alert_type": "retraction", "alert_datetime": "2027-03-01T04:00:00Z"} | name | called | tense))
    )
    ending = "-test" if is_test else ""
    assert {n: row["state"] for n, row in small_world.events().items()} == {f"Fermi-GBM-826000000{ending}": "retracted"}


def test_two_bursts_of_one_name_stay_two(small_world: World):
    """Of one observatory or of two: a name that people gave tells nothing but which event a retraction means."""
    swift = {"mission": "Swift", "instrument": "BAT", "event_name": "GRB 270301B"}
    swift |= {"$schema": "https://gcn.nasa.gov/schema/main/gcn/notices/swift/bat/guano.schema.json"}
    small_world.hears(
        burst(event_name="GRB 270301B"), burst("826000900", event_name="GRB 270301B"), burst("77", **swift)
    )
    small_world.hears(burst("77", **swift, alert_type="retraction", alert_datetime="2027-03-01T04:00:00Z"))
    assert [row["state"] for _, row in sorted(small_world.events().items())] == ["active", "active", "retracted"]
    small_world.hears(
        burst("9", event_name="GRB 270301B", alert_type="retraction", alert_datetime="2027-03-01T04:00:00Z")
    )
    assert [row["state"] for _, row in sorted(small_world.events().items())][:2] == ["active", "active"]
