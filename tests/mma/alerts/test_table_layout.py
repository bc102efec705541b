"""Tables as people and programs write them: encodings, separators, names, numbers, ids; the doubtful is refused."""

from __future__ import annotations

from typing import Any

import pytest

from mma.alerts import decode, kind_of
from tests.mma.alerts import make
from tests.mma.world import World

PLAIN = "name,ra,dec,mjd,mag\nx,60.95,20.95,61042.5,19.25\n"
TNS = (
    '"2026-01-05 00:00:00"\n"objid","name_prefix","name","ra","declination","discoverydate","discoverymag","filter"\n'
    '"190001","AT","2026abc","60.95","20.95","2026-01-02 12:00:00","19.25","r"\n'
)
RULED = " name |  ra   |  dec  |  mjd\n------+-------+-------+-------\n x    | 60.95 | 20.95 | 61042.5\n(1 row)\n"
VIZIER = (
    "#\n#   VizieR\n#Column\tRAJ2000\t(F10.6)\tRight ascension\n\nRAJ2000\tDEJ2000\tName\tMJD\ndeg\tdeg\t \td\n"
    "-------\t-------\t----\t----\n60.95\t20.95\tx\t61042.5\n\n"
)
IPAC = (
    "\\ made by somebody\n|  name|     ra|    dec|     mjd|\n|  char| double| double|  double|\n"
    "|      |    deg|    deg|       d|\n x       60.95   20.95  61042.5 \n"
)

SAME: dict[str, bytes] = {
    "plain": PLAIN.encode(),
    "TNS: a date before the names": TNS.encode(),
    "title, date and blank lines": f"Night of\n2026-01-02\n\n{PLAIN}\n\n".encode(),
    "UTF-8 with mark": PLAIN.encode("utf-8-sig"),
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-16, the other order": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "UTF-16 without mark": PLAIN.encode("utf-16-le"),
    "UTF-32": PLAIN.encode("utf-32"),
    "Latin-1": (PLAIN + "Andr\u00e9,61,21,61000,19\n").encode("latin-1"),
    "CR LF": PLAIN.replace("\n", "\r\n").encode(),
    "CR": PLAIN.replace("\n", "\r").encode(),
    "trailing commas": PLAIN.replace("\n", ",\n").encode(),
    "quoted, lines within": b'"name","ra","dec","mjd","remark"\n"x","60.95","20.95","61042.5","two\nlines, or so"\n',
    "semicolons, decimal commas": b"name;ra;dec;mjd;mag\nx;60,9500;+20,9500;61042,5;19,25\n",
    "tabs, decimal commas": b"name\tra\tdec\tmjd\nx\t60,95\t20,95\t61042,5\n",
    "quoted decimal commas": b'name,ra,dec,mjd\nx,"60,9500","20,9500","61042,5"\n',
    "decimal commas in parts": b"name;ra;dec;mjd;mag\nx;04:03:48,0;+20:57:00,0;61042,5;19,25\n",
    "bars": b"name|ra|dec|mjd\nx|60.95|20.95|61042.5\n",
    "markdown": b"| name | ra | dec | mjd |\n|------|:---|---:|---|\n| x | 60.95 | 20.95 | 61042.5 |\n",
    "psql": RULED.encode(),
    "VizieR": VIZIER.encode(),
    "VizieR in parts": b'RAJ2000;DEJ2000;Name;MJD\n"h:m:s";"d:m:s";;d\n---;---;---;---\n04 03 48;+20 57 00;x;61042.5\n',
    "hours by the row of units": b"name,ra,dec,mjd\n,h,deg,d\nx,4.06333333333,20.95,61042.5\n",
    "IPAC": IPAC.encode(),
    "blanks": b"# of 3 Jan\n name  ra dec mjd\n x 60.95 20.95 61042.5\n",
    "blanks, names in a comment": b"# Positions: ra and dec of\n# name ra dec mjd\nx 60.95 20.95 61042.5\n",
    "blanks, date and time": b"name ra dec date\nx 60.95 20.95 2026-01-02 12:00:00\n",
    "wide blanks": b"name     ra           dec          mjd\nx        04 03 48     +20 57 00    61042.5\n",
    "typographic": "name,ra,dec,mjd\nx,04\u02b003\u1d5048\u02e2,+20\u00b057\u203200\u2033,61042.5\n".encode(),
}


