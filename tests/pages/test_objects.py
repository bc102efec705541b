"""Pages of objects, candidates or not; searches around a position; and where nothing is."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import numpy as np
import pytest

from tests.mma.world import HERE, THERE, World, detection, superevent
from tests.pages.conftest import BEST, EVENT, Serve
from tests.pages.test_html import Checked

FAR = "ZTF27faraway"
"""No candidate: it lies where no event looks."""


@pytest.fixture
def far(night: World) -> World:
    """The night with an object outside of every region."""
    night.hears(detection(FAR, THERE, 20.0, mag=20.0))
    assert FAR not in night.objects(EVENT)
    return night


@pytest.fixture
def visitor(far: World, serve: Serve) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=serve(far.store), headers={"Accept": "text/html"}, timeout=60.0) as client:
        yield client


def text_of(page: str) -> str:
    """What people read."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)).replace("&#39;", "'")


def test_an_object_that_is_no_candidate_has_a_page(visitor: httpx.Client) -> None:
    answer = visitor.get(f"/objects/{FAR}")
    assert answer.status_code == 200
    Checked(answer.text)
    text = text_of(answer.text)
    assert "It is no candidate of any event" in text
    assert "250.00000, −40.00000" in text
    assert "16h40m00.00s −40°00′00.0″" in text  # 250 degrees are 16 h 40 min
    assert re.search("2027-03-01 (22:00:00|21:59:59)", text)  # 20 h after 02:00
    assert f"Light curve of {FAR}" in text


def test_a_candidate_and_its_object_lead_to_each_other(visitor: httpx.Client) -> None:
    page = visitor.get(f"/objects/{BEST}").text
    assert f"/candidates/{EVENT}/{BEST}" in Checked(page).all("href")
    assert f"/objects/{BEST}" in Checked(visitor.get(f"/candidates/{EVENT}/{BEST}").text).all("href")
    assert "It is no candidate" not in page


@pytest.mark.parametrize("name", ["ztf27faraway", "ZTF27FARAWAY"])
def test_any_spelling_leads_to_the_object(visitor: httpx.Client, name: str) -> None:
    answer = visitor.get(f"/objects/{quote(name)}")
    assert answer.status_code == 200
    assert f"<h1>{FAR}</h1>" in answer.text


def test_magnitudes_stand_beside_fluxes(visitor: httpx.Client) -> None:
    """AB: 3631 Jy at magnitude 0 (Oke & Gunn 1983); an error of 0.1 mag is 0.1 ln 10 / 2.5 of the flux."""
    njy = 3631e9 * 10 ** (-0.4 * 20.0)
    for path in (f"/objects/{FAR}",):
        text = text_of(visitor.get(path).text)
        assert "20.00 ± 0.10" in text
        flux = re.search(r"20\.00 AB mag in r \(([\d.]+) nJy\)", text)
        assert flux is not None
        assert float(flux[1]) == pytest.approx(njy, rel=1e-3)
    (point,) = visitor.get(f"/api/objects/{FAR}").json()["light_curve"]
    assert point["mag"] == pytest.approx(20.0, abs=1e-3)
    assert point["mag_error"] == pytest.approx(0.1, rel=1e-3)
    assert point["mag_error"] == pytest.approx(2.5 / math.log(10) * point["flux_error_njy"] / point["flux_njy"])


@pytest.mark.parametrize(
    ("q", "radius"),
    [("16:40:00 -40:00:00", ""), ("250 -40.0", "30 arcsec"), ("16h40m00s, −40d00m00s", "2′"), (FAR, "1 arcsec")],
)
def test_a_search_by_position_finds_what_is_no_candidate(visitor: httpx.Client, q: str, radius: str) -> None:
    page = visitor.get("/search", params={"q": q, "radius": radius}).text
    assert "1 object within" in text_of(page)
    assert f"/objects/{FAR}" in Checked(page).all("href")


def test_a_search_by_position_lists_the_nearest_first(visitor: httpx.Client) -> None:
    page = visitor.get("/search", params={"q": f"{HERE[0]} {HERE[1]}", "radius": "1 deg"}).text
    listed = re.findall(r'<th scope="row"><a href="/objects/([^"]*)"', page)
    places = [(HERE[0] + 0.4 * i, HERE[1] - 0.3 * i) for i in range(6)]
    away = [np.hypot((ra - HERE[0]) * np.cos(np.radians(dec)), dec - HERE[1]) for ra, dec in places]
    assert listed == [BEST, *(f"ZTF27aaaaab{chr(97 + i)}" for i in range(6) if away[i] < 1.0)]
    assert f"/candidates/{EVENT}/{BEST}" in Checked(page).all("href")
    csv = re.search(r'href="(/api/cone[^"]*)"', page)
    assert csv is not None
    assert visitor.get(csv[1].replace("&amp;", "&")).text.count("\n") == len(listed) + 1


