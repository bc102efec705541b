"""Conditions: ranges and choices of fields, and documents in the style of Elasticsearch that combine them.

A document says ``{"query": {"bool": {"must": [...], "should": [...], "must_not": [...], "filter": [...]}}}``; each
part is one clause or a list of them. A clause is another ``bool`` or names one field::

    {"range": {"log_odds": {"gte": 2, "lt": 9}}}     {"match": {"survey": "ztf"}}
    {"terms": {"class": ["kilonova", "afterglow"]}}  {"exists": {"field": "redshift"}}   {"match_all": {}}

Of the clauses of ``should`` at least one holds, or as many as ``minimum_should_match`` says: nothing here has
a relevance that they could raise instead. What is not known fulfils no range and no match.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, cast, false, not_, or_, true

from skymaps import times

from ..errors import ConfigError
from ..store import in_ranges, one_of, one_of_numbers
from ..text import did_you_mean
from .fields import Column, Field

Condition = ColumnElement[bool]
LARGEST, DEEPEST = 200, 8
"""Clauses in a document, and ``bool`` within ``bool``."""

MOST_VALUES = 1000
"""In all clauses of a document: a statement has each number as a parameter of its own."""

EPOCH_S = (1e8, 1e11)
"""Numbers that are Unix seconds where a time is wanted: 1973 to 5138. A thousand times as much is milliseconds, as
Elasticsearch has them; what is smaller may be days of any kind."""

MOST = 1e300
"""Largest number in a document."""

FLIPPED = {"gte": "lte", "gt": "lt", "lte": "gte", "lt": "gt"}


class SearchError(ConfigError):
    """A search document that cannot be. ``where`` says which part."""

    def __init__(self, where: str, text: str) -> None:
        super().__init__(f"{where}: {text}")
        self.where, self.text = where, text


def limited(field: Field, how: str, value: float) -> Condition:
    """The condition that a field is ``gte``, ``gt``, ``lte`` or ``lt`` a value, in the units that users write."""
    limit = field.into(value)
    how = FLIPPED[how] if field.falls else how
    slack = field.slack * max(1.0, abs(limit)) if math.isfinite(limit) else 0.0
    if math.isinf(limit):  # which the databases' drivers do not all take
        holds = (limit < 0) == (how in ("gte", "gt"))
        return field.column.is_not(None) if holds else false()
    compared: dict[str, Callable[[Column], Condition]] = {
        "gte": lambda column: column >= limit - slack,
        "gt": lambda column: column > limit,
        "lte": lambda column: column <= limit + slack,
        "lt": lambda column: column < limit,
    }
    return compared[how](field.column)


def chosen(field: Field, values: Iterable[Any], where: str = "match") -> Condition:
    """The condition that a field is one of these values."""
    found = [_typed(field, value, where) for value in values]
    if field.among is not None:
        return field.among(found)
    if field.kind == "text":
        return one_of(field.column, found)
    if field.kind == "flag":
        return field.column.in_(sorted({*found}))
    limits = [limit for value in found if math.isfinite(limit := field.into(value))]
    if not field.slack:
        return one_of_numbers(field.column, limits)
    slacks = (field.slack * max(1.0, abs(limit)) for limit in limits)
    return in_ranges(field.column, ((x - slack, x + slack) for x, slack in zip(limits, slacks, strict=True)))


def condition(document: Any, fields: Mapping[str, Field]) -> Condition:
    """The condition of a document's ``query``.

    Raises
    ------
    SearchError
        It names a field or clause that there is not, or a value of the wrong type.
    """
    return _Reader(fields).clause(document, "query", 0)


class _Reader:
    """Reads one document; counts its clauses and values."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self._fields = fields
        self._n = self._values = 0

    def clause(self, document: Any, where: str, depth: int) -> Condition:
        """One clause."""
        self._n += 1
        if self._n > LARGEST or depth > DEEPEST:
            raise SearchError(where, f"more than {LARGEST} clauses, or more than {DEEPEST} deep")
        name, body = _only(document, where, CLAUSES)
        where = f"{where}.{name}"
        if name == "match_all":
            _known(_table(body, where), (), where)
            return true()
        if name == "bool":
            return self._bool(_table(body, where), where, depth)
        if name == "exists":
            body = _table(body, where)
            _known(body, ("field",), where)
            if not isinstance(body.get("field"), str):
                raise SearchError(f"{where}.field", "name a field")
            return self._field(body["field"], where).column.is_not(None)
        field_name, value = _only(body, where)
        field, where = self._field(field_name, where), f"{where}.{field_name}"
        if name == "range":
            self._count(len(value) if isinstance(value, dict) else 1, where)
            return _range(field, value, where)
        values = value if name == "terms" else [_plain(value)]
        if not isinstance(values, list) or len(values) > LARGEST:
            raise SearchError(where, f"expected a list of at most {LARGEST} values")
        self._count(len(values), where)
        return chosen(field, values, where)

    def _count(self, n: int, where: str) -> None:
        self._values += n
        if self._values > MOST_VALUES:
            raise SearchError(where, f"more than {MOST_VALUES} values in all")

    def _field(self, name: str, where: str) -> Field:
        if name not in self._fields:
            last = name.rpartition(".")[2]  # of ANTARES' properties.redshift
            wanted = last if last in self._fields else name[:100]
            raise SearchError(where, f"unknown field {name[:100]!r}; {did_you_mean(wanted, sorted(self._fields))}")
        return self._fields[name]

    def _bool(self, body: dict[str, Any], where: str, depth: int) -> Condition:
        _known(body, ("must", "filter", "should", "must_not", "minimum_should_match"), where)
        parts = {
            name: [self.clause(c, f"{where}.{name}[{i}]", depth + 1) for i, c in enumerate(_list(body.get(name)))]
            for name in ("must", "filter", "should", "must_not")
        }
        should = parts["should"]
        wanted = body.get("minimum_should_match", 1 if should else 0)
        if isinstance(wanted, bool) or not isinstance(wanted, (int, float)) or not 0 <= wanted <= LARGEST or wanted % 1:
            raise SearchError(f"{where}.minimum_should_match", f"expected a whole number up to {LARGEST}")
        every = parts["must"] + parts["filter"] + [not_(_is_true(c)) for c in parts["must_not"]]
        if wanted == 1:
            every.append(or_(false(), *should))
        elif wanted:
            every.append(sum((cast(_is_true(c), Integer) for c in should), start=cast(false(), Integer)) >= wanted)
        return and_(true(), *every)


