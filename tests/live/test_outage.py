"""The broker dies while a worker reads and publishes, and comes back: nothing is lost, and the log stays readable."""

from __future__ import annotations

import json
import re
import signal
import time
import uuid
from collections import Counter
from pathlib import Path

from confluent_kafka import Consumer

from mma.cluster.broker import Broker
from tests.live.conftest import Start
from tests.live.doing import gamma_alert, produce, read, status, topics, troubles, until

AWAY_S = 30.0
N = 200


def test_a_broker_that_is_killed_and_comes_back(broker: Broker, tmp_path: Path, start: Start) -> None:
    (alerts,) = topics(broker, "mma.gamma")
    prefix = f"p{uuid.uuid4().hex[:6]}"
    broker.create(*(f"{prefix}.{name}" for name in ("candidates", "events", "associations", "heartbeat")))
    produce(broker, alerts, [gamma_alert(f"e{i}", ra=i * 360.0 / N, dec=0.0) for i in range(N)])
    settings, database, log = tmp_path / "mma.toml", tmp_path / "mma.sqlite", tmp_path / "log"
    settings.write_text(f'prefix = "{prefix}"\nbatch_size = 2\n')
    here = ("--from", f"kafka://{broker.plain}/{alerts}", "--publish", f"kafka://{broker.plain}")
    worker = start(log, "run", *here, "-c", str(settings), "--group", prefix, "--db", str(database))
    until(lambda: read(database) >= 10)
    broker.kill()
    try:
        before = time.monotonic()
        assert read(database) < N
        until(lambda: {"broker", "outage"} <= troubles(database).keys(), 60)
        time.sleep(max(AWAY_S - (time.monotonic() - before), 0.0))
        assert worker.poll() is None
        minutes = (time.monotonic() - before) // 60.0
        lines = Counter(re.findall(r"WARNING \S+ (\S+: \S+):", log.read_text()))
        assert lines
        assert max(lines.values()) <= 1 + minutes, lines
    finally:
        broker.start()
    until(lambda: read(database) >= N and not status(database)["published"]["waiting"], 90)
    until(lambda: troubles(database) == {}, 60)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=15) == 0
    assert "well again" in log.read_text()
    assert "Traceback" not in log.read_text()
    assert told(broker, f"{prefix}.events") == {f"CTAO-e{i}" for i in range(N)}


def told(broker: Broker, topic: str) -> set[str]:
    """Events that were published."""
    consumer = Consumer(
        {"bootstrap.servers": broker.plain, "group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    ids: set[str] = set()
    quiet = 0
    while quiet < 3:
        got = [m for m in consumer.consume(500, 1.0) if m.error() is None]
        ids |= {json.loads(m.value())["event"]["id"] for m in got}
        quiet = 0 if got else quiet + 1 if ids else quiet
    consumer.close()
    return ids
