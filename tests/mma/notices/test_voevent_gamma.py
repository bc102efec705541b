"""A gamma-ray alert as VOEvent: read back it is the same event, and valid for those who know only VOEvent."""

from __future__ import annotations

from dataclasses import fields as fields_of
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincidence.event import Stage
from mma.engine import topics
from mma.errors import DecodeError
from mma.notices.gamma import alert
from mma.notices.gamma import voevent as voevent_gamma
from mma.notices.voevent import document as voevent_xml
from mma.notices.voevent import notice
from mma.streams.message import Message

voeventparse = pytest.importorskip("voeventparse", reason="voevent-parse does not install on Python 3.12")

ALERT = {
    "$schema": "urn:mma:gamma:1",
    "mission": "CTAO",
    "id": "b3f1",
    "alert_type": "initial",
    "alert_tense": "current",
    "alert_datetime": "2026-03-01T01:02:30.125Z",
    "trigger_time": "2026-03-01T01:02:03.5Z",
    "ra": 83.6331,
    "dec": 22.0145,
    "ra_dec_error": 0.05,
    "containment_probability": 0.68,
    "array": "N",
    "significance": 8.1,
    "significance_post_trial": 7.2,
    "n_trials": 400,
    "far": 1e-9,
    "event_name": ["GRB 260301A", "Mrk 421"],
    "classification": {"GRB": 0.9, "noise": 0.1},
    "source_class": "grb_follow_up",
    "follow_up_event": "Fermi-GBM-694215970",
    "preliminary": True,
    "x_run": {"a": [1, None]},
}
FAST = {"mission": "CTAO", "id": "7", "alert_type": "retraction", "alert_datetime": "2026-03-01T02:00:00Z"}


def of_json(document):
    return alert.decode(Message(payload=alert.encode(document), topic="mma.gamma"))


def of_xml(document):
    return notice.decode(Message(payload=voevent_gamma.encode(document), topic="mma.gamma"))


def shape(region):
    """What tells one small region from another."""
    points = [83.6331, 84.0, 10.0], [22.0145, 22.1, -5.0]
    return region.area_deg2(0.9), region.credible_level_at(*points).tolist()


def same(first, second):
    """Two events are one but for the bytes that they came in."""
    for field in fields_of(first):
        one, other = getattr(first, field.name), getattr(second, field.name)
        if field.name == "region":
            assert type(one) is type(other)
            assert one is None or shape(one) == shape(other)
        elif field.name != "notice":
            assert one == other, field.name
    assert first.notice != second.notice


CHANGES = [
    {},
    {"ra_dec_error": [0.2, 0.1, 33.5]},
    {"alert_tense": "test"},
    {"alert_tense": "injection"},
    {"alert_type": "update"},
    {"mission": "H.E.S.S. II"},
    {"event_name": "GRB 260301A"},
    {"additional_info": '5 < 6 & "quoted" 7 > 6\nÄ é'},
    {"observation_start": "2026-03-01T01:00:00Z", "obs_id": ["a", 7]},
    {"flux": 1.5, "flux_unit": "Crab", "spectral_index": 2.1, "systematic_included": True},
    {"flux_unit": "Crab"},
    {"event_name": '["odd'},
    {"event_name": ["123", "true", "{"]},
    {"x_a": "12", "x_b": "true", "x_c": False, "x_d": 3},
    {
        "energy_range_tev": [0.1, 10],
        "flux_upper_limit": 1e-11,
        "upper_limit_confidence": 0.95,
        "flux": 2e-11,
        "flux_unit": "ph/cm2/s",
        "n_on": 12,
        "alpha": 0.2,
    },
    {"classification": {"id": 0.5, "ra_dec_error": 0.25, "event_name": 0.25}},
    {"healpix_url": "https://example.org/a?b=c&d", "data_archive_page": "https://example.org/<a>"},
    {"contact": "CTAO Transients <alerts@example.org>"},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change), "as it is"))
def test_both_forms_are_one_event(change):
    same(of_json(ALERT | change), of_xml(ALERT | change))


FULL = ALERT | {
    "ra_dec_error": [0.2, 0.1, 33.5],
    "energy_range_tev": [0.1, 10.0],
    "flux": 2e-11,
    "flux_error": 1e-12,
    "flux_unit": "ph/cm2/s",
    "spectral_index": 2.2,
    "observation_livetime": 1700.0,
    "zenith_angle": 20.0,
    "contact": "CTAO Transients <alerts@example.org>",
    "p_astro": 0.93,
    "data_archive_page": "https://example.org/b3f1",
    "x_run": {"depth": 3},
}


