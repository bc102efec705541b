"""Many rows at once, the same on SQLite and PostgreSQL; a second time changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, RowMapping, Select, Table
from sqlalchemy.dialects import postgresql, sqlite

Row = dict[str, Any]
_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
CHUNK = 900
"""SQLite's oldest limit on bound values is 999."""


def insert(connection: Connection, table: Table) -> Any:
    """The dialect's INSERT, which has ``on_conflict_do_...`` on both."""
    return _INSERT[connection.dialect.name](table)


def upsert(connection: Connection, table: Table, rows: Sequence[Row], keep: Iterable[str] = ()) -> None:
    """Insert rows, or replace what they name in rows of the same primary key.

    Parameters
    ----------
    rows
        All with the same names.
    keep
        Columns that an existing row keeps.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    statement = insert(connection, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys and name not in set(keep)}
    statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    connection.execute(statement, list(rows))


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows; those whose key is there already are left alone."""
    if rows:
        connection.execute(insert(connection, table).on_conflict_do_nothing(), list(rows))


def select_in(
    connection: Connection, statement: Select[Any], column: Any, values: Sequence[Any]
) -> Iterator[RowMapping]:
    """Rows of a statement whose column is one of many values, asked in pieces."""
    for start in range(0, len(values), CHUNK):
        piece = statement.where(column.in_(list(values[start : start + CHUNK])))
        yield from connection.execute(piece).mappings()


def nullable(values: np.ndarray[Any, Any]) -> list[Any]:
    """Column values for the database: NaN and infinities become NULL."""
    if values.dtype == object:
        return list(values)
    return [value if np.isfinite(value) else None for value in values.tolist()]


def floats(values: Iterable[float | None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A column from the database: NULL becomes NaN."""
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
