"""Verdicts, comments and tags from a candidate's page: who sees the forms, what they do, what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from mma.api.session import COOKIE, mark
from mma.store import outbox, tokens
from tests.mma.world import World
from tests.pages.conftest import BEST, EVENT, Serve, Visit
from tests.pages.test_html import Checked

PAGE = f"/candidates/{EVENT}/{BEST}"
HERE = {"Sec-Fetch-Site": "same-origin"}
Login = Callable[..., httpx.Client]


@pytest.fixture
def login(night: World, serve: Serve) -> Iterator[Login]:
    """A function that gives a browser where somebody is logged in."""
    base = serve(night.store)
    clients: list[httpx.Client] = []

    def start(name: str | None, *, writes: bool = True) -> httpx.Client:
        clients.append(httpx.Client(base_url=base, headers={"Accept": "text/html"} | HERE, timeout=60.0))
        if name is not None:
            with night.store.begin() as connection:
                secret = tokens.add(connection, name, writes=writes, now=0.0)
            assert clients[-1].post("/login", data={"token": secret}).status_code == 303
        return clients[-1]

    yield start
    for client in clients:
        client.close()


def form_of(client: httpx.Client) -> str:
    """The mark that this session's forms carry."""
    marks = set(re.findall(r'name="form" value="([0-9a-f]+)"', client.get(PAGE).text))
    assert len(marks) == 1
    return str(marks.pop())


def send(client: httpx.Client, **said: Any) -> httpx.Response:
    return client.post(PAGE, data={"form": form_of(client)} | said)


def facts(client: httpx.Client) -> tuple[Any, Any, Any]:
    """What is said of the candidate."""
    headers = {"Accept": "application/json"}
    api = f"/api{PAGE}"
    return (
        client.get(f"{api}/verdicts", headers=headers).json()["items"],
        client.get(f"{api}/tags", headers=headers).json()["items"],
        client.get(api, headers=headers).json()["state"],
    )


def test_a_verdict_counts_at_once_and_is_published(login: Login, night: World) -> None:
    client = login("bob")
    answer = send(client, what="verdict", status="rejected", spectral_class="SN Ia", why="broad lines\r\nat z=0.1")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}#verdict-title")
    (said,), _, state = facts(client)
    assert (said["status"], said["spectral_class"], said["who"]) == ("rejected", "SN Ia", "bob")
    assert said["why"].split() == ["broad", "lines", "at", "z=0.1"]
    assert state == "vetoed"
    with night.store.read() as connection:
        newest = outbox.after(connection, 0, outbox.span(connection)[1], 1000)[-1]
    assert json.loads(newest["payload"])["type"] == "withdrawal"
    page = client.get(PAGE).text
    assert "broad lines" in page
    assert "Nobody has confirmed or rejected it" not in page


def test_a_comment_changes_no_verdict(login: Login) -> None:
    client = login("bob")
    send(client, what="verdict", why="look again")
    send(client, what="verdict", status="confirmed")
    send(client, what="verdict", why="SALT has time tonight")
    said, _, state = facts(client)
    assert [(s["status"], s["why"]) for s in said] == [
        ("confirmed", "SALT has time tonight"),
        ("confirmed", None),
        ("pending", "look again"),
    ]
    assert state == "active"
    listed = client.get(PAGE).text.partition('<ul class="said">')[2].partition("</ul>")[0]
    assert listed.count("badge") == 1, "comments are no verdicts"


def test_tags_come_and_go(login: Login) -> None:
    client = login("bob")
    assert send(client, what="tag", tag="Followed-Up").status_code == 303
    assert [t["tag"] for t in facts(client)[1]] == ["followed-up"]
    assert send(client, what="untag", tag="followed-up").headers["location"] == f"{PAGE}#tags-title"
    assert facts(client)[1] == []


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"what": "tag", "tag": "two words"}, "a tag is 1 to 32 of a-z"),
        ({"what": "untag", "tag": "never"}, "has no tag"),
        ({"what": "verdict"}, "Nothing is said"),
        ({"what": "verdict", "status": "sure"}, "pending"),
        ({"what": "verdict", "why": "x" * 2001}, "comment: "),
        ({"what": "verdict", "status": "rejected", "why": "a\0b"}, "no text has"),
    ],
)
def test_what_cannot_be_done_is_told_beside_the_form(login: Login, said: dict[str, str], says: str) -> None:
    client = login("bob")
    answer = send(client, **said)
    assert answer.status_code == 422
    page = Checked(answer.text)
    assert any(attributes.get("role") == "alert" for _, attributes in page.found)
    assert says in answer.text.replace("&#39;", "'")
    assert facts(client) == ([], [], "active")


