"""Tables and regions: other programs read back the same numbers."""

from __future__ import annotations

import csv
import io
import math
import re
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import Angle
from astropy.io import fits
from astropy.io.votable import parse, ucd, validate
from astropy.table import Table
from hypothesis import given
from hypothesis import strategies as st
from mocpy import MOC
from pyarrow import parquet

from coincidence.terms import TERMS
from mma.export import FORMATS
from mma.export.angles import degrees, sexagesimal
from mma.export.columns import COLUMNS
from mma.export.ds9 import ds9
from mma.export.formats import More
from mma.export.votable import votable
from mma.messages.message import iso
from tests.mma.export.conftest import BEST, EMPTY, EVENT, LSST, NOWHERE, ODD, PLACES, VETOED
from tests.mma.world import T0

FIRST = iso(T0.timestamp() + 36000.0)


def lines(content: bytes) -> dict[str, dict[str, str]]:
    return {row["object"]: row for row in csv.DictReader(io.StringIO(content.decode(), newline=""))}


def test_csv_gives_numbers_back_bit_by_bit(export):
    rows = lines(export("csv", EVENT, "--all"))
    assert rows.keys() == PLACES.keys()
    for name, (ra, dec) in PLACES.items():
        assert (float(rows[name]["ra"]), float(rows[name]["dec"])) == (ra, dec)
    best = rows[BEST]
    assert (best["first_seen"], best["rank"], best["test"]) == (FIRST, "1", "false")
    assert float(best["delay_s"]) == pytest.approx(36000.0, abs=1e-3)
    assert float(best["mag"]) == pytest.approx(18.5)
    assert (best["host_name"], float(best["host_distance_mpc"])) == ("NGC 1", 101.0)
    assert float(best["earliest_s"]) == pytest.approx(-36000.0, abs=1e-3)
    probabilities = [float(row["probability"]) for row in rows.values() if row["state"] == "active"]
    odds = [math.exp(float(row["log_odds"])) for row in rows.values() if row["state"] == "active"]
    assert probabilities == pytest.approx([o / (1.0 + sum(odds)) for o in odds])


def test_csv_leaves_what_is_not_known_empty(export):
    rows = lines(export("csv", EVENT, "--all"))
    assert [rows[LSST][name] for name in ("flux_error_njy", "host_name", "term_distance", "last_unseen")] == [""] * 4
    assert [rows[VETOED][name] for name in ("rank", "probability", "log_odds")] == [""] * 3
    assert rows[VETOED]["reason"] == "bogus: real/bogus score below 0.3"


def test_csv_of_nothing_has_its_head(export):
    assert export("csv", EMPTY).decode() == ",".join(column.name for column in COLUMNS) + "\n"


@pytest.mark.parametrize("event", [EVENT, EMPTY, NOWHERE])
def test_votable_is_valid(export, event):
    said = io.StringIO()
    with redirect_stdout(said):
        assert validate(io.BytesIO(export("votable", event, "--all")), output=said, xmllint=False)
    assert "astropy.io.votable found no violations" in said.getvalue()


def test_votable_gives_the_same_as_csv(export):
    table = Table.read(io.BytesIO(export("votable", EVENT, "--all")), format="votable")
    rows = lines(export("csv", EVENT, "--all"))
    assert table.colnames == [column.name for column in COLUMNS]
    assert [str(name) for name in table["object"]] == list(rows)
    for row in table:
        for column in COLUMNS:
            cell, text = row[column.name], rows[row["object"]][column.name]
            if text == "":
                assert np.ma.is_masked(cell) or str(cell) in ("", "nan")
            elif column.kind in ("number", "integer"):
                assert float(cell) == float(text)
            else:
                assert str(cell).lower() == text.lower()


def test_votable_tells_units_ucds_systems_and_meanings(export):
    document = parse(io.BytesIO(export("votable")), verify="exception")
    (resource,) = document.resources
    assert [c.system for c in resource.coordinate_systems] == ["ICRS"]
    assert [t.timescale for t in resource.time_systems] == ["UTC"]
    fields = {field.name: field for field in document.get_first_table().fields}
    assert (fields["ra"].ucd, str(fields["ra"].unit), fields["ra"].ref) == ("pos.eq.ra;meta.main", "deg", "icrs")
    assert (fields["dec"].ucd, fields["dec"].ref) == ("pos.eq.dec;meta.main", "icrs")
    assert (fields["object"].ucd, fields["mag"].ucd) == ("meta.id;meta.main", "phot.mag;em.opt")
    assert (fields["first_seen"].xtype, fields["first_seen"].ref) == ("timestamp", "utc")
    assert all(field.description for field in fields.values())


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_words_and_units_are_of_the_standards(column):
    ucd.parse_ucd(column.ucd, check_controlled_vocabulary=True)
    if column.unit:
        u.Unit(column.unit, format="vounit", parse_strict="raise")
    assert ucd.check_ucd(column.ucd, check_controlled_vocabulary=True)


def test_no_two_columns_are_main():
    mains = [column.ucd for column in COLUMNS if column.ucd.endswith("meta.main")]
    assert len(mains) == len(set(mains)) == 3


