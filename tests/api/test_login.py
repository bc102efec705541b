"""Logging in with a browser: the cookie reads and never writes, nobody is led elsewhere, the token shows nowhere."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mma.api.session import COOKIE, to_login, within
from mma.store import Store, tokens

PAGES = ("/", "/events/CBC0000", "/events/CBC0000?show=vetoed", "/search", "/status")
PROGRAMS = ("/api/events", "/api/stream", "/vo/conesearch?RA=0&DEC=0&SR=1", "/metrics")
HTML = {"Accept": "text/html, application/json;q=0.9"}
ELSEWHERE = ("//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
             "/\t/evil.example", "/ /evil.example", "evil.example", "", "/login", "/logout?x=1", "/\r\nSet-Cookie: a=b",
             "/é", "/" + "x" * 3000)  # fmt: skip

Made = Callable[..., str]


@pytest.fixture
def token(small: Store) -> Made:
    """A function that makes a token."""

    def make(name: str = "ann", *, writes: bool = False) -> str:
        with small.begin() as connection:
            return tokens.add(connection, name, writes=writes, now=0.0)

    return make


@pytest.fixture
def browser(small: Store, serve: Any) -> Callable[..., httpx.Client]:
    """A function that asks a server as a browser does, where reading needs a token; cookies are kept."""

    def start(**api: Any) -> httpx.Client:
        client: httpx.Client = serve(small, **({"read": "token"} | api))
        client.headers.update(HTML)
        return client

    return start


def test_a_page_leads_to_the_form_and_from_there_back(browser, token):
    client = browser()
    for path in PAGES:
        asked = client.get(path)
        assert asked.status_code == 303
        form = client.get(asked.headers["location"])
        assert form.status_code == 200
        back = parse_qs(urlsplit(asked.headers["location"]).query)["next"][0]
        assert back == path
        assert f'name="next" value="{path}"' in form.text
    done = client.post("/login", data={"token": f" {token()}\n", "next": PAGES[2]})
    assert (done.status_code, done.headers["location"]) == (303, PAGES[2])
    assert [client.get(path).status_code for path in PAGES] == [200] * len(PAGES)
    assert client.get("/api/events").status_code == 200
    assert client.get("/vo/conesearch?RA=0&DEC=0&SR=1").status_code == 200


def test_programs_are_answered_as_before(browser):
    client = browser()
    for path in PROGRAMS:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/", headers={"Accept": "application/json"}).status_code == 401
    assert client.get("/", headers={"Authorization": "Bearer x"}).status_code == 401
    assert client.get("/pages/sky.svg?event=CBC0000").status_code == 401
    assert client.get("/pages/mma.css").status_code == 200  # the form needs it


def test_the_cookie_is_for_this_site_this_session_and_no_script(browser, token):
    secret = token()
    client = browser(proxies=("127.0.0.1",))
    for scheme, secure in (("http", False), ("https", True)):  # as a proxy with TLS on this machine tells it
        answer = client.post("/login", data={"token": secret}, headers={"X-Forwarded-Proto": scheme})
        parts = answer.headers["set-cookie"].split("; ")
        assert parts[0] == f"{COOKIE}={secret}"
        assert {part.lower() for part in parts[1:]} == {"httponly", "path=/", "samesite=strict"} | (
            {"secure"} if secure else set()
        )


def test_the_cookie_never_writes(browser, token):
    client = browser(read="open")
    assert client.post("/login", data={"token": token(writes=True)}).status_code == 303
    event, name = "CBC0000", client.get("/api/events/CBC0000/candidates").json()["items"][0]["object"]
    path = f"/api/candidates/{event}/{name}"
    before = client.get(path).json()
    assert client.post(f"{path}/verdicts", json={"status": "rejected"}).status_code == 401
    assert client.put(f"{path}/tags/moving").status_code == 401
    assert client.delete(f"{path}/tags/moving").status_code == 401
    assert client.get(path).json() == before


def test_the_cookie_does_not_even_search_where_reading_needs_a_token(browser, token):
    """A search is a POST, and no POST takes the cookie."""
    client = browser()
    client.post("/login", data={"token": token()})
    assert client.post("/api/search/candidates", json={}).status_code == 401


def test_the_stream_takes_the_cookie(small, serve, token):
    client = serve(small, read="token")
    client.post("/login", data={"token": token()})
    with client.stream("GET", "/api/stream") as answer:
        assert answer.status_code == 200
        assert next(answer.iter_lines()) == "retry: 2000"


def test_a_wrong_token_is_told_on_the_form(browser, token):
    token()
    client = browser()
    for wrong in ("mma_wrong", "", "\0", "é", "x" * 5000, '"><script>'):
        answer = client.post("/login", data={"token": wrong, "next": "/search"})
        assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
        assert "This is no valid token" in answer.text
        assert 'name="next" value="/search"' in answer.text
        assert "set-cookie" not in answer.headers
        assert len(wrong) < 6 or wrong not in answer.text


def test_attempts_are_counted(browser, token):
    secret = token()
    client = browser(rate_limit=5.0)
    codes = [client.post("/login", data={"token": "wrong"}).status_code for _ in range(7)]
    assert codes == [401] * 5 + [429] * 2
    answer = client.post("/login", data={"token": secret})
    assert (answer.status_code, answer.headers["content-type"]) == (429, "text/html; charset=utf-8")
    client = browser(rate_limit=5.0)
    tries = [client.get("/api/events", headers={"Authorization": "Bearer wrong"}).status_code for _ in range(3)]
    tries += [client.post("/login", data={"token": "wrong"}).status_code for _ in range(3)]
    assert tries == [401] * 5 + [429], "whichever way they are made"
    client = browser(rate_limit=5.0)
    tries = [client.get("/api/events", headers={"Cookie": f"{COOKIE}=wrong"}).status_code for _ in range(7)]
    assert tries == [401] * 5 + [429] * 2


def test_a_revoked_token_ends_at_once(browser, token, small):
    client = browser()
    client.post("/login", data={"token": token()})
    assert client.get("/").status_code == 200
    with small.begin() as connection:
        tokens.revoke(connection, "ann", 1.0)
    assert client.get("/").headers["location"] == "/login?next=/"
    assert client.get("/api/events").status_code == 401
    assert browser(read="open").get("/", headers={"Cookie": f"{COOKIE}=x"}).status_code == 200


def test_logging_out(browser, token):
    client = browser()
    client.post("/login", data={"token": token()})
    assert "Log out ann" in client.get("/").text
    assert "Log out" in client.get("/logout").text
    assert client.get("/").status_code == 200, "a link alone logs nobody out"
    out = client.post("/logout")
    assert (out.status_code, out.headers["location"]) == (303, "/login")
    assert client.get("/").status_code == 303
    assert "set-cookie" not in client.post("/logout").headers


@pytest.mark.parametrize("path", ["/login", "/logout"])
@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://behind.a.proxy"}, True),
        ({"Origin": "http://HERE"}, True),
        ({}, True),
    ],
)
def test_forms_of_other_sites_log_nobody_in_or_out(browser, token, path, headers, ours):
    client = browser()
    secret = token()
    client.cookies.set(COOKIE, secret)
    told = {name: value.replace("HERE", client.base_url.netloc.decode()) for name, value in headers.items()}
    answer = client.post(path, data={"token": secret}, headers=told)
    assert answer.status_code == (303 if ours else 403)
    assert ("set-cookie" in answer.headers) == ours


@pytest.mark.parametrize("where", ELSEWHERE)
def test_nobody_is_led_elsewhere(browser, token, where):
    client = browser()
    assert 'name="next" value="/"' in client.get("/login", params={"next": where}).text
    done = client.post("/login", data={"token": token(), "next": where})
    assert (done.status_code, done.headers["location"]) == (303, "/")


@given(
    st.sampled_from(["", "/", "//", "/\\", "/\t/", "/ /", "https:"]),
    st.text(alphabet="/\\ab.:?#%@\t\n é", max_size=12),
)
def test_whatever_is_said_the_way_stays_on_this_server(first, rest):
    """As browsers read it (WHATWG URL): tabs and line ends left out, a backslash is a slash."""
    found = within(first + rest)
    read = found.translate({9: None, 10: None, 13: None}).replace("\\", "/")
    assert read.startswith("/")
    assert not read.startswith("//")
    assert str(httpx.URL("http://here").join(read).host) == "here"


@given(st.text(min_size=1, max_size=30).filter(lambda t: t.isprintable()))
def test_a_name_of_any_letters_comes_back_whole(name):
    raw = httpx.URL("http://here/events/").join(httpx.URL(path="/events/" + name).raw_path.decode()).raw_path
    scope = {"path": "/events/" + name, "raw_path": raw.partition(b"?")[0], "query_string": b"", "headers": []}
    location = to_login(scope).headers["location"]
    assert parse_qs(urlsplit(location).query)["next"] == [scope["raw_path"].decode()]


def test_the_token_shows_nowhere(browser, token, caplog):
    caplog.set_level(logging.DEBUG)
    secret = token()
    client = browser()
    answers = [client.post("/login", data={"token": secret, "next": "/status"})]
    answers += [client.get(path) for path in (*PAGES, "/login", "/logout", "/nowhere", "/api/events", "/metrics")]
    assert not any(secret in answer.text for answer in answers)
    assert not any(secret in str(answer.headers.multi_items()) for answer in answers[1:])
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("httpcore")]  # the browser's
    assert secret not in "".join(ours)


def test_what_needs_a_token_is_kept_by_no_cache_on_the_way(browser, token):
    client = browser()
    assert client.get("/login").headers["cache-control"] == "no-store"
    client.post("/login", data={"token": token()})
    page = client.get("/events/CBC0000")
    assert "Cookie" in page.headers["vary"]
    picture = re.search(r'/pages/sky\.svg\?[^"]*', page.text)
    assert picture is not None
    assert "private" in client.get(picture[0].replace("&amp;", "&")).headers["cache-control"]
