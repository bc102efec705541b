"""Cells of tables: numbers with points or commas, ids that went through a float, values that stand for none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mma.errors import DecodeError

EMPTY = frozenset({"", "nan", "null", "none", "nil", "--", "-", "---", "...", "n/a", "na", "n.a.", "\\n", "<na>", "?"})
SENTINELS = frozenset({-99.0, -999.0, -9999.0, -99999.0, -99.9, -999.9})
"""Numbers that surveys and programs write where they know none."""

COMMA = re.compile(r"[+-]?\d+,\d+(e[+-]?\d+)?", re.IGNORECASE)
SURELY_DECIMAL = re.compile(r"[+-]?(\d{4,},\d+|0\d*,\d+|\d+,(\d{1,2}|\d{4,}))(e[+-]?\d+)?", re.IGNORECASE)
"""A comma that separates no thousands."""

POINT = re.compile(r"[+-]?\d*\.\d+(e[+-]?\d+)?", re.IGNORECASE)
LIMIT = re.compile(r"\s*([<>\u2264\u2265]=?)\s*[+-]?[\d.,]+")
REAL = re.compile(r"[+-]?(?P<whole>\d+)(?:\.(?P<part>\d*))?(?:e(?P<power>[+-]?\d+))?", re.IGNORECASE)
EXACT = 2**53
"""Integers up to this are exact in a float."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How a table writes numbers."""

    has_commas: bool
    """Its decimal sign is the comma."""

    def read(self, value: Any, column: str) -> float | None:
        """A number, None where there is none.

        Raises
        ------
        DecodeError
            It can be read in two ways, or is a limit.
        """
        if value is None or isinstance(value, (bool, int, float)):
            return None if value is None else _told(float(value))
        text = str(value).strip()
        if text.lower() in EMPTY:
            return None
        if LIMIT.fullmatch(text):
            raise DecodeError(f"column {column} {text[:40]!r} is a limit, no measurement")
        if "," in text and any(c.isdigit() for c in text):
            text = self.with_point(text, column)
        try:
            return _told(float(text.replace("\u2212", "-")))
        except ValueError:
            return None

    def with_point(self, text: str, column: str) -> str:
        """The same with a decimal point."""
        if text.count(",") == 1 and "." not in text and self.has_commas:
            return text.replace(",", ".")
        raise DecodeError(
            f"column {column} {text[:40]!r}: its commas may be decimal, of thousands, or part several values"
        )


def _told(number: float) -> float | None:
    return None if number in SENTINELS else number


def numbers_of(cells: Iterable[str]) -> Numbers:
    """How a table writes numbers, by all the cells that are to be some: commas are decimal where one surely is, and
    nowhere is a point."""
    commas = points = False
    for cell in cells:
        text = cell.strip()
        commas = commas or bool(SURELY_DECIMAL.fullmatch(text))
        points = points or bool(POINT.fullmatch(text))
    return Numbers(commas and not points)


def identity(value: Any, column: str) -> str | None:
    """A name or id as text, None where there is none.

    Raises
    ------
    DecodeError
        A number that went through a float, and lost digits on the way.
    """
    if isinstance(value, float):
        if value != value:
            return None
        if value % 1.0 or abs(value) > EXACT:
            raise DecodeError(f"column {column} {value!r} is a float: an id is not exact in it")
        return str(int(value))
    text = str(value).strip() if value is not None else ""
    if text.lower() in EMPTY:
        return None
    found = REAL.fullmatch(text) or (REAL.fullmatch(text.replace(",", ".")) if COMMA.fullmatch(text) else None)
    if found is None or (found["part"] is None and found["power"] is None):
        return text
    return _whole(text, found, column)


def _whole(text: str, found: re.Match[str], column: str) -> str:
    """The integer that a decimal number is; a name such as 190425.64 is left as it is."""
    part, power = (found["part"] or "").rstrip("0"), int(found["power"] or 0)
    if found["power"] is None and part:
        return text
    digits = int(found["whole"] + part) * 10 ** max(min(power - len(part), 40), 0)
    is_told = found["power"] is None or len(found["part"] or "") >= power >= len(part)
    if not is_told or digits > EXACT:
        raise DecodeError(f"column {column} {text[:40]!r} is a float: an id of so many digits is not exact in it")
    return str(digits)
