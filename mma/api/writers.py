"""Tables written row by row: no more than some hundred rows are ever in memory, however many there are."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson

from ..errors import ConfigError
from ..export import DATATYPES, NONE_INTEGER, NOT_XML, Column, neutral

Row = dict[str, Any]
Pair = tuple[Row, Row]
"""Event and row, as columns want them; the event is empty where rows are about none."""

CHUNK = 500
ROW_GROUP = 20_000
READ = 1 << 20
LINE = orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS  # names of columns are a kind of text of their own
VOTABLE_NS = "http://www.ivoa.net/xml/VOTable/v1.3"
"""The name space of VOTable 1.3 and 1.4."""


def chunks(pairs: Iterable[Pair], size: int = CHUNK) -> Iterator[list[Pair]]:
    """Rows in lists of this size."""
    rows = iter(pairs)
    while some := list(islice(rows, size)):
        yield some


def ndjson(pairs: Iterable[Pair]) -> Iterator[bytes]:
    """A JSON object a line."""
    for some in chunks(pairs):
        yield b"".join(orjson.dumps(row, option=LINE) for _, row in some)


def comma_separated(columns: Sequence[Column], pairs: Iterable[Pair], *, raw: bool = False) -> Iterator[bytes]:
    """CSV by RFC 4180 under one line of names; what is not known is empty. ``raw``: texts as they are, for programs."""
    values = [column.value for column in columns]
    whole = [i for i, column in enumerate(columns) if column.kind == "integer"]
    flags = [i for i, column in enumerate(columns) if column.kind == "flag"]
    texts = [] if raw else [i for i, column in enumerate(columns) if column.kind == "text"]
    yield _lines([[column.name for column in columns]])
    for some in chunks(pairs):
        rows = [[value(event, row) for value in values] for event, row in some]
        for cells in rows:
            for i in whole:
                cells[i] = None if cells[i] is None else int(cells[i])
            for i in flags:
                cells[i] = None if cells[i] is None else str(cells[i]).lower()
            for i in texts:
                cells[i] = neutral(cells[i])
        yield _lines(rows)


def _lines(rows: list[list[Any]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-8", "replace")


def parquet(columns: Sequence[Column], pairs: Iterable[Pair]) -> Iterator[bytes]:
    """Parquet; units, UCDs and descriptions are the metadata of its columns. Written to a scratch file first."""
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
    told = [{"ucd": c.ucd, "description": c.text} | ({"unit": c.unit} if c.unit else {}) for c in columns]
    schema = pa.schema(
        [pa.field(c.name, types[c.kind], metadata=about) for c, about in zip(columns, told, strict=True)]
    )
    with tempfile.TemporaryFile() as file:
        with files.ParquetWriter(file, schema) as writer:
            for some in chunks(pairs, ROW_GROUP):
                arrays = [pa.array([_cell(c, c.value(*pair)) for pair in some], types[c.kind]) for c in columns]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
        file.seek(0)
        yield from iter(lambda: file.read(READ), b"")


def _cell(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.kind == "time":
        return datetime.fromisoformat(value)
    return int(value) if column.kind == "integer" else value


def votable(
    columns: Sequence[Column],
    pairs: Iterable[Pair],
    *,
    name: str,
    infos: Sequence[tuple[str, str]] = (),
    overflow: Callable[[], bool] = lambda: False,
) -> Iterator[bytes]:
    """VOTable 1.4 with its rows as TABLEDATA; ``overflow`` says afterwards whether there were more."""
    shown = "".join(f"<INFO{_attributes(name=key, value=value)}/>\n" for key, value in infos)
    yield (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<VOTABLE version="1.4" xmlns="{VOTABLE_NS}">\n'
        '<RESOURCE type="results">\n<INFO name="QUERY_STATUS" value="OK"/>\n'
        f'{shown}<COOSYS ID="icrs" system="ICRS"/>\n<TIMESYS ID="utc" timescale="UTC" refposition="UNKNOWN"/>\n'
        f"<TABLE{_attributes(name=name)}>\n{''.join(map(_field, columns))}<DATA><TABLEDATA>\n"
    ).encode()
    for some in chunks(pairs):
        yield "".join(
            f"<TR>{''.join(_data(column, column.value(*pair)) for column in columns)}</TR>\n" for pair in some
        ).encode("utf-8", "replace")
    more = '<INFO name="QUERY_STATUS" value="OVERFLOW"/>\n' if overflow() else ""
    yield f"</TABLEDATA></DATA>\n</TABLE>\n{more}</RESOURCE>\n</VOTABLE>\n".encode()


def _field(column: Column) -> str:
    datatype, arraysize = DATATYPES[column.kind]
    system = "utc" if column.kind == "time" else "icrs" if column.ucd.lower()[:6] in ("pos.eq", "pos_eq") else None
    told = _attributes(
        ID=column.name,
        name=column.name,
        datatype=datatype,
        arraysize=arraysize,
        ucd=column.ucd,
        unit=column.unit,
        xtype="timestamp" if column.kind == "time" else None,
        ref=system,
    )
    null = f'<VALUES null="{NONE_INTEGER}"/>' if column.kind == "integer" else ""
    return f"<FIELD{told}><DESCRIPTION>{escape(column.text)}</DESCRIPTION>{null}</FIELD>\n"


def _attributes(**values: str | None) -> str:
    return "".join(f" {name}={quoteattr(clean(value))}" for name, value in values.items() if value is not None)


def clean(text: str) -> str:
    """Text without the characters that XML 1.0 cannot write."""
    return NOT_XML.sub("\ufffd", text)


def _data(column: Column, value: Any) -> str:
    if value is None:
        return f"<TD>{NONE_INTEGER}</TD>" if column.kind == "integer" else "<TD/>"
    if column.kind == "integer":
        return f"<TD>{int(value)}</TD>"
    if column.kind == "flag":
        return "<TD>T</TD>" if value else "<TD>F</TD>"
    return f"<TD>{value!r}</TD>" if column.kind == "number" else f"<TD>{escape(clean(str(value)))}</TD>"
