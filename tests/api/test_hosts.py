"""By which names it is asked, whom it believes, and what a browser may do with what it answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from mma.api import create_app
from mma.api.hosts import hosts
from mma.api.server import Server, bound
from mma.config.settings import Api, Settings
from mma.store import Store


def asked(client: httpx.Client, path: str = "/api/events", **headers: str) -> httpx.Response:
    return client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("name", ["localhost:8000", "127.0.0.1", "[::1]:80", "LOCALHOST", "localhost."])
def test_this_machine_asks_by_its_own_names(client_of_small: httpx.Client, name: str):
    assert asked(client_of_small, Host=name).status_code == 200


@pytest.mark.parametrize("name", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "[::2]", "a@b:c:d"])
def test_a_name_of_others_is_not_served_here(client_of_small: httpx.Client, name: str):
    """DNS rebinding: a page of evil.example, whose name leads to 127.0.0.1, reads nothing."""
    assert asked(client_of_small, Host=name).status_code in (400, 421)


def test_names_that_the_settings_have(serve, small: Store):
    client = serve(small, hosts=("mma.example.org",))
    assert asked(client, Host="mma.example.org").status_code == 200
    assert asked(client, Host="localhost").status_code == 200
    assert asked(client, Host="other.example.org").status_code == 421


def test_who_listens_to_all_is_asked_by_any_name():
    assert hosts(Settings(api=Api(host="0.0.0.0"))) is None
    assert hosts(Settings(api=Api(hosts=("*",)))) is None
    found = hosts(replace(Settings(), public_url="https://mma.example.org/x"))
    assert found is not None
    assert "mma.example.org" in found


@pytest.fixture
def limited(small: Store) -> Iterator[object]:
    """Servers with ten requests a minute, and proxies."""
    opened: list[object] = []

    def start(*proxies: str) -> httpx.Client:
        settings = replace(Settings(), api=Api(rate_limit=10.0, proxies=proxies))
        server = Server(create_app(small, settings), bound("127.0.0.1", 0))
        server.begin()
        client = httpx.Client(base_url=server.url)
        opened.extend([server.shutdown, client.close])
        return client

    yield start
    for close in reversed(opened):
        close()  # type: ignore[operator] # both are functions


def told(client: httpx.Client) -> list[int]:
    return [asked(client, "/health", X_Forwarded_For=f"198.51.100.{i}").status_code for i in range(15)]


def test_nobody_but_a_named_proxy_tells_for_whom_it_asks(limited):
    assert told(limited()).count(429) >= 4  # one address, whatever it says
    assert told(limited("127.0.0.1")).count(429) == 0
    assert told(limited("203.0.113.7")).count(429) >= 4


def test_pages_and_pictures_run_nothing(client_of_small: httpx.Client):
    items = client_of_small.get("/api/events").json()["items"]
    pictures = [got for e in items if (got := client_of_small.get(f"/api/events/{e['id']}/region.svg")).is_success]
    assert pictures
    for got in (client_of_small.get("/docs"), *pictures):
        policy = got.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert got.headers["x-content-type-options"] == "nosniff"


def test_of_maps_that_are_not_there_nothing_is_remembered(small: Store):
    app = create_app(small, Settings(api=Api(rate_limit=0.0)))
    server = Server(app, bound("127.0.0.1", 0))
    server.begin()
    with httpx.Client(base_url=server.url) as client:
        for i in range(50):
            for kind in ("svg", "geojson", "moc.fits"):
                sha256 = hashlib.sha256(str(i).encode()).hexdigest()
                assert client.get(f"/api/skymaps/{sha256}.{kind}").status_code == 404
    server.shutdown()
    assert app.state.once._making == {}
