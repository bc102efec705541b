"""A table's bytes as columns and cells: text of any layout, ECSV, VOTable, IPAC."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from mma.errors import DecodeError
from mma.sandbox import budget
from mma.streams import Message, in_utf8

from .cells import Numbers, numbers_of
from .layout import BLANK, WIDE, header, layout, seems, text_of
from .names import NUMERIC, find, has_place

ECSV, VOTABLE = b"# %ECSV", re.compile(rb"<(?:\w+:)?VOTABLE\b")
IPAC = re.compile(rb"(?:\\[^\n]*\n)*+\|[^\n]*\|[ \t\r]*\n[ \t\r]*\|")
"""Names and types between bars; the rows below have none."""

FORBIDDEN = re.compile(rb"<!DOCTYPE|<!ENTITY|<(?:\w+:)?STREAM\b[^<>]*\bhref", re.IGNORECASE)
"""What would make a VOTable reader expand entities or open an address."""

UNREAD = (
    (b"PAR1", "a Parquet file: write the table as CSV, ECSV or VOTable"),
    (b"PK\x03\x04", "a spreadsheet or archive: write the table as CSV"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet: write the table as CSV"),
)
"""First bytes of tables that are not read, and what to do."""

FIELDS, ROWS = re.compile(rb"<(?:\w+:)?FIELD\b"), re.compile(rb"<(?:\w+:)?TR\b")
MOST_COLUMNS = 2000
MOST_CELLS = 20_000_000
HEAD_BYTES = 65536
AS_TEXT = 4
"""A byte of a table costs as much time as so many of other text."""
UNREADABLE = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, OSError, ImportError, ArithmeticError,
    RecursionError,
)  # fmt: skip
Cells = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was opened."""

    columns: list[str]
    units: Mapping[str, str]
    lines: Iterable[tuple[int, Cells | DecodeError]]
    """Number of the row, and its cells by column, or why it has none."""

    numbers: Numbers


def is_table(message: Message) -> bool:
    """ECSV, VOTable, IPAC; text whose header has right ascension and declination; what looks like a table at all."""
    payload = in_utf8(message)[0].payload
    head = payload[:HEAD_BYTES]
    if head.startswith(ECSV) or VOTABLE.search(head[:4096]) or IPAC.match(head) or _unread(head):
        return True
    if head.lstrip().startswith((b"<", b"{", b"[")):
        return False
    text = text_of(head if len(payload) <= HEAD_BYTES else head[: head.rfind(b"\n") + 1])
    if "\x00" in text[:1000]:
        return False
    return header(text.splitlines(), has_place) is not None or seems(text) is not None


def _unread(head: bytes) -> str | None:
    return next((reason for start, reason in UNREAD if head.startswith(start)), None)


def read(message: Message) -> Table:
    """A table of any form."""
    budget.text(AS_TEXT * len(message.payload), "table")
    payload = in_utf8(message)[0].payload
    if reason := _unread(payload):
        raise DecodeError(reason)
    if payload.startswith(ECSV):
        return _astropy(payload, "ascii.ecsv")
    if VOTABLE.search(payload[:4096]):
        budget.document("VOTable")
        if FORBIDDEN.search(payload):
            raise DecodeError("VOTable with a document type, an entity or an external stream")
        _check_size(len(FIELDS.findall(payload)), len(ROWS.findall(payload)))
        return _astropy(payload, "votable")
    if IPAC.match(payload) and not _is_markdown(payload):
        return _astropy(payload, "ascii.ipac")
    return _text_table(text_of(payload))


def _check_size(n_columns: int, n_rows: int) -> None:
    """Refuse more than any table of transients has; a row may leave its last cells out, and has room for them."""
    if n_columns > MOST_COLUMNS:
        raise DecodeError(f"table of {n_columns} columns, more than {MOST_COLUMNS}")
    if n_columns * n_rows > MOST_CELLS:
        raise DecodeError(f"table of {n_columns} columns and {n_rows} rows: more than {MOST_CELLS} cells")


def _is_markdown(payload: bytes) -> bool:
    """Whether the rows have bars, too."""
    last = payload.rstrip().rpartition(b"\n")[2]
    return last.lstrip().startswith(b"|")


def _text_table(text: str) -> Table:
    found = layout(text, has_place)
    _check_size(len(found.columns), 0)
    rows = list(found.rows)
    wanted = [
        found.columns.index(name) for want in ("ra", "dec", "time", *NUMERIC) if (name := find(found.columns, want))
    ]
    style = numbers_of(row[i] for _, row in rows for i in wanted if i < len(row))
    lines = ((number, _cells(row, found.columns, found.delimiter)) for number, row in rows)
    return Table(found.columns, found.units, lines, style)


def _cells(row: Sequence[str], columns: Sequence[str], delimiter: str) -> Cells | DecodeError:
    """Cells by column; more of them than columns, or fewer between blanks, cannot be told apart."""
    extra = [cell for cell in row[len(columns) :] if cell.strip()]
    if extra or (delimiter in (WIDE, BLANK) and len(row) < len(columns)):
        return DecodeError(f"{len(row)} cells, and {len(columns)} columns")
    return dict(zip(columns, row, strict=False))


def _astropy(payload: bytes, reader: str) -> Table:
    budget.document(f"table: {reader}")  # a cell of any length, a header of aliases: the cost is known afterwards
    from astropy.io.votable.exceptions import VOTableSpecError
    from astropy.table import Table as Read

    stream: Any = BytesIO(payload) if reader == "votable" else payload.decode("utf-8", "replace").splitlines()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = Read.read(stream, format=reader)
    except (*UNREADABLE, VOTableSpecError) as error:
        raise DecodeError(f"table: {str(error)[:200]}") from error
    units = {
        n: str(table[n].unit).lower().strip("\"'")
        for n in table.colnames
        if getattr(table[n], "unit", None) is not None
    }
    _check_size(len(table.colnames), len(table))
    lines = ({n: _plain(row[n]) for n in table.colnames} for row in table)
    return Table(list(table.colnames), units, enumerate(lines, 1), Numbers(has_commas=False))


def _plain(value: Any) -> Any:
    """A value as Python has it, None where it is masked; text from bytes."""
    if getattr(value, "unix", None) is not None:
        return value
    if getattr(value, "mask", False) is True or type(value).__name__ == "MaskedConstant":
        return None
    plain = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
    return plain.decode("utf-8", "replace") if isinstance(plain, bytes) else plain
