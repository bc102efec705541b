"""A visitor with a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from benchmarks import gw170817
from coincidence import DEFAULT
from mma.engine.vetting import Vetting
from mma.store import tokens
from tests.mma.world import HERE, NOW, World, detection
from tests.pages.conftest import BEST, EVENT, Serve, Visit

Open = Callable[..., Visit]


@pytest.mark.realdata
def test_from_the_list_to_the_counterpart_of_gw170817_in_two_clicks(data: Path, serve: Serve, visit: Open) -> None:
    with gw170817.one_night(data) as (store, _):
        page = visit(serve(store)).to("/")
        page.get_by_role("link", name="S170817a").click()
        page.get_by_role("table").first.get_by_role("link", name="AT2017gfo").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("AT2017gfo")
        why = page.locator("#why")
        expect(why).to_contain_text("NGC4993")
        expect(why).to_contain_text("first seen 11.3 h after")  # 2017-08-18 00:00 in the photometry
        expect(why).to_contain_text("credible level 38.3 %")  # ligo.skymap says 0.3826
        links = page.get_by_role("link", name="TNS").all()
        assert [link.get_attribute("href") for link in links] == ["https://www.wis-tns.org/object/2017gfo"]


@pytest.mark.realdata
def test_the_map_of_gw170817_shows_where_the_counterpart_is(data: Path, serve: Serve, visit: Open) -> None:
    with gw170817.one_night(data) as (store, _):
        page = visit(serve(store)).to("/events/S170817a")
        first = page.locator("#part .mark.first")
        place = [float(first.get_attribute(name) or 0) for name in ("cx", "cy")]
        picture = page.locator("#part image").get_attribute("href") or ""
        page.goto(page.url.partition("/events")[0] + picture)
        filled = """([x, y]) => {
            const point = new DOMPoint(x, y);
            return [...document.querySelectorAll("path.a, path.b")].filter((p) => p.isPointInFill(point))
                .map((p) => p.getAttribute("class"));
        }"""
        assert page.evaluate(filled, place) == ["a", "b"]  # at credible level 0.38: inside of both borders
        assert page.evaluate(filled, [5.0, 5.0]) == []


def test_the_keyboard_alone_will_do(night: World, serve: Serve, visit: Open) -> None:
    page = visit(serve(night.store)).to("/")
    page.keyboard.press("Tab")
    assert _focused(page) == "Skip to the content"
    _tab_to(page, EVENT)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(EVENT)
    before = _box(page)
    page.locator("#part").focus()
    page.keyboard.press("+")
    assert _box(page)[2] == before[2] / 2
    page.keyboard.press("ArrowRight")
    assert _box(page)[0] > before[2] / 4
    page.keyboard.press("0")
    assert _box(page) == before
    _tab_to(page, BEST)
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    circle = page.evaluate(
        "getComputedStyle(document.activeElement.querySelector('.mark') ?? document.body).strokeWidth"
    )
    assert outline == "solid" or circle == "4px", "where the focus is must show"
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(BEST)


def _focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent")).strip()


def _tab_to(page: Page, text: str) -> None:
    for _ in range(60):
        if text in _focused(page) and page.evaluate("document.activeElement.tagName.toLowerCase()") == "a":
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way to {text!r} by keyboard")


def _box(page: Page) -> list[float]:
    return [float(n) for n in (page.locator("#part").get_attribute("viewBox") or "").split()]


def test_buttons_zoom(night: World, serve: Serve, visit: Open) -> None:
    page = visit(serve(night.store)).to(f"/events/{EVENT}")
    zoom = page.get_by_role("group", name="Zoom of the region")
    zoom.get_by_role("button", name="Zoom in").click()
    assert _box(page)[2] == 250
    zoom.get_by_role("button", name="Show all").click()
    assert _box(page) == [0, 0, 500, 500]


def test_a_new_candidate_shows_without_reload(night: World, serve: Serve, visit: Open) -> None:
    page = visit(serve(night.store)).to(f"/events/{EVENT}")
    expect(page.locator("#live")).to_have_text("This page updates itself with what is published.")
    page.evaluate("window.stillHere = true")
    page.locator("#part").focus()
    page.keyboard.press("+")
    place = (HERE[0] + 0.1, HERE[1])
    night.hears(detection("ZTF27newcand", place, 9.0, unseen_hours=-15.0, mag=18.0),
                detection("ZTF27newcand", place, 33.0, first_hours=9.0, mag=19.2))  # fmt: skip
    expect(page.locator("#candidates")).to_contain_text("ZTF27newcand", timeout=10_000)
    expect(page.get_by_role("status")).to_contain_text("updated")
    assert page.evaluate("window.stillHere") is True
    assert _box(page)[2] == 250, "an update must not undo the zoom"
    assert page.locator("#part a[href*=ZTF27newcand]").count() == 1


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)])
def test_every_page_is_readable(
    night: World, serve: Serve, visit: Open, screenshots: Path | None, scheme: str, width: int
) -> None:
    tab = visit(serve(night.store), color_scheme=scheme, width=width)
    pages = {"list": "/", "event": f"/events/{EVENT}", "candidate": f"/candidates/{EVENT}/{BEST}", "search": "/search",
             "status": "/status", "login": "/login", "object": f"/objects/{BEST}",
             "around": "/search?q=150+20&radius=1+deg"}  # fmt: skip
    for name, path in pages.items():
        page = tab.to(path)
        page.wait_for_load_state("load")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than the window"
        assert _low_contrast(page) == []
        if screenshots is not None:
            page.screenshot(path=screenshots / f"{name}-{scheme}-{width}.png", full_page=True)


@pytest.mark.parametrize("path", [f"/events/{EVENT}", f"/candidates/{EVENT}/{BEST}", f"/objects/{BEST}", "/search",
                                  "/search?q=150+20&radius=1+deg", "/status"])  # fmt: skip
def test_on_a_phone_everything_is_within_the_window(night: World, serve: Serve, visit: Open, path: str) -> None:
    """Nothing has to be pushed sideways: tables, each cell under its heading's name, and the light curve."""
    page = visit(serve(night.store), width=375).to(path)
    for details in page.locator("details").all():
        details.evaluate("d => { d.open = true; }")
    beyond = """() => [...document.querySelectorAll("main td, main th, main svg, main input, main select")]
        .filter((n) => !n.closest("thead") && n.getClientRects().length && n.getBoundingClientRect().right > innerWidth)
        .map((n) => n.outerHTML.slice(0, 80))"""
    assert page.evaluate(beyond) == []
    pushed = "[...document.querySelectorAll('.scroll')].filter((n) => n.scrollWidth > n.clientWidth + 1).length"
    assert page.evaluate(pushed) == 0
    heads = page.locator("main table").first.locator("thead th").all_text_contents()
    cells = page.locator("main table").first.locator("tbody tr").first.locator("th, td")
    if cells.count() == len(heads):
        assert [c.get_attribute("data-label") or head for c, head in zip(cells.all(), heads, strict=True)] == heads
    for curve in page.locator("svg.curve").all():
        small = "(svg) => [...svg.querySelectorAll('text')].filter((t) => t.getBoundingClientRect().height < 10).length"
        assert curve.evaluate(small) == 0, "letters can be read"


