"""Links, sentences, light curves."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mma.api.pages import curve, links, story, words
from mma.messages.candidate import ab_mag

Row = dict[str, Any]
T = 1_800_000_000.0


def point(day: float = 0.0, flux: float | None = 1e4, error: float | None = 100.0, limit: float | None = None) -> Row:
    return {"id": "1", "time": T + 86400.0 * day, "band": "r", "flux_njy": flux, "flux_error_njy": error,
            "limit_mag": limit}  # fmt: skip


def drawn(*rows: Row, event: float | None = T) -> Row:
    found = curve.drawn(list(rows), event)
    assert found is not None
    return found


def test_a_light_curve_keeps_its_proportions() -> None:
    """Equal ratios of flux are equal lengths, time is even, bright is up."""
    a, b, c = drawn(point(1, 1e5), point(2, 1e4), point(4, 1e3))["points"]
    assert c["y"] - b["y"] == pytest.approx(b["y"] - a["y"], abs=0.11)
    assert b["y"] > a["y"]
    assert c["x"] - b["x"] == pytest.approx(2 * (b["x"] - a["x"]), abs=0.2)


def test_errors_are_as_long_as_they_are() -> None:
    (p, q) = drawn(point(1, 1e4, 1e3), point(2, 1e4, 500.0))["points"]
    assert p["error"] == pytest.approx(2.5 / math.log(10) * 0.1)
    assert p["low"] - p["high"] == pytest.approx(2 * (q["low"] - q["high"]), abs=0.3)


def test_what_is_no_detection_is_a_limit_or_nothing() -> None:
    rows = [point(1, None, None, 20.5), point(2, 100.0, 100.0), point(3, -500.0, 100.0), point(4, None, None)]
    rows += [point(5, None, None) | {"id": "1/r/-"}, point(6, -5.0, None)]
    found = drawn(*rows)
    assert [p["what"] for p in found["points"]] == ["limit", "limit", "below", "seen", "below"]
    assert found["n_hidden"] == 1
    assert found["points"][0]["mag"] == 20.5
    assert found["points"][1]["mag"] == pytest.approx(ab_mag(400.0))  # flux and three times its error
    assert found["points"][2]["mag"] == pytest.approx(ab_mag(500.0))  # of what is missing


def test_bands_have_marks_of_their_own() -> None:
    found = drawn(*(point(i) | {"band": band} for i, band in enumerate("ugrizy")))
    assert len({b["shape"] for b in found["bands"]}) == 6


@given(
    st.lists(
        st.tuples(st.floats(-400, 400), st.none() | st.floats(-1e6, 1e9), st.none() | st.floats(0, 1e6),
                  st.none() | st.floats(5, 30)),
        min_size=1,
    ),
    st.booleans(),
)  # fmt: skip
def test_whatever_was_measured_lies_within_the_frame(rows: list[tuple[Any, ...]], knows: bool) -> None:
    found = drawn(*(point(*row) for row in rows), event=T if knows else None)
    for p in found["points"]:
        assert curve.LEFT - 1 <= p["x"] <= curve.WIDTH - curve.RIGHT + 1
        if p["mag"] is not None:
            assert curve.TOP - 1 <= p["high"] <= p["y"] <= p["low"] <= curve.HEIGHT - curve.BOTTOM + 1
    assert 2 <= len(found["x_ticks"]) <= 13


def test_nothing_measured_is_nothing_drawn() -> None:
    assert curve.drawn([], T) is None


@given(st.floats(-60, 60))
def test_what_a_term_counts_is_its_exponential(value: float) -> None:
    text = story.factor(value)
    if abs(value) < 0.05:
        assert text == "leaves the odds as they are"
        return
    assert text.startswith("multiplies" if value > 0 else "divides")
    told = float(text.rpartition("by ")[2].replace(" ", ""))
    assert told == pytest.approx(math.exp(abs(value)), rel=0.5 if abs(value) > math.log(1e6) else 0.06)


@pytest.mark.parametrize(
    ("name", "aliases", "has"),
    [
        ("AT2017gfo", [], "https://www.wis-tns.org/object/2017gfo"),
        ("ZTF21abiuvdk", ["SN 2021abc"], "https://www.wis-tns.org/object/2021abc"),
        ("ZTF21abiuvdk", [], "https://fink-portal.org/ZTF21abiuvdk"),
        ("ZTF21abiuvdk", [], "https://alerce.online/object/ZTF21abiuvdk"),
        ("ZTF21abiuvdk", [], "https://lasair-ztf.lsst.ac.uk/objects/ZTF21abiuvdk/"),
        ("lsst:313637921267122191", [], "https://lasair.lsst.ac.uk/objects/313637921267122191/"),
    ],
)
def test_objects_have_links(name: str, aliases: list[str], has: str) -> None:
    found = links.of_object(name, aliases, 197.45037, -23.38148)
    assert has in [url for _, url in found]
    assert {"NED", "SIMBAD", "Legacy Surveys"} <= {title for title, _ in found}
    assert all(url.startswith("https://") and " " not in url for _, url in found)


@given(st.text(max_size=30), st.floats(0, 360), st.floats(-90, 90))
def test_links_are_safe_whatever_the_name(name: str, ra: float, dec: float) -> None:
    event = {"id": name, "url": name, "messenger": "gw"}
    for _, url in links.of_object(name, [name], ra, dec) + links.of_event(event):
        assert url.startswith(("https://", "http://"))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil", "https:evil", " https://a", None])
def test_only_the_web_is_linked_to(url: str | None) -> None:
    assert links.safe(url) is None


def test_superevents_lead_to_gracedb_and_the_treasure_map() -> None:
    found = dict(links.of_event({"id": "S230518h", "url": None, "messenger": "gw"}))
    assert found["GraceDB"] == "https://gracedb.ligo.org/superevents/S230518h/view/"
    assert found["Treasure Map"] == "https://treasuremap.space/alerts?graceids=S230518h"
    assert "GraceDB" not in dict(links.of_event({"id": "Fermi-GBM-1", "url": None, "messenger": "gamma"}))


@given(st.floats(0, 1))
@example(1.1001e-5)
def test_a_probability_is_never_more_sure_than_it_is(p: float) -> None:
    text = words.probability(p)
    if 0.0 < p < 1.0:
        assert text not in ("0 %", "100 %", "0.0 %")
    value = float(text.strip("<> %"))
    assert value == pytest.approx(100 * p, rel=0.07, abs=0.1 if p > 0.999 else 0.6 if p >= 0.1 else 1e-4)


@given(st.floats(0, 359.9999), st.floats(-90, 90))
def test_sexagesimal_positions_read_back(ra: float, dec: float) -> None:
    import re

    h, m, s, sign, d, am, asec = re.fullmatch(  # type: ignore[union-attr]
        r"(\d\d)h(\d\d)m([\d.]+)s ([+−])(\d\d)°(\d\d)′([\d.]+)″", words.sexagesimal(ra, dec)
    ).groups()
    assert float(s) < 60
    assert float(asec) < 60
    back = 15 * (int(h) + int(m) / 60 + float(s) / 3600)
    assert (back - ra + 180) % 360 - 180 == pytest.approx(0.0, abs=15 * 0.0051 / 3600)
    assert (-1 if sign == "−" else 1) * (int(d) + int(am) / 60 + float(asec) / 3600) == pytest.approx(
        dec, abs=0.051 / 3600
    )
