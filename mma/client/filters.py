"""Filters as a user writes them, with quantities and times, made plain; unknown names are refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from keyword import iskeyword
from typing import Any

from astropy import units as u
from astropy.time import Time

from skymaps import times

from ..answers import Field
from ..errors import ConfigError
from ..text import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question about a list."""

    filters: Mapping[str, Any]
    """``NAME``: texts or a flag; ``NAME_min``, ``NAME_max``: a float, or a datetime with its zone."""

    sort: str
    limit: int | None
    """All where None."""

    more: Mapping[str, Any] = field(default_factory=dict)
    """What is no field: ``everything`` of candidates, ``source_class`` of events."""


def asked(
    fields: Mapping[str, Field],
    given: Mapping[str, Any],
    sort: str,
    limit: int | None,
    more: Mapping[str, Any] | None = None,
) -> Asked:
    """A question whose every part is known.

    Raises
    ------
    ConfigError
        A name that there is not, a value of the wrong type or unit, a limit that is no number of rows.
    """
    if limit is not None and limit < 1:
        raise ConfigError(f"limit {limit}: not a number of rows")
    if sort.removeprefix("-") not in fields or fields[sort.removeprefix("-")].kind == "flag":
        raise ConfigError(f"sort {sort!r}; {did_you_mean(sort, sorted(fields))}")
    filters = {}
    for name, value in given.items():
        if value is not None:
            key = name.removesuffix("_")  # class_, a word of Python's own
            filters[key] = _plain(key, value, fields)
    return Asked(filters=filters, sort=sort, limit=limit, more=dict(more or {}))


def _in_python(name: str) -> str:
    """A name as a keyword argument."""
    return f"{name}_" if iskeyword(name) else name


def _plain(name: str, value: Any, fields: Mapping[str, Field]) -> Any:
    base = name.removesuffix("_min").removesuffix("_max")
    found = fields.get(base) or fields.get(name)
    ranged = base != name and found is not None
    if found is None or ranged != (found.kind in ("number", "time")):
        raise ConfigError(f"no filter {name!r}; {did_you_mean(name, map(_in_python, _names(fields)))}")
    if found.kind == "time":
        return _time(name, value)
    if found.kind == "number":
        return _number(name, value, found)
    if found.kind == "flag":
        return bool(value)
    return [value] if isinstance(value, str) else [str(one) for one in value]


def _names(fields: Mapping[str, Field]) -> list[str]:
    return [
        end
        for name, field in fields.items()
        for end in ([f"{name}_min", f"{name}_max"] if field.kind in ("number", "time") else [name])
    ]


def _number(name: str, value: Any, found: Field) -> float:
    try:
        unit = u.Unit(found.unit) if found.unit else u.dimensionless_unscaled
        if isinstance(value, u.Quantity):  # as our own answers have a magnitude
            unit = u.ABmag if unit == u.mag and isinstance(value, u.Magnitude) else unit
            value = value.to_value(unit)
        plain = value
        number = float(plain)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name}: {error}") from error
    if not math.isfinite(number):
        raise ConfigError(f"{name}: {number} is no limit")
    return number


def _time(name: str, value: Any) -> datetime:
    """A Time, a datetime or ISO 8601; without a zone it is UTC."""
    try:
        if isinstance(value, Time):
            value = value.utc.to_datetime(timezone=UTC)
        found: datetime = value if isinstance(value, datetime) else times.read(value, day_part=0.0)
    except (AttributeError, TypeError, ValueError) as error:
        raise ConfigError(f"{name}: {value!r} is no time; a Time, a datetime or ISO 8601 is") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def degrees(value: Any, what: str) -> float:
    """Degrees of a Quantity or of a number that is degrees."""
    try:
        found = float(value.to_value(u.deg) if isinstance(value, u.Quantity) else value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{what} {value!r}: {error}") from error
    if not math.isfinite(found):
        raise ConfigError(f"{what} {value!r} is no angle")
    return found
