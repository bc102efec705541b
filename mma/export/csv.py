"""CSV by RFC 4180: what is not known is empty."""

from __future__ import annotations

import csv as text
import io
from typing import Any

from .cells import neutral
from .columns import COLUMNS, values
from .formats import More, Row


def csv(event: Row, candidates: list[Row], more: More) -> str:
    """A line for each candidate under one with the names of the columns."""
    out = io.StringIO()
    writer = text.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in COLUMNS])
    cell = _cell if more.raw else _safe
    columns = [[cell(value) for value in values(column, event, candidates)] for column in COLUMNS]
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue()


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _safe(value: Any) -> Any:
    return neutral(_cell(value))
