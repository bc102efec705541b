"""What a message is, told by its content; and names that mean one event only."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime

import fastavro
import pytest

import skymaps
from mma.errors import DecodeError, Ignored
from mma.notices import DECODERS, decode, is_optical_voevent, kind_of, names


def test_each_format_is_known_by_its_content(said, voevent, igwn_document, gcn_document, gamma_document):
    assert kind_of(said(igwn_document)) == "igwn"
    assert kind_of(said([igwn_document])) == "igwn"
    assert kind_of(said({"format": "json", "content": gcn_document})) == "gcn"
    assert kind_of(said(gcn_document)) == "gcn"
    assert kind_of(said({"mission": "Swift", "trigger_time": "x"})) == "gcn"
    assert kind_of(said(gamma_document)) == "gamma"
    assert kind_of(voevent()) == "voevent"
    assert kind_of(said({"neutrino_times": [], "detector_names": []})) == "snews"
    assert kind_of(said({"circularId": 1, "subject": "s", "body": "b"})) == "circular"
    assert kind_of(said({"$schema": "urn:mma:region:1", "kind": "cbc"})) == "given"
    skymap = skymaps.write_fits(skymaps.as_skymap(skymaps.circle(10.0, 20.0, 3.0)))
    assert kind_of(said(skymap)) == kind_of(said(gzip.compress(skymap))) == "given"
    assert kind_of(said(gzip.compress(b"x"))) is None
    assert set(DECODERS) == {"igwn", "gcn", "gamma", "voevent", "snews", "circular", "given"}


@pytest.mark.parametrize("start", ["", " \n", "\ufeff"])
def test_voevents_in_any_namespace(said, start):
    for root in ('<VOEvent version="2.0">', '<voe:VOEvent xmlns:voe="x">', '<?xml version="1.0"?><VOEvent>'):
        assert kind_of(said(start + root)) == "voevent"


def test_avro_is_told_by_its_schema(said):
    def container(name):
        buffer = io.BytesIO()
        schema = {"type": "record", "name": "A", "fields": [{"name": name, "type": "string"}]}
        fastavro.writer(buffer, schema, [{name: "x"}])
        return said(buffer.getvalue())

    assert kind_of(container("superevent_id")) == "igwn"
    assert kind_of(container("candid")) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "x"}, "JSON Schema"),
        ({"uid": "S1", "alert_type": "new"}, "internal"),
        ({"title": "t", "message_text": "m"}, "Hermes"),
        ({"format": "circular", "content": {"header": {}, "body": "b"}}, "circular"),
        ('{"circularId": 1, "subject": "a"}\n{"circularId": 2, "subject": "b"}', "circular"),
        ("", "empty"),
        (" \n", "empty"),
    ],
)
def test_strangers_are_ignored_with_a_plain_reason(said, content, reason):
    with pytest.raises(Ignored, match=reason):
        decode(said(content))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("TITLE:            GCN/AMON NOTICE\nNOTICE_TYPE:      ICECUBE Astrotrack Bronze\n", "e-mail"),
        ({"candid": 1, "objectId": "ZTF"}, "optical"),
        ({"format": "voevent", "content": {"ivorn": "ivo://x", "role": "test", "Who": {}}}, "old hop-client"),
        ("<q:quakeml xmlns:q='x'/>", "XML.*quakeml"),
        ({"foo": "bar"}, "JSON with foo"),
        ({"url": "https://example.invalid/msg/9c1d"}, "external.*https://example.invalid/msg/9c1d"),
        (b"\x00\x01\x02", "not a notice"),
        ("hello", "not a notice.*hello"),
        ([1, 2], "not a notice"),
        ([{"mission": float("nan")}], "JSON with mission"),
    ],
)
def test_what_cannot_be_told_is_a_dead_letter_with_a_reason(said, content, reason):
    with pytest.raises(DecodeError, match=reason):
        decode(said(content))


@pytest.mark.parametrize("content", ["{", '{"superevent_id": "S270301ab", "alert'])
def test_damaged_json_is_not_ignored(said, content):
    assert kind_of(said(content)) is None
    with pytest.raises(DecodeError, match="JSON"):
        decode(said(content))


def test_optical_voevents_are_told_apart(voevent):
    gaia = voevent(None, ivorn="ivo://gaia.cam.uk/alerts#Gaia19bdu")
    assert kind_of(gaia) == "voevent"
    assert is_optical_voevent(gaia)
    assert not is_optical_voevent(voevent())


TIME = datetime(2022, 1, 16, 14, 9, 34, 960000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("Fermi", "GBM", "524666471", None), "Fermi-GBM-524666471"),
        (("SVOM", "ECLAIRs", "sb24022203", None), "SVOM-sb24022203"),
        (("SVOM", "GRM", "sb24022203", None), "SVOM-sb24022203"),
        (("Einstein Probe", "WXT", "01708973486", None), "EinsteinProbe-WXT-01708973486"),
        (("IPN", None, "-1", TIME), "IPN-20220116T140934.960"),
        (("AGILE", "MCAL", "0", TIME), "AGILE-MCAL-20220116T140934.960"),
        (("IPN", None, None, None), None),
    ],
)
def test_ids(given, expected):
    assert names.event_id(*given) == expected


def test_only_names_of_one_event_are_aliases():
    told = ["bn240812094", "GRB 230220A", "GRB 140423", "Mrk 421", "IceCube-230416A", None, ""]
    found = names.aliases(told, "", "x")
    assert found == ("bn240812094", "GRB 230220A", "IceCube-230416A", "IC230416A")


@pytest.mark.parametrize(
    ("ivorn", "expected"),
    [
        ("ivo://nasa.gsfc.gcn/Fermi#GBM_Alert_2018-01-16T00:36:52.81_537755817_1-994", "Fermi-GBM-537755817"),
        (
            "ivo://nasa.gsfc.gcn/Fermi#LAT_Initial_Pos_2016-06-25T22:43:24.82_488587408_0-809",
            "Fermi-LAT-488587408",
        ),
        ("ivo://nasa.gsfc.gcn/SWIFT#BAT_GRB_Pos_958141-314", "Swift-BAT-958141"),
        ("ivo://gwnet/LVC#S230518h-1-Preliminary", "S230518h"),
        ("ivo://gwnet/LVC#S230518ha-1-Preliminary", "S230518ha"),
        ("ivo://gwnet/LVC#MS181101ab-4-Update", "MS181101ab"),
        ("ivo://somebody/else#1", None),
    ],
)
def test_the_event_behind_a_notices_name(ivorn, expected):
    assert names.from_ivorn(ivorn) == expected


def test_a_file_of_many_lines_is_no_json_but_its_first_line_is(said):
    lines = "\n".join(json.dumps({"circularId": n, "subject": "s"}) for n in range(3))
    assert kind_of(said(lines)) == "circular"
