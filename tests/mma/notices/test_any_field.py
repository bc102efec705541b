"""Each field of each notice in turn is made odd: the event stays, at its time; only what tells it is needed.

Of our own notices, and of the recorded ones that are JSON or VOEvents, one of each stream and type.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree

from coincidence.event import Event
from mma.errors import DecodeError, Ignored
from mma.notices import decode
from mma.streams.message import Message

ODD = [None, float("nan"), "often", ["a", "b"], "97%", -1.0, "", {}, True, 10**400, [None], {"a": 1}, "MISSING"]
ODD_TEXT = ["NaN", "often", "97%", "-1", "", "null", "inf", "a,b", "1e400", None]

TELLING = frozenset(
    ("$schema", "mission", "instrument", "id", "trigger_number", "superevent_id", "event", "coincident_events",
     "trigger_time", "trigger_time_inf_freq", "observation_start", "neutrino_times", "event_times_utc", "time",
     "event_name")
)  # fmt: skip
"""Fields that say which event it is, or when. A source's name stands in for an id."""

TELLING_XML = frozenset(
    ("ISOTime", "Packet_Type", "TrigID", "GraceID", "run_id", "event_id", "Event_ID", "Trans_Num", "MISSION",
     "Trigger_Number", "Burst_Id", "RefNum")
)  # fmt: skip


def told(payload: bytes) -> Event | DecodeError | Ignored:
    try:
        return decode(Message(payload=payload, topic="test"))
    except (DecodeError, Ignored) as end:
        return end


def paths(document: dict[str, Any], here: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in document.items():
        yield (*here, key)
        if isinstance(value, dict):
            yield from paths(value, (*here, key))


def faults(document: dict[str, Any]) -> list[str]:
    """Changes of one field that cost the event, or its name or time."""
    whole = told(json.dumps(document).encode())
    assert isinstance(whole, Event)
    found = []
    for *outer, last in paths(document):
        for value in ODD if last not in TELLING else ():
            changed = copy.deepcopy(document)
            place = changed
            for key in outer:
                place = place[key]
            place[last] = value
            if value == "MISSING":
                del place[last]
            event = told(json.dumps(changed).encode())
            if not isinstance(event, Event) or (event.id, event.time) != (whole.id, whole.time):
                found.append(f"{'.'.join([*outer, last])} = {str(value)[:20]}: {event}")
    return found


SNEWS = {
    "id": "A", "alert_type": "COINC_MSG", "sent_time": "2027-03-01T02:00:20", "detector_names": ["KamLAND", "IceCube"],
    "neutrino_times": ["2027-03-01T02:00:05.25", "2027-03-01T02:00:01.5"], "p_values": [0.01, 0.02],
}  # fmt: skip


@pytest.mark.parametrize("name", ["igwn_document", "gcn_document", "gamma_document", "snews"])
def test_no_other_field_costs_the_event(request, name):
    assert faults(SNEWS if name == "snews" else request.getfixturevalue(name)) == []


@pytest.mark.parametrize("change", [{"ra": "83.6"}, {"far": "1e-9"}, {"p_astro": "97%"}, {"far": 1e-9}])
@pytest.mark.parametrize("name", ["gcn_document", "gamma_document"])
def test_what_is_safe_is_read(request, said, name, change):
    event = decode(said(request.getfixturevalue(name) | change))
    if "far" in change:
        assert event.far_hz == 1e-9
    if "p_astro" in change:
        assert event.significant
    if "ra" in change:
        assert event.region.centre()[0] == pytest.approx(83.6)
    assert any(next(iter(change)) in r for r in event.remarks) == isinstance(next(iter(change.values())), str)


@pytest.mark.parametrize("change", [{"alert_type": None}, {"alert_type": "gone"}, {"urls": 5}, {"external_coinc": "x"}])
def test_a_retraction_of_lvks_is_told_by_what_it_lacks(said, igwn_document, change):
    event = decode(said(igwn_document | {"alert_type": "RETRACTION", "event": None} | change))
    assert (event.id, event.stage) == ("S270301ab", "retraction")
    assert any(next(iter(change)) in remark for remark in event.remarks)


@pytest.mark.realdata
def test_no_other_field_costs_a_recorded_event(data):
    files = [*data.glob("gcn-json/notices/**/*.json"), *data.glob("gcn-json-gwcelery/*.json")]
    files += [*(data / "lvk-kafka").glob("*-initial.json")]
    found: list[str] = []
    for path in filter(lambda p: p.exists() and p.stat().st_size < 2_000_000, files):
        document = json.loads(path.read_bytes())
        if isinstance(document, dict) and isinstance(told(path.read_bytes()), Event):
            found += [f"{path.name}: {fault}" for fault in faults(without_map(document))]
    assert found == []


def without_map(document: dict[str, Any]) -> dict[str, Any]:
    """Without its map, which would be read a hundred times."""
    event = document.get("event")
    inner = {"event": {k: v for k, v in event.items() if k != "skymap"}} if isinstance(event, dict) else {}
    return {k: v for k, v in document.items() if k != "healpix_file"} | inner


@pytest.mark.realdata
def test_no_other_parameter_costs_a_recorded_voevent(outcomes):
    found, seen = [], set()
    for payload, whole in outcomes.values():
        if not isinstance(whole, Event) or not payload.lstrip().startswith(b"<"):
            continue
        root = etree.fromstring(payload.strip())
        kind = [e.get("value") for e in root.iter("{*}Param") if e.get("name") == "Packet_Type"]
        stream = root.get("ivorn").partition("#")[0], *kind
        if stream not in seen:
            seen.add(stream)
            found += [f"{stream}: {fault}" for fault in xml_faults(root, whole)]
    assert found == []
    assert len(seen) > 30


def xml_faults(root: Any, whole: Event) -> list[str]:
    found = []
    texts = [e for name in ("Date", "C1", "C2", "Error2Radius") for e in root.iter(f"{{*}}{name}")]
    params = [e for e in root.iter("{*}Param") if e.get("name") not in TELLING_XML]
    for element in [*texts, *params]:
        is_param = element in params
        before = element.get("value") if is_param else element.text
        for value in ODD_TEXT:
            if is_param:
                element.attrib.pop("value", None)
                element.attrib.update({} if value is None else {"value": value})
            else:
                element.text = value
            event = told(etree.tostring(root))
            if not isinstance(event, Event) or (event.id, event.time) != (whole.id, whole.time):
                found.append(f"{element.get('name') or element.tag} = {value}: {event}")
        if is_param:
            element.set("value", before or "")
        else:
            element.text = before
    return found