def test_parquet_gives_the_same_as_csv(export):
    table = parquet.read_table(io.BytesIO(export("parquet", EVENT, "--all")))
    rows = lines(export("csv", EVENT, "--all"))
    assert table.column_names == [column.name for column in COLUMNS]
    for row in table.to_pylist():
        for column in COLUMNS:
            text, value = rows[row["object"]][column.name], row[column.name]
            if column.kind == "time" and value is not None:
                value = value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            told = "" if value is None else str(value).lower() if column.kind == "flag" else str(value)
            assert told == text
    assert table.schema.field("ra").metadata == {
        b"ucd": b"pos.eq.ra;meta.main",
        b"description": b"ICRS right ascension",
        b"unit": b"deg",
    }
    assert parquet.read_table(io.BytesIO(export("parquet", EMPTY))).num_rows == 0


def test_parquet_without_pyarrow_says_what_to_install(failure, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert failure("parquet", EVENT) == "Parquet needs pyarrow: pip install 'mma-coincidence[parquet]'"


@pytest.mark.parametrize(("level", "radius"), [("0.9", 3.0), ("0.5", 3.0 * math.sqrt(math.log(2) / math.log(10)))])
def test_moc_is_the_region_in_mocpy(export, level, radius):
    """The map is a Gaussian with 90 % within 3 degrees: other levels lie at the square root of ln(1 / (1 - p))."""
    content = export("moc", EVENT, "--level", level)
    moc = MOC.from_fits(io.BytesIO(content))
    area = moc.sky_fraction * 41252.96125
    assert area == pytest.approx(math.pi * radius**2, rel=0.05)
    near = moc.contains_lonlat([0.0, 359.0] * u.deg, [0.0, 0.5] * u.deg)
    far = moc.contains_lonlat([0.0, 356.0] * u.deg, [4.0, 0.0] * u.deg)
    assert near.all()
    assert not far.any()
    header = fits.getheader(io.BytesIO(content), 1)
    assert (header["OBJECT"], header["LEVEL"], "TEST" in header) == (EVENT, float(level), False)


CIRCLE = re.compile(r"circle\(([\d.]+),([+-][\d.]+),5\"\) # color=(\w+) text=(.*) tag=\{(\w+)\}")


def test_ds9_has_a_circle_for_each(export):
    head, _, *rest = export("ds9", EVENT, "--all").decode().splitlines()
    assert head == "# Region file format: DS9 version 4.1"
    assert rest[1] == "icrs"
    found = [CIRCLE.fullmatch(line).groups() for line in rest[2:]]
    assert len(found) == len(PLACES)
    assert ("359.9999999", "-0.0083333", "green", f"{{1 {BEST}}}", "active") in found
    assert {colour for *_, colour, _, state in found if state == "vetoed"} == {"red"}
    assert export("ds9", EMPTY).decode().splitlines()[-1] == "icrs"


@pytest.mark.parametrize(
    ("name", "text"),
    [("a b", "{a b}"), ("a}b", '"a}b"'), ('a}"b', "'a}\"b'"), ("{a}\"'b", "{(a)\"'b}"), ("a\nb", "{a b}")],
)
def test_ds9_text_ends_where_it_should(name, text):
    row = {"object": name, "rank": None, "ra": 0.0, "dec": 0.0, "state": "vetoed"}
    more = More(now=datetime(2027, 3, 1, tzinfo=UTC))
    assert f" text={text} " in ds9({"id": "S1", "test": False}, [row], more)


@pytest.mark.parametrize(
    ("ra", "dec", "hours", "arcs"),
    [
        (0.0, 0.0, "00:00:00.00", "+00:00:00.0"),
        (359.9999999, -30.0 / 3600.0, "00:00:00.00", "-00:00:30.0"),
        (15.0, 90.0, "01:00:00.00", "+90:00:00.0"),
        (197.450354, -23.381484, "13:09:48.08", "-23:22:53.3"),
        (14.9999999, 9.99999999, "01:00:00.00", "+10:00:00.0"),
    ],
)
def test_sexagesimal(ra, dec, hours, arcs):
    assert sexagesimal(ra, dec) == (hours, arcs)


@given(st.floats(0.0, 360.0, exclude_max=True), st.floats(-90.0, 90.0))
def test_sexagesimal_is_the_same_angle(ra, dec):
    hours, arcs = sexagesimal(ra, dec)
    back = Angle(hours, unit="hourangle").deg, Angle(arcs, unit="deg").deg
    assert abs((back[0] - ra + 180.0) % 360.0 - 180.0) <= 0.0051 * 15.0 / 3600.0
    assert abs(back[1] - dec) <= 0.051 / 3600.0
    assert arcs.startswith("-") == (dec < 0)


@given(st.floats(0.0, 360.0, exclude_max=True), st.floats(-90.0, 90.0), st.integers(1, 9))
def test_degrees_stay_below_360(ra, dec, digits):
    text, _ = degrees(ra, dec, digits)
    assert 0.0 <= float(text) < 360.0


def test_votable_of_text_that_xml_cannot_write():
    row = {column.name: None for column in COLUMNS} | {"terms": dict.fromkeys(TERMS), "host": None}
    event = {"id": "S1", "time": None, "revision": 1, "test": False}
    content = votable(event, [row | {"object": "a\x00\x0b]]>é"}], More(now=T0))
    table = Table.read(io.BytesIO(content), format="votable")
    assert list(table["object"]) == ["a\ufffd\ufffd]]>é"]


def test_the_odd_name_is_whole_everywhere(export):
    assert ODD in lines(export("csv"))
    assert ODD in parquet.read_table(io.BytesIO(export("parquet")))["object"].to_pylist()
    assert {row["name"] for row in csv.DictReader(io.StringIO(export("tom").decode(), newline=""))} >= {ODD}
    assert FORMATS.keys() >= {"csv", "parquet", "tom"}
