"""Answers as astropy's tables: units, times, masks where something is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from astropy import units as u
from astropy.table import MaskedColumn, QTable, Table
from astropy.time import Time
from astropy.timeseries import TimeSeries
from astropy.utils.masked import Masked

from .known import Known, Record, Row, fields

R = TypeVar("R", bound=Record)
FILL: dict[type, Any] = {str: "", float: np.nan, int: -1, bool: False}
"""What stands under a mask."""


class Ask(Protocol):
    """Asks for rows; each call begins anew."""

    def __call__(self) -> Iterator[Row]:
        """The rows, a page at a time."""


class Results(Generic[R]):
    """A list that is asked for when it is read, a page at a time, and anew each time."""

    def __init__(self, of: type[R], ask: Ask, about: Row) -> None:
        self._of, self._ask, self._about = of, ask, about

    def __iter__(self) -> Iterator[R]:
        return (self._of(row) for row in self._ask())

    def __repr__(self) -> str:
        return f"<{self._of.__name__}s, read when iterated: {self._about}>"

    def table(self) -> Table:
        """All of it as a table: a column for each field, with its unit and description."""
        return table(self._of, list(self._ask()), self._about)


def table(of: type[Record], rows: Sequence[Row], about: Row) -> Table:
    """Rows as a table."""
    out = Table(meta=dict(about))
    for name, field in fields(of).items():
        if field.kind is Time:
            out[name] = times([field.plain(row) for row in rows])
            out[name].info.description = field.__doc__
        elif field.kind in FILL:
            out[name] = _column(field, [field.plain(row) for row in rows])
    return out


def _column(field: Known[Any], values: Sequence[Any]) -> MaskedColumn:
    data, mask = _filled(values, field.kind)
    unit = u.mag if field.unit == u.ABmag else field.unit  # which FITS knows; the description says AB
    return MaskedColumn(data, mask=mask, unit=unit, description=field.__doc__)


def _filled(values: Sequence[Any], kind: type) -> tuple[Any, Any]:
    """Values of one type, and where they are not known. Shapes (n,)."""
    mask = np.array([value is None for value in values], dtype=bool)
    data = [FILL[kind] if value is None else kind(value) for value in values]
    return np.array(data, dtype="U1" if kind is str and not data else kind), mask


def times(values: Sequence[str | None]) -> Time:
    """ISO 8601 times, masked where there is none. Shape (n,)."""
    unix = [np.nan if value is None else datetime.fromisoformat(value).timestamp() for value in values]
    data = np.array(unix, dtype=np.float64)
    mask = ~np.isfinite(data)
    found = Time(Masked(np.where(mask, 0.0, data), mask) if mask.any() else data, format="unix", scale="utc")
    found.format = "isot"
    return found


def series(rows: Sequence[Row]) -> TimeSeries:
    """A light curve."""
    at = times([row["time"] for row in rows])
    data = QTable()
    for name, key, kind, unit in LIGHT_CURVE:
        values, mask = _filled([row.get(key) for row in rows], kind)
        if unit is None:
            data[name] = MaskedColumn(values, mask=mask)
        else:
            data[name] = (Masked(values, mask) if mask.any() else values) * unit
    return TimeSeries(data, time=at)


LIGHT_CURVE: tuple[tuple[str, str, type, u.UnitBase | None], ...] = (
    ("band", "band", str, None),
    ("mag", "mag", float, u.ABmag),
    ("mag_error", "mag_error", float, u.mag),
    ("flux", "flux_njy", float, u.nJy),
    ("flux_error", "flux_error_njy", float, u.nJy),
    ("limit", "limit_mag", float, u.ABmag),
    ("id", "id", str, None),
)
"""Column, name in the answer, type, unit."""
