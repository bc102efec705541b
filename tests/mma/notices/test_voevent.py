"""VOEvents that we made ourselves: GCN Classic's, LVK's and others'."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from coincidence.event import Kind, Messenger, Stage
from mma.errors import Ignored
from mma.notices import decode_voevent
from skymaps import AllSky


def disc(radius):
    return 2 * np.pi * (1 - np.cos(np.radians(radius))) * (180 / np.pi) ** 2


def test_a_ground_position_of_gbm(voevent):
    event = decode_voevent(voevent(params={"LightCurve_URL": "http://x/bn170817529/lc_bn170817529.gif"}))
    assert (event.id, event.aliases) == ("Fermi-GBM-524666471", ("bn170817529",))
    assert event.time == datetime(2017, 8, 17, 12, 41, 6, 470000, tzinfo=UTC)
    assert event.issued == datetime(2017, 8, 17, 12, 41, 43, tzinfo=UTC)
    assert (event.kind, event.messenger, event.stage) == (Kind.GRB, Messenger.GAMMA, Stage.UPDATE)
    assert event.region.centre() == pytest.approx((186.62, -48.84))


def test_one_burst_is_one_event_from_alert_to_final_and_in_json(voevent, said, gcn_document):
    packets = [voevent(number, ra="0", dec="0", error="0") for number in (110,)]
    packets += [voevent(number) for number in (111, 112, 115)]
    ids = {decode_voevent(packet).id for packet in packets}
    from mma.notices import decode_gcn

    ids.add(decode_gcn(said(gcn_document | {"id": ["524666471", "bn170817529"]})).id)
    assert ids == {"Fermi-GBM-524666471"}


def test_gbm_positions_are_widened(voevent):
    """By core and tail; those from flight too, which are not as good as told."""
    flight, ground, final = (decode_voevent(voevent(n, error="5.0")).region.area_deg2(0.68) for n in (111, 112, 115))
    assert flight == ground > 1.5 * disc(5.0)
    assert final > 1.5 * disc(5.0)


@pytest.mark.parametrize(
    ("packet", "given"),
    [
        (110, {"ra": "0.0", "dec": "0.0", "error": "0.0"}),
        (52, {"ra": "0.0", "dec": "0.0", "error": "0.0"}),
        (59, {"ra": "0.0", "dec": "0.0", "error": "0.0"}),
        (31, {"ra": "-1.0", "dec": "-1.0", "error": "-1.0"}),
        (149, {"ra": "0.0", "dec": "0.0", "error": "360.0"}),
        (160, {"ra": "3.5", "dec": "45.0", "error": "0.0"}),
        (61, {"params": {"Coords_String": "pointing_direction"}}),
    ],
)
def test_positions_that_mean_none_are_the_whole_sky(voevent, packet, given):
    event = decode_voevent(voevent(packet, **given))
    assert isinstance(event.region, AllSky)
    assert event.remarks


def test_ipn_annulus(voevent):
    ring = {"IPN_RA_Center": 50.0, "IPN_Dec_Center": 10.0, "IPN_Radius": 40.0, "IPN_Width": 0.5}
    region = decode_voevent(voevent(31, params=ring, ra="-1", dec="-1", error="-1")).region
    assert region.credible_level_at(90.0, 10.0) > region.credible_level_at(50.0, 50.0)
    assert region.credible_level_at(50.0, 50.0) < 0.9


def icecube(**more):
    return {
        "run_id": 132518,
        "event_id": 36506425,
        "signalness": 0.59,
        "FAR": (0.35, "yr^-1"),
        "src_error_90": (2.0, "deg"),
        "src_error_50": (0.8, "deg"),
        "Rev": 0,
        "Retraction": "false",
    } | more


def test_icecube_by_run_and_event_with_its_ninety_percent_radius(voevent):
    event = decode_voevent(voevent(173, params=icecube(), error="0.8"))
    assert event.id == "IceCube-132518_36506425"
    assert event.far_hz == pytest.approx(0.35 / (365.25 * 86400))
    assert event.region.area_deg2(0.9) == pytest.approx(disc(2.0), rel=0.01)
    assert event.stage is Stage.INITIAL
    assert decode_voevent(voevent(173, params=icecube(Rev=1))).stage is Stage.UPDATE


def test_radii_come_with_their_unit_and_containment(voevent):
    arcmin = decode_voevent(voevent(171, params={"run_id": 1, "event_id": 2, "src_err_90": (36.0, "arcmin")}))
    assert arcmin.region.area_deg2(0.9) == pytest.approx(disc(0.6), rel=0.01)
    half = decode_voevent(voevent(169, params={"run_id": 1, "event_id": 2, "src_error_50": (0.34, "deg")}))
    assert half.region.area_deg2(0.5) == pytest.approx(disc(0.34), rel=0.01)
    kamioka = decode_voevent(voevent(175, params={"Trigger_Number": 10050, "Src_Error90": 0.9}, error="0"))
    assert (kamioka.id, kamioka.kind) == ("Super-Kamiokande-10050", Kind.SUPERNOVA)
    assert kamioka.region.area_deg2(0.9) == pytest.approx(disc(0.9), rel=0.01)


@pytest.mark.parametrize("flag", ["Retraction", "Def_NOT_a_GRB", "RetractFlag"])
def test_an_explicit_flag_retracts(voevent, flag):
    event = decode_voevent(voevent(params={flag: "true"}))
    assert (event.stage, event.region) == (Stage.RETRACTION, None)
    assert flag in event.remarks[-1]


def test_a_citation_retracts(voevent):
    cited = '<Citations><EventIVORN cite="retraction">ivo://x/y#1</EventIVORN></Citations>'
    assert decode_voevent(voevent(citations=cited)).stage is Stage.RETRACTION


def test_gbm_flight_classes_deny_but_do_not_retract(voevent):
    event = decode_voevent(voevent(111, params={"Most_Likely_Index": 19, "Most_Likely_Prob": 100}))
    assert (event.classes, event.significant, event.stage) == ({"TGF": 1.0}, False, Stage.UPDATE)


def test_swift_without_stars_is_not_significant(voevent):
    event = decode_voevent(voevent(61, params={"StarTrack_Lost_Lock": "true"}, error="0.05"))
    assert event.significant is False
    assert "star tracker" in event.remarks[0]


def test_all_of_swifts_instruments_tell_of_bats_trigger(voevent):
    events = [decode_voevent(voevent(n, params={"TrigID": 596958}, error="0.05")) for n in (97, 61, 67, 81)]
    assert {event.id for event in events} == {"Swift-BAT-596958"}
    assert [event.instruments for event in events] == [("BAT",), ("BAT",), ("XRT",), ("UVOT",)]


def test_the_time_of_a_later_observation_is_not_the_triggers(voevent):
    """XRT of trigger 899979 gives 23:04:25 for a burst of 22:55:29."""
    xrt = decode_voevent(voevent(67, error="0.001"))
    assert xrt.time is None
    assert "2017-08-17T12:41:06" in xrt.remarks[-1]


def test_catalogued_sources_flare(voevent):
    known = {"Target_in_Gnd_Catalog": "true", "GRB_Identified": "false"}
    assert decode_voevent(voevent(84, params=known, error="0.05")).kind is Kind.FLARE
    monitor = decode_voevent(voevent(125, params={"SourceName": "1730-130"}, error="0"))
    assert monitor.kind is Kind.FLARE
    assert monitor.region.area_deg2(0.9) == pytest.approx(disc(0.1), rel=0.01)
    assert "known source 1730-130" in monitor.remarks


@pytest.mark.parametrize(
    "given",
    [
        {"role": "test"},
        {"packet": 119},
        {"packet": 82, "error": "0.05"},
        {"params": {"Test_Submission": "true"}},
        {"packet": 149, "error": "360", "params": {"Test": "true"}},
    ],
)
def test_tests_are_tests(voevent, given):
    packet = given.pop("packet", 112)
    assert decode_voevent(voevent(packet, **given)).is_test


@pytest.mark.parametrize("packet", [46, 51, 63, 66, 71, 83, 89, 103, 126, 129, 139])
def test_what_tells_of_no_event_is_ignored(voevent, packet):
    with pytest.raises(Ignored):
        decode_voevent(voevent(packet))


@pytest.mark.parametrize("trigger", ["0", "-1", "2147483647", ""])
def test_no_trigger_number_leaves_the_time(voevent, trigger):
    event = decode_voevent(voevent(31, params={"TrigID": trigger}, ra="-1", dec="-1", error="-1"))
    assert event.id == "IPN-20170817T124106.470"
