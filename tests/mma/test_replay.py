"""Replay: recorded messages in the order of their own times, through the command line."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mma.cli import main
from mma.engine import in_time_order, ingest
from mma.messages.message import problems
from mma.streams import files as recorded_files
from mma.streams.files import find
from tests.mma.test_streams import tar_of, zip_of
from tests.mma.world import HERE, T0, burst, detection, retraction, superevent


def replay(capsys, *arguments: object) -> dict:
    """The answer of ``mma replay ... --json``."""
    assert main(["replay", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def asked(capsys, database: Path, *arguments: str):
    assert main([*arguments, "--db", str(database), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_what_tells_no_time_is_of_the_time_of_what_does_or_of_now(tmp_path, capsys):
    """A file that nobody can decode is not of 1970, neither alone nor before others."""
    begun = time.time()
    for i, name in enumerate(("a", "b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.json").write_text("{")
        if i:
            (tmp_path / name / "1.json").write_bytes(superevent())
        assert main(["replay", str(tmp_path / name), "--db", str(tmp_path / f"{name}.sqlite")]) == 0
    capsys.readouterr()
    newest = {}
    for name in ("a", "b"):
        assert main(["status", "--json", "--db", str(tmp_path / f"{name}.sqlite")]) == 0
        newest[name] = [source["last"] for source in json.loads(capsys.readouterr().out)["sources"].values()]
    assert all(last >= datetime.fromtimestamp(begun - 1.0, UTC).isoformat() for last in newest["a"])
    assert {last[:10] for last in newest["b"]} == {"2027-03-01"}


def test_a_table_is_as_new_as_its_last_row(tmp_path, capsys):
    """It is played at the time of its first; rows of days to come make nothing newer than now."""
    mjd = 40587 + T0.timestamp() / 86400.0 - 2500.0  # years ago
    rows = "".join(f"A{i},{i},1,{mjd + i}\n" for i in (0, 9, 4))
    (tmp_path / "table.csv").write_text(f"name,ra,dec,mjd\n{rows}")
    database = tmp_path / "x.sqlite"
    assert main(["replay", str(tmp_path / "table.csv"), "--db", str(database)]) == 0
    capsys.readouterr()
    (source,) = asked(capsys, database, "status")["sources"].values()
    newest = datetime.fromtimestamp(T0.timestamp() - 2491.0 * 86400.0, UTC)
    assert abs(datetime.fromisoformat(source["last"]) - newest) < timedelta(seconds=1)


@pytest.mark.parametrize("reading_s", [8.0, -1.0], ids=["quick", "slow"])
def test_messages_are_played_in_the_order_of_their_own_times(tmp_path, monkeypatch, reading_s):
    monkeypatch.setattr(ingest, "READING_S", reading_s)  # else some are read later, as where each takes long
    recorded = {
        "a-late.json": superevent("S1late", minutes=600.0),
        "b-alert.avro": detection(hours=2.0),
        "c-nobody-knows.txt": b"hello",
        "d-early.json": burst(),
        "e-table.csv": f"name,ra,dec,mjd\nA,1,1,{40587 + T0.timestamp() / 86400.0 + 1}\n".encode(),
    }
    for name, content in recorded.items():
        (tmp_path / name).write_bytes(content)
    ordered = in_time_order(find([tmp_path]))
    assert [item.path.name for item, _ in ordered] == [
        "d-early.json",
        "b-alert.avro",
        "c-nobody-knows.txt",
        "a-late.json",
        "e-table.csv",
    ]
    hours = [(time - T0.timestamp()) / 3600.0 for _, time in ordered]
    assert hours == pytest.approx([1 / 60.0, 2.0, 2.0, 10.0, 24.0])


@pytest.mark.parametrize("form", ["folder", "files", "tar.gz", "zip", "jsonl"])
def test_every_form_of_recording_gives_the_same(tmp_path, capsys, form):
    messages = {"1.json": superevent(), "2.json": retraction("S270301zz"), "3.json": burst()}
    packets = {"4.avro": detection("ZTF27a"), "5.avro": detection("ZTF27b", hours=12.0)}
    folder = tmp_path / "in"
    folder.mkdir()
    if form == "tar.gz":
        paths = [tar_of(folder / "night.tar.gz", messages | packets)]
    elif form == "zip":
        paths = [zip_of(folder / "night.zip", messages | packets)]
    else:
        lines = messages if form == "jsonl" else {}
        for name, content in (messages | packets).items():
            if name not in lines:
                (folder / name).write_bytes(content)
        if lines:
            (folder / "night.jsonl").write_bytes(b"\n".join(lines.values()))
        paths = sorted(folder.iterdir()) if form == "files" else [folder]
    database, published = tmp_path / "mma.sqlite", tmp_path / "out.jsonl"
    answer = replay(capsys, *paths, "--db", database, "--publish", published)
    assert answer["messages"] == {"read": 5, "decoded": 5, "set_aside": 0, "ignored": 0}
    assert {row["object"] for row in asked(capsys, database, "candidates", "S270301ab")} == {"ZTF27a", "ZTF27b"}
    told = [json.loads(line) for line in published.read_text().splitlines()]
    assert len(told) == answer["published"]["sent"] > 0
    assert all(problems(message, message["schema"].split(":")[2]) == [] for message in told)
    again = replay(capsys, *paths, "--db", database, "--publish", published)
    assert again["messages"]["read"] == 5
    assert again["published"]["sent"] == 0
    assert asked(capsys, database, "status")["messages"]["read"] == 10
    assert len(published.read_text().splitlines()) == len(told)


def test_the_clock_of_a_replay_is_that_of_the_messages(tmp_path, capsys):
    (tmp_path / "1.json").write_bytes(superevent())
    (tmp_path / "2.avro").write_bytes(detection("ZTF27a", hours=10.0))
    database = tmp_path / "mma.sqlite"
    replay(capsys, tmp_path, "--db", database)
    (row,) = asked(capsys, database, "events")
    assert row["state"] == "active"
    (tmp_path / "3.avro").write_bytes(detection("ZTF27b", HERE, hours=24.0 * 12))
    replay(capsys, tmp_path, "--db", database)
    (row,) = asked(capsys, database, "events")
    assert row["state"] == "expired"
    assert [r["object"] for r in asked(capsys, database, "candidates", "S270301ab")] == ["ZTF27a"]
    (tmp_path / "4.avro").write_bytes(detection("ZTF27c", HERE, hours=24.0 * 13))
    replay(capsys, tmp_path / "4.avro", "--db", database)
    (row,) = asked(capsys, database, "events")
    assert row["state"] == "expired"


def test_a_path_that_is_not_there_is_an_error(tmp_path, capsys):
    assert main(["replay", str(tmp_path / "none"), "--db", str(tmp_path / "mma.sqlite")]) == 1
    assert "no file or folder" in capsys.readouterr().err


def test_what_cannot_be_read_costs_itself_alone(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(recorded_files, "MAX_BYTES", 100_000)
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "1.json").write_bytes(superevent())
    (folder / "2.json").write_bytes(b"x" * 100_001)
    (folder / "3.tar.gz").write_bytes(b"no archive")
    (folder / "4.jsonl").write_bytes(b"x" * 100_001)
    (folder / "5.avro").write_bytes(detection("ZTF27a"))
    (folder / "6.avro").symlink_to(folder / "none")
    tar_of(
        folder / "7.tar.gz", {"a.avro": detection("ZTF27b"), "b.json": b"x" * 100_001, "c.avro": detection("ZTF27c")}
    )
    database = tmp_path / "mma.sqlite"
    answer = replay(capsys, folder, "--db", database)
    assert answer["messages"] == {"read": 9, "decoded": 4, "set_aside": 5, "ignored": 0}
    letters = asked(capsys, database, "dead-letters")
    assert sorted((Path(row["topic"]).name, row["name"], row["reason"].partition(":")[0]) for row in letters) == [
        ("2.json", "2.json", "file"),
        ("3.tar.gz", "3.tar.gz", "archive"),
        ("4.jsonl", "4.jsonl", "file"),
        ("6.avro", "6.avro", "file"),
        ("7.tar.gz", "b.json", "file"),
    ]
    names = {row["object"] for row in asked(capsys, database, "candidates", "S270301ab")}
    assert names == {"ZTF27a", "ZTF27b", "ZTF27c"}


VERSION_1 = "VOEvent version: '1.1' where 2.0 was expected"
SECONDS = "1480360995.0 is not an MJD"
UNKNOWN = "not a notice or alert of any format known"
WRONG = {
    "AMON_ICECUBE_BRONZE_190819.xml": VERSION_1,
    "SWIFT_xrt_position_v1.1_example.xml": VERSION_1,
    "pygcn-gbm_flt_pos.xml": VERSION_1,
    "ivoa-voevent-ex1.xml": "VOEvent version: '2.1' where 2.0 was expected",
    "SK_SN_Event_2022-01-00T23_16_14.46_000002-526.xml": "ISOTime: '2022-01-00T23:16:14.46' is not",
    "Fermi_GBM_Fin_Pos_Int_2016-01--12T13_36_22.84_472224986_0-591.xml": "ISOTime: '2016-01--12T13:36:22.84' is not",
    "Fermi_GBM_Fin_Pos_Int_2016-01--3T03_05_12.46_472964716_0-083.xml": "ISOTime: '2016-01--3T03:05:12.46' is not",
    "hop-client-example_gcn.txt": "GCN notice as e-mail text",
    "quakeml.xml": "XML, but not a VOEvent: its root is quakeml",
    "detector_properties.json": UNKNOWN,
    "scenarios.json": UNKNOWN,
    "kafka_alert_rubin.json": "optical alert, not a notice",
}
"""Recorded notices that are wrong themselves, and what is wrong with each."""

WRONG_ALERTS = {
    "lsst.v3.0-fakeAlert.avro": f"diaSource.midPointTai {SECONDS}",
    "lsst.v4.0-fakeAlert.avro": f"diaSource.midPointTai {SECONDS}",
    "lsst.v6.0-fakeAlert.avro": f"diaSource.midpointMjdTai {SECONDS}",
    "lsst.v7.0-fakeAlert.avro": f"diaSource.midpointMjdTai {SECONDS}",
    "lsst.v7.1-fakeAlert.avro": f"diaSource.midpointMjdTai {SECONDS}",
    "lsst.v7.2-fakeAlert.avro": f"diaSource.midpointMjdTai {SECONDS}",
    "lsst.v7.4-fakeAlert.avro": f"diaSource.midpointMjdTai {SECONDS}",
    "fink_mm-grb_join_output.parquet": "a Parquet file",
    "system__sample_watchlist.csv": "table without a line of names",
    "alerce_get_alert.yaml": UNKNOWN,
    "alerce_lsst_get_alert.yaml": UNKNOWN,
    "antares_get_alert.yaml": UNKNOWN,
    "boom_query.yaml": UNKNOWN,
    "fink_get_alert.yaml": UNKNOWN,
    "lasair_cone.yaml": UNKNOWN,
    "unit__pipeline__filter__sample_alerts__313637921267122191_lite.json": "diaSource.ra, dec None, None is not",
}
NO_SCHEMA = {"boom-lsst-7912941781254298.confluent-avro": "unknown LSST schema id 900: no schemas here; set MMA_LSST"}
NOTICES = ("lvk-kafka", "voevent", "gcn-json", "gcn-json-gwcelery", "snews", "streams")


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("folders", "schemas", "wrong"),
    [
        ((*NOTICES, "optical"), "optical/rubin/schema", WRONG | WRONG_ALERTS),
        (("optical",), None, WRONG_ALERTS | NO_SCHEMA),
    ],
    ids=["everything", "optical without LSST schemas"],
)
def test_recorded_data_are_accounted_for_to_the_last_message(
    data, tmp_path, capsys, monkeypatch, folders, schemas, wrong
):
    monkeypatch.delenv("MMA_LSST_SCHEMAS", raising=False)
    if schemas:
        monkeypatch.setenv("MMA_LSST_SCHEMAS", str(data / schemas))
    database = tmp_path / "mma.sqlite"
    answer = replay(capsys, *(data / folder for folder in folders), "--db", database)
    counts = answer["messages"]
    assert counts["read"] == counts["decoded"] + counts["set_aside"] + counts["ignored"]
    assert counts["decoded"] > 30
    for source in answer["sources"].values():
        assert source["read"] == source["decoded"] + source["set_aside"] + source["ignored"]
    letters = {row["name"].rpartition("/")[2]: row for row in asked(capsys, database, "dead-letters")}
    assert set(letters) == set(wrong)
    assert counts["set_aside"] == len(wrong)
    for name, says in wrong.items():
        assert letters[name]["reason"].startswith(says)
        assert letters[name]["traceback"] is None
