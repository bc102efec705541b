"""Signs of life: GCN's on a topic of their own, and ours."""

from __future__ import annotations

import json
import signal
import time
import uuid
from pathlib import Path

from mma.cli import main
from mma.cluster.broker import Broker
from mma.messages.message import problems
from mma.streams import connect
from tests.live.conftest import Start
from tests.live.doing import gamma_alert, produce, status, topics, troubles, until


def test_silence_is_a_trouble_and_heartbeats_are_no_messages(broker: Broker) -> None:
    (notices,) = topics(broker, "notices")
    heart = f"{notices}.heartbeat"
    broker.create(heart)
    produce(broker, heart, [b"old"] * 100)
    source = connect.source(f"kafka://{broker.plain}/{notices},{heart}", notices, heartbeat_limit_s=2.0)
    until(lambda: source.poll(10, 0.2) or source.lag() == 0, 20)
    assert source.pulse.newest is None  # old ones tell nothing
    until(lambda: source.poll(10, 0.2) or heart in source.troubles.now, 20)
    assert source.troubles.now[heart].startswith("no heartbeat for ")
    produce(broker, heart, [b"beat"])
    produce(broker, notices, [b"notice"])
    got = until(lambda: source.poll(10, 0.2), 20)
    until(lambda: source.poll(10, 0.2) or heart not in source.troubles.now, 20)
    assert [m.payload for m in got] == [b"notice"]
    assert source.pulse.newest is not None
    assert time.time() - source.pulse.newest < 20
    assert source.read == 1
    until(lambda: source.poll(10, 0.2) or heart in source.troubles.now, 20)
    source.close()


def test_a_worker_tells_that_it_is_alive(broker: Broker, tmp_path: Path, start: Start) -> None:
    prefix = f"p{uuid.uuid4().hex[:6]}"
    (gamma,) = topics(broker, "gamma")
    heart = f"{prefix}.heartbeat"
    broker.create(f"{prefix}.events", heart)
    database, settings = tmp_path / "mma.sqlite", tmp_path / "mma.toml"
    settings.write_text(f'prefix = "{prefix}"\nheartbeat_s = 0.5\n')
    produce(broker, gamma, [gamma_alert("alive")])
    start(
        tmp_path / "log",
        *("run", "--from", f"kafka://{broker.plain}/{gamma},{heart}", "--publish", f"kafka://{broker.plain}"),
        *("--group", prefix, "--db", str(database), "-c", str(settings)),
    )
    beats = [json.loads(m.value()) for m in _raw(broker, heart, 4)]
    assert [problems(beat, "heartbeat") for beat in beats] == [[]] * 4
    assert len({beat["id"] for beat in beats}) == 4
    assert list(beats[-1]["lag"]) == [broker.plain]
    assert beats[-1]["worker"]
    live = until(lambda: [row for row in status(database)["live"] if row["last_heartbeat"]], 20)
    assert live[0]["topics"] == [gamma, heart]
    until(lambda: status(database)["published"]["sent"] >= 1, 20)
    assert status(database)["messages"]["read"] == 1  # no heartbeat among them
    sent = status(database)["published"]["sent"]
    mine = ("event", "add", "--circle", "10 20 1deg", "--time", "2026-03-01T00:00:00Z", "-c", str(settings))
    settings.write_text(settings.read_text() + f'publish = "kafka://{broker.plain}"\n')
    assert main([*mine, "--db", str(database)]) == 0
    until(lambda: status(database)["published"]["sent"] > sent, 10)  # while no message comes


def _raw(broker: Broker, topic: str, n: int) -> list:
    from confluent_kafka import Consumer

    consumer = Consumer(
        {"bootstrap.servers": broker.plain, "group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    found: list = []
    until(lambda: found.extend(m for m in consumer.consume(n, 1.0) if m.error() is None) or len(found) >= n, 40)
    consumer.close()
    return found[:n]


def test_without_its_topic_a_heartbeat_is_a_trouble_and_no_outage(broker: Broker, tmp_path: Path, start: Start) -> None:
    prefix = f"p{uuid.uuid4().hex[:6]}"
    (gamma,) = topics(broker, "gamma")
    broker.create(f"{prefix}.events")
    database, settings = tmp_path / "mma.sqlite", tmp_path / "mma.toml"
    settings.write_text(f'prefix = "{prefix}"\nheartbeat_s = 0.5\n')
    worker = start(
        tmp_path / "log",
        *("run", "--from", f"kafka://{broker.plain}/{gamma}", "--publish", f"kafka://{broker.plain}"),
        *("--group", prefix, "--db", str(database), "-c", str(settings)),
    )
    until(lambda: f"{prefix}.heartbeat" in troubles(database), 30)
    produce(broker, gamma, [gamma_alert("still")])
    until(lambda: status(database)["published"]["sent"] >= 1, 20)
    assert status(database)["published"]["waiting"] == 0
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=15) == 0
    log = (tmp_path / "log").read_text()
    assert "outage" not in log
    assert log.count(f"{prefix}.heartbeat: heartbeat not sent") == 1
