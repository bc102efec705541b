"""Bad messages and outages: each bad one costs itself, its reason names the field, and nothing is lost beside it."""

from __future__ import annotations

import base64
import gzip
import io
import json
import random
from functools import cache
from typing import Any

import pytest
from astropy.io import fits as astropy_fits
from hypothesis import given, settings
from hypothesis import strategies as st

from mma.answers import queries
from mma.store import Store, message_log
from mma.streams import Message
from tests.mma.alerts import make
from tests.mma.world import HERE, World, as_json, burst, circle_map, detection, fits_of, superevent

EVENT = "S270301ab"


def merger(**given: Any) -> bytes:
    """A superevent's notice with fields of the document replaced; a dot names one within."""
    document = json.loads(superevent())
    for path, value in given.items():
        outer, _, inner = path.partition("__")
        if inner:
            document[outer][inner] = value
        else:
            document[outer] = value
    return as_json(document)


def with_map(content: bytes) -> bytes:
    return merger(event__skymap=base64.b64encode(content).decode())


@cache
def fits() -> bytes:
    return base64.b64decode(fits_of(circle_map(*HERE, 3.0)))


def huge_header() -> bytes:
    """A FITS header that promises 2 GB over 1 kB of data."""
    cards = fits()[: fits().index(b"END     ", 2880) + 80]
    at = cards.index(b"NAXIS2  =", 2880)
    cards = cards[:at] + b"NAXIS2  =           200000000".ljust(80) + cards[at + 80 :]
    return cards.ljust(-(-len(cards) // 2880) * 2880) + b"\0" * 1024


def columns_renamed() -> bytes:
    return fits().replace(b"'PROBDENSITY'", b"'PROBABLY   '", 1)


def scaled(factor: float) -> bytes:
    """The map with its probabilities times a factor."""
    with astropy_fits.open(io.BytesIO(fits())) as hdus:
        hdus[1].data["PROBDENSITY"] *= factor
        out = io.BytesIO()
        hdus.writeto(out)
    return out.getvalue()


def voevent(version: str = "2.0", doctype: str = "", date: str = "2027-03-01T02:00:40") -> bytes:
    return (
        f'<?xml version="1.0"?>{doctype}<voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0"'
        f' ivorn="ivo://nasa.gsfc.gcn/Fermi#GBM_Gnd_Pos_1" role="observation" version="{version}">'
        "<Who><Date>2027-03-01T02:00:40</Date></Who><What><Param name='Packet_Type' value='112'/>"
        "<Param name='TrigID' value='5'/></What><WhereWhen><ObsDataLocation><ObservationLocation>"
        f"<AstroCoords coord_system_id='UTC-FK5-GEO'><Time><TimeInstant><ISOTime>{date}</ISOTime></TimeInstant></Time>"
        "<Position2D unit='deg'><Value2><C1>10</C1><C2>10</C2></Value2><Error2Radius>3</Error2Radius></Position2D>"
        "</AstroCoords></ObservationLocation></ObsDataLocation></WhereWhen></voe:VOEvent>"
    ).encode()


BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
LSST = make.confluent(make.lsst_body(make.dia_source()), schema_id=987654)

BAD: dict[str, tuple[bytes, str]] = {
    "truncated Avro": (detection()[:-40], "Avro"),
    "cut Avro header": (detection()[:60], "Avro"),
    "unknown schema id": (LSST, "987654"),
    "no event": (merger(event=None), "event: null"),
    "list as event": (merger(event=[1]), "event: [1] in a notice that is initial"),
    "no superevent": (merger(superevent_id="GW170817"), "superevent_id"),
    "null trigger": (burst(id=None, trigger_time=None), "id: missing"),
    "VOEvent 1.1": (voevent("1.1"), "VOEvent version: '1.1'"),
    "entity bomb": (voevent(doctype=BOMB), "XML"),
    "VOEvent date": (voevent(date="2027-02-31T00:00:00"), "ISOTime"),
    "cut JSON": (superevent()[:200], "JSON"),
    "cut JSON notice": (burst()[:-20], "JSON"),
    "alert at NaN": (detection(ra=float("nan")), "candidate.ra"),
    "alert at RA 400": (detection(ra=400.0), "candidate.ra"),
    "alert in year 0": (detection(jd=1.0), "candidate.jd"),
    "alert with null candidate": (b'{"objectId": "ZTF27x", "candid": 1, "candidate": null}', "candidate"),
    "sign": (detection(isdiffpos="x"), "isdiffpos"),
    "table without time": (b"name,ra,dec,mjd\nA,10,10,never\n", "column mjd"),
    "table row off the sky": (b"name,ra,dec,mjd\nA,10,95,61465\n", "row 1: column dec: declination"),
}

ODD: dict[str, tuple[bytes, str]] = {
    "FITS columns": (with_map(columns_renamed()), "event.skymap: no column PROBDENSITY"),
    "map of 2.1": (with_map(scaled(2.1)), "event.skymap"),
    "NaN in a map": (with_map(scaled(float("nan"))), "event.skymap"),
    "not FITS": (with_map(b"hello world" * 100), "event.skymap"),
    "not base64": (merger(event__skymap="%%%% no"), "event.skymap: not base64"),
    "gzip bomb": (with_map(gzip.compress(b"\0" * (64 << 20))), "event.skymap"),
    "2 GB header": (with_map(huge_header()), "event.skymap"),
    "text as map": (merger(event__skymap=5), "event.skymap: 5 is not base64 text"),
    "impossible date": (merger(time_created="2027-02-30T00:00:00Z"), "time_created"),
    "stage": (merger(alert_type="MAYBE"), "alert_type"),
    "negative FAR": (merger(event__far=-1.0), "event.far"),
    "FAR as text": (merger(event__far="often"), "event.far"),
    "probability 5": (merger(event__classification={"BNS": 5}), "event.classification.BNS"),
    "radius 0": (burst(ra_dec_error=0.0, mission="IceCube"), "ra_dec_error"),
    "13th month": (burst(alert_type="initial", trigger_time="2027-13-01T00:00:00Z"), "trigger_time"),
    "RA -1": (burst(ra=-1.0), "ra: -1.0 read as 359"),
    "Dec 91": (burst(dec=91.0), "dec: 91.0 is no declination"),
    "Dec missing": (burst(dec=None), "ra, dec: one is missing"),
    "NaN position": (burst().replace(b'"ra": 150.0', b'"ra": NaN'), "ra: nan is not a finite number"),
}
"""Messages of which one field is wrong that they can do without, and what is remarked."""


@pytest.mark.parametrize("name", ODD)
def test_a_field_that_is_wrong_costs_only_itself(small_world: World, name):
    payload, says = ODD[name]
    small_world.hears(burst("7"), payload, detection("ZTF27good"))
    assert small_world.status()["messages"] == {"read": 3, "decoded": 3, "set_aside": 0, "ignored": 0}
    told = [small_world.ask(queries.event, event) for event in small_world.events() if event != "Fermi-GBM-7"]
    (event,) = told
    assert event["time"] is not None
    assert any(says in remark for remark in event["remarks"])
    assert small_world.objects("Fermi-GBM-7") == ["ZTF27good"]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_message_is_a_dead_letter_that_names_what_is_wrong(small_world: World, name):
    payload, names = BAD[name]
    small_world.hears(burst("7"), payload, detection("ZTF27good"))
    assert small_world.status()["messages"] == {"read": 3, "decoded": 2, "set_aside": 1, "ignored": 0}
    (letter,) = small_world.dead_letters()
    assert names in letter["reason"]
    assert letter["traceback"] is None
    assert small_world.ask(message_log.dead_letter, letter["id"])["payload"] == payload
    assert small_world.objects("Fermi-GBM-7") == ["ZTF27good"]


def test_all_bad_ones_at_once_do_not_stop_the_good_ones(world: World):
    world.hears(superevent(), *(payload for payload, _ in BAD.values()), detection("ZTF27good"))
    assert world.objects(EVENT) == ["ZTF27good"]
    assert len(world.dead_letters()) == len(BAD)


def test_a_whole_sky_radius_is_the_whole_sky(small_world: World):
    small_world.hears(burst("8", error_deg=360.0), detection("ZTF27a"))
    assert small_world.events()["Fermi-GBM-8"]["state"] == "unlocated"


def test_a_dead_letter_keeps_its_place(world: World):
    world.hears(Message(payload=b"{", topic="igwn.gwalert", partition=3, offset=2**40, name="a.json"))
    (letter,) = world.dead_letters()
    assert (letter["topic"], letter["partition"], letter["offset"]) == ("igwn.gwalert", 3, 2**40)
    assert (letter["name"], letter["bytes"]) == ("a.json", 1)


def test_a_table_keeps_its_good_rows_and_each_fault(world: World):
    table = f"object_id,ra,dec,mjd\nA,{HERE[0]},{HERE[1]},61466\nB,400,0,61466\nC,1,2,never\n"
    world.hears(superevent(), table.encode())
    assert world.objects(EVENT) == ["A"]
    assert [r.partition(":")[0] for r in world.reasons()] == ["row 2", "row 3"]
    assert world.status()["messages"] == {"read": 2, "decoded": 1, "set_aside": 1, "ignored": 0}


def json_alert(name: str) -> bytes:
    """A ZTF packet as JSON, which can hold text that no database can."""
    candidate = {"jd": 2461466.0, "ra": HERE[0], "dec": HERE[1], "magpsf": 19.0, "sigmapsf": 0.1, "fid": 2}
    return as_json({"objectId": name, "candid": 1, "candidate": candidate | {"isdiffpos": "t"}})


POISON = {
    "history out of order": detection("ZTF27poison", prv_candidates=[{"jd": -1.0, "fid": 2}]),
}


@pytest.mark.parametrize("name", POISON)
def test_a_message_that_trips_the_store_is_set_aside_alone(world: World, name):
    world.hears(superevent(), POISON[name], detection("ZTF27good"), burst("7"))
    assert world.objects(EVENT) == ["ZTF27good"]
    assert world.objects("Fermi-GBM-7") == ["ZTF27good"]
    assert world.status()["messages"] == {"read": 4, "decoded": 3, "set_aside": 1, "ignored": 0}
    (letter,) = world.dead_letters()
    assert letter["traceback"]
    assert world.ask(message_log.dead_letter, letter["id"])["payload"] == POISON[name]


UNSTORABLE = {
    "lone surrogate": json_alert("ZTF27\ud800"),
    "surrogate in a notice": burst("9\ud800"),
    "NUL in an object id": json_alert("ZTF27\0"),
    "NUL in an event id": burst("9\0"),
    "NUL in a url of the document": burst("9", data_archive_page="http://x/\0"),
    "an event id that is too long": burst("9" * 300),
}


@pytest.mark.parametrize("name", UNSTORABLE)
def test_what_no_database_can_store_is_refused_by_the_decoder(world: World, name):
    world.hears(superevent(), UNSTORABLE[name], detection("ZTF27good"))
    assert world.objects(EVENT) == ["ZTF27good"]
    assert world.status()["messages"] == {"read": 3, "decoded": 2, "set_aside": 1, "ignored": 0}
    (letter,) = world.dead_letters()
    assert letter["traceback"] is None
    assert world.ask(message_log.dead_letter, letter["id"])["payload"] == UNSTORABLE[name]
    world.hears(detection("ZTF27next"))
    assert "ZTF27next" in world.objects(EVENT)


def test_a_reason_may_repeat_text_that_the_database_refuses(world: World):
    world.hears(merger(superevent_id="B\0\ud800"))
    assert world.reasons() == ["superevent_id: 'B\\x00\\ud800' is not a superevent id"]


def test_an_id_too_long_for_an_index_is_no_outage(world: World):
    """PostgreSQL refuses index entries beyond 2.7 kB as an *operational* error: one row's fault, not the server's."""
    name = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=5_000))
    world.hears(superevent(), json_alert(f"ZTF{name}"), detection("ZTF27good"))
    assert "ZTF27good" in world.objects(EVENT)
    messages = world.status()["messages"]
    assert messages["read"] == messages["decoded"] + messages["set_aside"] == 3


