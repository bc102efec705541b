"""Rows 13 to 15: a worker on a real Kafka: alerts a second, a CTA alert's way to its candidate, memory and idle time.

Broker, worker and reader share the machine's cores: what the worker reads was written before.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import numpy as np

from mma.alerts import SchemaStore
from mma.answers import queries
from mma.cluster.broker import USER, Broker
from mma.notices.gamma import alert
from mma.store import Store
from mma.streams import connect

from . import decoding, walk, working, workload
from .report import Row, seconds
from .working import PREFIX, until

OLD = (walk.OLD, 0.998)
N_SUSTAINED, WARM = 40_000, 4000
"""Packets of row 13, for some seconds; and those handled before the clock starts: all is loaded by then."""

N_CTA, N_NEAR, RADIUS_DEG = 40, 2000, 0.05
N_LONG, N_EVENTS, SPAN_S, IDLE_S = 1_000_000, 20, 50_000.0, 20.0


def run() -> list[Row]:
    """All rows, on one broker."""
    usual = walk.OLD, walk.N_ALERTS
    walk.N_ALERTS = N_SUSTAINED
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))  # a broker and a worker do not fit one core
    with tempfile.TemporaryDirectory(prefix="mma-live-") as folder:
        broker = Broker(Path(folder) / "kafka")
        try:
            broker.start()
            broker.create(*(f"{PREFIX}.{what}" for what in ("candidates", "events", "associations", "heartbeat")))
            rows = [row for share in OLD for row in sustained(broker, Path(folder), share)]
            return [*rows, latency(broker, Path(folder)), *at_length(broker, Path(folder))]
        finally:
            walk.OLD, walk.N_ALERTS = usual
            broker.kill()


def sustained(broker: Broker, folder: Path, old: float) -> list[Row]:
    """Row 13: the walk's Rubin packets, this share of them of old objects, beside a consumer that only polls."""
    schemas = decoding.DATA / "optical/rubin/schema"
    if not schemas.is_dir():
        print("left out: row 13 needs Rubin's schemas, in the recorded data (set MMA_DATA)", file=sys.stderr)
        return []
    os.environ["MMA_LSST_SCHEMAS"] = str(schemas)
    among = workload.regions(walk.N_REGIONS)
    walk.OLD = old
    place = folder / f"rubin-{old}"
    place.mkdir()
    recorded = walk._write(place, among, SchemaStore(schemas))
    n, topic = len(recorded), f"bench.rubin-{old}"
    working.produce(broker, topic, (r.message().payload for r, _ in recorded))
    bare, bare_cpu = working.bare(broker, topic, n, WARM)
    store = Store(str(place / "walk.sqlite"))
    walk._engine(store, among)
    with working.worker(broker, folder, store, [topic]) as it:
        begun, busy = until(lambda: it.handled() >= WARM), it.cpu_s()
        timed = n - it.handled()
        took, busy = until(lambda: it.is_done(n), 0.05) - begun, it.cpu_s() - busy  # who asks often takes its time too
    right, n_candidates = walk._agrees(store, among, recorded)
    store.close()
    return [
        Row(
            number=13,
            work=f"{n:,} Rubin packets (50 kB) from Kafka to SQLite and to Kafka, {walk.N_REGIONS:,} regions, "
            f"{n_candidates / n:.2g} candidates an alert",
            ours=f"{timed / took:,.0f} alerts/s (CPU {seconds(busy / timed)} each)",
            peer=f"{bare:,.0f}/s (CPU {seconds(bare_cpu)} each) a consumer that only polls",
            ratio=timed / took / bare,
            target="at least half of the bare consumer",
            met=timed / took >= 0.5 * bare,
            agrees=right,
            agreement=f"all objects; {n_candidates:,} candidates are the new objects inside each region",
        )
    ]


def latency(broker: Broker, folder: Path) -> Row:
    """Row 14: from the broker's word that it has a CTA alert, to the first candidate read by a subscriber."""
    os.environ["XDG_CONFIG_HOME"] = str(working.credentials(broker, folder))
    now, random = time.time(), np.random.default_rng(14)
    ra, dec = 150.0 + random.uniform(-5.0, 5.0, N_NEAR), 20.0 + random.uniform(-5.0, 5.0, N_NEAR)
    alerts, alarms = "bench.near", "bench.gamma"
    working.produce(broker, alerts, (working.ztf(i, now - 3600.0, ra[i], dec[i]) for i in range(N_NEAR)))
    broker.create(alarms)
    store = Store(str(folder / "latency.sqlite"))
    with working.worker(broker, folder, store, [alerts, alarms], user=USER) as it:
        until(lambda: it.is_done(N_NEAR))
        first, *took = _told(broker, alarms, list(zip(ra, dec, strict=True))[: N_CTA + 1], now)
    store.close()
    delays = [delay for delay, _ in took]
    median, longest = statistics.median(delays), max(delays)
    right = [name for _, name in took] == [working.name_of(i) for i in range(1, N_CTA + 1)]
    return Row(
        number=14,
        work=f"CTA alert over SCRAM to its candidate at a subscriber, {N_NEAR:,} objects stored, {N_CTA} times",
        ours=f"median {seconds(median)}, longest {seconds(longest)} (the first ever {seconds(first[0])})",
        peer="",
        ratio=None,
        target="median under 500 ms, longest under 2 s",
        met=median < 0.5 and longest < 2.0,
        agrees=right,
        agreement="each alert's best candidate is the object at its centre",
    )


