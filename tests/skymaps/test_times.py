"""Times in all writings that the field has; expected values from the definitions, and from astropy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from skymaps import times

LATE = datetime(2017, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-12-31T23:59:60.500Z", LATE),
        ("2016-12-31 23:59:60.5", LATE),
        ("2017-01-01T05:29:60.5+05:30", LATE),
        ("2016-12-31T24:00:00Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2027-03-01T02:00:00-0330", datetime(2027, 3, 1, 5, 30, tzinfo=UTC)),
        ("2027-03-01T02:00 +02", datetime(2027, 3, 1, tzinfo=UTC)),
        ("20270301T020000Z", datetime(2027, 3, 1, 2, tzinfo=UTC)),
        ("2027-03-01t02:00:00z", datetime(2027, 3, 1, 2, tzinfo=UTC)),
        ("2027-03-01 02:00:00 UTC", datetime(2027, 3, 1, 2, tzinfo=UTC)),
        ("2027/3/1 2:00:00 UT", datetime(2027, 3, 1, 2, tzinfo=UTC)),
        ("2027-03-01T02:00:00,25", datetime(2027, 3, 1, 2, 0, 0, 250_000, tzinfo=UTC)),
        ("2027-03-01T02:00:00.123456789", datetime(2027, 3, 1, 2, 0, 0, 123_456, tzinfo=UTC)),
        ("2017-01-01T00:00:37 TAI", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2017-01-01T00:00:18 GPS", datetime(2017, 1, 1, tzinfo=UTC)),
        ("MJD 51544.5", datetime(2000, 1, 1, 12, tzinfo=UTC)),
        ("51544.5 MJD", datetime(2000, 1, 1, 12, tzinfo=UTC)),
        ("JD=2451545.0", datetime(2000, 1, 1, 12, tzinfo=UTC)),
        ("2027-03-01.25", datetime(2027, 3, 1, 6, tzinfo=UTC)),
    ],
)
def test_a_time(text: str, expected: datetime) -> None:
    assert times.read(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "now", "2027-03-01", "2027", "51544.5", "2016-01--20T16:07:34.52", "2022-01-00T23:16:14", "2027-03-01T25:00",
     "2027-03-01T24:00:01", "2027-03-01T12:60:00", "2027-03-01T12:00:61", "2027-03-01T12:00+99:00", "9" * 5000,
     "0001-01-01T00:00+05:00", "MJD nan", "MJD 9999999999"],
)  # fmt: skip
def test_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="is not a date and time"):
        times.read(text)


def test_a_date_alone_stands_for_what_is_asked() -> None:
    assert times.read("2027-03-01", day_part=0.5) == datetime(2027, 3, 1, 12, tzinfo=UTC)
    assert times.read("2027-03-01", day_part=0.0) == datetime(2027, 3, 1, tzinfo=UTC)


@given(
    st.datetimes(datetime(1980, 1, 7), datetime(2090, 1, 1)),
    st.integers(-23 * 60, 23 * 60),
    st.sampled_from("T "),
)
def test_what_python_writes_is_read(time: datetime, ahead_min: int, gap: str) -> None:
    there = time.replace(tzinfo=timezone(timedelta(minutes=ahead_min)))
    assert times.read(there.isoformat(sep=gap)) == there


@given(st.datetimes(datetime(1990, 1, 1), datetime(2024, 1, 1)), st.sampled_from(["tai", "tt", "tdb"]))
def test_scales_agree_with_astropy(time: datetime, scale: str) -> None:
    expected = Time(time, scale=scale).utc.to_datetime(timezone=UTC)
    assert abs(times.read(f"{time.isoformat()} {scale}") - expected) < timedelta(milliseconds=3)
