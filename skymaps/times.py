"""Times as people and programs write them, read in one place for maps, notices, packets, searches and options.

A time becomes an aware UTC datetime. UTC here counts as Unix does: a leap second, 23:59:60, is the second after it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import cache

from .units import DAY_S, JD_OF_MJD_ZERO, MJD_OF_UNIX_ZERO

UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TT_MINUS_TAI_S = 32.184
TAI_MINUS_GPS_S = 19.0
SCALES = frozenset({"UTC", "TAI", "TT", "TDB", "GPS"})
"""TDB is taken for TT, from which it differs by under 2 ms."""

LONGEST = 100
"""Signs of a time."""

_SCALE = r"(?:\s*(?P<scale>UTC|UT|GMT|TAI|TT|TDB|GPS))?"
_DATE = r"(?P<year>\d{4})(?:[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})|(?P<month2>\d\d)(?P<day2>\d\d))"
_CLOCK = r"(?P<hour>\d{1,2})(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?)?"
_ZONE = r"\s*(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?"
_ISO = re.compile(rf"{_DATE}(?:\s*T\s*|\s+){_CLOCK}{_ZONE}{_SCALE}")
_DAY = re.compile(rf"{_DATE}(?P<part>\.\d+)?{_SCALE}")
_NUMBER = r"(?P<{0}>\d+(?:\.\d*)?)"
_JULIAN = re.compile(
    rf"(?:(?P<before>M?JD)\s*[:=]?\s*{_NUMBER.format('n')}|{_NUMBER.format('n2')}\s*(?P<after>M?JD)){_SCALE}"
)


def read(text: str, day_part: float | None = None) -> datetime:
    """ISO 8601 (also with blanks, slashes or without separators), or a number of days that says JD or MJD.

    A time without a zone is UTC; a time scale may stand at the end. 24:00:00 is the midnight that ends the day, and
    a 60th second the one that begins the next minute.

    Parameters
    ----------
    text
        What somebody wrote.
    day_part
        What a date alone stands for, as a part of that day: 0.0 is its begin, 0.5 noon. None: it is no time.

    Raises
    ------
    ValueError
        Where the text is no time.

    Examples
    --------
    >>> read("2016-12-31T23:59:60.5Z").isoformat()
    '2017-01-01T00:00:00.500000+00:00'
    >>> read("2027-03-01 20:00:00 +02:00") == read("MJD 61465.75") == read("20270301T1800")
    True
    """
    plain = text.strip().upper() if len(text) <= LONGEST else ""
    try:
        if found := _ISO.fullmatch(plain):
            return _on_scale(_midnight(found) + _clock(found) - _offset(found["zone"]), found["scale"])
        if found := _JULIAN.fullmatch(plain):
            mjd = float(found["n"] or found["n2"])
            mjd -= JD_OF_MJD_ZERO if (found["before"] or found["after"]) == "JD" else 0.0
            return _on_scale(of_mjd(mjd), found["scale"])
        if (found := _DAY.fullmatch(plain)) and (found["part"] or day_part is not None):
            part = float(found["part"] or day_part or 0.0)
            return _on_scale(_midnight(found) + timedelta(days=part), found["scale"])
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{text[:40]!r} is not a date and time")


def of_mjd(mjd: float) -> datetime:
    """Modified Julian date, UTC; to the microsecond, which is what its digits tell.

    Examples
    --------
    >>> of_mjd(40587.25).isoformat()
    '1970-01-01T06:00:00+00:00'
    """
    return UNIX_EPOCH + timedelta(days=mjd - MJD_OF_UNIX_ZERO)


def to_utc(time: datetime, scale: str) -> datetime:
    """A clock reading on one of ``SCALES``, as UTC."""
    ahead = {"UTC": 0.0, "TAI": 0.0, "TT": TT_MINUS_TAI_S, "TDB": TT_MINUS_TAI_S, "GPS": -TAI_MINUS_GPS_S}[scale]
    if scale == "UTC":
        return time
    tai = time - timedelta(seconds=ahead)
    return tai - timedelta(seconds=leap_seconds((tai - UNIX_EPOCH) / timedelta(days=1) + MJD_OF_UNIX_ZERO))


def leap_seconds(mjd_tai: float) -> float:
    """TAI - UTC in seconds, at a TAI instant (10 s before 1972)."""
    starts, offsets = leap_table()
    return offsets[max(bisect_right(starts, mjd_tai) - 1, 0)]


@cache
def leap_table() -> tuple[list[float], list[float]]:
    """Starts (MJD TAI) and TAI - UTC of astropy's built-in table, from 1972 on."""
    from astropy.utils.iers import LeapSeconds

    table = LeapSeconds.from_erfa(built_in=True)
    rows = [(int(y), int(m), float(s)) for y, m, s in table["year", "month", "tai_utc"].iterrows() if y >= 1972]
    unix = [datetime(year, month, 1, tzinfo=UTC).timestamp() for year, month, _ in rows]
    offsets = [offset for *_, offset in rows]
    return [(t + s) / DAY_S + MJD_OF_UNIX_ZERO for t, s in zip(unix, offsets, strict=True)], offsets


def _midnight(found: re.Match[str]) -> datetime:
    month, day = found["month"] or found["month2"], found["day"] or found["day2"]
    return datetime(int(found["year"]), int(month), int(day), tzinfo=UTC)


def _clock(found: re.Match[str]) -> timedelta:
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    micro = int((found["fraction"] or "0")[:6].ljust(6, "0"))
    since = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micro)
    if minute > 59 or second > 60 or hour > 24 or (hour == 24 and since > timedelta(days=1)):
        raise ValueError("no time of day")
    return since


def _offset(zone: str | None) -> timedelta:
    if zone in (None, "Z"):
        return timedelta(0)
    digits = zone[1:].replace(":", "").ljust(4, "0")
    if int(digits[:2]) > 23 or int(digits[2:]) > 59:
        raise ValueError("no time zone")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -ahead if zone.startswith("-") else ahead


def _on_scale(time: datetime, scale: str | None) -> datetime:
    return to_utc(time, scale if scale in SCALES else "UTC")
