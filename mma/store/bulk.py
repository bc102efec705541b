"""Many rows at once, the same on SQLite and PostgreSQL; a second time changes nothing.

SQLAlchemy makes the statement, once; the rows go to the driver as they are, and to PostgreSQL by COPY where they
are many: its own handling of parameters would cost more than the database does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import JSON, Connection, RowMapping, Select, Table, TextClause, text
from sqlalchemy.dialects import postgresql, sqlite

from skymaps import IntArray

Row = dict[str, Any]
Columns = Mapping[str, Sequence[Any]]
"""Column name to the values of all rows."""

_DIALECTS = {"sqlite": sqlite, "postgresql": postgresql}
CHUNK = 900
"""SQLite's oldest limit on bound values is 999."""

COPY_FROM = 200
"""Rows from which COPY into a temporary table is quicker than INSERT."""


def insert(connection: Connection, table: Table) -> Any:
    """The dialect's INSERT, which has ``on_conflict_do_...`` on both."""
    return _DIALECTS[connection.dialect.name].insert(table)


def columns_of(rows: Sequence[Row]) -> Columns:
    """Rows that all name the same columns, as columns."""
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


def upsert(connection: Connection, table: Table, columns: Columns, keep: Iterable[str] = ()) -> None:
    """Insert rows, or replace what they name in rows of the same primary key; ``keep`` names what those keep."""
    keys = {column.name for column in table.primary_key}
    changed = tuple(name for name in columns if name not in keys and name not in set(keep))
    _write(connection, table, columns, changed)


def insert_new(connection: Connection, table: Table, columns: Columns) -> None:
    """Insert rows; those whose key is there already are left alone."""
    _write(connection, table, columns, ())


def _write(connection: Connection, table: Table, columns: Columns, changed: tuple[str, ...]) -> None:
    names = tuple(columns)
    values = [_json(column) if isinstance(table.c[name].type, JSON) else column for name, column in columns.items()]
    rows = list(zip(*values, strict=True))
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_sqlite(table, names, changed), rows)
    elif len(rows) >= COPY_FROM:
        _copy(connection, table, names, changed, rows)
    else:
        marks = ", ".join(["%s"] * len(names))
        statement = f"INSERT INTO {table.name} ({_list(names)}) VALUES ({marks}) {_conflict(table, changed)}"
        connection.exec_driver_sql(statement, rows)


def _json(values: Sequence[Any]) -> list[str | None]:
    """JSON text; a number that JSON does not know is an error here, not in the database."""
    return [None if v is None else json.dumps(v, separators=(",", ":"), allow_nan=False) for v in values]


@lru_cache(maxsize=64)
def _sqlite(table: Table, names: tuple[str, ...], changed: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table.name} ({_list(names)}) VALUES ({marks}) {_conflict(table, changed)}"


def _copy(
    connection: Connection, table: Table, names: tuple[str, ...], changed: tuple[str, ...], rows: list[tuple[Any, ...]]
) -> None:
    """PostgreSQL: COPY into a table of this transaction, and from there insert or update."""
    staging = f"staging_{table.name}"
    connection.exec_driver_sql(f"CREATE TEMP TABLE IF NOT EXISTS {staging} (LIKE {table.name}) ON COMMIT DROP")
    connection.exec_driver_sql(f"ALTER TABLE {staging} {_nullable(table)}")
    connection.exec_driver_sql(f"TRUNCATE {staging}")
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {staging} ({_list(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    chosen = f"SELECT {_list(names)} FROM {staging}"
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({_list(names)}) {chosen} {_conflict(table, changed)}")


def _nullable(table: Table) -> str:
    """Columns that a row need not name may be empty on the way."""
    return ", ".join(f'ALTER COLUMN "{column.name}" DROP NOT NULL' for column in table.c)


def _list(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _conflict(table: Table, changed: tuple[str, ...]) -> str:
    if not changed:
        return "ON CONFLICT DO NOTHING"
    keys = _list(column.name for column in table.primary_key)
    return f"ON CONFLICT ({keys}) DO UPDATE SET " + ", ".join(f'"{name}" = excluded."{name}"' for name in changed)


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
    plain: list[Any] = values.tolist()
    known = np.isfinite(values)
    return plain if known.all() else [v if k else None for v, k in zip(plain, known.tolist(), strict=True)]


def floats(values: Iterable[float | None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A column from the database: NULL becomes NaN."""
    return np.array(list(values), dtype=np.float64)


def within(first: IntArray, end: IntArray) -> TextClause:
    """A condition: ``hpx`` lies in one of these ranges of order-29 pixels, each without its end. Shapes (n,)."""
    ranges = zip(first.tolist(), end.tolist(), strict=True)
    return text("(" + " OR ".join(f"hpx BETWEEN {a:d} AND {b - 1:d}" for a, b in ranges) + ")")