@pytest.mark.parametrize("name", SAME)
def test_one_row_in_all_layouts(name: str) -> None:
    message = make.message(SAME[name])
    assert kind_of(message) == "table"
    decoded = decode([message])
    assert [str(error) for _, error in decoded.refused] == []
    b = decoded.batch
    assert b.object_id[0] in ("x", "AT2026abc")
    assert (b.ra[0], b.dec[0]) == pytest.approx((60.95, 20.95), abs=1e-8)
    assert b.time[0] == pytest.approx(1767355200.0, abs=1e-3)  # 2026-01-02T12:00:00


REFUSED: dict[str, tuple[str, str]] = {
    "unquoted decimal commas": ("name,ra,dec,mjd\nx,60,9500,20,9500,61042\n", "6 cells, and 4 columns"),
    "thousands": ("name;ra;dec;mjd;lumdist\nx;60.95;20.95;61042;1,234\n", "lumdist '1,234'"),
    "thousands and decimals": ("name;ra;dec;mjd;lumdist\nx;60.95;20.95;61042;1.234,5\n", "lumdist '1.234,5'"),
    "either": ("name;ra;dec;mjd\nx;60,950;20,950;61042\n", "ra '60,950'"),
    "several values": ('name,ra,dec,mjd,z\nx,60.95,20.95,61042,"0.13,0.15"\n', "z '0.13,0.15'"),
    "limit": ("name,ra,dec,mjd,mag\nx,60.95,20.95,61042,>20.5\n", "mag '>20.5' is a limit"),
    "id by a float with a comma": (
        "objectId;ra;dec;mjd\n1,700284857E+17;60,95;20,95;61042\n",
        "objectId '1,700284857E+17'",
    ),
    "id by a float": ("objectId,ra,dec,mjd\n1.70028485706776685e+17,60.95,20.95,61042\n", "objectId '1.7002848570677"),
    "id with a point": ("objectId,ra,dec,mjd\n170028485706776685.0,60.95,20.95,61042\n", "objectId '1700284857"),
    "id of a spreadsheet": ("objectId,ra,dec,mjd\n3.13638E+17,60.95,20.95,61042\n", "objectId '3.13638E+17'"),
    "degrees in parts": ("name,ra,dec,mjd\nx,197:27:00,20,61042\n", "hours go to 24"),
    "no names": ("ZTF26a,60.95,20.95,61042.5,19.2\n", "table without a line of names"),
    "no names, Lasair": ("313637921267122191,60.95,20.95,61042.5\n", "table without a line of names"),
    "no names, VizieR": (
        "04 03 48.0;+20 57 00;19.2;61042\n04 03 49.0;+20 57 00;19.3;61042\n",
        "without a line of names",
    ),
    "no position": ("filter,mjd,flux\nr,61000,19\n", "no column ra, dec (columns: filter, mjd, flux)"),
    "Parquet": ("PAR1....", "a Parquet file: write the table as CSV"),
    "spreadsheet": ("PK\x03\x04....", "a spreadsheet"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_doubtful_is_a_dead_letter_that_names_it(small_world: World, name: str) -> None:
    text, reason = REFUSED[name]
    small_world.hears(text.encode())
    (letter,) = small_world.reasons()
    assert reason in letter
    assert len(small_world.status()["sources"]) == 1


def test_a_comma_of_thousands_is_decimal_where_the_table_is() -> None:
    text = b"name;ra;dec;mjd;lumdist\nx;60,95;20,95;61042;40,123\n"
    assert decode([make.message(text)]).batch.distance_mpc.tolist() == [40.123]


@pytest.mark.parametrize(
    ("written", "name"),
    [("170028485706776685", "170028485706776685"), ("46012.0", "46012"), ("4.6012e4", "46012"),
     ("190425.64", "190425.64"), ("NGC 4993, OT 1", "NGC 4993, OT 1")],
)  # fmt: skip
def test_names_and_exact_ids_are_kept_whole(written: str, name: str) -> None:
    assert list(decode([make.message(f'name,ra,dec,mjd\n"{written}",1,2,61042\n'.encode())]).batch.object_id) == [name]


@pytest.mark.parametrize("written_as", ["ascii.ecsv", "votable"])
@pytest.mark.parametrize(("value", "name"), [(46012.0, "46012"), (1.70028485706776685e17, None)])
def test_ids_in_columns_of_floats(written_as: str, value: float, name: str | None) -> None:
    import io

    from astropy.table import Table

    out: Any = io.BytesIO() if written_as == "votable" else io.StringIO()
    Table({"objectId": [value], "ra": [1.0], "dec": [2.0], "mjd": [61042.0]}).write(out, format=written_as)
    text = out.getvalue()
    decoded = decode([make.message(text if isinstance(text, bytes) else text.encode())])
    assert list(decoded.batch.object_id) == ([name] if name else [])
    assert all("is a float" in str(error) for _, error in decoded.refused)


@pytest.mark.parametrize("unknown", ["-999", "-999.0", "99.0", "null", "nan", "--", "N/A", ""])
def test_what_stands_for_unknown_is_unknown(unknown: str) -> None:
    free = "" if unknown == "99.0" else unknown  # 99 Mpc and 99 nJy are some
    text = f"name,ra,dec,mjd,mag,z,lumdist,psfFlux\nx,1,2,61042,{unknown},{unknown},{free},{free}\n"
    b = decode([make.message(text.encode())]).batch
    assert [str(v[0]) for v in (b.flux_njy, b.redshift, b.distance_mpc)] == ["nan", "nan", "nan"]


@pytest.mark.parametrize(
    ("sign", "is_below"),
    [("t", False), ("f", True), ("1", False), ("-1", True), ("0", True), ("-1.0", True), ("T", False)],
)
def test_the_sign_of_a_subtraction_counts(sign: str, is_below: bool) -> None:
    text = f"oid,candid,mjd,fid,isdiffpos,magpsf,ra,dec\nZTF26a,123,61042,1,{sign},19.2,60.95,20.95\n"
    b = decode([make.message(text.encode())]).batch
    assert (bool(b.flux_njy[0] < 0.0), b.band[0]) == (is_below, "g")


def test_objects_of_lasair() -> None:
    names = "diaObjectId,ra,decl,firstDiaSourceMjdTai,lastDiaSourceMjdTai,nDiaSources"
    text = f"{names}\n313637921267122191,1,2,61000.5,61042.5,7\n"
    b = decode([make.message(text.encode())]).batch
    assert (b.object_id[0], b.n_detections[0]) == ("313637921267122191", 7.0)
    assert b.time[0] - b.first_seen[0] == pytest.approx(42.0 * 86400.0)


@pytest.mark.realdata
@pytest.mark.parametrize("case", ["tns-preamble", "decimal-comma"])
def test_cases(data: Any, case: str) -> None:
    for path in sorted((data.parent / "cases" / case).glob("*.csv")):
        decoded = decode([make.message(path.read_bytes(), name=path.name)])
        assert decoded.refused == decoded.ignored == []
        place = {"tns-preamble": (60.1, 20.05), "decimal-comma": (60.95, 20.95)}[case]
        assert (decoded.batch.ra[0], decoded.batch.dec[0]) == place


def test_every_name_of_a_column_is_documented() -> None:
    """In docs/reference/tables.md, but for rare spellings of the same."""
    from pathlib import Path

    from mma.alerts.tables.names import ALIASES

    text = (Path(__file__).parents[3] / "docs" / "reference" / "tables.md").read_text()
    for want, names in ALIASES.items():
        assert f"`{names[0]}`" in text, want
