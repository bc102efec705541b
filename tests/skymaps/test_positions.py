"""One reader of positions: every usual writing of one place, and complaints that say what is wrong."""

from __future__ import annotations

import math

import pytest
from astropy import units as u
from astropy.coordinates import Angle
from hypothesis import given
from hypothesis import strategies as st

from skymaps import positions

NGC_4993 = (15.0 * (13 + 9 / 60 + 48.1 / 3600), -(23 + 22 / 60 + 53 / 3600))

WRITINGS = [
    "13:09:48.1 -23:22:53",
    "13:09:48.1, -23:22:53",
    "13:09:48.1;-23:22:53",
    "(13:09:48.1 -23:22:53)",
    "13 09 48.1 -23 22 53",
    "13h09m48.1s -23d22m53s",
    "13h09m48.1s-23d22m53s",
    "13h 09m 48.1s, -23d 22m 53s",
    "13h09m48.1s \u221223\u00b022\u203253\u2033",
    "13\u02b009\u1d5048.1\u02e2 \u201323\u00ba22\u201953\u201d",
    "13h09m48.1s -23d22'53\"",
    "RA=13:09:48.1 Dec=-23:22:53",
    "RA: 13h09m48.1s, DEC: -23d22m53s (J2000)",
    "ICRS 13:09:48.1\u00a0-23:22:53",
    "197.450416667 -23.381388889",
    "197.450416667,-23.381388889",
    "197.450416667d -23.381388889d",
    "197.450416667deg, -23.381388889 deg",
    "197.450416667\u00b0 \u221223.381388889\u00b0",
    "197.450416667-23.381388889",
    "13.1633611111h -23.381388889d",
    "197,450416667 -23,381388889",
    "197d27m01.5s -23d22m53s",
    "1.97450416667e2 -2.3381388889e1",
    "-162.549583333 -23.381388889",
    "3.44615988rad -0.40808222rad",
]


@pytest.mark.parametrize("text", WRITINGS)
def test_one_place_in_all_writings(text: str) -> None:
    assert positions.read(text) == pytest.approx(NGC_4993, abs=2e-6)


NORTHERN = ["13 09 48.1 23 22 53", "13h 09m 48.1s 23d 22m 53s", "13:09:48.1 +23:22:53", "13h9m48.1s 23d22m53s"]


@pytest.mark.parametrize("text", NORTHERN)
def test_a_declination_needs_no_sign(text: str) -> None:
    assert positions.read(text) == pytest.approx((NGC_4993[0], -NGC_4993[1]), abs=1e-9)


WRONG = {
    "800 20": "right ascension '800' is 800 degrees",
    "20 197": "declination '197' is 197 degrees",
    "0 -91": "declination '-91'",
    "25:00:00 10": "hours go to 24",
    "197:27:00 -23:22:53": "197d27m00s",
    "13:70:00 10": "minutes and seconds go to 60",
    "13:09:75 10": "minutes and seconds go to 60",
    "12.5:30 10": "only the last part has a fraction",
    "12h -3h": "never in hours",
    "13:09:48.1": "two angles",
    "197.45": "two angles",
    "1,2,3": "two angles",
    "10 20 30": "two angles",
    "13 09 48 23 22": "two angles",
    "here": "two angles",
    "here there": "'here' is no angle",
    "nan nan": "no angle",
    "inf 0": "no angle",
    "": "two angles",
    "197.45 +-3": "no angle",
    "10 -5-3": "no angle",
    "13h09s48m 10": "minutes follow",
    "30m 10": "degrees or hours come first",
    "266.4 -29.0 galactic": "only ICRS",
    "18 36 +38 44 B1950": "only ICRS",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_named_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"write 197\.45 -23\.38, 13h09m48.1s -23d22m53s") as raised:
        positions.read(text)
    assert WRONG[text] in str(raised.value)


@given(st.floats(0.0, 359.99), st.floats(-90.0, 90.0))
def test_what_astropy_writes_is_read_back(ra: float, dec: float) -> None:
    hours, arcs = Angle(ra, u.deg), Angle(dec, u.deg)
    for sep in (":", " ", "hms", "fromunit"):
        text = (
            hours.to_string(unit=u.hourangle, sep=sep, precision=8),
            arcs.to_string(unit=u.deg, sep="dms" if sep == "hms" else sep, precision=8, alwayssign=True),
        )
        got = positions.read(" ".join(text))
        assert math.remainder(got[0] - ra, 360.0) == pytest.approx(0.0, abs=1e-9)
        assert got[1] == pytest.approx(dec, abs=1e-9)


@pytest.mark.parametrize(
    ("value", "unit", "degrees"),
    [
        (12.5, None, 12.5),
        (12.5, "h", 187.5),
        ("12:30", "deg", 12.5),
        ("12:30", None, 187.5),
        ("12.5", "hourangle", 187.5),
    ],
)
def test_a_unit_that_is_told_counts(value: str | float, unit: str | None, degrees: float) -> None:
    assert positions.right_ascension(value, unit) == pytest.approx(degrees)


def test_a_unit_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="'mag' is no unit of an angle"):
        positions.declination(1.0, "mag")