CLAUSES = ("bool", "range", "match", "term", "terms", "exists", "match_all")


def _is_true(clause: Condition) -> Condition:
    """A condition that is false, not NULL, where something is not known."""
    from sqlalchemy import func

    return func.coalesce(clause, false())


def _range(field: Field, body: Any, where: str) -> Condition:
    body = _table(body, where)
    _known(body, ("gte", "gt", "lte", "lt"), where)
    if not body or field.kind in ("text", "flag"):
        raise SearchError(where, "expected gte, gt, lte or lt of a number or time; for others there is match")
    return and_(*(limited(field, how, _typed(field, value, f"{where}.{how}")) for how, value in body.items()))


def _typed(field: Field, value: Any, where: str) -> Any:
    """A value as the field's type: numbers may be written as text, as some tools do."""
    if field.kind == "text" and isinstance(value, str):
        return printable(value, where)
    if field.kind == "flag" and isinstance(value, bool):
        return value
    if field.kind == "time" and isinstance(value, str):
        try:
            return times.read(value, day_part=0.0).timestamp()
        except ValueError:
            raise SearchError(where, f"{value[:100]!r} is no ISO 8601 time, such as 2027-03-01T02:00:00Z") from None
    if field.kind == "time" and isinstance(value, (int, float)) and not isinstance(value, bool):
        if (number := _epoch(value)) is not None:
            return number
        raise SearchError(where, f"{value} is no time: Unix seconds are, and ISO 8601 such as 2027-03-01T02:00:00Z")
    if field.kind == "number" and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
        if abs(number) <= MOST:
            return number
    wanted = {"text": "text", "flag": "true or false", "time": "a time in ISO 8601", "number": "a number"}[field.kind]
    raise SearchError(where, f"expected {wanted}, found {str(value)[:100]!r}")


def _epoch(number: float) -> float | None:
    """Unix seconds of these or of milliseconds."""
    low, high = EPOCH_S
    if low <= number <= high:
        return float(number)
    return number / 1e3 if high < number <= high * 1e3 else None


def printable(text: str, where: str) -> str:
    """Text that any database takes."""
    if "\0" in text or (not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)):
        raise SearchError(where, "a character that no text has")
    return text


def _plain(value: Any) -> Any:
    """``{"match": {"survey": {"query": "ztf"}}}`` and ``{"term": {"survey": {"value": "ztf"}}}`` are short for it."""
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("query", "value"):
        return next(iter(value.values()))
    return value


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SearchError(where, f"expected an object, found {str(value)[:100]!r}")
    return value


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _only(value: Any, where: str, known: Iterable[str] = ()) -> tuple[str, Any]:
    """The one name of an object, and what it names."""
    names = list(_table(value, where))
    if known and (wrong := [name for name in names if name not in known]):
        raise SearchError(where, f"unknown clause {wrong[0][:100]!r}; {did_you_mean(wrong[0][:100], known)}")
    if len(names) != 1:
        listed = ", ".join(name[:40] for name in names[:5]) or "none"
        raise SearchError(where, f"expected one name, found {listed}; several clauses go into the lists of a bool")
    return names[0], value[names[0]]


def _known(body: dict[str, Any], known: Iterable[str], where: str) -> None:
    if wrong := [name for name in body if name not in known]:
        raise SearchError(where, f"unknown {wrong[0][:100]!r}; {did_you_mean(wrong[0][:100], known)}")
