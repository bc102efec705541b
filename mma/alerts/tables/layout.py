"""How the text of a table is laid out: its encoding, what separates its cells, where names, units and rows stand."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from mma.errors import DecodeError

DELIMITERS = (",", "\t", ";", "|")
WIDE, BLANK = "  ", " "
"""Stand for two or more blanks, and for any number of them."""

SEPARATORS = (*DELIMITERS, WIDE, BLANK)
CLOCK = re.compile(r"(?<=\d{4}[-/]\d\d[-/]\d\d) +(?=\d\d:\d\d)")
"""The blank within a date and time."""

PREAMBLE = 200
"""Lines in which the names of the columns are looked for."""

RULE = re.compile(r"[-+=:_|\s,;]+")
"""Lines drawn between header and rows."""

COUNTED = re.compile(r"\(?\s*\d+ rows?( selected| affected)?\s*\)?\.?|end|eof", re.IGNORECASE)
"""What programs write below a table."""

UNITS = frozenset({"deg", "degree", "degrees", "d", "h", "hr", "hour", "hours", "hms", "dms", "h:m:s", "d:m:s", "rad",
                   "hh:mm:ss", "dd:mm:ss", "hourangle", "radian", "radians"})  # fmt: skip
NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)
DATE = re.compile(r"\d{4}[-/]\d\d?[-/]\d\d?\b.*")

Places = Callable[[Sequence[str]], bool]
"""Whether names of columns hold those of a position."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A table's columns and rows as text."""

    columns: list[str]
    rows: Iterator[tuple[int, list[str]]]
    """Number of the row, from 1 on, and its cells."""

    delimiter: str
    units: dict[str, str] = field(default_factory=dict)


def text_of(payload: bytes) -> str:
    """Text in UTF-8, or where it is not that, in Latin-1 as Windows has it."""
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        return payload.decode("cp1252", "replace")


def header(lines: Sequence[str], has_place: Places) -> tuple[int, str] | None:
    """The line that names the columns, a position's among them, and what separates them; None: there is none."""
    for at, line in enumerate(lines[:PREAMBLE]):
        is_comment = line.lstrip().startswith("#")
        for delimiter in SEPARATORS:
            names = names_of(line, delimiter)
            if has_place(names) and _is_header(
                names, lines[at + 1 : at + 1 + PREAMBLE], delimiter, is_comment=is_comment
            ):
                return at, delimiter
    return None


def names_of(line: str, delimiter: str) -> list[str]:
    """Names of columns, without the comment sign and the bars at both ends."""
    text = line.strip("\r\n").lstrip()
    return [name.strip() for name in split(text.removeprefix("#").strip() if text.startswith("#") else text, delimiter)]


def split(line: str, delimiter: str) -> list[str]:
    """Cells of one line."""
    found = next(_reader([line], delimiter), [])
    return found[1:-1] if _is_barred(line, delimiter) else found


def _is_barred(line: str, delimiter: str) -> bool:
    text = line.strip()
    return delimiter == "|" and len(text) > 1 and text.startswith("|") and text.endswith("|")


def _reader(lines: Sequence[str] | Iterator[str], delimiter: str) -> Iterator[list[str]]:
    try:
        if delimiter == WIDE:
            yield from (re.split(r"\s{2,}", line.strip()) for line in lines)
        elif delimiter == BLANK:
            yield from csv.reader((CLOCK.sub("T", " ".join(line.split())) for line in lines), delimiter=" ")
        else:
            yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error as error:
        raise DecodeError(f"table: {error}") from error


def _is_header(names: Sequence[str], after: Sequence[str], delimiter: str, *, is_comment: bool) -> bool:
    """Prose may hold the words, too: in a comment, and between blanks, the next row must have as many cells."""
    if not is_comment and delimiter not in (WIDE, BLANK):
        return True
    first = next((line for line in after if line.strip() and not line.lstrip().startswith("#")), None)
    return first is None or len(split(first, delimiter)) == len(names) or bool(RULE.fullmatch(first))


def layout(text: str, has_place: Places) -> Layout:
    """The table in a text.

    Raises
    ------
    DecodeError
        There are no names of columns with a position among them; it says what there is instead.
    """
    lines = text.splitlines(keepends=True)
    found = header(lines, has_place)
    if found is None:
        raise DecodeError(why_none(text))
    at, delimiter = found
    columns = names_of(lines[at], delimiter)
    rows = _rows(lines[at + 1 :], delimiter, len(columns))
    units, first = _units(columns, rows)
    return Layout(columns, _numbered(first, rows), delimiter, units)


def _rows(lines: Sequence[str], delimiter: str, n: int) -> Iterator[list[str]]:
    """Cells of what is neither blank, comment, rule nor footer."""
    is_barred = bool(lines) and _is_barred(lines[0], delimiter)
    for cells in _reader(iter(lines), delimiter):
        row = cells[1:-1] if is_barred and len(cells) == n + 2 else cells
        whole = delimiter.join(row).strip()
        if not whole or not "".join(row).strip() or row[0].lstrip().startswith("#") or RULE.fullmatch(whole):
            continue
        if len(row) == 1 < n and COUNTED.fullmatch(whole):
            continue
        yield row


def _units(columns: Sequence[str], rows: Iterator[list[str]]) -> tuple[dict[str, str], list[str] | None]:
    """The row of units below the names, if the first is one; else that row back."""
    first = next(rows, None)
    if first is None or len(first) > len(columns):
        return {}, first
    told = [cell.strip().strip("\"[]()'").lower() for cell in first]
    is_unit = sum(cell in UNITS for cell in told) >= 2 and not any(NUMBER.fullmatch(cell) for cell in told)
    return (dict(zip(columns, told, strict=False)), None) if is_unit else ({}, first)


def _numbered(first: list[str] | None, rows: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    if first is not None:
        yield 1, first
    yield from enumerate(rows, 1 if first is None else 2)


def seems(text: str) -> str | None:
    """What separates the cells of a text that is a table by its looks alone; None: it is none.

    All lines have as many cells, three or more, and of each two or more are numbers or dates; the first may be names.
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")][:PREAMBLE]
    for delimiter in SEPARATORS:
        cells = [split(line, delimiter) for line in lines]
        n = len(cells[0]) if cells else 0
        if n < 3 or any(len(row) != n for row in cells) or (delimiter in (WIDE, BLANK) and len(cells) < 2):
            continue
        values = cells if _values(cells[0]) >= 2 else cells[1:]
        if values and all(_values(row) >= 2 for row in values):
            return delimiter
    return None


def _values(row: Sequence[str]) -> int:
    """How many cells are numbers or dates."""
    texts = [cell.strip().strip('"') for cell in row]
    return sum(bool(NUMBER.fullmatch(text) or DATE.fullmatch(text)) for text in texts)


def why_none(text: str) -> str:
    """Why a text is no table of transients."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        return "table is empty"
    delimiter = seems(text)
    first = split(lines[0], delimiter or ",")
    if delimiter is not None and _values(first) >= 2:
        return (
            f"table without a line of names: it begins with {lines[0].strip()[:60]!r};"
            " put the names of its columns before it, such as name,ra,dec,mjd"
        )
    return f"table has no column ra, dec (columns: {', '.join(name.strip() for name in first)[:200]})"
