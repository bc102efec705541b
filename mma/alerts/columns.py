"""Fields of many packets as arrays: a survey says once, on columns, what they mean, for one packet or thousands.

A survey's ``columns`` asks ``Fields`` for what it reads. They come from a compiled program (``Batch``), from one
record as Avro or JSON gave it (``Single``), or from nowhere (``Asking``), which tells what is asked at all.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from mma.errors import DecodeError
from skymaps import FloatArray, IntArray
from skymaps.units import AB_ZERO_MAG, JD_OF_MJD_ZERO

from .avro.bytecode import Asked
from .packet import LN10_OVER_2_5, Record, Row, part
from .times import MJD_1950, MJD_2100, leap_seconds_at, seconds_of_mjd
from .words import BoolArray as BoolArray
from .words import Words

Columns = dict[str, Any]
"""Columns of an AlertBatch by name: arrays and lists of n, or one text for all."""


@dataclass(kw_only=True)
class Fields(ABC):
    """Fields of n packets by path (``candidate.jd``); what a packet does not have or has as null is unknown."""

    n: int
    refused: dict[int, DecodeError] = field(default_factory=dict)
    """Rows that cannot be used, with the first complaint about each."""

    owner: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Which packet each row belongs to, where the rows are items of an array. Shape (n,)."""

    @abstractmethod
    def number(self, path: str) -> FloatArray:
        """A number, NaN where unknown. Shape (n,)."""

    @abstractmethod
    def values(self, path: str) -> list[Any]:
        """Numbers, texts or truth values as they are, None where unknown."""

    @abstractmethod
    def has(self, name: str) -> bool:
        """Whether the packets were read as far as this top-level field."""

    @abstractmethod
    def require(self, name: str, *names: str) -> None:
        """Say that this must be a record, and which fields it must have."""

    def words(self, path: str) -> Words:
        """Text by itself, empty for what is there and no text."""
        return Words.of([v if v is None or isinstance(v, str) else "" for v in self.values(path)])

    def ids(self, path: str, *, zero: bool = False) -> Words:
        """Ids as text; what is empty, and 0 unless it is one, is none."""
        return Words.of([None if v is None or not (v or zero) else str(v) for v in self.values(path)])

    def is_null(self, path: str) -> BoolArray:
        """Where a field is null or missing. Shape (n,)."""
        return np.array([value is None for value in self.values(path)], dtype=np.bool_)

    def refuse(self, bad: BoolArray, say: Callable[[int], str], kind: type[DecodeError] = DecodeError) -> None:
        """Complain about rows; of several complaints about one the first counts."""
        for i in np.flatnonzero(bad).tolist():
            self.refused.setdefault(i, kind(say(i)))

    def first(self, *paths: str) -> FloatArray:
        """The first known of several fields. Shape (n,)."""
        value = self.number(paths[0])
        for path in paths[1:]:
            value = np.where(np.isnan(value), self.number(path), value)
        return value

    def known(self, *paths: str) -> FloatArray:
        """The first known of several fields, where it is finite. Shape (n,)."""
        value = self.first(*paths)
        return np.where(np.isfinite(value), value, np.nan)

    def within(self, path: str, low: float, high: float) -> FloatArray:
        """A number from low to high, else NaN: the surveys' -999 and -9 are unknown. Shape (n,)."""
        return limited(self.number(path), low, high)

    def told(self, i: int, *paths: str) -> tuple[str, Any]:
        """Which of several fields packet ``i`` has, and its value."""
        found = ((path, self.values(path)[i]) for path in paths)
        return next(((path, value) for path, value in found if value is not None), (paths[0], None))

    def position(self, name: str, ra: str, *dec: str) -> tuple[FloatArray, FloatArray]:
        """ICRS degrees, checked. Shape (n,)."""
        lon, lat = self.number(ra), self.first(*dec)
        good = (lon >= 0) & (lon <= 360) & (lat >= -90) & (lat <= 90)
        self.refuse(~good, lambda i: f"{name} {self.told(i, ra)[1]}, {self.told(i, *dec)[1]} is not a position")
        return np.where(lon == 360, 0.0, lon), lat

    def jd(self, path: str) -> FloatArray:
        """JD UTC as Unix seconds, checked. Shape (n,)."""
        mjd = self.number(path) - JD_OF_MJD_ZERO
        self.refuse(~is_mjd(mjd), lambda i: f"{path} {self.told(i, path)[1]} is not a JD")
        return seconds_of_mjd(mjd)

    def tai(self, *paths: str) -> FloatArray:
        """MJD TAI (the first known of several fields) as Unix seconds UTC, checked. Shape (n,)."""
        mjd = self.first(*paths)

        def complaint(i: int) -> str:
            path, value = self.told(i, *paths)
            return f"{path} {value} is not an MJD" if value is not None else "{} has no {}".format(*path.split("."))

        self.refuse(~is_mjd(mjd), complaint)
        return seconds_of_mjd(mjd) - leap_seconds_at(mjd)

    def identities(self, values: Sequence[Any], name: str) -> list[str]:
        """Ids as text, 64-bit integers exact, checked."""
        bad = [type(v) is not int and (type(v) is not str or not v) for v in values]
        if any(bad):
            self.refuse(np.array(bad), lambda i: f"{name} {values[i]!r} is not an id")
        return [str(v) for v in values]


