"""VOTable 1.4: UCDs, units, the coordinate and time systems, a description of each column."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
from astropy.io.votable.tree import CooSys, Field, Info, Resource, TableElement, TimeSys, VOTableFile

from ..messages import version
from .columns import COLUMNS, Column, values
from .formats import More, Row

DATATYPES: dict[str, tuple[str, str | None]] = {
    "text": ("unicodeChar", "*"),
    "time": ("char", "*"),
    "number": ("double", None),
    "integer": ("int", None),
    "flag": ("boolean", None),
}
"""Kind to datatype and arraysize."""

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

NONE_INTEGER = -2147483648
"""How a missing integer is written, as the field's VALUES say."""


def votable(event: Row, candidates: list[Row], more: More) -> bytes:
    """One table, a row for each candidate."""
    document = VOTableFile(version="1.4")
    config = document._config  # private to astropy, but elements made without it doubt the version
    resource = Resource(name="candidates", type="results")
    document.resources.append(resource)
    resource.coordinate_systems.append(CooSys(ID="icrs", system="ICRS", config=config))
    resource.time_systems.append(TimeSys(ID="utc", timescale="UTC", refposition="UNKNOWN", config=config))
    resource.infos.extend(Info(name=name, value=value) for name, value in _infos(event, more))
    table = TableElement(document, ID="candidates", name=_table_name(event))
    resource.tables.append(table)
    table.fields.extend(_field(document, column) for column in COLUMNS)
    table.create_arrays(len(candidates))
    for column in COLUMNS:
        _fill(table, column, values(column, event, candidates))
    out = io.BytesIO()
    document.to_xml(out)
    return out.getvalue()


def _clean(value: Any) -> Any:
    """Text without the characters that XML 1.0 cannot write."""
    return NOT_XML.sub("\ufffd", value) if isinstance(value, str) else value


def _table_name(event: Row) -> str:
    return f"candidates of {event['id']}" + (" (TEST)" if event["test"] else "")


def _infos(event: Row, more: More) -> list[tuple[str, str]]:
    told = [("creator", f"mma {version()}"), ("date", more.now.isoformat(timespec="seconds")), ("event", event["id"])]
    return [*told, ("test", "true")] if event["test"] else told


def _field(document: VOTableFile, column: Column) -> Field:
    datatype, arraysize = DATATYPES[column.kind]
    field = Field(
        document,
        ID=column.name,
        name=column.name,
        datatype=datatype,
        ucd=column.ucd,
        config=document._config,
        **{
            name: value
            for name, value in (
                ("arraysize", arraysize),
                ("unit", column.unit),
                ("xtype", "timestamp" if column.kind == "time" else None),
                ("ref", {"pos.eq": "icrs"}.get(column.ucd[:6]) or ("utc" if column.kind == "time" else None)),
            )
            if value is not None
        },
    )
    field.description = column.text
    if column.kind == "integer":
        field.values.null = NONE_INTEGER
    return field


def _fill(table: TableElement, column: Column, found: list[Any]) -> None:
    missing = np.array([value is None for value in found], dtype=bool)
    blank: Any = {"number": np.nan, "integer": NONE_INTEGER, "flag": False}.get(column.kind, "")
    for i, value in enumerate(found):
        table.array[column.name][i] = blank if value is None else _clean(value)
    table.array.mask[column.name] = missing
