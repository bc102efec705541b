"""Surveys' clocks to Unix seconds UTC. Arithmetic only: an astropy ``Time`` for each alert costs too much."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from mma.errors import DecodeError
from skymaps import FloatArray, times
from skymaps.times import TT_MINUS_TAI_S, leap_table
from skymaps.times import leap_seconds as leap_seconds
from skymaps.units import DAY_S, JD_OF_MJD_ZERO, MJD_OF_UNIX_ZERO

Number = TypeVar("Number", float, FloatArray)

MJD_1950, MJD_2100 = 33282.0, 88069.0
"""No survey observed before, none will after: a value outside is not an MJD."""


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
    """Any time that ``skymaps.times`` reads.

    A date without a time means noon of that UTC day: no instant of the day is then wrong by over 12 h.

    >>> unix_of_iso("1970/01/02", "discoverdate") / 3600
    36.0
    >>> unix_of_iso("1970-01-01.25", "date") / 3600
    6.0
    """
    try:
        return times.read(text, day_part=0.5).timestamp()
    except ValueError as error:
        raise DecodeError(f"{field} {text[:40]!r} is not a time") from error


def leap_seconds_at(mjd_tai: FloatArray) -> FloatArray:
    """TAI - UTC in seconds at many TAI instants. Shape (n,)."""
    starts, offsets = leap_table()
    return np.asarray(offsets)[np.maximum(np.searchsorted(starts, mjd_tai, side="right") - 1, 0)]