def limited(value: FloatArray, low: float, high: float) -> FloatArray:
    """Numbers from low to high; NaN for the others."""
    return np.where((value >= low) & (value <= high), value, np.nan)


def is_mjd(mjd: FloatArray) -> BoolArray:
    """Whether a survey can have observed then."""
    return (mjd > MJD_1950) & (mjd < MJD_2100)


def signed_fluxes(mag: FloatArray, mag_error: FloatArray, sign: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Signed nJy and its error from AB magnitudes of the difference's size."""
    flux = 10 ** (0.4 * (AB_ZERO_MAG - limited(mag, 0.0, 50.0)))
    return sign * flux, flux * limited(mag_error, 0.0, 50.0) * LN10_OVER_2_5


@dataclass(kw_only=True)
class Single(Fields):
    """One record, as Avro or JSON gave it."""

    record: Record

    def number(self, path: str) -> FloatArray:
        value = self._value(path)
        return np.array([math.nan if value is None or isinstance(value, bool) else float(value)])

    def values(self, path: str) -> list[Any]:
        return [self._value(path)]

    def has(self, name: str) -> bool:
        return name in self.record

    def require(self, name: str, *names: str) -> None:
        inner = part(self.record, name)
        for required in names:
            inner[required]

    def _value(self, path: str) -> Any:
        head, _, rest = path.partition(".")
        value = self.record.get(head)
        return (value or {}).get(rest) if rest else value


@dataclass(kw_only=True)
class Asking(Fields):
    """No packets: only what is asked of them."""

    numbers: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    arrays: set[str] = field(default_factory=set)

    def items(self, name: str) -> Fields:
        """The items of an array, which are asked in the same way."""
        self.arrays.add(name)
        return self

    def number(self, path: str) -> FloatArray:
        self.numbers.add(path)
        return np.empty(0)

    def values(self, path: str) -> list[Any]:
        self.others.add(path)
        return []

    def words(self, path: str) -> Words:
        self.others.add(path)
        return Words.none(0)

    def ids(self, path: str, *, zero: bool = False) -> Words:
        return self.words(path)

    def has(self, name: str) -> bool:
        return True

    def require(self, name: str, *names: str) -> None:
        if name not in self.arrays:
            self.parts.add(name)
        self.fields.update(f"{name}.{required}" for required in names)

    def asked(self) -> Asked:
        """All of it."""
        paths = (self.numbers, self.others, self.parts, self.fields, self.arrays)
        return Asked(*(frozenset(some) for some in paths))


Survey = Callable[[Fields], Columns]


@cache
def asked(columns: Survey) -> Asked:
    """The fields that a survey's ``columns`` reads."""
    nothing = Asking(n=0)
    columns(nothing)
    return nothing.asked()


def told(columns: Survey, fields: Fields) -> Columns:
    """What a survey says of packets; rows that are refused hold anything."""
    with np.errstate(all="ignore"):
        return columns(fields)


def row_of(columns: Survey, record: Record) -> Row:
    """One record's row; DecodeError where it cannot be used."""
    fields = Single(n=1, record=record)
    row = told(columns, fields)
    if fields.refused:
        raise fields.refused[0]
    return {name: _plain(value if isinstance(value, str) else value[0]) for name, value in row.items()}


def _plain(value: Any) -> Any:
    """A Python number, None for NaN."""
    if not isinstance(value, float):
        return value
    return None if math.isnan(value) else float(value)
