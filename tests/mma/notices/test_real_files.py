"""Every recorded message ends as it should; what it tells is compared with the file's own text.

Facts about the files: the README of the data folder, "Things seen in these files" and its table of maps.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from coincidence.event import Event, Kind, Messenger, Stage
from mma.errors import Ignored
from mma.notices import is_optical_voevent, kind_of
from mma.streams.message import Message
from skymaps import AllSky, Circle, Ellipse, SkyMap

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def event(outcomes):
    """The event of a file."""

    def find(name: str) -> Event:
        found = outcomes[name][1]
        assert isinstance(found, Event), found
        return found

    return find


def texts(payload: bytes, pattern: str) -> list[str]:
    return re.findall(pattern, payload.decode("utf-8", "replace"), re.DOTALL)


def utc(text: str) -> datetime:
    time = datetime.fromisoformat(text.strip().removesuffix("Z"))
    return time.replace(tzinfo=UTC)


def voevents(outcomes) -> Iterator[tuple[str, bytes, Event]]:
    for name, (payload, found) in outcomes.items():
        if isinstance(found, Event) and kind_of(Message(payload=payload, topic="test")) == "voevent":
            yield name, payload, found


def test_times_are_those_of_the_files_text(outcomes):
    checked = 0
    for name, payload, found in voevents(outcomes):
        places = texts(payload, r"<ISOTime>(.*?)</ISOTime>")
        later = any(detector in found.instruments for detector in ("XRT", "UVOT"))
        assert found.time == (None if later else utc(places[-1])), name
        assert found.issued == utc(texts(payload, r"<Date>(.*?)</Date>")[0]), name
        checked += 1
    assert checked == 739  # 207 single files and 532 of the two months


def test_positions_are_those_of_the_files_text(outcomes):
    checked = 0
    for name, payload, found in voevents(outcomes):
        if isinstance(found.region, Circle | Ellipse):
            place = payload[payload.rindex(b"<Position2D") :]
            ra, dec = (float(texts(place, rf"<{c}[^>]*>(.*?)</{c}>")[0]) for c in ("C1", "C2"))
            assert found.region.centre() == pytest.approx((ra, dec), abs=1e-9), name
            checked += 1
    assert checked > 400


def test_ids_hold_the_trigger_number_of_the_files_text(outcomes):
    for name, payload, found in voevents(outcomes):
        number = texts(payload, r'name="(?:TrigID|GraceID)"[^>]*?value="([^"]+)"')
        if number and number[0].strip() not in ("0", "-1", "2147483647") and not number[0].startswith("-"):
            assert found.id.endswith(number[0].strip()), name


def test_notices_of_one_id_tell_one_time(outcomes):
    """An id that is used for two events would show here. XRT and UVOT notices, minutes late, tell no time."""
    times: dict[str, set[datetime]] = {}
    for name, _, found in voevents(outcomes):
        if name.startswith("gcn-2019") and not found.is_test and found.time:
            times.setdefault(found.id, set()).add(found.time)
    spread = {key: max(found) - min(found) for key, found in times.items()}
    assert not {key: value for key, value in spread.items() if value.total_seconds() > 60}
    assert len(times) > 150


def test_notices_of_one_burst_are_one_event(outcomes, event):
    names = [f"voevent/growth-too/GRB180116A_Fermi_GBM_{n}.xml" for n in ("Alert", "Flt_Pos", "Gnd_Pos", "Fin_Pos")]
    events = [event(name) for name in names]
    assert {e.id for e in events} == {"Fermi-GBM-537755817"}
    assert {e.aliases for e in events} == {("bn180116026",)}
    assert [e.stage for e in events] == [Stage.INITIAL, Stage.UPDATE, Stage.UPDATE, Stage.UPDATE]
    assert [type(e.region) for e in events] == [AllSky, Circle, Circle, Circle]
    folder = "gcn-json/notices/fermi/gbm/trigger"
    ids = {event(f"{folder}.{n}.example.json").id for n in ("alert", "flight1", "flight2", "ground1", "ground2")}
    assert ids == {"Fermi-GBM-745121685"}


def test_maps_are_those_of_the_readmes_table(event):
    """90 % areas in deg2 and distances in Mpc, measured there with astropy and ligo.skymap."""
    first = event("lvk-kafka/MS181101ab-initial.json")
    assert isinstance(first.region, SkyMap)
    assert first.region.area_deg2(0.9) == pytest.approx(30.99, abs=0.1)
    assert first.region.distance_mpc == pytest.approx((39.8, 8.3), abs=0.1)
    joint = event("lvk-kafka/MS181101ab-ext-update.json")
    assert joint.region.area_deg2(0.9) == pytest.approx(27.71, abs=0.1)
    assert joint.external[0].event_id == "Fermi-GBM-524666471"
    assert joint.external[0].delay_s == 2.02
    for name in ("preliminary", "update"):
        same = event(f"lvk-kafka/MS181101ab-{name}.avro")
        assert same.skymap_sha256 == first.skymap_sha256
        assert same.is_test


def test_the_real_o4_candidate(event):
    found = event("lvk-kafka/S230518h-initial.json")
    assert (found.id, found.kind, found.stage) == ("S230518h", Kind.CBC, Stage.INITIAL)
    assert found.time == datetime(2023, 5, 18, 12, 59, 8, 167000, tzinfo=UTC)
    assert found.issued == datetime(2023, 5, 18, 16, 7, 18, tzinfo=UTC)
    assert found.classes["NSBH"] == 0.8642645059209272
    assert found.far_hz == 3.218261352069347e-10
    assert (found.is_test, found.significant, found.instruments) == (False, True, ("H1", "L1"))


def test_mock_alerts_are_tests_by_their_content(outcomes):
    told = {n: f.is_test for n, (_, f) in outcomes.items() if n.startswith("lvk-kafka") and isinstance(f, Event)}
    assert [name for name, test in told.items() if not test] == ["lvk-kafka/S230518h-initial.json"]


# "Things seen in these files", line by line


def test_seen_names_that_end_in_a_version(event):
    assert event("voevent/icecube-fra/S230524x-1-EarlyWarning.xml,0").id == "S230524x"


@pytest.mark.parametrize("ending", ["json", "avro"])
def test_seen_retractions_without_event(event, ending):
    found = event(f"lvk-kafka/MS181101ab-retraction.{ending}")
    assert (found.stage, found.time, found.region) == (Stage.RETRACTION, None, None)
    assert found.issued == datetime(2018, 11, 1, 23, 36, 23, tzinfo=UTC)


def test_seen_notice_ids_as_number_and_text(event):
    number = event("lvk-kafka/MS181101ab-ext-update.json").external[0]
    text = event("voevent/lvc-userguide/MS181101ab-6-Update.xml").external[0]
    assert number.event_id == text.event_id == "Fermi-GBM-524666471"
    assert number.far_spacetime_hz == text.far_spacetime_hz == 6.410749524018777e-16


@pytest.mark.parametrize(
    "name",
    [
        "Fermi_GBM_Alert_2023-07-21T19_09_17.79_711659362_1-544",
        "INTEGRAL_SPIACS_008146-0-679",
        "KONUS_Lightcurve_2022-01-16T14_09_34.96_000016-871",
        "AGILE_A_MCAL_Alert_2019-05-15T04_33_03.16_484979583-448",
        "IPN_Raw_2022-01-16T14_09_34.96_-00001-872",
        "SNEWS_Event2022-01-18T17_00_01.00_1000342-200",
        "CALET_GBM_Flight_Lightcurve_2023-06-20T17_45_07.66_000016-541",
    ],
)
def test_seen_positions_that_mean_none(event, name):
    found = event(f"voevent/archive/{name}.xml")
    assert isinstance(found.region, AllSky)
    assert any("whole sky" in remark for remark in found.remarks)


def test_seen_lvc_maps_of_2019_and_2023(event):
    old = event("voevent/lvc-archive/S190425z-2-Update.xml")
    new = event("voevent/lvc-archive/S230518h-2-Initial.xml")
    assert old.skymap_url == "https://gracedb.ligo.org/api/superevents/S190425z/files/LALInference.fits.gz"
    assert new.skymap_url == "https://gracedb.ligo.org/api/superevents/S230518h/files/Bilby.multiorder.fits,0"
    assert (old.region, new.region) == (None, None)
    assert old.classes["BNS"] == 0.999402567114


def test_seen_sequences_of_one_superevent(outcomes):
    found = [f for _, _, f in voevents(outcomes) if f.id == "S190426c" and isinstance(f, Event)]
    stages = [e.stage for e in sorted(found, key=lambda e: e.issued)]
    assert stages[0] is Stage.PRELIMINARY
    assert stages[-1] is Stage.UPDATE
    assert {e.time for e in found} == {datetime(2019, 4, 26, 15, 21, 55, 336540, tzinfo=UTC)}
    ended = [f for _, _, f in voevents(outcomes) if f.id == "S191110x"]
    assert [e.stage for e in sorted(ended, key=lambda e: e.issued)] == [Stage.PRELIMINARY, Stage.RETRACTION]


def test_seen_coordinate_systems(outcomes):
    seen = Counter(s for _, (p, _) in outcomes.items() for s in texts(p[:20000], r'<AstroCoordSystem id="([^"]+)"'))
    assert seen["TDB-ICRS-BARY"] > 500  # Gaia's, not ours to decode
    for payload, found in outcomes.values():
        if b"TDB-ICRS-BARY" in payload:
            assert isinstance(found, Ignored)
            assert is_optical_voevent(Message(payload=payload, topic="test"))


def test_seen_roles(outcomes, event):
    hess = event("voevent/tracet/HESS_test_event.xml")
    assert (hess.id, hess.follows) == ("HESS-GRB_ToO220413", "Swift-BAT-1102329")
    assert hess.region.centre() == pytest.approx((320.794, -0.223))
    assert hess.region.area_deg2(0.9) == pytest.approx(3.14159 * 0.1**2, rel=0.01)
    assert hess.time == datetime(2022, 4, 13, 3, 9, 22, tzinfo=UTC)
    for name, payload, found in voevents(outcomes):
        if b'role="test"' in payload[:1500]:
            assert found.is_test, name
    assert event("voevent/archive/Fermi_LAT_Monitor_2014-04-22T12_00_00.00_1398264862-0-160.xml").kind is Kind.FLARE


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("growth-too/AMON_ICECUBE_BRONZE_190819.xml", "1.1"),
        ("other/pygcn-gbm_flt_pos.xml", "1.1"),
        ("voevent-parse/SWIFT_xrt_position_v1.1_example.xml", "1.1"),
        ("other/ivoa-voevent-ex1.xml", "2.1"),
    ],
)
def test_seen_versions_that_are_refused(outcomes, name, version):
    assert str(outcomes[f"voevent/{name}"][1]) == f"VOEvent version: '{version}' where 2.0 was expected"


# single files of other senders


def test_icecube_by_run_and_event(event):
    found = event("voevent/archive/AMON_ICECUBE_GOLD_Event2022-02-21T00_42_19.11_24_136348_065788242_0.xml")
    assert (found.id, found.messenger, found.kind) == (
        "IceCube-136348_65788242",
        Messenger.NEUTRINO,
        Kind.NEUTRINO,
    )
    assert found.classes == {"astrophysical": 0.6727}
    cascade = event("voevent/archive/AMON_ICECUBE_Cascade_Event2023-06-21T01_55_50.36_26_138065_072143074_0.xml")
    assert cascade.aliases == ("IceCubeCascade-230621a",)
    assert cascade.skymap_url.endswith("hese_60116_run00138065.evt000072143074.fits")
    assert cascade.far_hz == pytest.approx(0.3110 / (365.25 * 86400))


def test_gcn_json_of_many_missions(event):
    folder = "gcn-json/notices"
    told = {
        "chime/frb.detection": ("CHIME-427325191", Kind.FRB, Messenger.RADIO),
        "dsa110/frb.detection": ("DSA-110-240918aaaa", Kind.FRB, Messenger.RADIO),
        "einstein_probe/wxt/alert": ("EinsteinProbe-WXT-01708973486", Kind.TRANSIENT, Messenger.XRAY),
        "fermi/lat/flare": ("Fermi-LAT-OQ334-20251120T000000.000", Kind.FLARE, Messenger.GAMMA),
        "glowbug/Alert": ("Glowbug-BUG230423.789", Kind.GRB, Messenger.GAMMA),
        "icecube/lvk_nu_track_search": ("IceCube-138590_39138551", Kind.NEUTRINO, Messenger.NEUTRINO),
        "km3net/alert": ("KM3NeT-ORCA024-1", Kind.NEUTRINO, Messenger.NEUTRINO),
        "maxi/gsc.unknown.circle": ("MAXI-GSC-9995289617", Kind.GRB, Messenger.XRAY),
        "superk/sn_alert.real": ("Super-Kamiokande-10070", Kind.SUPERNOVA, Messenger.NEUTRINO),
        "svom/grm/trigger": ("SVOM-sb24022203", Kind.GRB, Messenger.GAMMA),
        "swift/bat/guano.loc_arc_min": ("Swift-BAT-GUANO-694215995", Kind.GRB, Messenger.GAMMA),
    }
    found = {name: event(f"{folder}/{name}.example.json") for name in told}
    assert {name: (e.id, e.kind, e.messenger) for name, e in found.items()} == told


def test_a_guano_map_inside_the_notice(event):
    found = event("gcn-json-gwcelery/kafka_alert_fermi_targeted.json")
    assert isinstance(found.region, SkyMap)
    assert (found.follows, found.is_test, found.significant) == ("MS230303q", True, False)


def test_nothing_but_notices_has_a_kind(outcomes):
    for name, (payload, found) in outcomes.items():
        if isinstance(found, Event):
            assert kind_of(Message(payload=payload, topic="test")) is not None, name
