"""Optical transients as VOEvent, against what the XML says by another reader."""

from pathlib import Path

import pytest
from astropy.time import Time

from mma.alerts import decode, decode_whole, kind_of
from tests.mma.alerts import make

voeventparse = pytest.importorskip("voeventparse", reason="voevent-parse does not install on Python 3.12")

GAIA = b"""<?xml version="1.0"?>
<voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" ivorn="ivo://gaia.cam.uk/alerts#Gaia99zzz"
role="%b" version="2.0">
<What><Group name="alert-magnitude">
<Param name="averagemag" value="18.0"/><Param name="averagemag error" value=""/></Group></What>
<WhereWhen><ObsDataLocation><ObservationLocation><AstroCoords coord_system_id="%b-ICRS-BARY">
<Time unit="s"><TimeInstant><ISOTime>2016-01-16T07:52:27</ISOTime></TimeInstant></Time>
<Position2D unit="deg"><Value2><C1>%b</C1><C2>7.5</C2></Value2></Position2D>
</AstroCoords></ObservationLocation></ObsDataLocation></WhereWhen></voe:VOEvent>"""


def test_our_own_event_in_tdb() -> None:
    b = decode([make.message(GAIA % (b"observation", b"TDB", b"73.25"))]).batch
    assert (b.object_id[0], b.survey[0], b.band[0], b.ra[0], b.dec[0]) == (
        "Gaia99zzz",
        "gaia",
        "G",
        73.25,
        7.5,
    )
    assert b.time[0] == pytest.approx(Time("2016-01-16T07:52:27", scale="tdb").unix, abs=0.002)
    assert b.flux_njy[0] == pytest.approx(3631e9 * 10 ** (-0.4 * 18), rel=1e-4)


def test_utc_is_another_clock() -> None:
    batch = decode([make.message(GAIA % (b"observation", clock, b"1")) for clock in (b"UTC", b"TDB")]).batch
    assert batch.time[0] - batch.time[1] == pytest.approx(36 + 32.184, abs=0.002)  # 36 leap seconds in 2016


def test_a_test_is_ignored() -> None:
    decoded = decode([make.message(GAIA % (b"test", b"TDB", b"1"))])
    assert [str(reason) for _, reason in decoded.ignored] == ["VOEvent with role test"]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (GAIA % (b"observation", b"TCG", b"1"), "neither UTC nor TDB"),
        (GAIA % (b"observation", b"TDB", b"nan"), "is not a position"),
        ((GAIA % (b"observation", b"TDB", b"1"))[:500], "XML"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + (GAIA % (b"observation", b"TDB", b"&a;"))[22:], "VOEvent"),
    ],
)
def test_broken_events_are_refused(payload: bytes, reason: str) -> None:
    ((_, error),) = decode([make.message(payload)]).refused
    assert reason in str(error)


def test_truncated_anywhere_is_no_exception() -> None:
    payload = GAIA % (b"observation", b"TDB", b"1")
    for cut in range(0, len(payload) - 20, 7):
        assert len(decode([make.message(payload[:cut])]).batch) == 0


@pytest.mark.realdata
def test_archived_events(data: Path) -> None:
    folder = data / "voevent"
    paths = [p for f in ("archive", "voevent-parse") for p in sorted((folder / f).glob("*.xml"))]
    optical = [p for p in paths if "Gaia" in p.name or "ASASSN" in p.name]
    assert len(optical) == 12
    assert {p for p in paths if kind_of(make.message(p.read_bytes())) is not None} == set(optical)
    for path in optical:
        event = voeventparse.loads(path.read_bytes())
        where, when = voeventparse.get_event_position(event), voeventparse.get_event_time_as_utc(event)
        b = decode([make.message(path.read_bytes())]).batch
        assert (b.ra[0], b.dec[0]) == (where.ra, where.dec)
        assert b.time[0] == pytest.approx(when.timestamp(), abs=0.01)
        assert b.flux_njy[0] > 0
        assert b.object_id[0] in event.attrib["ivorn"]
    gaia = decode_whole(make.message((folder / "voevent-parse/Gaia16aac.xml").read_bytes()), {"Gaia16aac"})
    assert gaia[0].url == "http://gsaweb.ast.cam.ac.uk/alerts/alert/Gaia16aac"
