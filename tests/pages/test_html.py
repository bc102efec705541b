"""Pages as they are sent: valid in the basics, guarded, small and quick, and errors say what to do."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import quote

import httpx
import numpy as np
import pytest

from mma.api.maps import Once
from mma.store import Store
from tests.api.filling import fill
from tests.mma.world import HERE, World, as_json, burst, detection, superevent
from tests.pages.conftest import BEST, EVENT, Serve

VOID = {"meta", "link", "input", "br", "img", "hr"}
PAGES = ("/", f"/events/{EVENT}", f"/candidates/{EVENT}/{BEST}", "/search", "/status", "/events/none", "/nowhere",
         f"/events/{EVENT}?show=vetoed", "/?messenger=gw&test=1", "/search?p=50&state=active",
         "/login", "/logout", f"/objects/{BEST}", "/search?q=150+20&radius=1+deg")  # fmt: skip


class Checked(HTMLParser):
    """A page's tags: each closed in its turn, ids unique, labels and descriptions there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> has an attribute twice"
        self.tags[tag] += 1
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def all(self, name: str) -> list[str]:
        """Values of an attribute."""
        return [value for _, attributes in self.found if (value := attributes.get(name)) is not None]


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_well_formed(site: httpx.Client, path: str) -> None:
    answer = site.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.lower().startswith("<!doctype html>")
    page = Checked(answer.text)
    assert (page.tags["html"], page.tags["main"], page.tags["h1"], page.tags["title"]) >= (1, 1, 1, 1)
    assert page.tags["h1"] == 1
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    named = [name for one in page.all("aria-labelledby") + page.all("aria-describedby") for name in one.split()]
    assert set(named) <= set(ids)
    assert all(attributes.get("alt") is not None for tag, attributes in page.found if tag == "img")
    assert page.all("style") == []
    assert not any(name.startswith("on") for _, attributes in page.found for name in attributes)
    assert "None" not in re.sub(r"<[^>]*>", " ", answer.text).replace("None of these", "").replace(
        "None are", ""
    ).replace("None: ", "").replace("None.", "")


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_loaded_from_elsewhere(site: httpx.Client, path: str) -> None:
    answer = site.get(path)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "http" not in policy
    page = Checked(answer.text)
    loaded = page.all("src") + [a["href"] or "" for tag, a in page.found if tag in ("link", "image")]
    assert loaded
    assert all(url.startswith("/pages/") for url in loaded)
    for url in loaded:
        assert site.get(url).status_code == 200


def test_links_within_lead_somewhere(site: httpx.Client) -> None:
    seen: set[str] = set()
    todo = ["/"]
    while todo and len(seen) < 120:
        path = todo.pop()
        seen.add(path)
        answer = site.get(path)
        assert answer.status_code == 200, path
        if "html" in answer.headers["content-type"]:
            todo += [u for u in set(Checked(answer.text).all("href")) if u.startswith("/") and u not in seen]
    assert f"/candidates/{EVENT}/{BEST}" in seen


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/events/S27", 404, f"did you mean '{EVENT}'"),
        ("/nowhere", 404, "list of events"),
        (f"/candidates/{EVENT}/nothing", 404, "is no candidate of"),
        ("/?after=nonsense", 422, "not a place"),
        (f"/events/{EVENT}?show=all", 422, "vetoed"),
        ("/search?after=-1", 422, "greater than or equal to 0"),
        ("/search?clas=kilonova", 422, "did you mean"),
        ("/events/%00", 400, "character"),
        ("/pages/nothing.css", 404, "no file"),
    ],
)
def test_errors_say_what_to_do(site: httpx.Client, path: str, status: int, says: str) -> None:
    answer = site.get(path)
    assert answer.status_code == status
    assert says in answer.text.replace("&#39;", "'")
    assert '<a href="/">List of events</a>' in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_programs_still_get_problem_documents(site: httpx.Client) -> None:
    for path, accept in (("/api/events/none", "text/html"), ("/nowhere", "application/json")):
        answer = site.get(path, headers={"Accept": accept})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_database_that_is_away_is_a_page(night: World, serve: Serve) -> None:
    base = serve(night.store)
    path = night.store.engine.url.database or ""
    night.store.engine.dispose()
    with httpx.Client(base_url=base, headers={"Accept": "text/html"}) as client:
        import pathlib

        moved = pathlib.Path(path).rename(path + ".away")
        pathlib.Path(path).mkdir()
        try:
            answer = client.get("/")
        finally:
            pathlib.Path(path).rmdir()
            moved.rename(path)
    assert answer.status_code == 503
    assert "Wait a few seconds" in answer.text