def test_values_stand_as_people_read_them():
    """No JSON within values, units as attributes: by the document that was given, not by our reader."""
    packet = voeventparse.loads(voevent_gamma.encode(FULL))
    voeventparse.assert_valid_as_v2_0(packet)
    params = [p for p in packet.What.iter() if p.tag == "Param"]
    odd = [p.get("name") for p in params if set(p.get("value")) & set('"[]{}')]
    assert odd == ["x_run"]
    units = {p.get("name"): p.get("unit") for p in params if p.get("unit")}
    assert units == {
        "semi_major_axis": "deg", "semi_minor_axis": "deg", "position_angle": "deg", "energy_min": "TeV",
        "energy_max": "TeV", "flux": "ph/cm2/s", "flux_error": "ph/cm2/s", "observation_livetime": "s",
        "zenith_angle": "deg", "far": "Hz",
    }  # fmt: skip
    groups = {g.get("name"): {p.get("name"): p.get("value") for p in g.Param} for g in packet.What.Group}
    assert groups["ra_dec_error"] == {"semi_major_axis": "0.2", "semi_minor_axis": "0.1", "position_angle": "33.5"}
    assert groups["event_name"] == {"event_name_1": "GRB 260301A", "event_name_2": "Mrk 421"}
    assert groups["classification"] == {"GRB": "0.9", "noise": "0.1"}
    assert float(groups["energy_range_tev"]["energy_max"]) == 10.0


def test_who_and_why_are_filled():
    packet = voeventparse.loads(voevent_gamma.encode(FULL, "ivo://org.ctao/alerts/"))
    assert (packet.Who.AuthorIVORN, packet.get("ivorn")) == ("ivo://org.ctao/alerts", "ivo://org.ctao/alerts/CTAO#b3f1")
    assert (packet.Who.Author.contactName, packet.Who.Author.contactEmail) == (
        "CTAO Transients", "alerts@example.org",
    )  # fmt: skip
    assert packet.Who.Author.shortName == "CTAO"
    assert [str(name) for name in packet.Why.Name] == ["GRB 260301A", "Mrk 421"]
    assert "gamma-ray burst" in str(packet.Why.Concept)
    assert packet.Why.Inference.get("probability") == "0.93"
    assert "7.2 sigma after trials; follows Fermi-GBM-694215970" in str(packet.Why.Description)
    assert packet.Reference.get("uri") == "https://example.org/b3f1"


def test_a_map_alone_claims_no_radius():
    """The standard wants a radius with a position: without one it is a parameter."""
    document = {name: value for name, value in ALERT.items() if name not in ("ra_dec_error", "containment_probability")}
    document |= {"healpix_url": "https://example.org/map.fits"}
    packet = voeventparse.loads(voevent_gamma.encode(document))
    voeventparse.assert_valid_as_v2_0(packet)
    assert packet.find("WhereWhen") is None
    assert voevent_gamma.document_of(voevent_xml.read(voevent_gamma.encode(document)))["dec"] == 22.0145


OLD = """<voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" version="2.0" role="observation"
 ivorn="ivo://mma/gamma/CTAO#b3f1"><Who><AuthorIVORN>ivo://mma/gamma/CTAO</AuthorIVORN>
<Date>2026-03-01T01:02:30.125</Date></Who><What>
<Param name="mission" value="CTAO"/><Param name="id" value="b3f1"/><Param name="alert_type" value="initial"/>
<Param name="trigger_time" value="2026-03-01T01:02:03.5Z"/>
<Param name="ra_dec_error" value="[0.2, 0.1, 33.5]" unit="deg" dataType="string"/>
<Param name="containment_probability" value="0.68" dataType="float"/>
<Param name="event_name" value="[&quot;GRB 260301A&quot;]" dataType="string"/>
<Param name="classification" value="{&quot;GRB&quot;: 0.9}" dataType="string"/>
<Param name="flux" value="1.5" dataType="float"/><Param name="flux_unit" value="Crab" dataType="string"/>
<Param name="preliminary" value="true" dataType="string"/></What>
<WhereWhen><ObsDataLocation><ObservatoryLocation id="CTAO"/><ObservationLocation>
<AstroCoordSystem id="UTC-ICRS-TOPO"/><AstroCoords coord_system_id="UTC-ICRS-TOPO">
<Position2D unit="deg"><Value2><C1>83.6331</C1><C2>22.0145</C2></Value2></Position2D></AstroCoords>
</ObservationLocation></ObsDataLocation></WhereWhen></voe:VOEvent>"""


