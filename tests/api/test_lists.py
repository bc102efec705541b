"""Lists of events and candidates: every filter and order against a plain filter of all rows in Python."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
from datetime import datetime
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mma.answers.fields import CANDIDATES, EVENTS
from mma.store import Store, tables
from tests.api.filling import Rows, shown

FEW = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
EVENT = "CBC0000"
OBJECT_ONLY = {"star_score", "solar_system_arcsec"}


def value_of(row: dict[str, Any], name: str) -> Any:
    """A field of a row as users see it."""
    return row[{"test": "test"}.get(name, name)]


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def kept(rows: list[dict[str, Any]], asked: dict[str, Any], fields: Any) -> list[dict[str, Any]]:
    """What a plain filter keeps."""
    out = []
    for row in rows:
        good = True
        for key, wanted in asked.items():
            name = key.removesuffix("_min").removesuffix("_max")
            found = value_of(row, name)
            if fields[name].kind == "time" and found is not None:
                found, wanted = seconds(found), seconds(wanted)
            if key.endswith("_min"):
                good &= found is not None and (found >= wanted or close(found, wanted, fields[name]))
            elif key.endswith("_max"):
                good &= found is not None and (found <= wanted or close(found, wanted, fields[name]))
            elif name == "tag":
                good &= wanted in row["tags"]
            else:
                good &= found in (wanted if isinstance(wanted, list) else [wanted])
        if good:
            out.append(row)
    return out


def close(a: float, b: float, field: Any) -> bool:
    """A limit that is the value itself holds, though it went through a logarithm."""
    return bool(field.slack) and math.isclose(a, b, rel_tol=1e-11)


def all_pages(client: httpx.Client, path: str, **params: Any) -> list[dict[str, Any]]:
    """A whole list by its pages."""
    rows, cursor = [], None
    while True:
        answer = client.get(path, params=params | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        rows += answer.json()["items"]
        cursor = answer.json()["next"]
        if cursor is None:
            return rows
        assert len(answer.json()["items"]) == params.get("limit", 100)


@pytest.fixture
def every(store: Store) -> list[dict[str, Any]]:
    return Rows(shown(store, EVENT))


@FEW
@given(data=st.data())
def test_each_filter_of_candidates_keeps_what_python_keeps(client, every, data):
    names = sorted(set(CANDIDATES) - OBJECT_ONLY - {"state"})
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    asked: dict[str, Any] = {}
    for name in chosen:
        values = [row[name] for row in every if row[name] is not None]
        if not values:
            continue
        value = data.draw(st.sampled_from(values))
        ends = ["_min", "_max"] if CANDIDATES[name].kind in ("number", "time") else [""]
        asked[name + data.draw(st.sampled_from(ends))] = value
    got = client.get(f"/api/events/{EVENT}/candidates", params=asked | {"everything": True, "limit": 1000})
    assert got.status_code == 200, got.text
    expected = {row["object"]: row["rank"] for row in kept(every, asked, CANDIDATES)}
    assert {row["object"]: row["rank"] for row in got.json()["items"]} == expected


def test_every_number_filters_at_both_ends(client, every):
    for name, field in CANDIDATES.items():
        if field.kind not in ("number", "time") or name in OBJECT_ONLY:
            continue
        known = sorted(row[name] for row in every if row[name] is not None)
        middle = known[len(known) // 2]
        for end in ("_min", "_max"):
            params = {name + end: middle, "everything": True, "limit": 1000}
            got = client.get(f"/api/events/{EVENT}/candidates", params=params).json()["items"]
            assert {r["object"] for r in got} == {r["object"] for r in kept(every, {name + end: middle}, CANDIDATES)}, (
                name
            )


def test_candidates_come_as_the_store_ranks_them(client, store, every):
    rows = all_pages(client, f"/api/events/{EVENT}/candidates", limit=7)
    best = [row for row in every if row["state"] == "active"]
    assert [(r["rank"], r["object"], r["probability"]) for r in rows] == [
        (r["rank"], r["object"], r["probability"]) for r in best
    ]
    assert [r["rank"] for r in rows] == list(range(1, len(rows) + 1))


@FEW
@given(name=st.sampled_from(sorted(set(CANDIDATES) - OBJECT_ONLY)), falling=st.booleans(), limit=st.integers(1, 60))
def test_each_order_is_pythons_and_pages_join_without_loss(client, every, name, falling, limit):
    sort = ("-" if falling else "") + name
    params = {"sort": sort, "limit": limit, "everything": True}
    rows = all_pages(client, f"/api/events/{EVENT}/candidates", **params)
    assert sorted(r["object"] for r in rows) == sorted(r["object"] for r in every)
    of = {row["object"]: row for row in every}
    values = [of[row["object"]][name] for row in rows]
    n = sum(v is not None for v in values)
    assert all(v is None for v in values[n:])
    assert values[:n] == sorted(values[:n], reverse=falling)
    ties = [(of[r["object"]][name], r["object"]) for r in rows]
    for (value, first), (other, second) in itertools.pairwise(ties):
        assert value != other or first < second


def test_pages_do_not_shift_where_rows_come_meanwhile(client, store):
    first = client.get(f"/api/events/{EVENT}/candidates", params={"limit": 10}).json()
    with store.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE candidates SET log_odds = 99 WHERE event_id = 'CBC0000' AND object_id ="
            f" (SELECT min(object_id) FROM candidates WHERE event_id = 'CBC0000' AND state = 'active'"
            f" AND object_id <> '{first['items'][-1]['object']}' AND log_odds < {first['items'][-1]['log_odds']})"
        )
    second = client.get(f"/api/events/{EVENT}/candidates", params={"limit": 10, "cursor": first["next"]}).json()
    seen = {r["object"] for r in first["items"]} & {r["object"] for r in second["items"]}
    assert seen == set()
    assert second["items"][0]["rank"] == 12  # one more stands before it now


def test_the_whole_result_is_in_csv_and_ndjson(client, every):
    best = [row for row in every if row["state"] == "active"]
    got = client.get(f"/api/events/{EVENT}/candidates", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(got.text)))
    assert [(int(r["rank"]), r["object"], float(r["log_odds"])) for r in rows] == [
        (r["rank"], r["object"], r["log_odds"]) for r in best
    ]
    assert {r["event"] for r in rows} == {EVENT}
    assert {r["classification"] for r in rows} == {r["classification"] or "" for r in best}
    lines = client.get(f"/api/events/{EVENT}/candidates?format=ndjson").text.splitlines()
    assert [json.loads(line)["object"] for line in lines] == [r["object"] for r in best]
    filtered = client.get(f"/api/events/{EVENT}/candidates?format=csv&band=g&sort=delay_s").text
    rows = list(csv.DictReader(io.StringIO(filtered)))
    assert {(r["object"], int(r["rank"])) for r in rows} == {(r["object"], r["rank"]) for r in best if r["band"] == "g"}


def test_the_same_table_in_each_format(client, every):
    from astropy.table import Table
    from pyarrow import parquet

    best = [row for row in every if row["state"] == "active"]
    for params in ({}, {"limit": 1000}):
        url = f"/api/events/{EVENT}/candidates"
        body = client.get(url, params=params, headers={"Accept": "application/x-votable+xml"}).content
        table = Table.read(io.BytesIO(body), format="votable")
        assert list(table["object"]) == [r["object"] for r in best]
        assert list(table["rank"]) == [r["rank"] for r in best]
        assert [None if m else v for v, m in zip(table["mag"].tolist(), table["mag"].mask, strict=True)] == [
            r["mag"] for r in best
        ]
        assert str(table["delay_s"].unit) == "s"
        body = client.get(url, params=params | {"format": "parquet"}).content
        found = parquet.read_table(io.BytesIO(body)).to_pylist()
        assert [(r["object"], r["log_odds"], r["mag"]) for r in found] == [
            (r["object"], r["log_odds"], r["mag"]) for r in best
        ]


def test_a_votable_is_valid(client, tmp_path):
    from astropy.io.votable import validate

    for i, url in enumerate((f"/api/events/{EVENT}/candidates", "/api/events", "/api/associations")):
        path = tmp_path / f"{i}.vot"
        path.write_bytes(client.get(url, params={"format": "votable"}).content)
        report = io.StringIO()
        assert validate(str(path), output=report), report.getvalue()


@FEW
@given(data=st.data())
def test_each_filter_of_events_keeps_what_python_keeps(client, data):
    every = client.get("/api/events", params={"limit": 1000}).json()["items"]
    asked: dict[str, Any] = {}
    for name in data.draw(st.lists(st.sampled_from(sorted(EVENTS)), min_size=1, max_size=2, unique=True)):
        values = [row[name] for row in every if row[name] is not None]
        ends = ["_min", "_max"] if EVENTS[name].kind in ("number", "time") else [""]
        asked[name + data.draw(st.sampled_from(ends))] = data.draw(st.sampled_from(values))
    got = client.get("/api/events", params=asked | {"limit": 1000})
    assert {r["id"] for r in got.json()["items"]} == {r["id"] for r in kept(every, asked, EVENTS)}


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (
            "/api/events/CBC0000/candidates?class=afterglo",
            "query.class: no class 'afterglo'; did you mean 'afterglow'?",
        ),
        ("/api/events/CBC0000/candidates?state=activ", "did you mean 'active'?"),
        ("/api/events?kind=gbr", "no kind 'gbr'; "),
        ("/api/events?messenger=gama", "did you mean 'gamma'?"),
        ("/api/events?state=retract", "did you mean 'retracted'?"),
        ("/api/events?stage=final", "no stage 'final'; "),
    ],
)
def test_a_value_of_few_that_there_is_not_is_refused(client_of_small, path, says):
    answer = client_of_small.get(path)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


def test_a_class_of_somebodys_settings_is_one_that_there_is(client_of_small, small):
    with small.begin() as connection:
        chosen = tables.candidates.update().where(tables.candidates.c.event_id == "CBC0000")
        connection.execute(chosen.values(counterpart="my own"))
    rows = client_of_small.get("/api/events/CBC0000/candidates?class=my own").json()["items"]
    assert rows
    assert all(isinstance(row["n_detections"], int) for row in rows if row["n_detections"] is not None)
    assert client_of_small.get("/api/events/CBC0000/candidates?class=supernova").json()["items"] == []


def test_events_by_the_probability_of_a_class(client):
    every = client.get("/api/events", params={"limit": 1000}).json()["items"]
    for least in (0.0, 0.3, 0.9):
        got = client.get("/api/events", params={"source_class": "BNS", "source_class_min": least}).json()["items"]
        expected = {r["id"] for r in every if r["classes"].get("BNS", -1.0) >= least}
        assert {r["id"] for r in got} == expected
    assert client.get("/api/events", params={"source_class": "Nonsense"}).json()["items"] == []


def test_events_with_notices_and_by_alias(client):
    got = client.get("/api/events/alias 0").json()
    assert got["id"] == EVENT
    assert got["associations"] == []
    assert client.get("/api/events/CBC").status_code == 404


def test_one_candidate_is_told_with_its_history(client, every):
    row = next(r for r in every if r["rank"] == 3)
    got = client.get(f"/api/candidates/{EVENT}/{row['object']}").json()
    assert (got["rank"], got["probability"]) == (3, row["probability"])
    assert [h["log_odds"] for h in got["history"]] == [row["log_odds"]]
    assert client.get(f"/api/candidates/{EVENT}/none").status_code == 404


def test_probabilities_of_all_pages_promise_one_counterpart(client):
    rows = all_pages(client, f"/api/events/{EVENT}/candidates", limit=13)
    p_none = client.get(f"/api/events/{EVENT}").json()["p_none"]
    assert math.fsum(r["probability"] for r in rows) + p_none == pytest.approx(1.0, abs=1e-9)