def _told(broker: Broker, topic: str, places: list[tuple[float, float]], now: float) -> Iterator[tuple[float, str]]:
    """Publish an alert at each place; seconds until a candidate is read, and its object."""
    random, seen, stop = np.random.default_rng(41), dict[str, tuple[float, str]](), Event()
    reader = Thread(target=working.subscribe, args=(broker, seen, stop))
    reader.start()
    sink = connect.sink(f"kafka://{USER}@{broker.scram}")
    try:
        for i, (ra, dec) in enumerate(places):
            document = working.cta(f"latency-{i}", ra, dec, now, RADIUS_DEG)
            name = f"CTAO-{document['id']}"
            sink.write(topic, name, json.dumps(document))
            sink.flush()
            sent = time.monotonic()
            until(lambda name=name: name in seen, 0.002)
            yield seen[name][0] - sent, seen[name][1]
            time.sleep(random.uniform(0.1, 0.5))
    finally:
        stop.set()
        reader.join()


def at_length(broker: Broker, folder: Path) -> list[Row]:
    """Row 15: memory while many alerts pass, each of a new object; and the time taken when none comes."""
    topics = ["bench.gamma-long", "bench.long"]
    _fill(broker, *topics)
    store, samples, done = Store(str(folder / "long.sqlite")), [], 0
    with working.worker(broker, folder, store, topics) as it:
        begun = until(lambda: it.handled() > WARM)
        while (done := it.handled()) < N_LONG + N_EVENTS and time.monotonic() - begun < working.LIMIT_S:
            samples.append((done, it.process.memory_info().rss / 1e6))
            time.sleep(0.5)
        rate = (done - WARM) / (time.monotonic() - begun)
        until(lambda: it.is_done(done))
        time.sleep(2.0)
        idle = it.cpu_s()
        time.sleep(IDLE_S)
        idle = (it.cpu_s() - idle) / IDLE_S
    with store.read() as connection:
        status = queries.status(connection)
    store.close()
    first = statistics.median(rss for n, rss in samples if 0.28 * done < n <= 0.38 * done)
    last = statistics.median(rss for n, rss in samples if n > 0.9 * done)
    right = status["objects"] == N_LONG and status["messages"]["decoded"] == N_LONG + N_EVENTS
    agreement = f"{status['objects']:,} objects, {status['published']['sent']:,} messages published"
    return [
        Row(
            number=15, work=f"memory of mma run, {done:,} ZTF packets of new objects, {N_EVENTS} events",
            ours=f"{first:.0f} MB after a third, {last:.0f} MB at the end ({rate:,.0f} alerts/s)", peer="", ratio=None,
            target="within 5 %", met=abs(last / first - 1.0) <= 0.05, agrees=right, agreement=agreement,
        ),
        Row(
            number=15, work=f"mma run that nothing comes to, {IDLE_S:.0f} s", ours=f"{idle:.2%} of a core", peer="",
            ratio=None, target="under 2 %", met=idle < 0.02, agrees=right, agreement="nothing was left to do",
        ),
    ]  # fmt: skip


def _fill(broker: Broker, notices: str, alerts: str) -> None:
    """Some large error circles, and first detections all over the sky within some hours of them."""
    now, random = time.time(), np.random.default_rng(15)
    ra, dec = workload.positions(N_EVENTS, 16)
    r68 = random.uniform(1.0, 3.0, N_EVENTS)
    circles = (working.cta(f"long-{i}", ra[i], dec[i], now, r68[i]) for i in range(N_EVENTS))
    working.produce(broker, notices, map(alert.encode, circles))
    ra, dec = workload.positions(N_LONG, 15)
    times = now + np.linspace(0.0, SPAN_S, N_LONG)
    packets = (working.ztf(i, times[i], ra[i], dec[i]) for i in range(N_LONG))
    working.produce(broker, alerts, packets, **{"compression.type": "zstd"})  # small on the way, large in memory
