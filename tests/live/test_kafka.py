"""Live streams on a real Apache Kafka: nothing lost, nothing doubled, and CTA alerts over SCRAM."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from mma.simulate import night
from mma.simulate.broker import USER, Broker
from mma.store import Store, queries

N_ALERTS = 1500


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated stretch of nights."""
    place = tmp_path_factory.mktemp("night")
    night.write(place, N_ALERTS, seed=3)
    return place


def payloads(folder: Path) -> tuple[list[bytes], list[bytes]]:
    """The night's notices and alert packets, in time order."""
    from mma.commands.replay import in_time_order
    from mma.streams.files import find

    notices = [r.message().payload for r, _ in in_time_order(find([folder / "notices"]))]
    packets = [r.message().payload for r, _ in in_time_order(find([folder / "alerts"]))]
    return notices, packets


def produce(broker: Broker, topic: str, values: list[bytes]) -> None:
    producer = Producer({"bootstrap.servers": broker.plain})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(60) == 0


Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a command of ours on its own, everything it says in a file; ends what is left of them."""
    running = []

    def command(log: Path, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "mma.cli", *arguments], env=os.environ | environment, stdout=out, stderr=out
            )
        running.append(process)
        return process

    yield command
    for process in running:
        process.kill()
        process.wait()


def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait for something, not forever."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")


def outcome(database: Path) -> dict[str, Any]:
    """Events and candidates, as they stand; numbers rounded where arithmetic may differ in the last bit."""
    store = Store(str(database))
    with store.read() as connection:
        events = {e["id"]: (e["state"], e["n_candidates"], round(e["p_none"], 9)) for e in queries.events(connection)}
        rows = {
            (e, c["object"]): (c["state"], c["rank"], c["log_odds"] and round(c["log_odds"], 9))
            for e in events
            for c in queries.candidates(connection, e, everything=True)
        }
        objects = queries.status(connection)["objects"]
    store.close()
    return {"events": events, "candidates": rows, "objects": objects}


def read(database: Path) -> int:
    """Messages handled so far."""
    if not database.exists():
        return 0
    store = Store(str(database))
    with store.read() as connection:
        total: int = queries.status(connection)["messages"]["read"]
    store.close()
    return total


def topics(broker: Broker, *names: str, partitions: int = 1) -> list[str]:
    """Topics of this test alone."""
    tag = uuid.uuid4().hex[:8]
    made = [f"{name}-{tag}" for name in names]
    broker.create(*made, partitions=partitions)
    return made


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


def test_a_cta_alert_over_scram_becomes_candidates(broker: Broker, folder: Path, tmp_path: Path, start: Start) -> None:
    _, packets = payloads(folder)
    alerts, gamma, *_ = topics(broker, "alerts", "gamma")
    broker.create("live.candidates", "live.events", "live.associations")
    (tmp_path / "hop").mkdir()
    credentials = tmp_path / "hop" / "auth.toml"
    credentials.write_text(
        f'[[auth]]\nusername = "{USER}"\npassword = "{broker.password}"\nhostname = "{broker.scram}"\n'
        'protocol = "SASL_PLAINTEXT"\nmechanism = "SCRAM-SHA-512"\nssl = false\n'
    )
    credentials.chmod(0o600)
    produce(broker, alerts, packets)
    database = tmp_path / "live.sqlite"
    settings = tmp_path / "live.toml"
    settings.write_text('prefix = "live"\n')
    listen = f"kafka://{USER}@{broker.scram}/{alerts},{gamma}"
    worker = start(
        tmp_path / "log",
        *("run", "--from", listen, "--publish", f"kafka://{USER}@{broker.scram}", "--group", f"live-{gamma}"),
        *("--db", str(database), "-c", str(settings)),
        XDG_CONFIG_HOME=str(tmp_path),
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
        XDG_CONFIG_HOME=str(tmp_path),
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
    command = [sys.executable, "-m", "mma.cli", "subscribe", url, "--until-end", *options]
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
