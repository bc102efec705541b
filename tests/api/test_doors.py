"""Strangers who say nothing, send slowly or do not read take no place from others."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from mma.api.doors import BODY_S, HEADER_S, WRITE_S
from mma.store import Store, tables
from mma.store.bulk import upsert
from tests.api.filling import fill
from tests.api.serving import serving

N_IDLE = 4100
N_OBJECTS = 40_000
GET = b"GET /api/search HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, int, Path]]:
    """The interface as a process of its own: host, port, and its log."""
    path = tmp_path / "mma.sqlite"
    store = Store(str(path))
    fill(store)
    with store.begin() as connection:
        row = dict(connection.execute(tables.objects.select().limit(1)).mappings().one())
        columns = {name: [value] * N_OBJECTS for name, value in row.items()}
        upsert(connection, tables.objects, columns | {"id": [f"many{i:06d}" for i in range(N_OBJECTS)]})
    store.close()
    with serving(str(path), tmp_path) as server:
        yield server.host, server.port, server.log


def is_closed_within(sock: socket.socket, seconds: float) -> bool:
    """Whether the other side closes a connection in that time."""
    sock.settimeout(seconds)
    try:
        return sock.recv(65536) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_thousands_of_idle_connections_keep_nobody_out(served: tuple[str, int, Path]):
    host, port, log = served
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < N_IDLE + 500:
        pytest.skip(f"this system lets a process open {hard} files, too few for {N_IDLE} connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, N_IDLE + 500), hard))
    with ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for i in range(N_IDLE):
            stack.enter_context(socket.create_connection((host, port), timeout=10))
            if i % 500 == 0:
                assert httpx.get(f"http://{host}:{port}/health").status_code == 200
        begun = time.monotonic()
        for _ in range(20):
            assert httpx.get(f"http://{host}:{port}/health").status_code == 200
        assert time.monotonic() - begun < 10.0
        assert log.stat().st_size < 20_000


def test_headers_and_bodies_come_in_time_or_the_connection_ends(served: tuple[str, int, Path]):
    host, port, _ = served
    silent, half, body = (socket.create_connection((host, port)) for _ in range(3))
    with silent, half, body:
        half.sendall(GET)
        body.sendall(b"POST /api/search/objects HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
        for _ in range(round(HEADER_S) - 4):  # bit by bit gets no more time
            time.sleep(1.0)
            half.sendall(b"X-A: b\r\n")
        assert is_closed_within(silent, 10.0)
        assert is_closed_within(half, 10.0)
        body.settimeout(0.1)
        assert is_closed_within(body, BODY_S + 5.0)


def test_who_does_not_read_keeps_whole_results_from_nobody(served: tuple[str, int, Path]):
    host, port, _ = served
    with ExitStack() as stack:
        for _ in range(3):
            sock = stack.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect((host, port))
            sock.sendall(b"GET /vo/conesearch?RA=0&DEC=0&SR=180&VERB=3 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        time.sleep(2.0)
        url = f"http://{host}:{port}/vo/conesearch?RA=0&DEC=0&SR=180"
        assert httpx.get(f"http://{host}:{port}/api/events").status_code == 200
        until = time.monotonic() + WRITE_S + 15.0
        while b"OVERFLOW" in (got := httpx.get(url, timeout=60).content) or b"are being read already" in got:
            assert time.monotonic() < until
            time.sleep(1.0)
        assert got.count(b"<TR>") >= N_OBJECTS
