"""Parquet: units, UCDs and descriptions are the metadata of its columns."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from ..errors import ConfigError
from ..messages import version
from .columns import COLUMNS, Column, values
from .formats import More, Row


def parquet(event: Row, candidates: list[Row], more: More) -> bytes:
    """One table, a row for each candidate; what is not known is null."""
    try:
        import pyarrow as pa
        from pyarrow import parquet as files
    except ImportError as error:
        raise ConfigError("Parquet needs pyarrow: pip install 'mma-coincidence[parquet]'") from error
    types = {
        "text": pa.string(),
        "time": pa.timestamp("ms", tz="UTC"),
        "number": pa.float64(),
        "integer": pa.int64(),
        "flag": pa.bool_(),
    }
    fields = [pa.field(column.name, types[column.kind], metadata=_metadata(column)) for column in COLUMNS]
    told = {"event": event["id"], "test": str(event["test"]).lower(), "creator": f"mma {version()}"}
    columns = [_values(column, values(column, event, candidates)) for column in COLUMNS]
    arrays = [pa.array(found, field.type) for found, field in zip(columns, fields, strict=True)]
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata=told))
    out = io.BytesIO()
    files.write_table(table, out)
    return out.getvalue()


def _metadata(column: Column) -> dict[str, str]:
    told = {"ucd": column.ucd, "description": column.text}
    return told if column.unit is None else told | {"unit": column.unit}


def _values(column: Column, found: list[Any]) -> list[Any]:
    if column.kind != "time":
        return found
    return [None if value is None else datetime.fromisoformat(value) for value in found]
