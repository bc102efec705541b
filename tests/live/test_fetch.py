"""Files by URL from a server of our own: allowed hosts, redirects, sizes, time, checksums; and a map for a notice."""

from __future__ import annotations

import hashlib
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import healpy
import numpy as np
import pytest

import skymaps
from mma.answers import queries
from mma.cluster.broker import Broker
from mma.errors import FetchError
from mma.store import Store
from mma.streams.fetch import Fetcher
from tests.live.conftest import Start
from tests.live.doing import gamma_alert, produce, status, topics, until

FILE = b"some bytes" * 1000


class Server(ThreadingHTTPServer):
    """Answers by path; ``asked`` lists the paths."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.files = {"/file": FILE}
        self.redirects: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that cut the line is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path in self.server.redirects:
            self.send_response(302)
            self.send_header("Location", self.server.redirects[self.path])
            self.end_headers()
        elif self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.1)
        elif self.path == "/slow-header":
            for _ in range(100):
                self.wfile.write(b"H")
                time.sleep(0.1)
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            for _ in range(1000):
                self.wfile.write(b"x" * 65536)
        elif self.path == "/short":
            self._send(FILE, len(FILE) + 5)
        elif self.path in self.server.files:
            self._send(self.server.files[self.path], len(self.server.files[self.path]))
        else:
            self.send_error(404)

    def _send(self, content: bytes, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it overrides
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    """Up while the test runs."""
    up = Server()
    threading.Thread(target=up.serve_forever, args=(0.05,), daemon=True).start()
    yield up
    up.shutdown()
    up.server_close()


HERE = Fetcher(hosts=("127.0.0.1",), timeout_s=1.0, max_bytes=100_000)


def test_a_file_and_its_checksum(server: Server) -> None:
    assert HERE.fetch(f"{server.url}/file") == FILE
    right = hashlib.sha256(FILE).hexdigest()
    assert HERE.fetch(f"{server.url}/file", right.upper()) == FILE
    with pytest.raises(FetchError, match=f"sha256 is {right}, not 00"):
        HERE.fetch(f"{server.url}/file", "00")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://gcn.nasa.gov.evil.example/m.fits", "host 'gcn.nasa.gov.evil.example' is not among those"),
        ("https://evil.example/?https://gcn.nasa.gov/m.fits", "host 'evil.example' is not"),
        ("https://gcn.nasa.gov@evil.example/m.fits", "host 'evil.example' is not"),
        ("https://user@gcn.nasa.gov/m.fits", "with credentials"),
        ("http://gcn.nasa.gov/m.fits", "only https"),
        ("ftp://gcn.nasa.gov/m.fits", "only https"),
        ("file:///etc/passwd", "host '' is not"),
        ("http://169.254.169.254/latest", "host '169.254.169.254' is not"),
        ("http://127.0.0.1/m.fits", "host '127.0.0.1' is not"),
        ("https://[::1/m.fits", "no URL"),
        ("https://gcn.nasa.gov:port/m.fits", "no URL"),
        ("", "host '' is not"),
    ],
)
def test_what_is_not_allowed_is_not_asked_for(url: str, says: str) -> None:
    with pytest.raises(FetchError, match=says.replace("?", r"\?").replace("[", r"\[")):
        Fetcher(timeout_s=0.001).fetch(url)


def test_redirects_are_checked_like_the_first_url(server: Server) -> None:
    server.redirects = {
        "/moved": "/file",
        "/away": f"http://localhost:{server.server_address[1]}/file",
        "/round": "/round",
        "/local": "file:///etc/passwd",
    }
    assert HERE.fetch(f"{server.url}/moved") == FILE
    server.asked.clear()
    with pytest.raises(FetchError, match="host 'localhost' is not among"):
        HERE.fetch(f"{server.url}/away")
    with pytest.raises(FetchError, match="host '' is not among"):
        HERE.fetch(f"{server.url}/local")
    assert server.asked == ["/away", "/local"]
    with pytest.raises(FetchError, match="more than 5 redirects"):
        HERE.fetch(f"{server.url}/round")


def test_what_is_too_large_is_not_read_to_its_end(server: Server) -> None:
    server.files["/large"] = b"x" * 100_001
    with pytest.raises(FetchError, match="100001 bytes are more than 100000"):
        HERE.fetch(f"{server.url}/large")
    with pytest.raises(FetchError, match="more than 100000 bytes"):
        HERE.fetch(f"{server.url}/endless")


@pytest.mark.parametrize("path", ["/drip", "/slow-header"])
def test_what_is_too_slow_is_cut_at_the_deadline(server: Server, path: str) -> None:
    start = time.monotonic()
    with pytest.raises(FetchError, match="not within 1 s"):
        HERE.fetch(server.url + path)
    assert time.monotonic() - start < 2.0


def test_other_answers_are_told(server: Server) -> None:
    with pytest.raises(FetchError, match="404 Not Found"):
        HERE.fetch(f"{server.url}/none")
    with pytest.raises(FetchError, match="of 10005 bytes"):
        HERE.fetch(f"{server.url}/short")
    url = server.url
    server.shutdown()
    server.server_close()
    with pytest.raises(FetchError, match="refused"):
        HERE.fetch(f"{url}/file")


def test_by_https_only_from_a_server_that_proves_itself(server: Server, tls: tuple[Path, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls[1])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = server.url.replace("http:", "https:") + "/file"
    assert Fetcher(hosts=("127.0.0.1",), ca=str(tls[0])).fetch(url) == FILE
    with pytest.raises(FetchError, match="CERTIFICATE_VERIFY_FAILED"):
        HERE.fetch(url)


def a_map() -> bytes:
    """A round map of 2 degrees about RA 83, Dec 22, as FITS."""
    ra, dec = healpy.pix2ang(64, np.arange(12 * 64**2), nest=True, lonlat=True)
    away = skymaps.circle(83.0, 22.0, 2.0).probdensity_at(ra, dec)
    cells = np.arange(12 * 64**2, dtype=np.int64) << (2 * (29 - 6))
    return skymaps.write_fits(skymaps.SkyMap.from_cells(cells, np.full(cells.size, 6, dtype=np.int8), away, [None] * 3))


def event(database: Path) -> dict:
    store = Store(str(database))
    with store.read() as connection:
        rows = queries.events(connection)
    store.close()
    return rows[0] if rows else {}


@pytest.mark.parametrize("wanted", [True, False])
def test_an_event_gets_the_region_that_its_notice_points_to(
    broker: Broker, server: Server, tmp_path: Path, start: Start, wanted: bool
) -> None:
    (topic,) = topics(broker, "mma.gamma")
    server.files["/map.fits"] = a_map()
    only = {"ra_dec_error": None, "containment_probability": None, "healpix_url": f"{server.url}/map.fits"}
    notice = gamma_alert("mapped", **only)
    database, settings = tmp_path / "mma.sqlite", tmp_path / "mma.toml"
    settings.write_text(f'fetch = {str(wanted).lower()}\nfetch_hosts = ["127.0.0.1"]\n')
    produce(broker, topic, [notice])
    url = f"kafka://{broker.plain}/{topic}"
    start(tmp_path / "log", *("run", "--from", url, "--group", topic, "--db", str(database), "-c", str(settings)))
    until(lambda: status(database)["messages"]["decoded"] >= 1, 30)
    if wanted:
        located = until(lambda: event(database).get("area90_deg2") and event(database), 20)
        assert located["area90_deg2"] == pytest.approx(np.pi * 2.0**2, rel=0.05)
        assert server.asked == ["/map.fits"]
    else:
        time.sleep(1)
        assert event(database)["state"] == "unlocated"
        assert server.asked == []
