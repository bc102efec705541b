"""Tables of transients: any names, any units; a bad row costs that row."""

import io
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import Angle
from astropy.table import Table
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from mma.alerts import decode, decode_whole, kind_of
from tests.mma.alerts import make

TNS = (
    "objid,name_prefix,name,ra,declination,redshift,typeid,type,reporting_group,discoverydate,discoverymag,filter,internal_names\n"
    '46012,AT,2019aaa,10.5,-20.25,,,,ATLAS,2019-08-14 21:10:39.500,18.5,orange,"ATLAS19abc, ZTF19xyz"\n'
    "46013,SN,2019bbb,11.5,-21.25,0.05,3,SN Ia,ZTF,2019-08-15 00:00:00,19.0,r,\n"
)


def test_tns() -> None:
    message = make.message(TNS.encode(), name="tns.csv")
    decoded = decode([message])
    b = decoded.batch
    assert decoded.refused == []
    assert list(b.object_id) == ["AT2019aaa", "SN2019bbb"]
    assert list(b.id) == ["46012", "46013"]
    assert list(b.survey) == ["tns", "tns"]
    assert list(b.classification) == [None, "SN Ia"]
    np.testing.assert_equal(b.redshift, [np.nan, 0.05])
    assert b.time[0] == b.first_seen[0] == pytest.approx(Time("2019-08-14T21:10:39.5").unix)
    assert b.flux_njy[0] == pytest.approx(3631e9 * 10 ** (-0.4 * 18.5), rel=1e-4)
    (alert,) = decode_whole(message, {"AT2019aaa"})
    assert alert.aliases == ("ATLAS19abc", "ZTF19xyz", "tns:46012")


def test_a_bad_row_costs_that_row() -> None:
    rows = ["a,10,20,59000", "b,400,20,59000", "c,10,,59000", "d,10,20,soon", "e,10,20,12", "f,10,20,59001"]
    text = "\n".join(["name,RA,Dec,mjd", *rows])
    decoded = decode([make.message(b"not a table"), make.message(text.encode())])
    assert list(decoded.batch.object_id) == ["a", "f"]
    assert list(decoded.batch.message) == [1, 1]
    assert [(i, str(e).partition(":")[0]) for i, e in decoded.refused] == [(1, f"row {n}") for n in (2, 3, 4, 5)]
    assert "column Dec is empty" in str(decoded.refused[1][1])
    assert "column mjd" in str(decoded.refused[2][1])


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
@pytest.mark.parametrize(
    ("names", "time"),
    [
        (("RAJ2000", "DEJ2000", "mjd"), "59000.5"),
        (("ra_deg", "dec_deg", "JD"), "2459001.0"),
        (("RA", "Decl", "date"), "2020-05-31T12:00:00"),
        (("ra", "dec", "time"), "59000.5"),
    ],
)
def test_names_and_clocks(names: tuple[str, ...], time: str, separator: str) -> None:
    text = "# a comment\n" + separator.join(names) + "\n" + separator.join(("10.5", "-0.25", time)) + "\n"
    b = decode([make.message(text.encode())]).batch
    assert (b.ra[0], b.dec[0]) == (10.5, -0.25)
    assert b.time[0] == pytest.approx(Time(59000.5, format="mjd").unix, abs=1e-3)
    assert b.object_id[0] == "J10.50000-0.25000"


@given(st.floats(0, 359.99), st.floats(-89.99, 89.99))
def test_sexagesimal_agrees_with_astropy(ra: float, dec: float) -> None:
    for separator in (":", " "):
        hours = Angle(ra, u.deg).to_string(u.hour, sep=separator, precision=6)
        degrees = Angle(dec, u.deg).to_string(u.deg, sep=separator, precision=6, alwayssign=True)
        b = decode([make.message(f"ra,dec,mjd\n{hours},{degrees},59000\n".encode())]).batch
        assert b.ra[0] == pytest.approx(ra, abs=1e-7) or abs(b.ra[0] - ra) == pytest.approx(360)
        assert b.dec[0] == pytest.approx(dec, abs=1e-7)


def test_minus_zero_degrees_is_south() -> None:
    b = decode([make.message(b"ra,dec,mjd\n00:00:00,-00:30:00,59000\n")]).batch
    assert b.dec[0] == -0.5