def _low_contrast(page: Page) -> list[Any]:
    """Text below the contrast that WCAG 2.2 asks for at level AA (1.4.3): 4.5, or 3 for large text."""
    return list(
        page.evaluate(
            """() => {
                const light = (c) => c.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
                const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
                const ground = (n) => {
                    for (; n; n = n.parentElement) {
                        const c = rgb(getComputedStyle(n).backgroundColor);
                        if (c.length < 4 || c[3] > 0.99) return c.slice(0, 3);
                    }
                    return rgb(getComputedStyle(document.body).backgroundColor).slice(0, 3);
                };
                const bad = [];
                for (const n of document.querySelectorAll("body *")) {
                    const own = [...n.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
                    if (!own || n.closest("svg, script, .fresh") || !n.getClientRects().length) continue;
                    const style = getComputedStyle(n), size = parseFloat(style.fontSize);
                    const [a, b] = [light(rgb(style.color).slice(0, 3)), light(ground(n))].sort((x, y) => y - x);
                    const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
                    if ((a + 0.05) / (b + 0.05) < least) bad.push([n.textContent.trim().slice(0, 40), style.color]);
                }
                return bad;
            }"""
        )
    )


def test_dark_is_dark(night: World, serve: Serve, visit: Open) -> None:
    base = serve(night.store)
    grounds = [
        visit(base, color_scheme=scheme).to("/").evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    light, dark = (sum(map(int, re.findall(r"\d+", ground)[:3])) for ground in grounds)
    assert light > 600
    assert dark < 100


def test_names_cannot_run_scripts(night: World, serve: Serve, visit: Open) -> None:
    bad = "ZTF<script>document.title='owned'</script>"
    quoted = "ZTF27\"onmouseover=\"document.title='owned'"
    night.hears(detection(bad, HERE, 11.0), detection(quoted, HERE, 12.0))
    tab = visit(serve(night.store))
    page = tab.to(f"/events/{EVENT}")
    expect(page.locator("#candidates")).to_contain_text(bad)
    page.locator("#candidates").get_by_role("link", name=bad).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(bad)
    assert "owned" not in page.title().replace(bad, "")
    tab.to("/search?q=%22%3E%3Cscript%3Edocument.title%3D%27owned%27%3C%2Fscript%3E")
    assert page.title() == "Search – mma"
    assert page.evaluate("document.querySelectorAll('script:not([src])').length") == 0


def test_screen_readers_find_their_way(night: World, serve: Serve, visit: Open) -> None:
    page = visit(serve(night.store)).to(f"/events/{EVENT}")
    for role in ("banner", "main", "contentinfo"):
        expect(page.get_by_role(role)).to_have_count(1)  # type: ignore[arg-type]
    expect(page.get_by_role("group", name=f"The region of {EVENT} with its candidates")).to_have_count(1)
    expect(page.get_by_role("region", name="Table of candidates")).to_have_count(1)
    page.goto(f"{page.url.partition('/events')[0]}/candidates/{EVENT}/{BEST}")
    expect(page.get_by_role("img", name=f"Light curve of {BEST}")).to_have_count(1)
    unnamed = "e => e.filter(n => !n.textContent.trim() && !n.getAttribute('aria-label')).length"
    assert page.locator("a, button").evaluate_all(unnamed) == 0


def test_logging_in_and_out(night: World, serve: Serve, visit: Open) -> None:
    with night.store.begin() as connection:
        token = tokens.add(connection, "ann", writes=False, now=0.0)
    tab = visit(serve(night.store, read="token"))
    page = tab.to(f"/events/{EVENT}?show=active")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    assert _low_contrast(page) == []
    page.get_by_label("Token").fill("mma_wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("no valid token")
    assert all("401" in wrong for wrong in tab.wrong)
    tab.wrong.clear()  # the browser's two remarks on that answer
    page.get_by_label("Token").fill(token)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(EVENT)
    assert page.url.endswith(f"/events/{EVENT}?show=active")
    expect(page.locator("#live")).to_have_text("This page updates itself with what is published.")
    night.hears(detection("ZTF27newcand", (HERE[0] + 0.1, HERE[1]), 9.0, unseen_hours=-15.0, mag=18.0))
    expect(page.locator("#candidates")).to_contain_text("ZTF27newcand", timeout=10_000)
    assert page.evaluate("document.cookie") == "", "no script may read it"
    page.get_by_role("button", name="Log out ann").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    tab.to("/status")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


def test_tags_show_without_reload_and_choose_in_the_search(night: World, serve: Serve, visit: Open) -> None:
    page = visit(serve(night.store)).to(f"/events/{EVENT}")
    expect(page.locator("#live")).to_have_text("This page updates itself with what is published.")
    vetting = Vetting(store=night.store, parameters=DEFAULT, prefix="mma")
    vetting.tag((EVENT, BEST), ["followed-up"], who="ann", now=NOW)
    link = page.locator("#candidates").get_by_role("link", name="followed-up")
    expect(link).to_be_visible(timeout=10_000)
    link.click()
    expect(page.get_by_label("followed-up")).to_be_checked()
    expect(page.get_by_role("table").get_by_role("link", name=BEST)).to_have_count(1)
    expect(page.locator("tbody tr")).to_have_count(1)
    assert _low_contrast(page) == []


def test_filters_and_facets(night: World, serve: Serve, visit: Open) -> None:
    page = visit(serve(night.store)).to("/")
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("gamma rays").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("listitem")).to_contain_text("Fermi")
    page.get_by_role("link", name="Search").click()
    page.get_by_label("Event, object or position").fill(BEST)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Exactly that")).to_contain_text(BEST)