GOOD = [superevent(), burst(), burst("2", alert_type="retraction"), detection("ZTF27a"), detection("ZTF27b")]
IDLE = [b"", b"no", b"TITLE: x\nNOTICE_TYPE: y", b"<a/>", b'{"circularId": 1}', b"\x00\xff" * 9]
pieces = st.one_of(
    st.sampled_from(GOOD),
    st.sampled_from(IDLE),
    st.sampled_from([payload for payload, _ in (*BAD.values(), *ODD.values())]),
    st.sampled_from([*POISON.values(), *UNSTORABLE.values()]),
    st.binary(max_size=60),
    st.tuples(st.sampled_from(GOOD), st.integers(0, 400)).map(lambda t: t[0][: t[1]]),
    st.tuples(st.sampled_from(GOOD), st.integers(0, 2000), st.binary(max_size=4)).map(
        lambda t: t[0][: t[1]] + t[2] + t[0][t[1] + len(t[2]) :]
    ),
)


@settings(max_examples=40)
@given(st.lists(pieces, max_size=8), st.integers(1, 9))
def test_every_message_is_accounted_for(payloads, batch_size):
    store = Store("sqlite://")
    world = World(store)
    world.hears(*payloads, batch_size=batch_size)
    status = world.ask(queries.status)
    counts = status["messages"]
    assert counts["read"] == len(payloads) == counts["decoded"] + counts["set_aside"] + counts["ignored"]
    for source in status["sources"].values():
        assert source["read"] == source["decoded"] + source["set_aside"] + source["ignored"]
        assert sum(source["reasons"].values()) == source["ignored"]
    letters = {(letter["topic"], letter["partition"], letter["offset"]) for letter in world.dead_letters()}
    assert len(letters) == counts["set_aside"]
    assert all(letter["reason"] for letter in world.dead_letters())
    store.close()
