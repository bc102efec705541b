"""VOEvents that we made ourselves: LVK's, other observatories', and broken ones."""

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
    assert event.remarks == ("the notice has the URL of its map, not the map",)
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
    ],
)
def test_streams_of_others_are_ignored_with_a_reason(voevent, ivorn, reason):
    with pytest.raises(Ignored, match=reason):
        decode_voevent(voevent(None, ivorn=ivorn))


@pytest.mark.parametrize(
    ("system", "shift"), [("UTC-FK5-GEO", 0.0), ("TDB-ICRS-BARY", -69.184), ("TAI-FK5-GEO", -37.0)]
)
def test_other_time_scales_become_utc(voevent, system, shift):
    event = decode_voevent(voevent(system=system))
    told = datetime(2017, 8, 17, 12, 41, 6, 470000, tzinfo=UTC)
    assert (event.time - told).total_seconds() == pytest.approx(shift, abs=0.01)


@pytest.mark.parametrize(
    "spelling",
    [lambda t: t.replace("voe:", "").replace('xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0"', "")],
)
def test_a_root_without_namespace_is_read(voevent, said, spelling):
    assert decode_voevent(said(spelling(voevent().payload.decode()))).id == "Fermi-GBM-524666471"


@pytest.mark.parametrize("version", ["1.1", "2.1"])
def test_other_versions_are_refused_by_name(voevent, version):
    with pytest.raises(DecodeError, match=f"version: '{version}'"):
        decode_voevent(voevent(version=version))


@pytest.mark.parametrize("bomb", [LOL, FILE, LOL.encode("utf-16")])
def test_entities_and_dtds_are_refused(said, bomb):
    with pytest.raises(DecodeError, match=r"DOCTYPE|XML"):
        decode_voevent(said(bomb))


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"ra": "-1.0"}, "ra"),
        ({"ra": "361"}, "ra"),
        ({"ra": "NaN"}, "ra"),
        ({"ra": "12h"}, "ra"),
        ({"dec": "-90.5"}, "dec"),
        ({"error": "0"}, "no error told: 90 % radius of"),
        ({"error": "-3"}, "Error2Radius"),
        ({"error": "inf"}, "Error2Radius"),
        ({"unit": "rad"}, "Position2D unit"),
        ({"system": "UTC-GALACTIC-GEO"}, "AstroCoordSystem"),
        ({"date": "yesterday"}, "Who.Date"),
        ({"params": {"FAR": ("1.0", "fortnight^-1")}}, "FAR unit"),
        ({"params": {"FAR": "rare"}}, "Param FAR"),
        ({"params": {"src_error_90": ("1.0", "rad")}}, "src_error_90 unit"),
    ],
)
def test_a_wrong_field_costs_only_itself(voevent, given, word):
    event = decode_voevent(voevent(**given))
    assert (event.id, event.time) == ("Fermi-GBM-524666471", datetime(2017, 8, 17, 12, 41, 6, 470_000, tzinfo=UTC))
    assert any(word in remark for remark in event.remarks)
    assert isinstance(event.region, AllSky) == (not {"ra", "dec", "unit", "system"}.isdisjoint(given))


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"time": "2016-01--20T16:07:34.52"}, "ISOTime: '2016-01--20T16:07:34.52'"),
        ({"time": "2022-01-00T23:16:14.46"}, "ISOTime"),
        ({"ivorn": ""}, "ivorn"),
        ({"params": {"Packet_Type": "alert"}}, "Packet_Type"),
        ({"params": {"Packet_Type": "999"}}, "Packet_Type: GCN's type 999 is not in our table"),
        ({"ivorn": "ivo://somebody.else/stream#1", "packet": None}, "stream not in our table"),
    ],
)
def test_what_a_notice_must_tell_is_named(voevent, given, word):
    with pytest.raises(DecodeError) as caught:
        decode_voevent(voevent(**given))
    assert word in str(caught.value)


def test_truncated_xml_is_refused(voevent, said):
    whole = voevent().payload
    for length in range(1, len(whole) - 1, 97):
        with pytest.raises(DecodeError, match="XML"):
            decode_voevent(said(whole[:length]))


def test_predictions_are_ignored(voevent):
    with pytest.raises(Ignored, match="prediction"):
        decode_voevent(voevent(role="prediction"))


def test_other_xml_is_set_aside(said):
    with pytest.raises(DecodeError, match="quakeml"):
        decode_voevent(said('<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2"/>'))
