"""Drafts for other systems: each by the fields and rules of the program that reads it, as a schema."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest

from mma.messages.message import iso
from tests.conftest import DATA
from tests.mma.export.conftest import BEST, EMPTY, EVENT, LSST, NOWHERE, ODD, PLACES, TEST, VETOED
from tests.mma.export.schemas import HERMES, LCO, TNS, TREASURE_MAP
from tests.mma.world import T0


def check(document, schema) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)


@pytest.mark.parametrize("options", [(EVENT,), (EVENT, "--all"), (EMPTY,), (TEST,), (NOWHERE,)])
def test_hermes_is_a_message(document, options):
    message = document("hermes", *options)
    check(message, HERMES)
    assert (message["topic"], message["submitter"], message["authors"]) == ("hermes.test", "", "")
    assert [message[f"submit_to_{name}"] for name in ("tns", "gcn", "mpc")] == [False] * 3
    assert message["title"].startswith("TEST: ") == (options[0] == TEST)
    assert ("THIS IS A TEST" in message["message_text"]) == (options[0] == TEST)


@pytest.mark.realdata
def test_what_hermes_takes_is_what_the_schema_takes():
    message = json.loads((DATA / "hermes" / "test_message.json").read_text())
    check(message, HERMES)


def test_hermes_tells_targets_and_their_last_detection(document):
    data = document("hermes")["data"]
    targets = {target["name"]: target for target in data["targets"]}
    assert {name: (float(t["ra"]), float(t["dec"])) for name, t in targets.items()} == {
        name: place for name, place in PLACES.items() if name != VETOED
    }
    best = targets[BEST]
    assert (best["host_name"], best["distance"], best["distance_units"]) == ("NGC 1", 101.0, "Mpc")
    assert "distance_units" not in targets[LSST]
    points = {point["target_name"]: point for point in data["photometry"]}
    assert points[BEST]["brightness"] == pytest.approx(18.5)
    assert points[BEST]["brightness_error"] == pytest.approx(0.1)
    assert points[BEST]["date_obs"] == iso(T0.timestamp() + 34 * 3600.0)
    assert (points[BEST]["telescope"], points[LSST]["telescope"]) == ("ZTF", "Rubin")
    assert "brightness_error" not in points[LSST]
    assert points.keys() <= targets.keys()
    assert data["references"] == [{"url": f"https://gracedb.ligo.org/superevents/{EVENT}/view/"}]


def test_tom_targets(export):
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(export("tom", EVENT).decode(), newline=""))}
    assert {name: (float(r["ra"]), float(r["dec"])) for name, r in rows.items()} == {
        name: place for name, place in PLACES.items() if name != VETOED
    }
    best = rows[BEST]
    assert (best["type"], best["epoch"], best["mma_event"], best["mma_test"]) == ("SIDEREAL", "2000.0", EVENT, "false")
    assert float(best["distance"]) == 101e6
    assert rows[LSST]["distance"] == ""
    names = [name for name in best if name.startswith("name")]
    assert names == ["name"]
    assert export("tom", EMPTY).decode().count("\n") == 1


def test_tom_candidates(document):
    told = document("tom-candidates", EVENT, "--all")
    assert told["nonlocalizedevent"] == {"event_id": EVENT, "event_type": "GW", "state": "ACTIVE"}
    rows = {row["target"]: row for row in told["eventcandidates"]}
    assert rows.keys() == PLACES.keys()
    assert (rows[BEST]["viable"], rows[BEST]["priority"]) == (True, 1)
    assert rows[BEST]["credibleregions"] == [{"smallest_percent": 25}]
    assert rows[VETOED]["viable"] is False
    assert "real/bogus score below 0.3" in rows[VETOED]["viability_reason"]
    assert "priority" not in rows[VETOED]


@pytest.mark.parametrize(("event", "kind", "state"), [(EMPTY, "GRB", "ACTIVE"), (NOWHERE, "GW", "RETRACTED")])
def test_tom_events_without_candidates(document, event, kind, state):
    told = document("tom-candidates", event)
    assert told["nonlocalizedevent"] == {"event_id": event, "event_type": kind, "state": state}
    assert told["eventcandidates"] == []


@pytest.mark.parametrize("name", [BEST, ODD, LSST])
def test_tns_is_a_report(document, name):
    told = document("tns", EVENT, "--object", name)
    check(told, TNS)
    report = told["at_report"]["0"]
    assert report["internal_name"] == name
    assert (float(report["ra"]["value"]), float(report["dec"]["value"])) == PLACES[name]
    assert {"reporter", "reporting_groupid", "data_source_groupid", "at_type"} <= set(told["draft"]["to_fill"])


def test_tns_tells_discovery_last_detection_and_the_non_detection_before(document):
    report = document("tns", EVENT, "--object", BEST)["at_report"]["0"]
    assert report["discovery_datetime"] == "2027-03-01 12:00:00"
    points = report["photometry"]["photometry_group"]
    assert [(points[i]["obsdate"], round(points[i]["flux"], 4)) for i in sorted(points)] == [
        ("2027-03-01 12:00:00", 19.0),
        ("2027-03-02 12:00:00", 18.5),
    ]
    assert {(p["filterid"], p["instrumentid"], p["flux_unitid"]) for p in points.values()} == {("111", "196", "1")}
    unseen = report["non_detection"]
    assert (unseen["obsdate"], unseen["limiting_flux"], unseen["filterid"]) == ("2027-02-28 16:00:00", 21.0, "111")


def test_tns_says_what_is_missing(document):
    told = document("tns", EVENT, "--object", LSST)
    missing = set(told["draft"]["to_fill"])
    assert {"non_detection.archiveid", "photometry.0.filterid", "photometry.0.instrumentid"} <= missing
    assert told["at_report"]["0"]["photometry"]["photometry_group"]["0"]["filterid"] is None
    assert "obsdate" not in told["at_report"]["0"]["non_detection"]


def test_lco_is_a_request_group(document):
    group = document("lco", EVENT)
    check(group, LCO)
    assert (group["operator"], len(group["requests"])) == ("MANY", 3)
    for request in group["requests"]:
        assert [c["instrument_configs"][0]["optical_elements"]["filter"] for c in request["configurations"]] == [
            "gp",
            "rp",
            "ip",
        ]
        (window,) = request["windows"]
        start, end = (datetime.fromisoformat(window[name]).replace(tzinfo=UTC) for name in ("start", "end"))
        assert abs(start - datetime.now(UTC)) < timedelta(minutes=1)
        assert start < end
    one = document("lco", EVENT, "--limit", "1", "--all")
    check(one, LCO)
    target = one["requests"][0]["configurations"][0]["target"]
    assert (one["operator"], target["name"]) == ("SINGLE", BEST)
    assert (target["ra"], target["dec"]) == PLACES[BEST]


def test_lco_of_a_test_event_says_so(document):
    group = document("lco", TEST, "--test")
    check(group, LCO)
    assert group["name"] == f"DRAFT TEST {TEST}"


def test_treasure_map_takes_the_discovery(document):
    told = document("treasuremap", EVENT, "--all")
    check(told, TREASURE_MAP)
    found = {row["candidate_name"]: row for row in told["candidates"]}
    assert found.keys() == PLACES.keys() - {VETOED}
    best = found[BEST]
    assert datetime.fromisoformat(best["discovery_date"]) == datetime(2027, 3, 1, 12)
    assert best["discovery_magnitude"] == pytest.approx(19.0)
    assert (best["magnitude_bandpass"], best["associated_galaxy"]) == ("r", "NGC 1")
    assert "associated_galaxy" not in found[LSST]
    check(document("treasuremap", TEST), TREASURE_MAP)


def test_skyportal_takes_candidates_and_annotations(document):
    told = document("skyportal", EVENT)
    found = {row["id"]: row for row in told["candidates"]}
    assert {name: (row["ra"], row["dec"]) for name, row in found.items()} == {
        name: place for name, place in PLACES.items() if name != VETOED
    }
    for row in found.values():
        assert row["filter_ids"] == []
        assert datetime.fromisoformat(row["passed_at"]).tzinfo is not None
        assert "redshift" not in row
    data = {row["obj_id"]: row["data"][EVENT] for row in told["annotations"]}
    assert {row["origin"] for row in told["annotations"]} == {"mma"}
    assert data[BEST]["delta_t"] == pytest.approx(10.0 / 24.0)
    assert data[BEST]["event_mjd"] == pytest.approx(61465.0 + 2.0 / 24.0)
    assert data[BEST]["rank"] == 1
    assert "host_name" not in data[LSST]
    empty = document("skyportal", EMPTY)
    assert empty["candidates"] == empty["annotations"] == []
