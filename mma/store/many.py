"""Conditions with very many values, which go as one parameter: the statement stays small and the same."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Float, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from .bulk import as_json


class _Each(FunctionElement[Any]):
    """The values of one JSON list, as a subquery."""

    inherit_cache = True


class _Texts(_Each):
    inherit_cache = True
    type = String()


class _Numbers(_Each):
    inherit_cache = True
    type = Float()


class _InRanges(FunctionElement[bool]):
    """Whether a column is within one of the pairs of a JSON list."""

    inherit_cache = True
    type = Boolean()


@compiles(_Each, "sqlite")
def _each_in_sqlite(element: _Each, compiler: Any, **more: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **more)}))"


@compiles(_Each, "postgresql")
def _each_in_postgresql(element: _Each, compiler: Any, **more: Any) -> str:
    kind = "float8" if isinstance(element, _Numbers) else "text"
    values = f"jsonb_array_elements_text(CAST({compiler.process(element.clauses, **more)} AS jsonb))"
    return f"(SELECT CAST({values} AS {kind}))"


@compiles(_InRanges, "sqlite")
def _ranges_in_sqlite(element: _InRanges, compiler: Any, **more: Any) -> str:
    column, pairs = (compiler.process(clause, **more) for clause in element.clauses)
    ends = "json_extract(pair.value, '$[0]') AND json_extract(pair.value, '$[1]')"
    return f"EXISTS (SELECT 1 FROM json_each({pairs}) AS pair WHERE {column} BETWEEN {ends})"


@compiles(_InRanges, "postgresql")
def _ranges_in_postgresql(element: _InRanges, compiler: Any, **more: Any) -> str:
    column, pairs = (compiler.process(clause, **more) for clause in element.clauses)
    each = f"jsonb_array_elements(CAST({pairs} AS jsonb)) AS pair"
    return f"EXISTS (SELECT 1 FROM {each} WHERE {column} BETWEEN (pair->>0)::float8 AND (pair->>1)::float8)"


def one_of(column: ColumnElement[Any], texts: Iterable[str]) -> ColumnElement[bool]:
    """A text column is one of these, which have no NUL."""
    return column.bool_op("IN")(_Texts(literal(as_json(sorted({*texts})), String)))


def one_of_numbers(column: ColumnElement[Any], numbers: Iterable[float]) -> ColumnElement[bool]:
    """A column of numbers is one of these, or its neighbour: not every database reads all digits of JSON alike."""
    close = {near for n in numbers for near in (n, math.nextafter(n, -math.inf), math.nextafter(n, math.inf))}
    return column.bool_op("IN")(_Numbers(literal(as_json(sorted(close)), String)))


def in_ranges(column: ColumnElement[Any], ranges: Iterable[tuple[float, float]]) -> ColumnElement[bool]:
    """A column is within one of these ranges, ends included."""
    return _InRanges(column, literal(as_json(sorted({*ranges})), String))
