"""What the OpenAPI document says of search documents: every clause, every field, the type of its values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..answers import DEEPEST, EPOCH_S, MOST, Field

Schema = dict[str, Any]
NUMBER: Schema = {"type": "number", "minimum": -MOST, "maximum": MOST}
VALUES: dict[str, Schema] = {
    "number": NUMBER,
    "time": {
        "anyOf": [
            {"type": "string", "format": "date-time"},
            {"type": "number", "minimum": EPOCH_S[0], "maximum": EPOCH_S[1], "description": "Unix seconds"},
        ]
    },
    "text": {"type": "string", "pattern": "^[ -~]{0,100}$"},
    "flag": {"type": "boolean"},
}


def _object(properties: Schema, **more: Any) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


def _one(properties: Schema) -> Schema:
    """An object with one of these names."""
    return _object(properties, minProperties=1, maxProperties=1)


def _each(fields: Mapping[str, Field], schema: Mapping[str, Schema]) -> Schema:
    return _one({name: schema[field.kind] for name, field in fields.items() if field.kind in schema})


def clauses(fields: Mapping[str, Field]) -> list[Schema]:
    """The clauses that name a field."""
    ranges = {
        kind: _object(dict.fromkeys(("gte", "gt", "lte", "lt"), VALUES[kind]), minProperties=1)
        for kind in ("number", "time")
    }
    several = {kind: {"type": "array", "items": schema, "maxItems": 50} for kind, schema in VALUES.items()}
    return [
        _object({"range": _each(fields, ranges)}, required=["range"]),
        _object({"match": _each(fields, VALUES)}, required=["match"]),
        _object({"term": _each(fields, VALUES)}, required=["term"]),
        _object({"terms": _each(fields, several)}, required=["terms"]),
        _object(
            {"exists": _object({"field": {"enum": list(fields)}}, required=["field"])},
            required=["exists"],
        ),
        _object({"match_all": _object({})}, required=["match_all"]),
    ]


def search_body(fields: Mapping[str, Field], sortable: Iterable[str]) -> Schema:
    """The body of a search, one ``bool`` deep; deeper ones, up to the limit, look the same."""
    simple = {"anyOf": clauses(fields)}
    lists = {"anyOf": [simple, {"type": "array", "items": simple, "maxItems": 20}]}
    parts: Schema = dict.fromkeys(("must", "filter", "should", "must_not"), lists)
    parts |= {"minimum_should_match": {"type": "integer", "minimum": 0, "maximum": 20}}
    text = f"Conditions that must, should or must not hold; a bool may hold others, {DEEPEST} deep"
    query = {"anyOf": [*clauses(fields), _object({"bool": _object(parts, description=text)}, required=["bool"])]}
    names = [sign + name for name in sortable for sign in ("", "-")]
    properties = {"query": query, "sort": {"enum": names}, "size": {"type": "integer", "minimum": 1, "maximum": 10000}}
    example = {
        "query": {
            "bool": {
                "must": [{"range": {next(n for n, f in fields.items() if f.kind == "number"): {"gte": 0.1}}}],
                "must_not": [{"match": {"survey": "tns"}}],
            }
        }
    }
    content = {"application/json": {"schema": _object(properties), "example": example}}
    return {"requestBody": {"required": True, "content": content}}
