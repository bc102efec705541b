"""VOEvents that we made ourselves: GCN Classic's, LVK's and others'."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from coincidence.event import Kind, Messenger, Stage
from mma.errors import DecodeError, Ignored
from mma.notices import decode_voevent
from skymaps import AllSky

LOL = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join(f'<!ENTITY lol{i} "{f"&lol{i - 1 if i > 1 else str()};" * 10}">' for i in range(1, 10))
    + "]><VOEvent version='2.0' ivorn='ivo://x/y#1'>&lol9;</VOEvent>"
)
FILE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><VOEvent version="2.0" ivorn="i">&x;</VOEvent>'


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


def test_flight_is_taken_as_told_and_ground_and_final_are_widened(voevent):
    """Flight errors are "statistical plus systematic"; the others get core and tail on top."""
    flight, ground, final = (decode_voevent(voevent(n, error="5.0")).region.area_deg2(0.68) for n in (111, 112, 115))
    assert flight == pytest.approx(disc(5.0), rel=0.01)
    assert ground > 1.5 * flight
    assert final > 1.5 * flight


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


@pytest.mark.parametrize("packet", [46, 51, 63, 66, 71, 83, 89, 103, 126, 129, 139, 999])
def test_what_tells_of_no_event_is_ignored(voevent, packet):
    with pytest.raises(Ignored):
        decode_voevent(voevent(packet))


@pytest.mark.parametrize("trigger", ["0", "-1", "2147483647", ""])
def test_no_trigger_number_leaves_the_time(voevent, trigger):
    event = decode_voevent(voevent(31, params={"TrigID": trigger}, ra="-1", dec="-1", error="-1"))
    assert event.id == "IPN-20170817T124106.470"


def lvc(voevent, kind="Initial", **more):
    params = {
        "GraceID": "S270301ab",
        "AlertType": kind,
        "Group": "CBC",
        "Search": "AllSky",
        "FAR": (1e-9, "Hz"),
        "Instruments": "H1,L1",
        "skymap_fits": "https://gracedb.ligo.org/api/superevents/S270301ab/files/bayestar.multiorder.fits,0",
        "Significant": 1,
    } | more
    groups = '<Group name="Classification" type="Classification"><Param name="BNS" value="0.9"/></Group>'
    return voevent(151, params=params, ivorn="ivo://gwnet/LVC#S270301ab-1-Initial", groups=groups)


def test_lvk_in_xml_has_a_map_by_url_only(voevent):
    event = decode_voevent(lvc(voevent))
    assert (event.id, event.messenger, event.kind) == ("S270301ab", Messenger.GW, Kind.CBC)
    assert event.region is None
    assert event.skymap_url.endswith("bayestar.multiorder.fits,0")
    assert event.remarks == ("map by URL only",)
    assert event.classes == {"BNS": 0.9}
    assert (event.far_hz, event.significant, event.is_test) == (1e-9, True, False)


def test_lvk_stages_and_tests(voevent):
    assert decode_voevent(lvc(voevent, "EarlyWarning")).stage is Stage.EARLY_WARNING
    assert decode_voevent(lvc(voevent, "Retraction")).stage is Stage.RETRACTION
    assert decode_voevent(lvc(voevent, HardwareInj=1)).is_test
    assert decode_voevent(lvc(voevent, GraceID="MS270301ab")).is_test


def test_lvk_external_coincidence(voevent):
    event = decode_voevent(
        lvc(
            voevent,
            External_Observatory="Fermi",
            External_GCN_Notice_Id=524666471,
            External_Ivorn="ivo://nasa.gsfc.gcn/Fermi#GBM_Fin_Pos2017-08-17T12:41:06.47_524666471_0-389",
            Time_Coincidence_FAR=2e-14,
        )
    )
    assert event.external[0].event_id == "Fermi-GBM-524666471"
    assert event.external[0].far_temporal_hz == 2e-14


def test_hess_uses_its_own_place_and_names_what_it_followed(voevent, said):
    text = voevent(None, ivorn="ivo://HESS/GRB#GRB_ToO270301", role="observe", ra="10", error="0.05").payload.decode()
    head, tail = text.split("</ObsDataLocation>")
    own = head[head.index("<ObsDataLocation>") :].replace("GEOLUN", "HESS").replace(">10<", ">10.1<")
    own = own.replace("2017-08-17T12:41:06.47", "2017-08-17T20:00:00") + "</ObsDataLocation>"
    cited = '<Citations><EventIVORN cite="followup">ivo://nasa.gsfc.gcn/SWIFT#BAT_GRB_Pos_1102329-658</EventIVORN>'
    tail = tail.replace("</WhereWhen>", f"{own}</WhereWhen>{cited}</Citations>")
    event = decode_voevent(said(head + "</ObsDataLocation>" + tail))
    assert (event.id, event.follows) == ("HESS-GRB_ToO270301", "Swift-BAT-1102329")
    assert event.time == datetime(2017, 8, 17, 20, tzinfo=UTC)
    assert event.region.centre()[0] == pytest.approx(10.1)
    assert "role 'observe'" in event.remarks[0]
    assert not event.is_test


def test_utmost_fan_beam_is_an_ellipse_north_to_south(voevent):
    beam = {"beam_semi-major_axis": 75, "beam_semi-minor_axis": 0.35, "beam_rotation_angle": 0.0}
    event = decode_voevent(
        voevent(None, ivorn="ivo://au.edu.swin/utmost#FRB201911071855/58794.789489", params=beam, error="1.25")
    )
    assert (event.id, event.kind) == ("UTMOST-FRB201911071855", Kind.FRB)
    assert event.region.area_deg2(0.9) == pytest.approx(np.pi * 1.25 * 0.35 / 60, rel=0.01)
    assert event.region.credible_level_at(186.62, -48.84 + 1.0) < 0.9


@pytest.mark.parametrize(
    ("ivorn", "reason"),
    [
        ("ivo://gaia.cam.uk/alerts#Gaia19bdu", "optical"),
        ("ivo://voevent.4pisky.org/ASASSN#2016-09-25.47", "optical"),
        ("ivo://somebody.else/stream#1", "not in our table"),
    ],
)
def test_streams_of_others_are_ignored_with_a_reason(voevent, ivorn, reason):
    with pytest.raises(Ignored, match=reason):
        decode_voevent(voevent(None, ivorn=ivorn))


@pytest.mark.parametrize(("system", "shift"), [("UTC-FK5-GEO", 0.0), ("TDB-ICRS-BARY", -69.184), ("TAI-FK5-GEO", -37.0)])
def test_other_time_scales_become_utc(voevent, system, shift):
    event = decode_voevent(voevent(system=system))
    told = datetime(2017, 8, 17, 12, 41, 6, 470000, tzinfo=UTC)
    assert (event.time - told).total_seconds() == pytest.approx(shift, abs=0.01)


@pytest.mark.parametrize("spelling", [lambda t: t.replace("voe:", "").replace('xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0"', "")])
def test_a_root_without_namespace_is_read(voevent, said, spelling):
    assert decode_voevent(said(spelling(voevent().payload.decode()))).id == "Fermi-GBM-524666471"


@pytest.mark.parametrize("version", ["1.1", "2.1"])
def test_other_versions_are_refused_by_name(voevent, version):
    with pytest.raises(DecodeError, match=f"version: '{version}'"):
        decode_voevent(voevent(version=version))


@pytest.mark.parametrize("bomb", [LOL, FILE, LOL.encode("utf-16")])
def test_entities_and_dtds_are_refused(said, bomb):
    with pytest.raises(DecodeError, match="DOCTYPE|XML"):
        decode_voevent(said(bomb))


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"ra": "-1.0"}, "ra"),
        ({"ra": "361"}, "ra"),
        ({"ra": "NaN"}, "Position2D"),
        ({"ra": "12h"}, "Position2D"),
        ({"dec": "-90.5"}, "dec"),
        ({"error": "0"}, "Error2Radius"),
        ({"error": "-3"}, "Error2Radius"),
        ({"error": "inf"}, "Position2D"),
        ({"unit": "rad"}, "Position2D unit"),
        ({"system": "UTC-GALACTIC-GEO"}, "AstroCoordSystem"),
        ({"time": "2016-01--20T16:07:34.52"}, "ISOTime: '2016-01--20T16:07:34.52'"),
        ({"time": "2022-01-00T23:16:14.46"}, "ISOTime"),
        ({"date": "yesterday"}, "Who.Date"),
        ({"ivorn": ""}, "ivorn"),
        ({"params": {"FAR": ("1.0", "fortnight^-1")}}, "FAR unit"),
        ({"params": {"FAR": "rare"}}, "Param FAR"),
        ({"params": {"Packet_Type": "alert"}}, "Packet_Type"),
        ({"params": {"src_error_90": ("1.0", "rad")}}, "src_error_90 unit"),
    ],
)
def test_a_wrong_field_is_named(voevent, given, word):
    with pytest.raises(DecodeError) as caught:
        decode_voevent(voevent(**given))
    assert word in str(caught.value)


def test_truncated_xml_is_refused(voevent, said):
    whole = voevent().payload
    for length in range(1, len(whole) - 1, 97):
        with pytest.raises(DecodeError, match="XML"):
            decode_voevent(said(whole[:length]))


def test_other_xml_is_ignored(said):
    with pytest.raises(Ignored, match="quakeml"):
        decode_voevent(said('<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2"/>'))
