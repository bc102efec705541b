"""Who may ask and how often; sizes; formats; tags; problems; the command line."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from contextlib import suppress
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends
from hypothesis import given
from hypothesis import strategies as st

from mma.api import create_app
from mma.api.access import CALLERS, Buckets, writing
from mma.api.problems import ProblemError
from mma.api.responses import STREAMS, Rows
from mma.api.server import Server, bound
from mma.config.settings import Api, Settings, load
from mma.errors import ConfigError, NotFoundError
from mma.store import Store, tokens

PATHS = ("/api/events", "/api/associations", "/vo/conesearch?RA=0&DEC=0&SR=1", "/metrics", "/api/stream")


def made(store: Store, name: str, *, writes: bool = False) -> dict[str, str]:
    with store.begin() as connection:
        return {"Authorization": f"Bearer {tokens.add(connection, name, writes=writes, now=0.0)}"}


def test_reading_by_token_alone(small, serve):
    headers = made(small, "ann")
    client = serve(small, read="token")
    for path in PATHS:
        got = client.get(path)
        assert (got.status_code, got.headers["www-authenticate"]) == (401, "Bearer"), path
    assert client.get("/api/events", headers=headers).status_code == 200
    assert (
        client.get("/api/events", headers={"Authorization": "Token " + headers["Authorization"][7:]}).status_code == 200
    )
    for wrong in ("Bearer x", "Bearer", "Basic YTpi", headers["Authorization"] + "x"):
        assert client.get("/api/events", headers={"Authorization": wrong}).status_code == 401
    assert client.get("/health").status_code == 200


def test_a_revoked_token_ends_at_once(small, serve):
    headers = made(small, "ann")
    client = serve(small, read="token")
    assert client.get("/api/events", headers=headers).status_code == 200
    with small.begin() as connection:
        tokens.revoke(connection, "ann", 1.0)
    assert client.get("/api/events", headers=headers).status_code == 401
    with small.begin() as connection, pytest.raises(NotFoundError):
        tokens.revoke(connection, "ann", 1.0)


def test_a_token_is_nowhere_in_the_database(small, tmp_path):
    secret = made(small, "ann")["Authorization"][7:]
    assert re.fullmatch(r"mma_[A-Za-z0-9_-]{43}", secret)
    small.close()
    for path in tmp_path.glob("mma.sqlite*"):
        assert secret.encode() not in path.read_bytes()
        assert secret[4:].encode() not in path.read_bytes()


def test_tokens_differ_and_names_are_not_used_twice(small):
    assert made(small, "a") != made(small, "b")
    with small.begin() as connection, pytest.raises(ConfigError, match="already"):
        tokens.add(connection, "a", writes=False, now=0.0)


def test_writing_needs_a_token_that_writes(small):
    app = create_app(small, Settings(api=Api(rate_limit=0.0)))

    @app.post("/api/verdict")
    def verdict(who: Annotated[str, Depends(writing)]) -> dict[str, str]:
        return {"who": who}

    server = Server(app, bound("127.0.0.1", 0))
    server.begin()
    url = f"{server.url}/api/verdict"
    assert httpx.post(url).status_code == 401
    assert httpx.post(url, headers=made(small, "reader")).status_code == 403
    assert httpx.post(url, headers=made(small, "writer", writes=True)).json() == {"who": "writer"}
    server.shutdown()


def test_too_many_requests_wait(small, serve):
    client = serve(small, rate_limit=5.0)
    codes = [client.get("/api/associations").status_code for _ in range(7)]
    assert codes == [200] * 5 + [429] * 2
    assert 1 <= int(client.get("/health").headers["retry-after"]) <= 13
    assert client.get("/api/associations", headers=made(small, "ann")).status_code == 200  # has chances of its own


@given(
    st.floats(1, 1000),
    st.lists(st.tuples(st.floats(0, 120), st.sampled_from(["a", "b"])), max_size=200),
)
def test_a_bucket_never_lets_more_through_than_its_rate(per_minute, asked):
    now = [0.0]
    buckets = Buckets(per_minute, lambda: now[0])
    passed: dict[str, list[float]] = {"a": [], "b": []}
    for pause, caller in asked:
        now[0] += pause
        if buckets.wait_s(caller) == 0.0:
            passed[caller].append(now[0])
    for times in passed.values():
        for i, first in enumerate(times):
            for j in range(i, len(times)):
                assert j - i + 1 <= per_minute + (times[j] - first) * per_minute / 60.0 + 1e-6


def test_callers_that_are_remembered_are_bounded():
    buckets = Buckets(10.0)
    for i in range(CALLERS + 50):
        buckets.wait_s(str(i))
    assert len(buckets._left) == CALLERS


def test_a_body_over_the_limit_is_refused_unread(small, serve):
    client = serve(small, max_upload_mb=0.5)
    got = client.post("/api/search/region", files={"file": b"x" * 600_000}, data={"time": "2027-03-01"})
    assert (got.status_code, got.headers["content-type"]) == (413, "application/problem+json")
    assert client.post("/api/search/objects", content=b"x" * 200_000).status_code == 413

    def endless() -> Any:
        for _ in range(10_000):
            yield b"y" * 1000

    with suppress(httpx.WriteError):  # without a length told; the server may hang up while we still send
        assert client.post("/api/search/objects", content=endless()).status_code == 413


@pytest.mark.parametrize(
    "path",
    ["/api/../../etc/passwd", "/api/skymaps/%2e%2e%2f%2e%2e%2fetc%2fpasswd.fits", "/api/objects/..%2f..%2fx",
     "/api/events/%00", "/api/events?state=%00", "/api/skymaps/" + "0" * 64 + ".exe", "/static/../app.py"],
)  # fmt: skip
def test_paths_lead_nowhere_else(client_of_small, path):
    got = client_of_small.get(httpx.URL(str(client_of_small.base_url) + path))
    assert got.status_code in (400, 404, 422)
    assert "root:" not in got.text


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/events?nonsense=1", "query.nonsense"),
        ("/api/events?time_min=yesterday", "query.time_min"),
        ("/api/events?time_min=0", "query.time_min"),
        ("/api/events?far_hz_max=nan", "query.far_hz_max"),
        ("/api/events?limit=0", "query.limit"),
        ("/api/events?limit=1001", "query.limit"),
        ("/api/events?sort=color", "query.sort"),
        ("/api/events?format=xls", "query.format"),
        ("/api/events/CBC0000/candidates?probability_min=x", "query.probability_min"),
        ("/api/cone?radius=1", "query.position"),
        ("/api/cone?ra=1&dec=91&radius=1", "query.dec"),
        ("/api/cone?ra=1&dec=1", "query.radius"),
        ("/api/skymaps/xyz.fits", "path.sha256"),
    ],
)
def test_a_problem_names_the_field(client_of_small, path, field):
    got = client_of_small.get(path)
    assert (got.status_code, got.headers["content-type"]) == (422, "application/problem+json")
    assert got.json()["status"] == 422
    assert [e["field"] for e in got.json()["errors"]] == [field]


def test_a_cursor_fits_its_own_question_alone(client_of_small):
    url = "/api/events/CBC0000/candidates"
    cursor = client_of_small.get(url, params={"limit": 5}).json()["next"]
    assert client_of_small.get(url, params={"cursor": cursor}).status_code == 200
    for other in ({"sort": "mag"}, {"band": "g"}):
        assert client_of_small.get(url, params={"cursor": cursor} | other).status_code == 404
    assert client_of_small.get("/api/events/GRB0001/candidates", params={"cursor": cursor}).status_code == 404
    for other in ("abc", "\u00e9", "W10", "bnVsbA"):
        for path in ("/api/events", "/api/cone?ra=1&dec=1&radius=1"):
            got = client_of_small.get(path, params={"cursor": other} | dict(httpx.URL(path).params))
            assert (got.status_code, got.json()["errors"][0]["field"]) == (404, "query.cursor")


def test_the_link_leads_to_the_next_page(client_of_small):
    url, seen = "/api/events/CBC0000/candidates?limit=20&band=g&band=r", 0
    while url:
        got = client_of_small.get(url)
        seen += len(got.json()["items"])
        url = got.links.get("next", {}).get("url")
    assert (
        seen == len(client_of_small.get("/api/events/CBC0000/candidates?limit=1000&band=g&band=r").json()["items"]) > 20
    )


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/json"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/*;q=0.5, application/x-ndjson", "application/x-ndjson"),
        ("application/json;q=0, text/csv;q=0.1", "text/csv; charset=utf-8"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/x-votable+xml"),
        ("application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("image/png", "application/problem+json"),
    ],
)
def test_accept_chooses_the_format(client_of_small, accept, media_type):
    got = client_of_small.get("/api/events", headers={"Accept": accept})
    assert got.headers["content-type"] == media_type
    assert got.status_code == (406 if "problem" in media_type else 200)


def test_what_somebody_has_is_not_sent_again(client_of_small, small):
    first = client_of_small.get("/api/events")
    tag = first.headers["etag"]
    for known in (tag, f'"x", {tag}', "*"):
        again = client_of_small.get("/api/events", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    with small.begin() as connection:
        connection.exec_driver_sql("UPDATE events SET revision = revision + 1")
    assert client_of_small.get("/api/events", headers={"If-None-Match": tag}).status_code == 200


def test_answers_are_packed_for_those_who_can_unpack(client_of_small):
    got = client_of_small.get("/api/events?limit=1000", headers={"Accept-Encoding": "gzip"})
    assert got.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in got.headers["vary"]
    plain = client_of_small.get("/api/events?limit=1000", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == got.json()


def test_pages_of_some_origins_may_ask(small, serve):
    client = serve(small, cors=("https://example.org",))
    got = client.get("/api/events", headers={"Origin": "https://example.org"})
    assert got.headers["access-control-allow-origin"] == "https://example.org"
    assert (
        "access-control-allow-origin"
        not in client.get("/api/events", headers={"Origin": "https://evil.example"}).headers
    )
    assert (
        "access-control-allow-origin" not in serve(small).get("/api/events", headers={"Origin": "https://a.b"}).headers
    )


def test_whole_results_at_a_time_are_bounded(client_of_small, small):
    from threading import BoundedSemaphore

    places = BoundedSemaphore(STREAMS)
    open_ones = [Rows(small, places, lambda connection: iter([b"a", b"b"])) for _ in range(STREAMS)]
    with pytest.raises(ProblemError) as caught:
        Rows(small, places, lambda connection: iter([b"a"]))
    assert caught.value.status == 503
    for rows in open_ones:
        rows.close()
        rows.close()
    assert b"".join(Rows(small, places, lambda connection: iter([b"a", b"b"]))) == b"ab"


def test_a_reader_who_leaves_gives_the_connection_back(small, serve):
    client = serve(small)
    for _ in range(3 * STREAMS):
        with client.stream("GET", "/api/events/CBC0000/candidates?format=csv") as answer:
            next(answer.iter_bytes(10))
    time.sleep(0.3)
    assert client.get("/api/events/CBC0000/candidates?format=csv").status_code == 200


def test_an_outage_is_told(bare, serve, monkeypatch):
    from mma.errors import OutageError

    client = serve(bare)
    monkeypatch.setattr(bare, "read", lambda: (_ for _ in ()).throw(OutageError("gone")))
    for path in ("/api/events", "/health", "/api/cone?ra=1&dec=1&radius=1"):
        got = client.get(path)
        assert (got.status_code, got.json()["title"]) == (503, "Service Unavailable")
    assert "ERROR" in client.get("/vo/candidates?RA=1&DEC=1&SR=1&EVENT=x").text


def test_docs_metrics_and_health(client_of_small):
    page = client_of_small.get("/docs").text
    paths = client_of_small.get("/openapi.json").json()["paths"]
    assert all(path in page for path in paths)
    assert "http" not in page.replace("http-equiv", "")
    assert "mma_api_outbox_waiting 0.0" in client_of_small.get("/metrics").text
    assert client_of_small.get("/health").json()["status"] == "ok"


def test_settings_of_the_interface(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('[api]\nport = 8123\nread = "token"\ncors = ["https://example.org"]\n')
    assert load(path, {}).api == Api(port=8123, read="token", cors=("https://example.org",))
    for text, says in (
        ('read = "all"', "none of open, token"),
        ("port = 70000", "port"),
        ("prot = 1", "did you mean 'port'"),
    ):
        path.write_text(f"[api]\n{text}\n")
        with pytest.raises(ConfigError, match=says):
            load(path, {})


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "mma.cli", *arguments], capture_output=True, text=True, check=False)


def test_tokens_on_the_command_line(tmp_path):
    db = str(tmp_path / "a.sqlite")
    added = run("token", "add", "ann", "--write", "--db", db)
    assert added.returncode == 0
    secret = added.stdout.strip()
    listed = run("token", "list", "--db", db, "--json")
    assert [(r["name"], r["writes"]) for r in json.loads(listed.stdout)] == [("ann", True)]
    assert secret not in listed.stdout
    assert run("token", "revoke", "ann", "--db", db).returncode == 0
    again = run("token", "revoke", "ann", "--db", db)
    assert (again.returncode, "no valid token" in again.stderr) == (1, True)


def test_mma_serve_answers_until_it_is_told_to_stop(small, tmp_path):
    db = str(tmp_path / "mma.sqlite")
    command = [sys.executable, "-m", "mma.cli", "serve", "--port", "0", "--db", db]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        url = process.stderr.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/docs", url)
        assert process.stderr.readline().strip() == f"pages: {url.removesuffix('docs')}"
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                assert httpx.get(url.replace("/docs", "/health")).status_code == 200
                break
            except httpx.ConnectError:
                time.sleep(0.1)
        process.terminate()
        assert process.wait(15) in (0, -15)


def test_an_address_that_is_taken_is_an_error(client_of_small, small, tmp_path):
    port = str(client_of_small.base_url.port)
    got = run("serve", "--port", port, "--db", str(tmp_path / "mma.sqlite"))
    assert (got.returncode, got.stderr.count("\n")) == (1, 1)
    assert port in got.stderr
    refused = run("serve", "--port", "70000", "--db", str(tmp_path / "mma.sqlite"))
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "70000 is not from 0 to 65535" in refused.stderr
