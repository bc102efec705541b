"""Notices of GCN's unified schema that we made ourselves."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from coincidence.event import Kind, Messenger, Stage
from mma.errors import DecodeError, Ignored
from mma.notices import decode_gcn
from skymaps import AllSky, SkyMap

ROOT = "https://gcn.nasa.gov/schema/main/gcn/notices"


def without(document, *names):
    return {key: value for key, value in document.items() if key not in names}


def test_a_ground_position(said, gcn_document):
    event = decode_gcn(said(gcn_document))
    assert event.id == "Fermi-GBM-826000000"
    assert event.aliases == ("bn270301083",)
    assert event.time == datetime(2027, 3, 1, 2, 0, 0, 500000, tzinfo=UTC)
    assert event.issued == datetime(2027, 3, 1, 2, 0, 40, tzinfo=UTC)
    assert (event.stage, event.kind, event.messenger) == (Stage.UPDATE, Kind.GRB, Messenger.GAMMA)
    assert event.region.centre() == pytest.approx((120.0, -30.0))


def test_gbm_gets_its_systematic_error_unless_it_is_in(said, gcn_document):
    plain = decode_gcn(said(gcn_document | {"systematic_included": True})).region
    wide = decode_gcn(said(gcn_document)).region
    flat = 2 * np.pi * (1 - np.cos(np.radians(4.0))) * (180 / np.pi) ** 2
    assert plain.area_deg2(0.68) == pytest.approx(flat, rel=0.01)
    # core 3.72 deg (0.804) and tail 13.7 deg (0.196) in quadrature with the statistical 4 / 1.51 deg
    assert wide.area_deg2(0.68) > 2.0 * flat


def test_containment_is_ninety_percent_where_not_told(said, gcn_document):
    document = without(gcn_document, "containment_probability") | {"systematic_included": True}
    flat = 2 * np.pi * (1 - np.cos(np.radians(4.0))) * (180 / np.pi) ** 2
    assert decode_gcn(said(document)).region.area_deg2(0.9) == pytest.approx(flat, rel=0.01)


@pytest.mark.parametrize("axes", [[3.0, 1.0, 40.0], [1.0, 3.0, 130.0]])
def test_an_ellipse_named_either_way_round(said, gcn_document, axes):
    region = decode_gcn(said(gcn_document | {"ra_dec_error": axes, "containment_probability": 0.9})).region
    assert region.area_deg2(0.9) == pytest.approx(np.pi * 3.0, rel=0.01)
    east, north = 2.5 * np.sin(np.radians(40.0)), 2.5 * np.cos(np.radians(40.0))
    along = region.credible_level_at(120.0 + east / np.cos(np.radians(-30.0)), -30.0 + north)
    across = region.credible_level_at(120.0 + north / np.cos(np.radians(-30.0)), -30.0 - east)
    assert along < 0.9 < across


def test_a_rectangle_holds_what_it_says(said, gcn_document):
    """A box of 2 x 1 degrees that holds 90 % is an ellipse of half axes 1.0 and 0.5 times 2.146 / 1.949.

    In sigmas of a round Gaussian the 90 % circle has 2.146, the 90 % square half sides of 1.949:
    erf(1.949 / sqrt 2)^2 = 0.9.
    """
    corners = [[121.0, 0.5], [119.0, 0.5], [119.0, -0.5], [121.0, -0.5]]
    document = without(gcn_document, "ra_dec_error") | {
        "rectangular_error_corners": corners,
        "containment_probability": 0.9,
        "dec": 0.0,
    }
    region = decode_gcn(said(document)).region
    assert region.centre() == pytest.approx((120.0, 0.0), abs=0.01)
    assert region.area_deg2(0.9) == pytest.approx(np.pi * 1.0 * 0.5 * (2.1460 / 1.9488) ** 2, rel=0.01)
    assert region.credible_level_at(120.9, 0.0) < 0.9 < region.credible_level_at(120.0, 0.7)


def test_an_inline_map_is_the_region(said, gcn_document, fits):
    document = gcn_document | {"healpix_file": base64.b64encode(fits).decode()}
    event = decode_gcn(said(document))
    assert isinstance(event.region, SkyMap)
    assert event.skymap_sha256 == hashlib.sha256(fits).hexdigest()


def test_a_broken_map_falls_back_on_the_circle_and_says_so(said, gcn_document):
    event = decode_gcn(said(gcn_document | {"healpix_file": "stuff"}))
    assert event.region.centre() == pytest.approx((120.0, -30.0))
    assert "healpix_file" in event.remarks[0]


def test_a_broken_map_without_a_circle_leaves_what_was_known(said, gcn_document):
    event = decode_gcn(said(without(gcn_document, "ra", "dec") | {"healpix_file": "hhhh"}))
    assert event.region is None
    assert "healpix_file" in event.remarks[0]


def test_no_position_is_the_whole_sky_at_first_and_nothing_new_later(said, gcn_document):
    bare = without(gcn_document, "ra", "dec", "ra_dec_error")
    first = decode_gcn(said(bare | {"alert_type": "initial"}))
    assert isinstance(first.region, AllSky)
    assert decode_gcn(said(bare)).region is None


def test_an_error_that_is_not_told_is_the_missions_default(said):
    document = {
        "$schema": f"{ROOT}/maxi/gsc.known.schema.json",
        "mission": "MAXI",
        "instrument": "GSC",
        "alert_datetime": "2027-03-01T02:00:40Z",
        "trigger_time": "2027-03-01T02:00:00Z",
        "id": "0858800020",
        "event_name": "Swift J1858.6-0814",
        "ra": 285.6,
        "dec": -9.2,
    }
    event = decode_gcn(said(document))
    assert event.region.area_deg2(0.9) == pytest.approx(np.pi * 0.5**2, rel=0.01)
    assert (event.kind, event.aliases) == (Kind.FLARE, ())
    assert any("0.5 deg" in remark for remark in event.remarks)
    assert "known source Swift J1858.6-0814" in event.remarks


@pytest.mark.parametrize("tense", ["test", "injection"])
def test_tests_and_injections_are_tests(said, gcn_document, tense):
    assert decode_gcn(said(gcn_document | {"alert_tense": tense})).is_test


@pytest.mark.parametrize("tense", ["planned", "commanded"])
def test_what_nobody_saw_is_ignored(said, gcn_document, tense):
    with pytest.raises(Ignored, match=tense):
        decode_gcn(said(gcn_document | {"alert_tense": tense}))


def test_a_retraction_withdraws(said, gcn_document):
    event = decode_gcn(said(without(gcn_document, "ra", "dec") | {"alert_type": "retraction"}))
    assert (event.id, event.stage, event.region) == ("Fermi-GBM-826000000", Stage.RETRACTION, None)


@pytest.mark.parametrize(
    ("classes", "significant"),
    [
        ({"GRB": 0.85, "GENERIC_SGR": 0.14}, True),
        ({"BELOW_HORIZON": 1.0}, False),
        ({"Local Particles": 0.6, "GRB": 0.4}, False),
        ({"UNRELIABLE_LOCATION": 1.0}, None),
    ],
)
def test_a_classifier_denies_but_never_retracts(said, gcn_document, classes, significant):
    event = decode_gcn(said(gcn_document | {"classification": classes}))
    assert (event.significant, event.stage, event.classes) == (significant, Stage.UPDATE, classes)


def icecube(**more):
    return {
        "$schema": f"{ROOT}/icecube/single_neutrino_alerts.schema.json",
        "mission": "IceCube",
        "instrument": "IC86",
        "messenger": "Neutrino",
        "event_name": ["IceCube-270301A"],
        "id": ["140001_57034692_0"],
        "alert_datetime": "2027-03-01T02:00:40Z",
        "alert_type": "initial",
        "trigger_time": "2027-03-01T02:00:00Z",
        "ra": 345.82,
        "dec": 9.01,
        "ra_dec_error": 0.5,
        "p_astro": 0.3,
    } | more


def test_icecube_is_run_and_event_without_the_revision(said):
    first, second = decode_gcn(said(icecube())), decode_gcn(said(icecube(id=["140001_57034692_1"])))
    assert first.id == second.id == "IceCube-140001_57034692"
    assert first.aliases == ("IceCube-270301A", "IC270301A")


def test_a_low_signalness_is_told_and_denies_nothing(said):
    event = decode_gcn(said(icecube()))
    assert event.significant is None
    assert event.classes == {"astrophysical": 0.3}


def test_icecubes_search_follows_its_superevent(said):
    document = {
        "$schema": f"{ROOT}/icecube/lvk_nu_track_search.schema.json",
        "ref_ID": "S270301ab",
        "alert_datetime": "2027-03-01T02:40:00Z",
        "trigger_time": "2027-03-01T02:00:00Z",
        "coincident_events": [
            {
                "event_dt": 30.0,
                "localization": {"ra": 10.0, "dec": 20.0, "ra_dec_error": 0.5},
                "id": ["1_2"],
                "event_pval_generic": 0.5,
            },
            {
                "event_dt": -12.0,
                "localization": {"ra": 30.0, "dec": 20.0, "ra_dec_error": 0.5},
                "id": ["1_3"],
                "event_pval_generic": 0.01,
            },
        ],
    }
    event = decode_gcn(said(document))
    assert (event.id, event.follows) == ("IceCube-1_3", "S270301ab")
    assert event.time == datetime(2027, 3, 1, 1, 59, 48, tzinfo=UTC)
    assert event.region.centre() == pytest.approx((30.0, 20.0))
    with pytest.raises(Ignored):
        decode_gcn(said(document | {"coincident_events": []}))


def test_the_event_that_a_search_follows_is_named_by_our_rule(said):
    document = {
        "mission": "Swift",
        "instrument": "BAT-GUANO",
        "alert_datetime": "2027-03-01T02:40:00Z",
        "trigger_time": "2027-03-01T02:00:00Z",
        "id": ["826000025"],
        "follow_up_event": "Fermi 826000000",
        "ra": 14.5,
        "dec": -40.1,
        "ra_uncertainty": [0.03],
    }
    event = decode_gcn(said(document))
    assert (event.id, event.follows) == ("Swift-BAT-GUANO-826000025", "Fermi-GBM-826000000")
    assert decode_gcn(said(document | {"follow_up_event": "MS270301q"})).is_test


def test_without_id_the_trigger_time_names_the_event(said):
    document = {
        "$schema": f"{ROOT}/einstein_probe/wxt/alert.schema.json",
        "trigger_time": "2027-03-01T07:38:01.151Z",
        "ra": 229.8,
        "dec": -29.7,
        "ra_dec_error": 0.05,
    }
    event = decode_gcn(said(document, timestamp=1803800000.0))
    assert event.id == "EinsteinProbe-WXT-20270301T073801.151"
    assert event.issued == datetime.fromtimestamp(1803800000.0, tz=UTC)
    assert decode_gcn(said(document)).issued == event.time


def test_an_unknown_mission_is_read_as_a_transient(said):
    document = {
        "mission": "Argus",
        "messenger": "Neutrino",
        "id": "7",
        "alert_datetime": "2027-03-01T02:40:00Z",
        "ra": 1.0,
        "dec": 2.0,
        "ra_dec_error": 0.1,
    }
    event = decode_gcn(said(document))
    assert (event.id, event.kind, event.messenger) == ("Argus-7", Kind.TRANSIENT, Messenger.NEUTRINO)
    assert any("not in our table" in remark for remark in event.remarks)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (f"{ROOT}/boom/alert.schema.json", "BOOM"),
        (f"{ROOT}/core/Localization.schema.json", "part of the schema"),
        (f"{ROOT}/heasarc/archive_alert.schema.json", "public"),
        ("https://json-schema.org/draft/2020-12/schema", "JSON Schema"),
    ],
)
def test_what_is_no_event_is_ignored_with_a_reason(said, schema, reason):
    with pytest.raises(Ignored, match=reason):
        decode_gcn(said({"$schema": schema, "mission": "x", "alert_datetime": "2027-03-01T02:40:00Z"}))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"ra": -1.0}, "ra: -1.0"),
        ({"ra": "120.0"}, "ra: '120.0'"),
        ({"dec": 91}, "dec: 91"),
        ({"dec": None}, "ra, dec"),
        ({"ra_dec_error": 0}, "ra_dec_error"),
        ({"ra_dec_error": None}, "no error told: 90 % radius of 15 deg taken for Fermi"),
        ({"ra_dec_error": [1, 2, 3, 4]}, "ra_dec_error"),
        ({"ra_dec_error": [1.0, -2.0]}, "ra_dec_error"),
        ({"ra_dec_error": "wide"}, "ra_dec_error"),
        ({"containment_probability": 90}, "containment_probability"),
        ({"containment_probability": 1}, "containment_probability"),
        ({"event_name": {}}, "event_name"),
        ({"alert_type": "news"}, "alert_type"),
        ({"alert_datetime": "2027-03-00T00:00:00"}, "alert_datetime"),
        ({"alert_datetime": 1803800000}, "alert_datetime"),
        ({"far": "often"}, "far"),
        ({"classification": ["GRB"]}, "classification"),
        ({"systematic_included": "no"}, "systematic_included"),
        ({"rectangular_error_corners": [[1, 2]]}, "rectangular_error_corners"),
        ({"rectangular_error_corners": [[1, 2], [3], [4, 5], [6, 7]]}, "rectangular_error_corners"),
    ],
)
def test_a_wrong_field_costs_only_itself(said, gcn_document, change, word):
    event = decode_gcn(said(gcn_document | change))
    assert (event.id, event.time) == ("Fermi-GBM-826000000", datetime(2027, 3, 1, 2, 0, 0, 500000, tzinfo=UTC))
    assert any(word in remark for remark in event.remarks)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (
            {"trigger_time": "2016-01--20T16:07:34.52", "alert_datetime": None},
            "trigger_time: '2016-01--20T16:07:34.52'",
        ),
        ({"trigger_time": 5, "alert_datetime": "soon"}, "trigger_time"),
        ({"$schema": None, "mission": None}, "mission"),
        ({"id": None, "trigger_time": None}, "id: missing"),
    ],
)
def test_what_a_notice_must_tell_is_named(said, gcn_document, change, word):
    with pytest.raises(DecodeError) as caught:
        decode_gcn(said(gcn_document | {"alert_type": "initial"} | change))
    assert word in str(caught.value)


@pytest.mark.parametrize("identity", [826000000, [826000000], 826000000.0, "826000000"])
def test_an_id_may_be_a_number(said, gcn_document, identity):
    assert decode_gcn(said(gcn_document | {"id": identity})).id == "Fermi-GBM-826000000"


def test_an_error_of_the_whole_sphere_is_the_whole_sky(said, gcn_document):
    assert isinstance(decode_gcn(said(gcn_document | {"ra_dec_error": 360})).region, AllSky)


@pytest.mark.parametrize(
    ("change", "hours", "word"),
    [
        ({"trigger_time": None}, 0.5, "no trigger_time: alert_datetime stands in"),
        ({"trigger_time": 5}, 0.5, "no trigger_time: alert_datetime stands in"),
        ({"trigger_time": "", "observation_start": "2027-03-01T01:00:00Z"}, -1.0, "observation_start stands in"),
    ],
)
def test_a_new_event_without_a_time_of_its_own_was_about_when_it_was_told(said, gcn_document, change, hours, word):
    """The schema requires no more than mission and alert_datetime."""
    event = decode_gcn(
        said(gcn_document | {"alert_type": "initial", "alert_datetime": "2027-03-01T02:30:00Z"} | change)
    )
    assert event.id == "Fermi-GBM-826000000"
    assert event.time == datetime(2027, 3, 1, 2, tzinfo=UTC) + timedelta(hours=hours)
    assert any(word in remark for remark in event.remarks)


def test_an_update_without_a_time_leaves_the_one_known(said, gcn_document):
    assert decode_gcn(said(gcn_document | {"trigger_time": None, "alert_type": "update"})).time is None


@pytest.mark.parametrize(
    ("ra", "dec", "place"),
    [
        ("10h00m00s", "+20d30m00s", (150.0, 20.5)),
        ("10:00:00", "-20:30:00", (150.0, -20.5)),
        ("150,5", "20,5", (150.5, 20.5)),
        (-10.0, 5.0, (350.0, 5.0)),
        (370, "5", (10.0, 5.0)),
    ],
)
def test_positions_are_read_as_everywhere(said, gcn_document, ra, dec, place):
    event = decode_gcn(said(gcn_document | {"ra": ra, "dec": dec}))
    assert event.region.centre() == pytest.approx(place)
    assert any(remark.startswith("ra: ") and "read as" in remark for remark in event.remarks)