def test_a_page_that_is_known_is_not_sent_again(site: httpx.Client) -> None:
    first = site.get("/search")
    assert site.get("/search", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    css = re.search(r"/pages/mma\.css\?v=\w+", first.text)
    assert css is not None
    assert "immutable" in site.get(css[0]).headers["cache-control"]
    assert "immutable" not in site.get("/pages/mma.css").headers["cache-control"]


def test_what_a_notice_says_is_only_text(small_world: World, serve: Serve) -> None:
    lure = json.loads(superevent("S270302ab")) | {"urls": {"gracedb": "javascript:alert(1)"}}
    small_world.hears(
        as_json(lure), burst("8260<i>0"), superevent("S270303ab", classification={"BNS": 0.5, "<i>x": 0.2})
    )
    assert "javascript:alert(1)" in {event["url"] for event in small_world.events().values()}
    with httpx.Client(base_url=serve(small_world.store), headers={"Accept": "text/html"}) as client:
        pages = [client.get("/").text, *(client.get(f"/events/{quote(name)}").text for name in small_world.events())]
    # the list, the burst, the event of that class, and the one beside the burst
    assert sum("&lt;i&gt;" in page for page in pages) == 4
    assert not any("<i>" in page or 'href="javascript:' in page for page in pages)


def test_a_merger_without_a_notice_says_what_is_taken_for_granted(small_world: World, serve: Serve) -> None:
    when = "2027-03-01T02:00:00Z"
    place = {"ra": HERE[0], "dec": HERE[1], "radius_deg": 3.0}
    given = {"$schema": "urn:mma:region:1", "name": "mine", "kind": "cbc", "time": when, "issued": when}
    small_world.hears(as_json(given | {"circle": place}), superevent("S270303ab", classification={"BNS": 1.0}))
    with httpx.Client(base_url=serve(small_world.store), headers={"Accept": "text/html"}) as client:
        said = ["no notice tells the class" in client.get(f"/events/{name}").text for name in ("mine", "S270303ab")]
    assert said == [True, False]


def hundred(world: World) -> None:
    """An event with a hundred candidates."""
    random = np.random.default_rng(3)
    places = zip(HERE[0] + random.normal(0, 1.0, 100), HERE[1] + random.normal(0, 1.0, 100), strict=True)
    world.hears(superevent(radius_deg=4.0, mpc=(120.0, 30.0)))
    world.hears(*(detection(f"ZTF27c{_letters(i)}", place, 20.0 + i / 7) for i, place in enumerate(places)))


def _letters(i: int) -> str:
    return "".join(chr(97 + i // 26**k % 26) for k in (4, 3, 2, 1, 0))


def test_an_event_of_a_hundred_candidates_is_small_and_quick(small_world: World, serve: Serve) -> None:
    hundred(small_world)
    assert len(small_world.objects(EVENT)) > 90
    with httpx.Client(base_url=serve(small_world.store), headers={"Accept": "text/html"}) as client:
        client.get(f"/events/{EVENT}")
        seconds = []
        for _ in range(5):
            begun = time.perf_counter()
            answer = client.get(f"/events/{EVENT}", headers={"Accept-Encoding": "identity"})
            seconds.append(time.perf_counter() - begun)
        loaded = {u for u in Checked(answer.text).all("href") if u.startswith("/pages/")}
        size = len(answer.content) + sum(len(client.get(url).content) for url in loaded)
    assert min(seconds) < 0.3
    assert size < 300_000, "with style, script and both maps"


def test_pages_of_candidates_hold_each_once(small_world: World, serve: Serve) -> None:
    hundred(small_world)
    listed: list[str] = []
    with httpx.Client(base_url=serve(small_world.store), headers={"Accept": "text/html"}) as client:
        path: str | None = f"/events/{EVENT}"
        while path is not None:
            text = client.get(path).text
            table = text.partition("<tbody>")[2].partition("</tbody>")[0]
            listed += re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', table)
            more = re.search(r'rel="next" href="([^"]*)"', text)
            path = more[1].replace("&amp;", "&") if more else None
    assert listed == small_world.objects(EVENT)


def test_events_are_listed_page_by_page(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> None:
    store = Store(str(tmp_path_factory.mktemp("many") / "mma.sqlite"))
    fill(store, n_events=50, n_objects=20)
    listed: list[str] = []
    with httpx.Client(base_url=serve(store), headers={"Accept": "text/html"}) as client:
        path: str | None = "/?test=1"
        while path is not None:
            text = client.get(path).text
            listed += re.findall(r'<h2><a href="/events/([^"]*)"', text)
            more = re.search(r'rel="next" href="([^"]*)"', text)
            path = more[1].replace("&amp;", "&") if more else None
    store.close()
    assert len(listed) == len(set(listed)) == 50


def test_facets_count_what_they_would_leave(tmp_path_factory: pytest.TempPathFactory, serve: Serve) -> None:
    store = Store(str(tmp_path_factory.mktemp("facets") / "mma.sqlite"))
    fill(store)
    with httpx.Client(base_url=serve(store), headers={"Accept": "text/html"}) as client:
        for chosen in ("", "?state=vetoed", "?state=active&class=kilonova", "?survey=ztf&p=10&p=1"):
            text = client.get(f"/search{chosen}").text
            boxes = r'name="(\w+)" value="(\w+)"( checked)?> [^<]*<small>(\d+)</small>'
            values = re.findall(boxes, text)
            assert len(values) > 10
            alone = [v for v in values if not any(v[0] == w[0] and w[2] for w in values)]
            for name, value, _, n in alone[::3]:
                more = client.get(f"/search{chosen}{'&' if chosen else '?'}{name}={value}").text
                total = re.search(r'role="status">(\d+) candidate', more)
                assert total is not None
                assert total[1] == n, (chosen, name, value)
    store.close()


def test_a_region_is_drawn_once_however_many_ask(night: World, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    from mma.api.pages import skyview

    drawn: list[str] = []
    before = skyview.whole_sky
    monkeypatch.setattr(skyview, "whole_sky", lambda region: drawn.append("map") or before(region))
    with httpx.Client(base_url=serve(night.store)) as client:
        pictures = [client.get("/pages/sky.svg", params={"event": EVENT}).text for _ in range(4)]
        assert client.get(f"/events/{EVENT}").status_code == 200
    assert drawn == ["map"]
    assert len(set(pictures)) == 1


def test_what_is_kept_has_an_end() -> None:
    once = Once(1000)
    for i in range(50):
        once.get(str(i), lambda: b"x" * 100)
    assert once.get("0", lambda: b"drawn again") == b"drawn again"


def test_tests_are_apart(small_world: World, serve: Serve) -> None:
    small_world.hears(superevent("MS270301x"))
    with httpx.Client(base_url=serve(small_world.store), headers={"Accept": "text/html"}) as client:
        assert "MS270301x" not in client.get("/").text
        assert "MS270301x" in client.get("/?test=1").text
        assert "stream?event=MS270301x&amp;test=true" in client.get("/events/MS270301x").text
