"""``mma export``: what it takes, what it refuses, where it writes."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import UTC, datetime

import pytest

from mma.cli import main
from mma.export import FORMATS, Wanted, read
from tests.mma.export.conftest import BEST, EMPTY, EVENT, LSST, NOWHERE, ODD, TEST, VETOED
from tests.mma.world import detection, superevent

BINARY = {"moc": b"SIMPLE", "parquet": b"PAR1"}
NONE_EXISTS = ("tns", "lco", "treasuremap")
"""Formats of which no valid document is empty."""


def objects(content: bytes) -> list[str]:
    return [row["object"] for row in csv.DictReader(io.StringIO(content.decode()))]


def options_of(form: str) -> list[str]:
    return ["--object", BEST] if FORMATS[form].one_object else []


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_to_a_file_and_to_the_standard_output(form, exported, export, capfdbinary, tmp_path):
    code = main(["export", form, EVENT, *options_of(form), "--db", str(exported)])
    out, err = capfdbinary.readouterr()
    assert (code, err) == (0, b"")
    assert out.startswith(BINARY.get(form, b""))
    assert len(export(form, EVENT, *options_of(form))) == len(out)


def test_without_a_format_it_lists_them(capsys):
    assert main(["export"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(FORMATS)
    assert main(["export", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {name: form.text for name, form in FORMATS.items()}


def test_which_candidates(export):
    assert objects(export("csv")) == [BEST, *sorted([ODD, LSST], key=objects(export("csv")).index)]
    assert set(objects(export("csv"))) == {BEST, ODD, LSST}
    assert objects(export("csv", EVENT, "--all"))[-1] == VETOED
    assert objects(export("csv", EVENT, "--limit", "1")) == [BEST]
    assert objects(export("csv", EVENT, "--min-probability", "0.5")) == [BEST]
    assert objects(export("csv", EVENT, "--object", ODD)) == [ODD]


@pytest.mark.parametrize("form", sorted(FORMATS.keys() - set(NONE_EXISTS)))
@pytest.mark.parametrize("event", [EMPTY, NOWHERE])
def test_an_event_without_candidates_is_a_document_too(form, event, export, failure):
    if form == "moc" and event == NOWHERE:
        assert failure(form, event) == f"{NOWHERE} has no region (yet)"
    else:
        assert export(form, event)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("csv", "S1"), "no event 'S1'"),
        (("xls", EVENT), "no format 'xls'; there are csv, votable, "),
        (("csv",), "which event? mma export csv EVENT"),
        (("tns", EVENT), "this format is about one object: name it with --object ID"),
        (("csv", EVENT, "--object", "none"), f"'none' is no candidate of {EVENT} that stands; --all has vetoed"),
        (("tns", EVENT, "--object", VETOED), f"'{VETOED}' is no candidate of {EVENT} that stands"),
        (("tns", TEST, "--object", "ZTF27test"), f"{TEST} is a test event: --test makes a draft of it"),
        (("lco", TEST), f"{TEST} is a test event"),
        (("csv", EVENT, "--test"), f"{EVENT} is not a test event"),
        (("lco", EMPTY), f"no candidates of {EMPTY} to observe"),
        (("treasuremap", EMPTY), f"{EMPTY}: the Treasure Map knows gravitational-wave events only"),
        (("treasuremap", NOWHERE), f"no candidates of {NOWHERE} with a magnitude"),
        (("csv", EVENT, "--limit", "0"), "--limit 0"),
        (("csv", EVENT, "--min-probability", "1.5"), "--min-probability 1.5"),
        (("moc", EVENT, "--level", "90"), "--level 90.0"),
        (("moc", EVENT, "--level", "nan"), "--level nan"),
        (("csv", EVENT, "-o", "/none/x"), "cannot write to /none/x"),
    ],
)
def test_an_error_is_one_line_that_helps(arguments, says, failure):
    assert failure(*arguments).startswith(says)


@pytest.mark.parametrize("form", FORMATS)
def test_a_test_event_is_marked(form, export):
    options = ["--object", "ZTF27test"] if FORMATS[form].one_object else []
    content = export(form, TEST, *options, *(["--test"] if FORMATS[form].telescopes else []))
    if form == "csv":
        assert {row["test"] for row in csv.DictReader(io.StringIO(content.decode()))} == {"true"}
    elif form == "moc":
        assert b"TEST    =                    T" in content
    elif form == "tom":
        assert {row["mma_test"] for row in csv.DictReader(io.StringIO(content.decode()))} == {"true"}
    elif form == "parquet":
        from pyarrow import parquet

        assert parquet.read_schema(io.BytesIO(content)).metadata[b"test"] == b"true"
    elif form in ("tom-candidates", "skyportal"):
        assert json.loads(content)["test"] is True
    else:
        assert b"TEST" in content


@pytest.mark.parametrize("form", FORMATS)
def test_a_real_event_is_not(form, export):
    content = export(form, EVENT, *options_of(form))
    assert b"TEST" not in content
    if form in ("tom-candidates", "skyportal"):
        assert json.loads(content)["test"] is False


def test_the_same_on_both_databases(world):
    name = "b,\"c\" 'd'"
    world.hears(superevent(EVENT), detection(name), detection("ZTF27low", (150.0, 24.0)))
    for everything in (False, True):
        wanted = Wanted(event=EVENT, everything=everything, object_id=name)
        event, rows, more = read(world.store, FORMATS["tns"], wanted, datetime.now(UTC))
        assert [row["object"] for row in rows] == [name]
        assert [point["flux_njy"] is not None for point in more.light_curves[name]] == [True]
        assert json.loads(FORMATS["tns"].write(event, rows, more))["at_report"]["0"]["internal_name"] == name
    event, rows, more = read(world.store, FORMATS["moc"], Wanted(event=EVENT), datetime.now(UTC))
    assert more.region is not None
    assert rows[0]["first_seen"] == rows[0]["last_seen"]


def test_aliases_name_the_event(export):
    assert export("csv", "bn270301083") == export("csv", EMPTY)


def test_json_tells_what_was_written(exported, tmp_path, capsys):
    path = tmp_path / "x.csv"
    assert main(["export", "csv", EVENT, "-o", str(path), "--json", "--db", str(exported)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"event": EVENT, "format": "csv", "file": str(path), "bytes": path.stat().st_size}


def test_binary_does_not_go_to_a_terminal(failure, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert failure("moc", EVENT) == "moc is not text: name a file with -o FILE"


def test_a_folder_gets_a_file_named_after_the_event(exported, tmp_path):
    for form in FORMATS:
        assert main(["export", form, EVENT, *options_of(form), "-o", str(tmp_path), "--db", str(exported)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {f"{EVENT}.{form.extension}" for form in FORMATS.values()}
    assert len({form.extension for form in FORMATS.values()}) == len(FORMATS)