def test_who_may_not_write_sees_no_forms_and_cannot_send_any(login: Login) -> None:
    reader, writer = login("ann", writes=False), login("bob")
    stranger = login(None)
    for client in (reader, stranger):
        text = client.get(PAGE).text
        assert 'name="form"' not in text
        assert "<textarea" not in text
    ours = mark(reader.cookies[COOKIE])
    assert reader.post(PAGE, data={"form": ours, "what": "tag", "tag": "x"}).status_code == 403
    assert stranger.post(PAGE, data={"form": form_of(writer), "what": "tag", "tag": "x"}).status_code == 401
    assert f"/login?next={PAGE}" in Checked(stranger.get(PAGE).text).all("href")
    assert facts(writer) == ([], [], "active")


@pytest.mark.parametrize("given", ["", "0" * 64, "é", "another session's"])
def test_a_form_of_another_session_is_refused_in_a_sentence(login: Login, given: str) -> None:
    client = login("bob")
    answer = client.post(
        PAGE, data={"form": form_of(login("eve")) if "'" in given else given, "what": "tag", "tag": "x"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "does not belong to this session" in answer.text
    assert facts(client) == ([], [], "active")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    ],
)
def test_a_form_that_another_site_sends_is_refused_whatever_it_knows(login: Login, headers: dict[str, str]) -> None:
    client = login("bob")
    answer = client.post(PAGE, data={"form": form_of(client), "what": "tag", "tag": "x"}, headers=headers)
    assert answer.status_code == 403
    assert facts(client) == ([], [], "active")


def test_the_cookie_still_writes_nothing_for_programs(login: Login) -> None:
    client = login("bob")
    ours = form_of(client)
    for ask in (
        lambda: client.post(f"/api{PAGE}/verdicts", json={"status": "rejected"}),
        lambda: client.put(f"/api{PAGE}/tags/x"),
        lambda: client.post(f"/events/{EVENT}", data={"form": ours}),
        lambda: client.delete(PAGE),
    ):
        assert ask().status_code in (401, 405)
    assert facts(client) == ([], [], "active")


def test_the_mark_tells_nothing_of_the_token_and_pages_are_for_one_browser(login: Login) -> None:
    client = login("bob")
    secret = client.cookies[COOKIE]
    page = client.get(PAGE)
    assert secret not in page.text
    assert page.headers["cache-control"] == "private, no-cache"
    assert mark(secret) != mark(secret + "x")


def test_what_is_said_is_only_text(login: Login) -> None:
    client = login("bob")
    bad = '"><script>alert(1)</script>'
    send(client, what="verdict", why=bad, spectral_class="<i>SN</i>")
    text = client.get(PAGE).text + send(client, what="tag", tag=bad).text
    assert "<script>alert" not in text
    assert "<i>" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_with_a_browser(night: World, serve: Serve, visit: Callable[..., Visit]) -> None:
    with night.store.begin() as connection:
        secret = tokens.add(connection, "bob", writes=True, now=0.0)
    tab = visit(serve(night.store), width=375)
    page = tab.to(PAGE)
    page.get_by_role("link", name="Log in", exact=True).first.click()
    page.get_by_label("Token").fill(secret)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(BEST)
    page.get_by_role("textbox", name="Comment").fill("blue and fading")
    page.get_by_label("Verdict", exact=True).select_option("ambiguous")
    page.get_by_role("button", name="Say so as bob").click()
    expect(page.locator("#verdicts")).to_contain_text("blue and fading")
    expect(page.locator("#verdicts .badge")).to_have_text("ambiguous")
    page.get_by_label("New tag").fill("followed-up")
    page.get_by_role("button", name="Put it on").click()
    expect(page.locator("#tags").get_by_role("link", name="followed-up")).to_be_visible()
    page.get_by_role("button", name="Take followed-up off").click()
    expect(page.locator("#tags")).to_contain_text("None")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
