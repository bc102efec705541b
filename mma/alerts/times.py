"""Surveys' clocks to Unix seconds UTC. Arithmetic only: an astropy ``Time`` for each alert costs too much."""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import UTC, datetime
from functools import cache
from typing import TypeVar

import numpy as np

from mma.errors import DecodeError
from skymaps import FloatArray

Number = TypeVar("Number", float, FloatArray)

DAY_S = 86400.0
JD_OF_MJD_ZERO = 2400000.5
MJD_OF_UNIX_ZERO = 40587.0
TT_MINUS_TAI_S = 32.184
MJD_1950, MJD_2100 = 33282.0, 88069.0
"""No survey observed before, none will after: a value outside is not an MJD."""

DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(\.\d+)?")


def unix_of_mjd(mjd: float, field: str) -> float:
    """MJD UTC to Unix seconds.

    >>> unix_of_mjd(40587.5, "mjd")
    43200.0
    """
    if not MJD_1950 < mjd < MJD_2100:  # NaN fails too
        raise DecodeError(f"{field} {mjd} is not an MJD")
    return seconds_of_mjd(mjd)


def seconds_of_mjd(mjd: Number) -> Number:
    """MJD UTC to Unix seconds, unchecked; numbers and arrays alike."""
    return (mjd - MJD_OF_UNIX_ZERO) * DAY_S


def unix_of_jd(jd: float, field: str) -> float:
    """JD UTC to Unix seconds (a double holds a JD to 40 microseconds)."""
    if not MJD_1950 < jd - JD_OF_MJD_ZERO < MJD_2100:
        raise DecodeError(f"{field} {jd} is not a JD")
    return seconds_of_mjd(jd - JD_OF_MJD_ZERO)


def unix_of_tai(mjd: float, field: str) -> float:
    """MJD on the TAI scale (LSST) to Unix seconds UTC.

    >>> round(unix_of_tai(57754.0 + 37 / 86400, "midpointMjdTai"), 3)  # 2017-01-01T00:00:00 UTC
    1483228800.0
    """
    return unix_of_mjd(mjd, field) - leap_seconds(mjd)


def unix_of_tdb(text: str, field: str) -> float:
    """ISO time on the TDB scale to Unix seconds UTC, taking TDB for TT (they differ by under 2 ms).

    A barycentric time (Gaia) keeps its light-travel offset of up to 500 s: it is not corrected.
    """
    tai = unix_of_iso(text, field) - TT_MINUS_TAI_S
    return tai - leap_seconds(tai / DAY_S + MJD_OF_UNIX_ZERO)


def unix_of_iso(text: str, field: str) -> float:
    """ISO 8601 in UTC, or year/month/day with or without a fraction of a day.

    A date without a time means noon of that UTC day: no instant of the day is then wrong by over 12 h.

    >>> unix_of_iso("1970/01/02", "discoverdate") / 3600
    36.0
    >>> unix_of_iso("1970-01-01.25", "date") / 3600
    6.0
    """
    text = text.strip()
    try:
        if date := DATE.fullmatch(text):
            year, month, day = (int(part) for part in date.groups()[:3])
            return datetime(year, month, day, tzinfo=UTC).timestamp() + DAY_S * float(date[4] or 0.5)
        time = datetime.fromisoformat(text.replace("/", "-").removesuffix(" UTC"))
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise DecodeError(f"{field} {text[:40]!r} is not a time") from error


def leap_seconds(mjd_tai: float) -> float:
    """TAI - UTC in seconds, at a TAI instant (10 s before 1972)."""
    starts, offsets = _leap_table()
    return offsets[max(bisect_right(starts, mjd_tai) - 1, 0)]


def leap_seconds_at(mjd_tai: FloatArray) -> FloatArray:
    """TAI - UTC in seconds at many TAI instants. Shape (n,)."""
    starts, offsets = _leap_table()
    return np.asarray(offsets)[np.maximum(np.searchsorted(starts, mjd_tai, side="right") - 1, 0)]


@cache
def _leap_table() -> tuple[list[float], list[float]]:
    """Starts (MJD TAI) and TAI - UTC of astropy's built-in table, from 1972 on."""
    from astropy.utils.iers import LeapSeconds

    table = LeapSeconds.from_erfa(built_in=True)
    rows = [(int(y), int(m), float(s)) for y, m, s in table["year", "month", "tai_utc"].iterrows() if y >= 1972]
    unix = [datetime(year, month, 1, tzinfo=UTC).timestamp() for year, month, _ in rows]
    offsets = [offset for *_, offset in rows]
    return [(t + s) / DAY_S + MJD_OF_UNIX_ZERO for t, s in zip(unix, offsets, strict=True)], offsets
