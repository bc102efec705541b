"""Live streams on a real Apache Kafka: nothing lost, nothing doubled, and CTA alerts over SCRAM."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from mma.cluster.broker import USER, Broker
from tests.live.conftest import Credentials, Start
from tests.live.doing import outcome, payloads, produce, read, topics, until


def test_killed_again_and_again_it_ends_the_same(broker: Broker, folder: Path, tmp_path: Path, start: Start) -> None:
    notices, packets = payloads(folder)
    events, alerts = topics(broker, "notices", "alerts")
    url = f"kafka://{broker.plain}/{events},{alerts}"
    produce(broker, events, notices)
    produce(broker, alerts, packets)
    total = len(notices) + len(packets)

    calm = tmp_path / "calm.sqlite"
    worker = start(tmp_path / "log", "run", "--from", url, "--group", f"calm-{events}", "--db", str(calm))
    until(lambda: read(calm) >= total, 90)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0

    rough = tmp_path / "rough.sqlite"
    kills = 0
    while kills < 4:
        worker = start(
            tmp_path / "log",
            "run",
            "--from",
            url,
            "--group",
            f"rough-{events}",
            "--db",
            str(rough),
            "-c",
            _small(tmp_path),
        )
        before = read(rough)
        until(lambda before=before: read(rough) > before or read(rough) >= total, 60)
        time.sleep(0.1 * kills)
        worker.kill()
        worker.wait()
        kills += 1
    worker = start(tmp_path / "last", "run", "--from", url, "--group", f"rough-{events}", "--db", str(rough))
    until(lambda: "listening" in (tmp_path / "last").read_text())
    until(lambda: outcome(rough)["objects"] == outcome(calm)["objects"], 90)
    until(lambda: outcome(rough) == outcome(calm), 30)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0


def _small(folder: Path) -> str:
    """Settings with small batches, so that a kill falls between many of them."""
    path = folder / "small.toml"
    path.write_text("batch_size = 40\n")
    return str(path)


def test_a_cta_alert_over_scram_becomes_candidates(
    broker: Broker, folder: Path, tmp_path: Path, start: Start, hop_store: Credentials
) -> None:
    _, packets = payloads(folder)
    alerts, gamma, *_ = topics(broker, "alerts", "gamma")
    broker.create("live.candidates", "live.events", "live.associations")
    produce(broker, alerts, packets)
    database = tmp_path / "live.sqlite"
    settings = tmp_path / "live.toml"
    settings.write_text('prefix = "live"\n')
    listen = f"kafka://{USER}@{broker.scram}/{alerts},{gamma}"
    worker = start(
        tmp_path / "log",
        *("run", "--from", listen, "--publish", f"kafka://{USER}@{broker.scram}", "--group", f"live-{gamma}"),
        *("--db", str(database), "-c", str(settings)),
        **hop_store(),
    )
    until(lambda: read(database) >= len(packets), 90)
    flare = json.loads((next((folder / "notices").glob("CTAO*"))).read_text())
    sent = start(
        tmp_path / "log",
        *(
            "publish",
            "gamma",
            "--mission",
            "CTAO",
            "--id",
            flare["id"],
            "--ra",
            str(flare["ra"]),
            "--dec",
            str(flare["dec"]),
        ),
        *("--r68", "0.05", "--trigger-time", flare["trigger_time"], "--site", "N", "--significance", "7.2"),
        *("--to", f"kafka://{USER}@{broker.scram}/{gamma}"),
        **hop_store(),
    )
    assert sent.wait(timeout=30) == 0, (tmp_path / "log").read_text()
    messages = until(lambda: _subscribed(broker, "live.candidates"), 30)
    assert messages[0]["object"]["id"] == "ZTF26aflarez"
    assert messages[0]["event"]["id"] == f"CTAO-{flare['id']}"
    ours = _printed(broker, "live.candidates", "--event", f"CTAO-{flare['id']}")
    assert [m["id"] for m in ours] == [m["id"] for m in messages]
    assert _printed(broker, "live.candidates", "--event", "CTAO-another") == []
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0
    assert broker.password not in (tmp_path / "log").read_text()


def _printed(broker: Broker, topic: str, *options: str) -> list[Any]:
    """What our own command prints of a topic."""
    url = f"kafka://{broker.plain}/{topic}"
    command = [sys.executable, "-m", "mma.cli", "subscribe", url, "--until-end", "--json", *options]
    told = subprocess.run(command, capture_output=True, timeout=60, check=True)
    return [json.loads(line) for line in told.stdout.decode().splitlines()]


def _subscribed(broker: Broker, topic: str) -> list[Any]:
    """What hop's own command prints of a topic."""
    hop = Path(sys.executable).parent / "hop"
    told = subprocess.run(
        [hop, "subscribe", "--no-auth", "-s", "EARLIEST", "-e", "-j", f"kafka://{broker.plain}/{topic}"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    return [json.loads(line) for line in told.stdout.decode().splitlines()]


def test_a_topic_that_is_not_there_is_a_trouble_until_it_appears(broker: Broker, tmp_path: Path) -> None:
    from mma.streams.kafka import KafkaSource

    (here,) = topics(broker, "here")
    missing = f"missing-{uuid.uuid4().hex[:8]}"
    source = KafkaSource("test", {"bootstrap.servers": broker.plain}, [here, missing], f"g-{here}")
    produce(broker, here, [b"first"])
    got = until(lambda: source.poll(10, 0.5))
    assert [m.payload for m in got] == [b"first"]
    until(lambda: source.poll(10, 0.2) or missing in source.troubles.now)
    broker.create(missing)
    produce(broker, missing, [b"second"])
    got = until(lambda: source.poll(10, 0.5), 40)
    assert [(m.topic, m.payload) for m in got] == [(missing, b"second")]
    assert missing not in source.troubles.now
    source.close()