@pytest.mark.parametrize("written_as", ["ascii.ecsv", "votable"])
def test_units_count(written_as: str) -> None:
    known = Table(
        {
            "name": ["x"],
            "ra": [2.0] * u.hourangle,
            "dec": [0.5] * u.rad,
            "mjd": [59000.5],
            "lumdist": [40000.0] * u.kpc,
        }
    )
    if written_as == "votable":
        known["ra"] = known["ra"].to(u.deg)
    out = io.BytesIO() if written_as == "votable" else io.StringIO()
    known.write(out, format=written_as)
    written = out.getvalue()
    message = make.message(written if isinstance(written, bytes) else written.encode())
    assert kind_of(message) == "table"
    decoded = decode([message])
    assert decoded.refused == []
    b = decoded.batch
    assert b.ra[0] == pytest.approx(30.0)
    assert b.dec[0] == pytest.approx(np.degrees(0.5))
    assert b.distance_mpc[0] == pytest.approx(40.0)


def test_ecsv_times() -> None:
    known = Table({"ra": [1.0], "dec": [2.0], "time": Time(["2020-01-01T00:00:00"], scale="tai")})
    out = io.StringIO()
    known.write(out, format="ascii.ecsv")
    assert decode([make.message(out.getvalue().encode())]).batch.time[0] == pytest.approx(Time(known["time"][0]).unix)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"ra,dec,name\n1,2,x\n", "no column time"),
        (b"name,mjd\nx,59000\n", "no column ra, dec"),
        (b"", None),
        (b"\xff\xfe\x00\x01", "no column ra, dec"),
        (b"# %ECSV 1.0\n# ---\n# broken: [\n", "table"),
        (b"<VOTABLE><RESOURCE>", "table"),
        (b'<!DOCTYPE x [<!ENTITY a "aa">]><VOTABLE/>', "document type"),
        (b'<VOTABLE><RESOURCE><TABLE><DATA><BINARY><STREAM href="http://localhost/x"/>', "external stream"),
        (b'<v:VOTABLE><v:STREAM encoding="gzip"\n HREF="file:///etc/passwd"/>', "external stream"),
    ],
)
def test_what_is_no_table_of_transients_is_refused(payload: bytes, reason: str | None) -> None:
    decoded = decode([make.message(payload)], "table")
    assert len(decoded.batch) == 0
    if reason is not None:
        assert reason in str(decoded.refused[0][1])


@given(st.binary(max_size=300))
def test_any_bytes_after_a_header(tail: bytes) -> None:
    decode([make.message(b"ra,dec,mjd,name\n" + tail)], "table")


@pytest.mark.realdata
@pytest.mark.parametrize(("event", "rows"), [("GW170817", 346), ("S190425z", 1106), ("S190814bv", 1336)])
def test_open_astronomy_catalog(data: Path, event: str, rows: int) -> None:
    path = data / f"counterparts/oac-window-{event}.csv"
    known = Table.read(path, format="ascii.csv")
    decoded = decode([make.message(path.read_bytes(), name=path.name)])
    b = decoded.batch
    assert (len(b), decoded.refused, set(b.survey)) == (rows, [], {"oac"})
    for i in range(0, rows, 50):
        row = known[i]
        ra, dec = str(row["ra"]).split(",")[0], str(row["dec"]).split(",")[0]
        assert b.object_id[i] == str(row["event"])
        assert b.ra[i] == pytest.approx(Angle(ra, u.hourangle).deg, abs=1e-9)
        assert b.dec[i] == pytest.approx(Angle(dec, u.deg).deg, abs=1e-9)
        assert b.time[i] == Time(str(row["discoverdate"]).replace("/", "-") + "T12:00:00").unix
        if not np.ma.is_masked(row["lumdist"]):
            assert b.distance_mpc[i] == float(row["lumdist"])
    assert "SN Ia" in set(b.classification)
    assert "Candidate" not in set(b.classification)


@pytest.mark.realdata
@pytest.mark.parametrize(
    "name",
    ["galaxies/CLU_mini.csv", "galaxies/gwemopt-catalog_glade.csv", "counterparts/skyportal-gll_psc_v27.csv"],
)
def test_catalogues_without_time_are_refused(data: Path, name: str) -> None:
    ((_, error),) = decode([make.message((data / name).read_bytes(), name=name)]).refused
    assert "no column time" in str(error)
