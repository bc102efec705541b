"""LVK's public alerts that we made ourselves."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from datetime import UTC, datetime

import fastavro
import numpy as np
import pytest

import skymaps
from coincidence.event import Kind, Stage
from mma.errors import DecodeError, Ignored
from mma.notices import decode_igwn, lvk
from skymaps.fits import write_table

SCHEMA = {
    "type": "record",
    "name": "Alert",
    "fields": [
        {"name": "alert_type", "type": "string"},
        {"name": "time_created", "type": "string"},
        {"name": "superevent_id", "type": "string"},
        {
            "name": "event",
            "type": [
                "null",
                {
                    "type": "record",
                    "name": "Event",
                    "fields": [
                        {"name": "time", "type": "string"},
                        {"name": "group", "type": "string"},
                        {"name": "skymap", "type": ["null", "bytes"]},
                    ],
                },
            ],
        },
    ],
}


def test_an_alert_tells_its_event(said, igwn_document, fits):
    message = said(igwn_document)
    event = decode_igwn(message)
    assert event.id == "S270301ab"
    assert event.time == datetime(2027, 3, 1, 2, 0, 0, 250000, tzinfo=UTC)
    assert event.issued == datetime(2027, 3, 1, 2, 5, tzinfo=UTC)
    assert event.stage is Stage.INITIAL
    assert event.kind is Kind.CBC
    assert event.instruments == ("H1", "L1")
    assert event.classes == {"BNS": 0.8, "Terrestrial": 0.2, "HasNS": 0.9}
    assert (event.far_hz, event.significant, event.is_test) == (1e-9, True, False)
    assert event.notice == hashlib.sha256(message.payload).hexdigest()
    assert event.skymap_sha256 == hashlib.sha256(fits).hexdigest()
    assert event.region.centre() == pytest.approx((10.0, 20.0), abs=1.0)


def test_avro_carries_the_same_map_as_json(said, igwn_document, fits):
    record = {key: igwn_document[key] for key in ("alert_type", "time_created", "superevent_id")}
    record["event"] = {"time": "2027-03-01T02:00:00.250Z", "group": "CBC", "skymap": fits}
    buffer = io.BytesIO()
    fastavro.writer(buffer, SCHEMA, [record])
    event, same = decode_igwn(said(buffer.getvalue())), decode_igwn(said(igwn_document))
    assert (event.id, event.time, event.skymap_sha256) == (same.id, same.time, same.skymap_sha256)


@pytest.mark.parametrize("wrap", [lambda d: [d], lambda d: {"format": "json", "content": [d]}])
def test_hop_content_is_read_as_list_or_object(said, igwn_document, wrap):
    assert decode_igwn(said(wrap(igwn_document))).id == "S270301ab"


def test_a_retraction_has_neither_time_nor_region(said):
    event = decode_igwn(
        said(
            {
                "alert_type": "RETRACTION",
                "time_created": "2027-03-01T04:00:00Z",
                "superevent_id": "S270301ab",
                "urls": {},
                "event": None,
                "external_coinc": None,
            }
        )
    )
    assert (event.stage, event.time, event.region) == (Stage.RETRACTION, None, None)


@pytest.mark.parametrize("number", [524666471, "524666471"])
def test_the_combined_map_is_the_region_and_the_notice_id_may_be_text(said, igwn_document, number):
    other = skymaps.write_fits(skymaps.as_skymap(skymaps.circle(12.0, 21.0, 2.0)))
    external = {
        "gcn_notice_id": number,
        "ivorn": "ivo://nasa.gsfc.gcn/Fermi#GBM_Fin_Pos2017-08-17T12:41:06.47_524666471_0-389",
        "observatory": "Fermi",
        "search": "GRB",
        "time_difference": 2.02,
        "time_coincidence_far": 2e-14,
        "time_sky_position_coincidence_far": 6e-16,
        "combined_skymap": base64.b64encode(other).decode(),
    }
    event = decode_igwn(said(igwn_document | {"external_coinc": external}))
    (found,) = event.external
    assert found.event_id == "Fermi-GBM-524666471"
    assert (found.delay_s, found.far_temporal_hz, found.far_spacetime_hz) == (2.02, 2e-14, 6e-16)
    assert event.skymap_sha256 == hashlib.sha256(other).hexdigest()
    assert "combined" in event.remarks[0]


def test_a_missing_map_is_no_region_and_says_so(said, igwn_document):
    event = decode_igwn(said(igwn_document | {"event": igwn_document["event"] | {"skymap": None}}))
    assert event.region is None
    assert event.remarks == ("no sky map in this notice",)


@pytest.mark.parametrize(
    ("change", "inside"),
    [
        ({"superevent_id": "MS270301ab"}, {}),
        ({"superevent_id": "TS270301ab"}, {}),
        ({}, {"search": "MDC"}),
        ({"urls": {"gracedb": "https://gracedb-playground.ligo.org/superevents/S1/view/"}}, {}),
    ],
)
def test_mock_and_test_superevents_are_tests(said, igwn_document, change, inside):
    assert decode_igwn(said(igwn_document | change | {"event": igwn_document["event"] | inside})).is_test


def test_bursts_and_early_warnings(said, igwn_document):
    document = igwn_document | {
        "alert_type": "EARLYWARNING",
        "event": igwn_document["event"] | {"group": "Burst"},
    }
    event = decode_igwn(said(document))
    assert (event.kind, event.stage) == (Kind.BURST, Stage.EARLY_WARNING)


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        ("alert_type", "NEWS", "alert_type"),
        ("time_created", "2027-03-00T00:00:00Z", "time_created"),
        ("event.far", "1e-9", "event.far"),
        ("event.far", -1.0, "event.far"),
        ("event.group", "Rock", "event.group"),
        ("event.classification", {"BNS": 1.5}, "event.classification.BNS"),
        ("event.skymap", "not base64!", "event.skymap"),
        ("event.skymap", "aGVsbG8=", "event.skymap"),
        ("event.skymap", {}, "event.skymap"),
        ("event.significant", "yes", "event.significant"),
        ("external_coinc", {"gcn_notice_id": None, "observatory": "Fermi"}, "external_coinc: it does not say"),
        ("external_coinc", {"gcn_notice_id": 1}, "external_coinc: it does not say"),
        ("external_coinc", "Fermi", "external_coinc"),
        ("urls", "here", "urls"),
    ],
)
def test_a_wrong_field_costs_only_itself(said, igwn_document, path, value, word):
    event = decode_igwn(said(with_value(igwn_document, path, value)))
    assert (event.id, event.time) == ("S270301ab", datetime(2027, 3, 1, 2, 0, 0, 250_000, tzinfo=UTC))
    assert any(word in remark for remark in event.remarks)
    assert (event.region is None) == (path == "event.skymap")


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        ("superevent_id", 1234, "superevent_id"),
        ("superevent_id", "G 1", "superevent_id"),
        ("superevent_id", None, "superevent_id"),
        ("event", [], "event: \\[\\]"),
        ("event", None, "event: null"),
        ("event.time", None, "event.time: null"),
        ("event.time", 5, "event.time: 5"),
    ],
)
def test_what_a_notice_must_tell_is_named(said, igwn_document, path, value, word):
    with pytest.raises(DecodeError, match=word):
        decode_igwn(said(with_value(igwn_document, path, value)))


def with_value(document, path, value):
    changed = json.loads(json.dumps(document))
    *outer, last = path.split(".")
    (changed["event"] if outer else changed)[last] = value
    return changed


def test_the_time_of_a_map_stands_in_for_one_that_cannot_be_read(said, igwn_document):
    when = datetime(2027, 3, 1, 2, 0, 0, 125_000, tzinfo=UTC)
    skymap = skymaps.write_fits(skymaps.as_skymap(skymaps.circle(10.0, 20.0, 5.0), time=when))
    document = with_value(igwn_document, "event.skymap", base64.b64encode(skymap).decode())
    event = decode_igwn(said(with_value(document, "event.time", "soon")))
    assert event.time == when
    assert "no event.time: the map's stands in" in event.remarks


@pytest.mark.parametrize("values", [[np.nan] * 12, [0.0] * 12, [-1.0] * 12])
def test_a_combined_map_that_is_none_leaves_the_events_own(said, igwn_document, fits, values):
    cells = [("UNIQ", "", np.arange(4, 16)), ("PROBDENSITY", "sr-1", np.array(values))]
    empty = write_table([("ORDERING", "NUNIQ", "")], cells)
    combined = {"gcn_notice_id": 1, "observatory": "Fermi", "combined_skymap": base64.b64encode(empty).decode()}
    event = decode_igwn(said(igwn_document | {"external_coinc": combined}))
    assert event.skymap_sha256 == hashlib.sha256(fits).hexdigest()
    assert event.remarks[0].startswith("map left aside: external_coinc.combined_skymap: ")
    assert [e.event_id for e in event.external] == ["Fermi-1"]


def test_a_map_whose_sum_is_off_is_mended_and_says_so(said, igwn_document, fits):
    skymap = skymaps.read(fits)
    uniq = skymaps.healpix.to_uniq(skymap.lower, skymap.order)
    cells = [("UNIQ", "", uniq), ("PROBDENSITY", "sr-1", 1.12 * skymap.probdensity)]
    wrong = write_table([("ORDERING", "NUNIQ", "")], cells)
    event = decode_igwn(said(with_value(igwn_document, "event.skymap", base64.b64encode(wrong).decode())))
    assert event.region.area_deg2(0.9) == pytest.approx(skymap.area_deg2(0.9), rel=1e-6)
    assert [r for r in event.remarks if "sum" in r] == ["map's probabilities sum to 1.12: divided by that"]


@pytest.mark.parametrize("cut", [1, 3, 40, 200])
def test_truncated_avro_is_refused(said, fits, cut):
    buffer = io.BytesIO()
    record = {"alert_type": "INITIAL", "time_created": "t", "superevent_id": "S1", "event": None}
    fastavro.writer(buffer, SCHEMA, [record])
    with pytest.raises(DecodeError):
        decode_igwn(said(buffer.getvalue()[:-cut]))


def test_internal_alerts_are_ignored(said):
    with pytest.raises(Ignored, match="internal"):
        decode_igwn(said({"uid": "S180616h", "alert_type": "label_added", "data": {"name": "EM_COINC"}}))


def test_stage_words_of_all_three_spellings():
    for word in ("EARLYWARNING", "EARLY_WARNING", "EarlyWarning"):
        assert lvk.stage_of(word, "alert_type") is Stage.EARLY_WARNING
