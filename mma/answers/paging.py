"""Rows in an order, page by page or all of them one after another. A page begins after a row, not at a number:
rows that come meanwhile neither shift it nor repeat one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, or_

from ..store import Row
from .fields import Column, Field

CHUNK = 2000
SORTED = "sorted_by"
"""Name of the column that rows are sorted by."""

Place = tuple[Any, str]
"""A row's place in an order: the value it is sorted by, and its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """By a field, then by the key; rows where the field is not known come last."""

    field: Field
    falling: bool
    """From the largest value on."""

    @property
    def column(self) -> Column:
        """What is sorted by."""
        return self.field.column

    @property
    def falls(self) -> bool:
        """The column's own direction."""
        return self.falling != self.field.falls


def page(
    connection: Connection, statement: Select[Any], order: Order, key: Column, after: Place | None, limit: int
) -> list[Row]:
    """At most ``limit`` rows after a place."""
    rows: list[Row] = []
    for part in _parts(statement, order, key, after):
        rows += map(dict, connection.execute(part.limit(limit - len(rows))).mappings())
        if len(rows) == limit:
            break
    return rows


def stream(
    connection: Connection, statement: Select[Any], order: Order, key: Column, limit: int | None = None
) -> Iterator[Row]:
    """All rows, or the first, few of them in memory at a time."""
    n = 0
    for part in _parts(statement, order, key, None):
        left = None if limit is None else limit - n
        for row in lazily(connection, part.limit(left)):
            n += 1
            yield row


def lazily(connection: Connection, statement: Select[Any]) -> Iterator[Row]:
    """A statement's rows as the database gives them."""
    with connection.execute(statement.execution_options(yield_per=CHUNK)) as result:
        for row in result.mappings():
            yield dict(row)


def place(row: Row, key: str) -> Place:
    """A row's place."""
    return row[SORTED], row[key]


def _parts(statement: Select[Any], order: Order, key: Column, after: Place | None) -> Iterator[Select[Any]]:
    """The rows with a known value, then those without: so that an index gives both databases the same order."""
    column = order.column
    statement = statement.add_columns(column.label(SORTED))
    if after is None or after[0] is not None:
        known = statement.where(column.is_not(None))
        if after is not None:
            beyond = column < after[0] if order.falls else column > after[0]
            level = column <= after[0] if order.falls else column >= after[0]
            known = known.where(level, or_(beyond, and_(column == after[0], key > after[1])))
        yield known.order_by(column.desc() if order.falls else column, key)
    unknown = statement.where(column.is_(None)).order_by(key)
    yield unknown.where(key > after[1]) if after is not None and after[0] is None else unknown
