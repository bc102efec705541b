"""A map alone is enough: by hand, or out of a file whose header tells the time; one event whole."""

from __future__ import annotations

import gzip
import io
import json
from datetime import timedelta
from math import cos, pi, radians
from pathlib import Path

import pytest
from astropy.io import fits

import skymaps
from coincidence import Kind
from mma.cli import main
from mma.commands.options import KINDS
from mma.notices.given import MESSENGERS
from skymaps import times
from tests.mma.world import HERE, T0, circle_map, detection, superevent


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MMA_DATABASE", raising=False)


def ask(capsys, *arguments: str):
    capsys.readouterr()
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def fails(capsys, *arguments: str) -> str:
    capsys.readouterr()
    assert main(list(arguments)) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def written(path: str, radius_deg: float = 3.0, **header: object) -> Path:
    """A map with these words in its header."""
    with fits.open(io.BytesIO(skymaps.write_fits(circle_map(*HERE, radius_deg)))) as hdus:
        for name in ("DATE-OBS", "MJD-OBS", "OBJECT"):
            hdus[1].header.pop(name, None)
        for name, value in header.items():
            hdus[1].header[name.replace("_", "-")] = value
        buffer = io.BytesIO()
        hdus.writeto(buffer)
    content = buffer.getvalue()
    Path(path).write_bytes(gzip.compress(content) if path.endswith(".gz") else content)
    return Path(path)


def cap_deg2(radius_deg: float) -> float:
    """Area of a circle on the sphere."""
    return 2 * pi * (1 - cos(radians(radius_deg))) * (180 / pi) ** 2


def test_kinds_are_all_there_are():
    assert set(KINDS) == set(Kind) == set(MESSENGERS)


def test_a_circle_and_a_time_find_what_is_stored(capsys):
    Path("alert.avro").write_bytes(detection("ZTF27a", HERE))
    Path("far.avro").write_bytes(detection("ZTF27far", (HERE[0], -40.0)))
    assert main(["replay", "alert.avro", "far.avro"]) == 0
    place = "10h00m00s, +20d00m00s 3"  # HERE, as people write it
    event = ask(capsys, "event", "add", "--circle", place, "--time", "2027-03-01T02:00:00Z", "--kind", "grb")
    assert (event["id"], event["kind"], event["messenger"]) == ("grb-20270301T020000", "grb", "gamma")
    assert event["time"] == T0.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert event["n_candidates"] == 1
    assert event["region"]["type"] == "circle"
    assert event["area90_deg2"] == pytest.approx(cap_deg2(3.0), rel=0.05)
    assert [row["object"] for row in ask(capsys, "candidates", event["id"])] == ["ZTF27a"]
    assert main(["event", event["id"]]) == 0
    text = capsys.readouterr().out
    assert "the best candidates" in text
    assert "ZTF27a" in text
    assert "2027-03-01T02:00:00" in text


@pytest.mark.parametrize("name", ["map.fits", "map.fits.gz"])
@pytest.mark.parametrize("header", [{"DATE_OBS": "2027-03-01T02:00:00"}, {"MJD_OBS": 61465.083333333336}])
def test_a_map_with_a_time_is_an_event(capsys, name, header):
    written(name, OBJECT="G123456", CREATOR="BAYESTAR", **header)
    assert main(["replay", name]) == 0
    (event,) = ask(capsys, "events")
    assert (event["id"], event["kind"], event["observatory"], event["test"]) == ("G123456", "cbc", "LVK", False)
    assert event["time"].startswith("2027-03-01T02:00:00")
    assert event["area90_deg2"] == pytest.approx(cap_deg2(3.0), rel=0.05)
    assert event["remarks"] == ["a map alone: cbc by its header"]


@pytest.mark.parametrize(("told", "kind"), [("GRB 270301A", "grb"), ("anything", "transient")])
def test_what_a_header_is_of(capsys, told, kind):
    written("map.fits", OBJECT=told, DATE_OBS="2027-03-01T02:00:00", CREATOR="x")
    assert ask(capsys, "event", "add", "--map", "map.fits")["kind"] == kind


def test_a_mock_map_is_a_test(capsys):
    written("map.fits", OBJECT="MS270301ab", DATE_OBS="2027-03-01T02:00:00", INSTRUME="H1,L1")
    assert ask(capsys, "event", "add", "--map", "map.fits")["test"]


def test_a_map_without_a_time_is_refused_with_what_to_do_and_taken_with_one(capsys):
    written("map.fits", OBJECT="GRB 270301A", CREATOR="x")
    assert main(["replay", "map.fits"]) == 0
    (letter,) = ask(capsys, "dead-letters")
    assert letter["reason"].startswith("map: no time in its header (DATE-OBS, MJD-OBS): mma event add --map")
    assert "when? --time" in fails(capsys, "event", "add", "--map", "map.fits")
    event = ask(capsys, "event", "add", "--map", "map.fits", "--time", "2027-03-01 02:00:00", "--name", "mine")
    assert (event["id"], event["kind"]) == ("mine", "grb")