def test_what_earlier_versions_wrote_is_read():
    event = notice.decode(Message(payload=OLD.encode(), topic="mma.gamma"))
    same(event, of_json({
        "$schema": "urn:mma:gamma:1", "mission": "CTAO", "id": "b3f1", "alert_type": "initial",
        "alert_datetime": "2026-03-01T01:02:30.125Z", "trigger_time": "2026-03-01T01:02:03.5Z", "ra": 83.6331,
        "dec": 22.0145, "ra_dec_error": [0.2, 0.1, 33.5], "containment_probability": 0.68,
        "event_name": ["GRB 260301A"], "classification": {"GRB": 0.9}, "flux": 1.5, "flux_unit": "Crab",
        "preliminary": True,
    }))  # fmt: skip


def test_a_retraction_without_a_place_cites_the_first_message():
    document = {"$schema": "urn:mma:gamma:1"} | FAST
    same(of_json(document), of_xml(document))
    assert of_xml(document).stage is Stage.RETRACTION
    packet = voeventparse.loads(voevent_gamma.encode(document))
    (cited,) = packet.Citations.EventIVORN
    first = voeventparse.loads(voevent_gamma.encode(ALERT | {"id": "7"}))
    assert (cited.text, cited.get("cite")) == (first.get("ivorn"), "retraction")
    assert packet.get("ivorn") != first.get("ivorn")


def test_an_update_supersedes_the_first_message():
    packet = voeventparse.loads(voevent_gamma.encode(ALERT | {"alert_type": "update"}))
    assert packet.Citations.EventIVORN.get("cite") == "supersedes"
    assert packet.Citations.EventIVORN.text == voeventparse.loads(voevent_gamma.encode(ALERT)).get("ivorn")


def test_who_knows_only_voevent_finds_place_radius_time_and_role():
    packet = voeventparse.loads(voevent_gamma.encode(ALERT | {"alert_tense": "test"}))
    voeventparse.assert_valid_as_v2_0(packet)
    place = voeventparse.get_event_position(packet)
    assert (place.ra, place.dec, place.err, place.system) == (83.6331, 22.0145, 0.05, "UTC-ICRS-TOPO")
    assert voeventparse.get_event_time_as_utc(packet).isoformat() == "2026-03-01T01:02:03.500000+00:00"
    assert packet.get("role") == "test"


@given(
    st.floats(0, 360, exclude_max=True), st.floats(-90, 90), st.floats(1e-4, 10), st.floats(0.01, 0.99),
    st.floats(-1e3, 1e3), st.datetimes(),
)  # fmt: skip
def test_numbers_and_times_keep_every_digit(ra, dec, radius, level, significance, when):
    when = when.replace(year=max(when.year, 1980))
    document = ALERT | {
        "ra": ra, "dec": dec, "ra_dec_error": radius, "containment_probability": level,
        "significance": significance, "alert_datetime": when.isoformat() + "Z",
    }  # fmt: skip
    same(of_json(document), of_xml(document))
    back = voevent_gamma.document_of(voevent_xml.read(voevent_gamma.encode(document)))
    assert back | {"alert_datetime": document["alert_datetime"]} == document


def test_what_is_not_valid_is_not_written_and_not_read():
    with pytest.raises(DecodeError, match="ra_dec_error"):
        voevent_gamma.encode(ALERT | {"ra_dec_error": -1})
    broken = voevent_gamma.encode(ALERT).replace(b'value="0.05"', b'value="five"')
    odd = notice.decode(Message(payload=broken, topic="t"))
    assert odd.is_guess
    assert any(remark.startswith("ra_dec_error: 'five' is not a number") for remark in odd.remarks)
    negative = voevent_gamma.encode(ALERT).replace(b'value="0.05"', b'value="-0.05"')
    odd = notice.decode(Message(payload=negative, topic="t"))
    assert odd.is_guess
    assert any(remark.startswith("ra_dec_error: -0.05") for remark in odd.remarks)


def test_the_header_or_the_content_tells_the_form():
    message = Message(payload=voevent_gamma.encode(ALERT), topic="mma.gamma", headers={"_format": b"voevent"})
    assert topics.format_of(message) == "voevent"
    assert topics.format_of(replace(message, topic="mma.gamma.test", headers={})) == "voevent"
    plain = Message(payload=alert.encode(ALERT), topic="mma.gamma", headers={"_format": b"json"})
    assert topics.format_of(plain) == "gamma"
    assert topics.format_of(replace(plain, headers={"_format": b"\xff"})) == "gamma"
