"""Many rows at once, the same on SQLite and PostgreSQL; a second time changes nothing.

SQLAlchemy makes the statement, once; the rows go to the driver as they are, and to PostgreSQL by COPY where they
are many: its own handling of parameters would cost more than the database does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

import numpy as np
import orjson
from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Connection,
    CursorResult,
    RowMapping,
    Select,
    String,
    Table,
    TextClause,
    bindparam,
    func,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

from skymaps import IntArray

Row = dict[str, Any]
Columns = Mapping[str, Sequence[Any]]
"""Column name to the values of all rows."""

_DIALECTS = {"sqlite": sqlite, "postgresql": postgresql}
_EACH = {
    name: text(f"SELECT value FROM json_each(:{name})") for name in ("among", "also")
}  # as text: expressions are cycles, and would keep long lists alive
COPY_FROM = 200
"""Rows from which COPY into a temporary table is quicker than INSERT."""


def count_of(number: float | None) -> int | None:
    """A count as it is shown; columns keep it as a float, where NaN is one that is not known."""
    return None if number is None else int(number)


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


def insert_new(connection: Connection, table: Table, columns: Columns) -> int:
    """Insert rows, those whose key is there already are left alone; how many were new."""
    return _write(connection, table, columns, ())


def _write(connection: Connection, table: Table, columns: Columns, changed: tuple[str, ...]) -> int:
    names = tuple(columns)
    values = [_json(column) if isinstance(table.c[name].type, JSON) else column for name, column in columns.items()]
    rows = list(zip(*values, strict=True))
    if not rows:
        return 0
    if connection.dialect.name == "sqlite":
        done = connection.exec_driver_sql(_sqlite(table, names, changed), rows)
    elif len(rows) >= COPY_FROM:
        done = _copy(connection, table, names, changed, rows)
    else:
        marks = ", ".join(["%s"] * len(names))
        statement = f"INSERT INTO {table.name} ({_list(names)}) VALUES ({marks}) {_conflict(table, changed)}"
        done = connection.exec_driver_sql(statement, rows)
    return done.rowcount


def as_json(value: Any) -> str:
    """JSON text; a number that JSON does not know becomes null."""
    return orjson.dumps(value).decode()


def _json(values: Sequence[Any]) -> list[str | None]:
    """JSON text of values; what is text already is JSON."""
    return [v if v is None or isinstance(v, str) else as_json(v) for v in values]


@lru_cache(maxsize=64)
def _sqlite(table: Table, names: tuple[str, ...], changed: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table.name} ({_list(names)}) VALUES ({marks}) {_conflict(table, changed)}"


def _copy(
    connection: Connection, table: Table, names: tuple[str, ...], changed: tuple[str, ...], rows: list[tuple[Any, ...]]
) -> CursorResult[Any]:
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
    return connection.exec_driver_sql(f"INSERT INTO {table.name} ({_list(names)}) {chosen} {_conflict(table, changed)}")


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


def among(connection: Connection, column: Any, values: Sequence[str], name: str = "among") -> ColumnElement[bool]:
    """A condition: a text column is one of many values. These go as one, so that the statement stays the same.

    Parameters
    ----------
    name
        Of the values; a second condition of a statement is ``also``.
    """
    if connection.dialect.name == "postgresql":
        return cast(ColumnElement[bool], column == func.any(bindparam(name, list(values), ARRAY(String))))
    if any("\0" in value for value in values):  # which SQLite's JSON cuts short
        return cast(ColumnElement[bool], column.in_(list(values)))
    return cast(ColumnElement[bool], column.in_(_EACH[name].bindparams(bindparam(name, as_json(list(values)), String))))


def select_in(
    connection: Connection, statement: Select[Any], column: Any, values: Sequence[str]
) -> Sequence[RowMapping]:
    """Rows of a statement whose text column is one of many values."""
    if not len(values):
        return []
    return connection.execute(statement.where(among(connection, column, values))).mappings().all()


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