def test_options_go_over_the_header(capsys):
    written("map.fits", OBJECT="G1", DATE_OBS="2027-03-01T02:00:00", CREATOR="BAYESTAR")
    told = ["--name", "other", "--kind", "burst", "--time", "2027-03-02T00:00:00Z", "--test"]
    event = ask(capsys, "event", "add", "--map", "map.fits", *told)
    assert (event["id"], event["kind"], event["test"]) == ("other-test", "burst", True)
    assert event["time"] == "2027-03-02T00:00:00.000Z"


def test_a_table_that_is_no_map_is_told(capsys):
    table = fits.BinTableHDU.from_columns([fits.Column(name="x", format="D", array=[1.0])])
    fits.HDUList([fits.PrimaryHDU(), table]).writeto("table.fits")
    assert main(["replay", "table.fits"]) == 0
    (letter,) = ask(capsys, "dead-letters")
    assert "no HEALPix map" in letter["reason"]
    assert "not a HEALPix map" in fails(capsys, "event", "add", "--map", "table.fits")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "--map FILE, or --circle"),
        (["--circle", "10 5 3"], "when? --time"),
        (["--circle", "10 95 3", "--time", "2027-03-01T00:00:00"], "--circle '10 95 3'"),
        (["--circle", "10 5", "--time", "2027-03-01T00:00:00"], "--circle '10 5'"),
        (["--circle", "10 5 400", "--time", "2027-03-01T00:00:00"], "400"),
        (["--circle", "10 5 3", "--time", "yesterday"], "--time 'yesterday'"),
        (["--map", "none.fits"], "--map none.fits: No such file"),
        (["--map", "none.fits", "--circle", "1 2 3"], "--map FILE, or --circle"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(capsys, options, says):
    assert says in fails(capsys, "event", "add", *options)
    assert list(Path().iterdir()) == []
    assert "--time goes with 'mma event add'" in fails(capsys, "event", "S1", "--time", "2027-03-01T00:00:00")


@pytest.mark.realdata
def test_the_map_of_gw170817(capsys, data):
    """16 deg2 at 90 %: LIGO and Virgo, PRX 9, 011001 (2019), section III."""
    path = data / "skymaps" / "gw" / "GW170817.fits.gz"
    assert main(["replay", str(path)]) == 0
    (event,) = ask(capsys, "events")
    assert event["id"] == "GW170817"
    assert event["time"].startswith("2017-08-17T12:41:04.429")
    assert event["area90_deg2"] == pytest.approx(16.0, abs=1.0)


@pytest.fixture
def merger_without_a_map():
    """A notice of LVK's, with the classes of a neutron star merger, whose map is by URL only."""
    notice = json.loads(superevent("S270301ab", skymap=None, days=-900))
    Path("notice.json").write_text(json.dumps(notice))
    return notice


@pytest.mark.parametrize("name", ["s270301AB", "S270301ab"])
def test_a_known_name_in_any_case_is_a_further_notice_that_keeps_what_was_told(capsys, merger_without_a_map, name):
    assert main(["replay", "notice.json"]) == 0
    written("map.fits", DATE_OBS=merger_without_a_map["event"]["time"].rstrip("Z"), CREATOR="BAYESTAR")
    event = ask(capsys, "event", "add", "--map", "map.fits", "--name", name)
    assert [row["id"] for row in ask(capsys, "events")] == ["S270301ab"]
    assert (event["revision"], event["stage"]) == (2, "update")
    assert event["classes"].items() >= merger_without_a_map["event"]["classification"].items()
    assert event["area90_deg2"] == pytest.approx(cap_deg2(3.0), rel=0.05)


@pytest.mark.parametrize("order", [["notice.json", "map.fits"], ["map.fits", "notice.json"]])
@pytest.mark.parametrize("name", ["G347292", None])
def test_a_map_of_the_same_second_is_the_events(capsys, merger_without_a_map, order, name):
    told = {} if name is None else {"OBJECT": name}
    written("map.fits", DATE_OBS=merger_without_a_map["event"]["time"].rstrip("Z"), CREATOR="BAYESTAR", **told)
    for path in order:
        assert main(["replay", path]) == 0
    (event,) = ask(capsys, "events")
    assert event["area90_deg2"] == pytest.approx(cap_deg2(3.0), rel=0.05)
    assert ask(capsys, "event", "S270301ab")["id"] == event["id"]
    assert event["classes"].items() >= merger_without_a_map["event"]["classification"].items()
    assert any("the same event" in remark for remark in event["remarks"])


def test_maps_of_one_replay_come_in_the_order_of_their_dates(capsys, merger_without_a_map):
    at = merger_without_a_map["event"]["time"].rstrip("Z")
    written("a.fits", 2.0, DATE_OBS=at, DATE="2027-01-02T00:00:00", CREATOR="BAYESTAR")
    written("b.fits", 4.0, DATE_OBS=at, DATE="2027-01-01T00:00:00", CREATOR="BAYESTAR")
    assert main(["replay", "notice.json", "a.fits", "b.fits"]) == 0
    event = ask(capsys, "event", "S270301ab")
    assert [notice["place"].partition("[")[0] for notice in event["notices"]] == ["notice.json", "b.fits", "a.fits"]
    assert event["area90_deg2"] == pytest.approx(cap_deg2(2.0), rel=0.05)


def test_a_map_two_seconds_off_is_an_event_of_its_own(capsys, merger_without_a_map):
    time = times.read(merger_without_a_map["event"]["time"]) + timedelta(seconds=2)
    written("map.fits", DATE_OBS=time.replace(tzinfo=None).isoformat(), CREATOR="BAYESTAR", OBJECT="G347292")
    assert main(["replay", "notice.json", "map.fits"]) == 0
    assert {row["id"] for row in ask(capsys, "events")} == {"S270301ab", "G347292"}


@pytest.mark.parametrize("name", ["G347292", None])
def test_in_one_replay_the_event_has_its_own_name_and_its_newest_map(capsys, merger_without_a_map, name):
    time = merger_without_a_map["event"]["time"].rstrip("Z")
    told = {} if name is None else {"OBJECT": name}
    for path, hours, radius in (("a.fits", 2, 3.0), ("b.fits", 12, 1.0), ("c.fits", 1, 5.0)):
        made = times.read(time) + timedelta(hours=hours)
        written(path, radius, DATE_OBS=time, CREATOR="BAYESTAR", DATE=made.replace(tzinfo=None).isoformat(), **told)
    assert main(["replay", "a.fits", "b.fits", "c.fits", "notice.json"]) == 0
    (event,) = ask(capsys, "events")
    assert event["id"] == "S270301ab"
    assert event["area90_deg2"] == pytest.approx(cap_deg2(1.0), rel=0.05)


def test_a_map_of_another_time_is_no_map_of_this_event(capsys, merger_without_a_map):
    assert main(["replay", "notice.json"]) == 0
    written("map.fits", DATE_OBS="2017-08-17T12:41:04", CREATOR="BAYESTAR")
    said = fails(capsys, "event", "add", "--map", "map.fits", "--name", "S270301ab")
    assert "--map map.fits: of 2017-08-17T12:41:04, and S270301ab of 2024-09-12" in said


def test_a_map_that_comes_after_a_newer_notice_is_told_and_the_newest_notice_stays_the_newest(
    capsys, merger_without_a_map
):
    written("map.fits", DATE_OBS=merger_without_a_map["event"]["time"].rstrip("Z"), CREATOR="BAYESTAR")
    for path in ("notice.json", "map.fits", "map.fits"):
        assert main(["replay", path, "--publish", "out.jsonl"]) == 0
    messages = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    told = [(m["type"], m["event"]["skymap"]["area90_deg2"]) for m in messages if "state" in m]
    assert [kind for kind, _ in told] == ["new", "update"]
    assert told[0][1] is None
    assert told[1][1] == pytest.approx(cap_deg2(3.0), rel=0.05)
    capsys.readouterr()
    assert main(["event", "S270301ab", "--raw"]) == 0
    assert json.loads(capsys.readouterr().out) == merger_without_a_map


@pytest.mark.parametrize("name", ["grb170817a", "GRB-170817A", "Grb 170817a"])
def test_other_names_are_found_in_any_spelling(capsys, name):
    circle = ["--circle", "176.8 -39.8 11.6deg", "--time", "2017-08-17T12:41:06Z", "--kind", "grb"]
    ask(capsys, "event", "add", *circle, "--name", "GRB 170817A")
    assert ask(capsys, "event", name)["id"] == ask(capsys, "events")[0]["id"]


def test_a_map_without_its_notice_says_what_is_taken_for_granted(capsys):
    """A probability of a merger counts on what LVK tells: how it is classed, and whether matter was left."""
    written("map.fits", DATE_OBS="2027-03-01T02:00:00", CREATOR="BAYESTAR", OBJECT="S270301ab")
    Path("found.csv").write_text(f"object_id,ra,dec,mjd,mag\nAT1,{HERE[0]},{HERE[1]},61465.5,19\n")
    assert main(["replay", "map.fits", "found.csv"]) == 0
    assert "hear of this only with --publish FILE" in " ".join(capsys.readouterr().out.split())
    for command in (["events"], ["candidates", "S270301ab"]):
        assert main(command) == 0
        assert "S270301ab: no notice tells the class of this merger" in " ".join(capsys.readouterr().out.split())
    Path("notice.json").write_bytes(superevent())
    assert main(["replay", "notice.json"]) == 0
    capsys.readouterr()
    for command in (["events"], ["candidates", "S270301ab"]):
        assert main(command) == 0
        assert "no notice tells" not in capsys.readouterr().out
