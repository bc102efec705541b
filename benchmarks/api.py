"""Rows 30 to 33: the REST interface on full tables: first candidates, cones, the whole result, many streams.

The server is a process of its own, as it is in use; times are what a client on this machine waits.
``MMA_BENCH_API=candidates,objects`` sets the sizes: 1000000,10000000 is the whole of it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import numpy as np

import skymaps
from coincidence import Event, Kind, Messenger, Stage
from coincidence.terms import TERMS
from mma.simulate.events import START
from mma.store import Store, outbox, tables
from mma.store.bulk import as_json, columns_of, insert_new
from mma.store.codec import event_document
from skymaps import healpix

from .report import Row, seconds
from .storing import stores

EVENTS = 2000
PART = 50_000
LARGEST = 0.2
"""Part of all candidates that the largest event has."""


def sizes() -> tuple[int, int]:
    """Candidates and objects."""
    n, m = os.environ.get("MMA_BENCH_API", "200000,1000000").split(",")
    return int(n), int(m)


def fill(store: Store, n_candidates: int, n_objects: int) -> np.ndarray[Any, Any]:
    """Events, objects all over the sky, candidates of them; the positions of the objects, degrees. Shape (n, 2)."""
    random = np.random.default_rng(30)
    ra, dec = random.uniform(0, 360, n_objects), np.degrees(np.arcsin(random.uniform(-1, 1, n_objects)))
    hpx = healpix.pixel_at(ra, dec)
    begin = START.timestamp()
    for start in range(0, n_objects, PART):
        rows = range(start, min(start + PART, n_objects))
        _insert(store, tables.objects, _objects(rows, ra, dec, hpx, begin))
    _insert(store, tables.events, columns_of([_event(i) for i in range(EVENTS)]))
    event = np.where(random.random(n_candidates) < LARGEST, 0, random.integers(0, EVENTS, n_candidates))
    order = np.argsort(event, kind="stable")
    odds = random.normal(-8.0, 4.0, n_candidates)
    for start in range(0, n_candidates, PART):
        rows_ = order[start : start + PART]
        _insert(store, tables.candidates, _candidates(rows_, event, odds, n_objects))
    with store.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    return np.stack([ra, dec], axis=1)


def _insert(store: Store, table: Any, columns: Any) -> None:
    with store.begin() as connection:
        insert_new(connection, table, columns)


def _event(i: int) -> dict[str, Any]:
    time_ = START
    event = Event(
        id=f"S{i:06d}",
        messenger=Messenger.GW,
        kind=Kind.CBC,
        observatory="LVK",
        issued=time_,
        stage=Stage.INITIAL,
        time=time_,
        region=skymaps.circle(10.0, 10.0, 5.0),
        notice=f"{i:064x}",
    )
    unix = time_.timestamp()
    return {
        **{
            name: getattr(event, name) for name in ("id", "observatory", "notice", "far_hz", "is_test", "skymap_sha256")
        },
        **{"messenger": "gw", "kind": "cbc", "stage": "initial", "state": "active", "revision": 1},
        **{"time": unix, "issued": unix, "window_start": unix, "window_end": unix + 1e6},
        **{"area50_deg2": 20.0, "area90_deg2": 80.0, "distance_mpc": None, "distance_error_mpc": None},
        **{"n_candidates": 0, "log_none": 5.0, "document": event_document(event)},
    }


def _objects(rows: range, ra: Any, dec: Any, hpx: Any, begin: float) -> dict[str, list[Any]]:
    n = len(rows)
    same: dict[str, Any] = {
        "survey": "ztf",
        "first_seen": begin + 86400.0,
        "last_seen": begin + 2 * 86400.0,
        "last_unseen": begin,
        "n_detections": 3.0,
        "alert_id": "1",
        "band": "r",
        "flux_njy": 1e4,
        "flux_error_njy": 100.0,
        "reliability": 0.9,
        "whole": False,
        "version": "0123456789ab",
    }
    unknown = [c.name for c in tables.objects.c if c.name not in {*same, "id", "hpx", "ra", "dec"}]
    return {
        "id": [f"ZTF27{i:08d}" for i in rows],
        "hpx": hpx[rows.start : rows.stop].tolist(),
        "ra": ra[rows.start : rows.stop].tolist(),
        "dec": dec[rows.start : rows.stop].tolist(),
        **{name: [value] * n for name, value in same.items()},
        **{name: [None] * n for name in unknown},
    }


def _candidates(rows: Any, event: Any, odds: Any, n_objects: int) -> dict[str, list[Any]]:
    n = len(rows)
    detail = as_json({"by_class": {"kilonova": -3.0}, "host": None, "event_mpc": None, "event_error_mpc": None})
    same: dict[str, Any] = {
        "state": "active",
        "counterpart": "kilonova",
        **dict.fromkeys(TERMS, -1.0),
        "credible_level": 0.5,
        "probdensity": 3.0,
        "chance_count": 7.0,
        "delay_s": 4e4,
        "earliest_s": -4e4,
        "detail": detail,
        "event_notice": "0" * 64,
        "object_version": "0123456789ab",
        "parameters": "default",
        "scored": 1.0,
    }
    unknown = [c.name for c in tables.candidates.c if c.name not in {*same, "event_id", "object_id", "log_odds"}]
    return {
        "event_id": [f"S{i:06d}" for i in event[rows].tolist()],
        "object_id": [f"ZTF27{i % n_objects:08d}" for i in rows.tolist()],
        "log_odds": odds[rows].tolist(),
        **{name: [value] * n for name, value in same.items()},
        **{name: [None] * n for name in unknown},
    }


@contextmanager
def server(store: Store) -> Iterator[tuple[str, int]]:
    """A server process on this store: its address, and its process id."""
    url = store.engine.url.render_as_string(hide_password=False)
    settings = f"{os.environ.get('TMPDIR', '/tmp')}/mma-bench-api-{os.getpid()}.toml"
    with open(settings, "w") as file:  # noqa: PTH123 - two lines
        file.write("[api]\nrate_limit = 0.0\n")
    command = [sys.executable, "-m", "mma.cli", "serve", "--port", "0", "--db", url, "-c", settings]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            address = process.stderr.readline().strip().removesuffix("/docs")
            _answers(address)
            yield address, process.pid
        finally:  # else it is waited for without end
            process.terminate()
            process.wait(20)
    os.unlink(settings)  # noqa: PTH108 - as above


def _answers(address: str) -> None:
    for _ in range(200):
        try:
            httpx.get(f"{address}/health")
            return
        except httpx.ConnectError:
            time.sleep(0.1)


def p99(ask: Callable[[int], None], n: int = 300) -> float:
    """The time, seconds, that 99 of 100 questions take less than."""
    for i in range(5):
        ask(i)
    took = []
    for i in range(n):
        begun = time.perf_counter()
        ask(i)
        took.append(time.perf_counter() - begun)
    return float(np.quantile(took, 0.99))


def peak_mb(pid: int) -> float:
    """Peak resident memory of a process, 10^6 bytes."""
    with open(f"/proc/{pid}/status") as file:  # noqa: PTH123 - no file
        line = next(line for line in file if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def run() -> list[Row]:
    """Each row on both databases."""
    n_candidates, n_objects = sizes()
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))  # a client and a server at least
    rows: list[Row] = []
    with stores() as opened:
        for name, store in opened.items():
            places = fill(store, n_candidates, n_objects)
            with server(store) as (address, pid), httpx.Client(base_url=address, timeout=600.0) as client:
                of = f"{n_candidates:,} candidates, {n_objects:,} objects, {name}"
                rows += [_first(client, of), _cone(client, places, of), _whole(client, pid, of, n_candidates)]
                rows.append(_streams(address, store, name))
    return rows


def _row(number: int, work: str, ours: str, target: str, met: bool, agrees: bool, agreement: str) -> Row:
    return Row(
        number=number,
        work=work,
        ours=ours,
        peer="-",
        ratio=None,
        target=target,
        met=met,
        agrees=agrees,
        agreement=agreement,
    )


def _first(client: httpx.Client, of: str) -> Row:
    random = np.random.default_rng(1)
    events = [f"S{i:06d}" for i in random.integers(0, EVENTS, 400)]
    events[::4] = ["S000000"] * 100  # the largest
    agrees = True

    def ask(i: int) -> None:
        nonlocal agrees
        items = client.get(f"/api/events/{events[i]}/candidates").json()["items"]
        odds = [row["log_odds"] for row in items]
        agrees &= odds == sorted(odds, reverse=True) and [row["rank"] for row in items] == list(
            range(1, len(items) + 1)
        )
        agrees &= len(items) == 100 or len(items) > 0

    took = p99(ask)
    return _row(
        30, f"p99 of the first 100 candidates; {of}", seconds(took), "50 ms", took < 0.05, agrees, "in order, ranked"
    )


def _cone(client: httpx.Client, places: Any, of: str) -> Row:
    random = np.random.default_rng(2)
    centres = np.stack([random.uniform(0, 360, 400), np.degrees(np.arcsin(random.uniform(-1, 1, 400)))], axis=1)
    xyz = _vectors(places)
    agrees = True

    def ask(i: int) -> None:
        client.get("/api/cone", params={"ra": centres[i, 0], "dec": centres[i, 1], "radius": 1.0, "limit": 1000}).json()

    took = p99(ask)
    for ra, dec in centres[:20]:
        items = client.get("/api/cone", params={"ra": ra, "dec": dec, "radius": 1.0, "limit": 1000}).json()["items"]
        inside = xyz @ _vectors(np.array([[ra, dec]]))[0] >= np.cos(np.radians(1.0))
        agrees &= len(items) == int(inside.sum())
    return _row(
        31, f"p99 of a cone of 1 deg; {of}", seconds(took), "100 ms", took < 0.1, agrees, "as many as by brute force"
    )


def _vectors(places: Any) -> Any:
    lon, lat = np.radians(places).T
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


def _whole(client: httpx.Client, pid: int, of: str, n: int) -> Row:
    """All candidates of all events as one CSV."""
    before = peak_mb(pid)
    begun, lines = time.perf_counter(), 0
    with client.stream("POST", "/api/search/candidates?format=csv", json={"query": {"match_all": {}}}) as answer:
        for chunk in answer.iter_bytes():
            lines += chunk.count(b"\n")
    took, grown = time.perf_counter() - begun, peak_mb(pid) - before
    text = f"{seconds(took)}, {n / took:,.0f} rows/s, peak memory {before:.0f} + {grown:.0f} MB"
    return _row(32, f"the whole result as CSV; {of}", text, "200 MB more", grown < 200.0, lines == n + 1, "lines")


def _streams(address: str, store: Store, name: str, n: int = 200) -> Row:
    heard: list[float] = []
    ready = threading.Semaphore(0)

    def listen() -> None:
        with httpx.Client(timeout=60.0) as client, client.stream("GET", f"{address}/api/stream") as answer:
            for line in answer.iter_lines():
                if line.startswith("retry"):
                    ready.release()
                if line.startswith("data"):
                    heard.append(time.monotonic())
                    return

    threads = [threading.Thread(target=listen, daemon=True) for _ in range(n)]
    for thread in threads:
        thread.start()
    for _ in threads:
        ready.acquire(timeout=60.0)
    time.sleep(1.0)
    payload = as_json({"schema": "urn:mma:candidate:1", "test": False, "event": {"id": "S1"}, "score": None})
    begun = time.monotonic()
    with store.begin() as connection:
        outbox.put(connection, [(f"bench-{begun}", "mma.candidates", "k", payload)], time.time())
    for thread in threads:
        thread.join(30.0)
    slowest = max(heard, default=begun + 99.0) - begun
    met = slowest < 1.0 and len(heard) == n
    return _row(
        33, f"{n} streams told, {name}", f"{seconds(slowest)} the last", "1 s", met, len(heard) == n, "each hears it"
    )