@pytest.mark.parametrize(
    ("q", "radius", "says"),
    [
        ("16:40:00 -95:00:00", "", "-90 to 90"),
        ("16:40:00 -95:00:00", "1 arcmin", "-90 to 90"),
        ("250 -40", "wide", "write degrees up to 180, or 30arcsec"),
        ("250 -40", "-1", "write degrees up to 180, or 30arcsec"),
        ("nothing", "1 deg", "no object and no event"),
        ("", "1 deg", "no position"),
    ],
)
def test_a_wrong_position_is_told_on_the_page(visitor: httpx.Client, q: str, radius: str, says: str) -> None:
    answer = visitor.get("/search", params={"q": q, "radius": radius})
    assert answer.status_code == 200
    assert says in text_of(answer.text)
    Checked(answer.text)


def test_a_name_finds_an_object_that_is_no_candidate(visitor: httpx.Client) -> None:
    page = visitor.get("/search", params={"q": FAR.lower()}).text
    assert f"/objects/{FAR}" in Checked(page).all("href")


def test_where_nothing_is_a_browser_gets_a_page_that_helps(visitor: httpx.Client) -> None:
    for path in ("/nowhere", "/candidates", "/api/nowhere", "/api/events/nothing", "/vo/nowhere"):
        answer = visitor.get(path, headers={"Sec-Fetch-Dest": "document"})
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8"), path
        assert 'role="search"' in answer.text
        assert 'href="/"' in answer.text
        Checked(answer.text)
    for path, leads in (("/events", "/"), ("/events/", "/"), ("/objects", "/search")):
        assert visitor.get(path, follow_redirects=True).url.path == leads
    assert "There is no page /nowhere" in visitor.get("/nowhere").text
    for accept in ("*/*", "application/json"):
        answer = visitor.get("/api/nowhere", headers={"Accept": accept})
        assert answer.headers["content-type"] == "application/problem+json"


def test_an_object_that_is_not_there_names_those_like_it(visitor: httpx.Client) -> None:
    answer = visitor.get("/objects/ZTF27farawax")
    assert answer.status_code == 404
    assert FAR in answer.text


def test_what_a_merger_is_stands_apart_from_what_it_has(night: World, serve: Serve) -> None:
    """LVK Public Alerts User Guide: classes add up to one, properties are questions of their own."""
    classes = {"BNS": 0.1, "NSBH": 0.7, "BBH": 0.15, "Terrestrial": 0.05}
    properties = {"HasNS": 0.9, "HasRemnant": 0.2, "HasMassGap": 0.01, "HasSSM": 0.0}
    night.hears(superevent("S270305xy", classification=classes, properties=properties))
    with httpx.Client(base_url=serve(night.store), headers={"Accept": "text/html"}) as client:
        text = text_of(client.get("/events/S270305xy").text)
    first, _, second = text.partition("Properties, if it is real")
    listed = first.rpartition("Class ")[2]
    assert re.findall("BNS|NSBH|BBH|Terrestrial", listed) == ["NSBH", "BBH", "BNS", "Terrestrial"]
    assert "Has" not in listed
    assert re.findall("Has[A-Za-z]+ [^ ]+ %", second) == [
        "HasNS 90 %", "HasRemnant 20 %", "HasMassGap 1 %", "HasSSM 0 %"]  # fmt: skip
    assert sum(classes.values()) == pytest.approx(1.0)


def test_names_are_only_text(night: World, serve: Serve) -> None:
    bad = "ZTF<script>alert(1)</script>"
    night.hears(detection(bad, THERE, 11.0))
    with httpx.Client(base_url=serve(night.store), headers={"Accept": "text/html"}) as client:
        pages = [client.get(f"/objects/{quote(bad, safe='')}").text, client.get("/search?q=250+-40").text]
        pages.append(client.get("/objects/%3Cscript%3E").text)
        pages.append(client.get("/search?q=%3Cscript%3E&radius=%22%3E%3Cscript%3E").text)
    assert all("<script>" not in page for page in pages)
    assert "&lt;script&gt;alert(1)" in pages[0]
    assert "&lt;script&gt;alert(1)" in pages[1]
