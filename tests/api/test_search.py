"""Documents of conditions: against a plain reading of them in Python; what they may not say."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mma.answers.fields import SEARCHED
from tests.api.filling import Rows, all_objects, shown

FEW = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
EVENTS = ("CBC0000", "GRB0001", "NEUTRINO0002")
NUMBERS = {"log_odds": (-12.0, 4.0), "n_detections": (0.0, 9.0), "delay_s": (-40000.0, 4e5), "redshift": (0.0, 1.0)}
TEXTS = {
    "survey": ["ztf", "lsst"],
    "band": ["g", "r"],
    "class": ["kilonova"],
    "state": ["active"],
    "event": list(EVENTS),
}


def bounds(name: str) -> Any:
    values = st.floats(*NUMBERS[name]).map(lambda v: round(v, 2))
    return st.dictionaries(st.sampled_from(["gte", "gt", "lte", "lt"]), values, min_size=1, max_size=2)


LEAVES = st.one_of(
    st.sampled_from(sorted(NUMBERS)).flatmap(lambda n: bounds(n).map(lambda b: {"range": {n: b}})),
    st.sampled_from(sorted(TEXTS)).flatmap(lambda n: st.sampled_from(TEXTS[n]).map(lambda v: {"match": {n: v}})),
    st.sampled_from(sorted(TEXTS)).flatmap(
        lambda n: st.lists(st.sampled_from(TEXTS[n])).map(lambda v: {"terms": {n: v}})
    ),
    st.sampled_from(["redshift", "band", "log_odds", "mag"]).map(lambda n: {"exists": {"field": n}}),
    st.just({"match_all": {}}),
)


def bools(inner: Any) -> Any:
    part = st.one_of(inner, st.lists(inner, max_size=3))
    lists = st.fixed_dictionaries({}, optional=dict.fromkeys(("must", "filter", "should", "must_not"), part))
    least = st.fixed_dictionaries({}, optional={"minimum_should_match": st.integers(0, 3)})
    return st.tuples(lists, least).map(lambda both: {"bool": both[0] | both[1]})


QUERIES = st.recursive(LEAVES, bools, max_leaves=12)
HOW = {"gte": lambda a, b: a >= b, "gt": lambda a, b: a > b, "lte": lambda a, b: a <= b, "lt": lambda a, b: a < b}


def holds(query: dict[str, Any], row: dict[str, Any]) -> bool:
    """Whether a row fulfils a clause."""
    (name, body), *_ = query.items()
    if name == "match_all":
        return True
    if name == "exists":
        return row[body["field"]] is not None
    if name == "bool":
        lists = {k: v if isinstance(v, list) else [v] for k, v in body.items() if k != "minimum_should_match"}
        should = [holds(q, row) for q in lists.get("should", [])]
        return (
            all(holds(q, row) for q in lists.get("must", []) + lists.get("filter", []))
            and not any(holds(q, row) for q in lists.get("must_not", []))
            and sum(should) >= body.get("minimum_should_match", 1 if should else 0)
        )
    (field, value), *_ = body.items()
    found = row[field]
    if name == "match":
        return found == value
    if name == "terms":
        return found in value and found is not None
    return found is not None and all(HOW[how](found, limit) for how, limit in value.items())


@pytest.fixture
def every(store):
    return Rows(row for event in EVENTS for row in shown(store, event))


@FEW
@given(query=QUERIES)
def test_a_document_keeps_what_python_keeps(client, every, query):
    got = client.post("/api/search/candidates", json={"query": query, "size": 10000})
    assert got.status_code == 200, got.text
    expected = {(r["event"], r["object"]) for r in every if holds(query, r)}
    assert {(r["event"], r["object"]) for r in got.json()["items"]} == expected


def test_the_whole_result_in_csv_in_order(client, every):
    document = {"query": {"range": {"log_odds": {"gte": -2}}}, "sort": [{"log_odds": {"order": "desc"}}]}
    text = client.post("/api/search/candidates?format=csv", json=document).text
    rows = list(csv.DictReader(io.StringIO(text)))
    expected = [r for r in every if r["log_odds"] is not None and r["log_odds"] >= -2]
    assert len(rows) == len(expected) > 50
    odds = [float(r["log_odds"]) for r in rows]
    assert odds == sorted(odds, reverse=True)
    assert {r["event_revision"] for r in rows} <= {"1", "2", "3", "4"}
    first = client.post("/api/search/candidates", json=document | {"size": 3}).json()["items"]
    assert [r["object"] for r in first] == [r["object"] for r in rows[:3]]
    assert "rank" not in first[0]


def test_objects_by_a_document(client, store):
    got = client.post("/api/search/objects", json={"query": {"match": {"survey": "ztf"}}, "size": 1000}).json()["items"]
    assert {r["id"][:3] for r in got} == {"ztf"}
    assert len(got) == 60


def test_numbers_written_as_text_and_short_forms_are_taken(client):
    """As some clients send them: {"gte": "2"}, {"match": {"survey": {"query": "ztf"}}}."""
    plain = {"bool": {"must": [{"range": {"n_detections": {"gte": 4}}}, {"match": {"survey": "ztf"}}]}}
    text = {"bool": {"must": [{"range": {"n_detections": {"gte": "4"}}}, {"match": {"survey": {"query": "ztf"}}}]}}
    answers = [
        client.post("/api/search/candidates", json={"query": q, "size": 999}).json()["items"] for q in (plain, text)
    ]
    assert answers[0] == answers[1] != []


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"query": {"range": {"nonsense": {"gte": 1}}}}, "query.range"),
        ({"query": {"range": {"log_odds": {"ge": 1}}}}, "query.range.log_odds"),
        ({"query": {"range": {"log_odds": {"gte": "x"}}}}, "query.range.log_odds.gte"),
        ({"query": {"range": {"log_odds": {"gte": True}}}}, "query.range.log_odds.gte"),
        ({"query": {"bool": {"must": []}, "range": {}}}, "query"),  # side by side, as on a slide that many have copied
        ({"query": {"bool": {"must": {"bool": {"nonsense": []}}}}}, "query.bool.must[0].bool"),
        ({"query": {"script": "1"}}, "query"),
        ({"query": {"match": {"survey": 1}}}, "query.match.survey"),
        ({"query": {"match": {"survey": "a\0"}}}, "query.match.survey"),
        ({"query": {"match": {"survey": "\ud800"}}}, "query.match.survey"),
        ({"query": {"range": {"first_seen": {"gte": "yesterday"}}}}, "query.range.first_seen.gte"),
        ({"query": {"range": {"survey": {"gte": "a"}}}}, "query.range.survey"),
        ({"query": {"terms": {"survey": "ztf"}}}, "query.terms.survey"),
        ({"query": {"exists": {"field": "; DROP TABLE events"}}}, "query.exists"),
        ({"sort": "nonsense"}, "sort"),
        ({"size": 0}, "size"),
        ({"from": 3}, "document"),
        ([], "document"),
    ],
)
def test_what_a_document_cannot_say_is_named(client_of_small, document, field):
    import json

    got = client_of_small.post(
        "/api/search/candidates", content=json.dumps(document), headers={"Content-Type": "application/json"}
    )
    assert got.status_code == 422, got.text
    assert got.headers["content-type"] == "application/problem+json"
    assert [e["field"] for e in got.json()["errors"]] == [field]


def test_too_many_and_too_deep_clauses_are_refused(client_of_small):
    wide = {"bool": {"must": [{"match_all": {}}] * 300}}
    deep: dict[str, Any] = {"match_all": {}}
    for _ in range(20):
        deep = {"bool": {"must": deep}}
    for query in (wide, deep):
        assert client_of_small.post("/api/search/objects", json={"query": query}).status_code == 422


@pytest.mark.parametrize("text", ["'; DROP TABLE candidates; --", '" OR 1=1', "%", "\\", "ztf' OR 'a'='a"])
def test_no_text_becomes_sql(client, store, text):
    for name in ("survey", "object", "classification"):
        assert client.get("/api/events/CBC0000/candidates", params={name: text}).json()["items"] == []
        query = {"query": {"match": {name: text}}}
        assert client.post("/api/search/candidates", json=query).json()["items"] == []
    assert client.get(f"/api/events/{text.replace('/', '')}").status_code == 404
    assert client.get("/api/cone", params={"position": text, "radius": 1}).status_code == 404
    assert len(shown(store, "CBC0000")) > 50


def test_every_field_that_is_documented_can_be_searched(client):
    for name, field in SEARCHED.items():
        assert client.post("/api/search/candidates", json={"query": {"exists": {"field": name}}}).status_code == 200
        if field.kind in ("number", "time"):
            value = 0.0 if field.kind == "number" else "2027-03-01T00:00:00Z"
            got = client.post("/api/search/candidates", json={"query": {"range": {name: {"gt": value}}}})
            assert got.status_code == 200, (name, got.text)


def test_a_search_document_of_antares_works_as_it_is(client, store):
    """Its names of the fields, and times as Unix seconds or days."""
    rows = all_objects(store)
    since = sorted(datetime.fromisoformat(row["last_seen"]).timestamp() for row in rows)[len(rows) // 2]
    expected = {
        row["id"]
        for row in rows
        if datetime.fromisoformat(row["last_seen"]).timestamp() >= since and row["band"] == "r"
    }
    assert expected
    mjd = since / 86400.0 + 40587.0 - 1e-9
    for name, start in (("ingest_time", since), ("ingest_time", since * 1e3),
                        ("properties.newest_alert_observation_time", mjd)):  # fmt: skip
        query = {
            "bool": {"filter": {"range": {name: {"gte": start}}}, "must": [{"match": {"properties.passband": "R"}}]}
        }
        got = client.post("/api/search/objects", json={"query": query, "size": 10_000})
        assert got.status_code == 200, got.text
        assert {row["id"] for row in got.json()["items"]} == expected


@pytest.mark.parametrize(
    ("clause", "said"),
    [
        ({"match": {"properties.passbnd": "g"}}, "did you mean 'properties.passband'?"),
        ({"range": {"properties.redshift": {"gt": 0}}}, "did you mean 'redshift'?"),
        ({"range": {"ingest_time": {"gte": 61000.5}}}, "61000.5 is no time: Unix seconds are"),
        ({"range": {"last_sen": {"gte": 0}}}, "did you mean 'last_seen'?"),
    ],
)
def test_a_field_that_is_not_known_is_answered_with_the_right_one(client_of_small, clause, said):
    got = client_of_small.post("/api/search/objects", json={"query": clause})
    assert got.status_code == 422
    assert said in got.json()["errors"][0]["detail"]
