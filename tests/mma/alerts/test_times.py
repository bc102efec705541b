"""Clocks, against astropy's."""

from datetime import UTC, datetime

import numpy as np
import pytest
from astropy.time import Time
from hypothesis import assume, given
from hypothesis import strategies as st

from mma.alerts.times import leap_seconds, unix_of_iso, unix_of_jd, unix_of_mjd, unix_of_tai, unix_of_tdb
from mma.errors import DecodeError

mjds = st.floats(41500.0, 61600.0)  # later years make ERFA warn


@given(mjds)
def test_tai_agrees_with_astropy(mjd: float) -> None:
    told = Time(mjd, format="mjd", scale="tai").utc.ymdhms
    assume(told["second"] < 60)  # Unix time has no such second
    whole = datetime(*(int(told[n]) for n in ("year", "month", "day", "hour", "minute")), tzinfo=UTC).timestamp()
    assert unix_of_tai(mjd, "t") == pytest.approx(whole + float(told["second"]), abs=2e-5)


@given(mjds)
def test_mjd_and_jd_agree_with_astropy(mjd: float) -> None:
    assert unix_of_mjd(mjd, "t") == pytest.approx(Time(mjd, format="mjd", scale="utc").unix, abs=1.1)
    assert unix_of_jd(mjd + 2400000.5, "t") == pytest.approx(unix_of_mjd(mjd, "t"), abs=1e-4)


def test_every_leap_second_starts_where_it_should() -> None:
    """USNO tai-utc.dat: 36 s from 2015 July 1, 37 s from 2017 January 1."""
    for date, before, after in (("2015-07-01", 35, 36), ("2017-01-01", 36, 37), ("1999-01-01", 31, 32)):
        start = Time(date, scale="utc").tai.mjd
        assert leap_seconds(np.nextafter(start - 1e-6, 0)) == before
        assert leap_seconds(start + 1e-6) == after


def test_tdb_agrees_with_astropy() -> None:
    text = "2016-01-16T07:52:27"
    assert unix_of_tdb(text, "t") == pytest.approx(Time(text, scale="tdb").unix, abs=0.002)


@pytest.mark.parametrize("text", ["2019-08-14T21:10:39.013", "2019-08-14 21:10:39.013", "2019/08/14 21:10:39.013"])
def test_iso_in_three_writings(text: str) -> None:
    assert unix_of_iso(text, "t") == pytest.approx(Time("2019-08-14T21:10:39.013").unix, abs=1e-5)


def test_a_date_is_its_noon_and_a_fraction_counts_from_midnight() -> None:
    assert unix_of_iso("2017/08/18", "t") == Time("2017-08-18T12:00:00").unix
    assert unix_of_iso("2018-07-20.25", "t") == Time("2018-07-20T06:00:00").unix


@pytest.mark.parametrize("text", ["", "yesterday", "2016-01--20T16:07:34", "2022-01-00", "2017/13/01", "9" * 5000])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(DecodeError, match="is not a time"):
        unix_of_iso(text, "date")


@pytest.mark.parametrize("mjd", [1480360995.0, float("nan"), float("inf"), -5.0, 0.0])
def test_what_is_no_mjd_is_refused_with_field_and_value(mjd: float) -> None:
    with pytest.raises(DecodeError, match=r"midPointTai.*is not an MJD"):
        unix_of_tai(mjd, "diaSource.midPointTai")
