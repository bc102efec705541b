"""What an operator counts on: alerts wait for notices, numbers at /metrics, a name that stays, a quick stop."""

from __future__ import annotations

import signal
import time
import urllib.request
from pathlib import Path

from mma.cluster.broker import Broker, free_ports
from tests.live.conftest import Start
from tests.live.doing import committed, outcome, payloads, produce, read, topics, until


def test_alerts_wait_until_the_group_has_read_the_notices(
    broker: Broker, folder: Path, tmp_path: Path, start: Start
) -> None:
    """One worker reads alerts alone, the notices are another's: nothing is scored before that one comes."""
    found, packets = payloads(folder)
    notices, alerts = topics(broker, "notices", "alerts")
    produce(broker, notices, found)
    produce(broker, alerts, packets[:200])
    database = tmp_path / "mma.sqlite"
    group = f"wait-{alerts}"
    from mma.engine.topics import tells_events
    from mma.streams.catching_up import CatchUp
    from mma.streams.kafka import KafkaSource

    source = KafkaSource("test", {"bootstrap.servers": broker.plain}, [notices, alerts], group)
    waiting = CatchUp([source], tells_events)
    got = until(lambda: source.poll(1000, 0.5))
    for _ in range(4):
        got += source.poll(1000, 0.5)
        waiting.step()
    assert {m.topic for m in got} == {notices}
    assert not waiting.is_over
    source.commit(got)
    until(lambda: source.poll(0, 0.1) or waiting.step() or waiting.is_over)
    assert {m.topic for m in until(lambda: source.poll(1000, 0.5))} == {alerts}
    source.close()
    worker = start(
        tmp_path / "log",
        *("run", "--from", f"kafka://{broker.plain}/{notices},{alerts}", "--group", f"{group}-2"),
        *("--db", str(database)),
    )
    until(lambda: read(database) == len(found) + 200, 90)
    assert outcome(database)["candidates"]
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0


def test_metrics_and_a_worker_that_is_killed_is_back_at_once(
    broker: Broker, folder: Path, tmp_path: Path, start: Start
) -> None:
    _, packets = payloads(folder)
    (alerts,) = topics(broker, "alerts")
    (port,) = free_ports(1)
    settings = tmp_path / "mma.toml"
    settings.write_text(f'metrics = "127.0.0.1:{port}"\nkeep_nights = 1000000.0\nlogs = "json"\n')
    database = tmp_path / "mma.sqlite"
    command = [
        *("run", "--from", f"kafka://{broker.plain}/{alerts}", "--group", f"metrics-{alerts}", "--worker", "one"),
        *("--db", str(database), "-c", str(settings)),
    ]
    worker = start(tmp_path / "log", *command)
    produce(broker, alerts, packets[:100])
    until(lambda: read(database) == 100, 60)
    until(lambda: committed(broker, f"metrics-{alerts}", alerts) == 100, 20)
    told = until(lambda: _metrics(port).get('mma_messages_total{outcome="decoded"}') == 100.0 and _metrics(port))
    assert told[f'mma_messages_read_total{{source="{broker.plain}"}}'] == 100.0
    assert told["mma_database_up"] == 1.0
    assert told["mma_dead_letters"] == 0.0
    worker.kill()
    worker.wait()
    begun = time.monotonic()
    worker = start(tmp_path / "again", *command)
    produce(broker, alerts, packets[100:150])
    until(lambda: read(database) == 150, 60)
    assert time.monotonic() - begun < 6.0 + 10.0  # not the session's time-out on top of a slow start
    worker.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    assert worker.wait(timeout=10) == 0
    assert '"message": "stopped"' in (tmp_path / "again").read_text()


def _metrics(port: int) -> dict[str, float]:
    """Name and labels to value, as Prometheus reads them."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_a_worker_of_one_name_reads_several_streams_of_one_broker(
    broker: Broker, folder: Path, tmp_path: Path, start: Start
) -> None:
    found, packets = payloads(folder)
    notices, alerts = topics(broker, "notices", "alerts")
    produce(broker, notices, found)
    produce(broker, alerts, packets[:50])
    database, url = tmp_path / "mma.sqlite", f"kafka://{broker.plain}"
    worker = start(
        tmp_path / "log",
        *("run", "--from", f"{url}/{notices}", "--from", f"{url}/{alerts}", "--group", f"two-{alerts}"),
        *("--worker", "one", "--db", str(database)),
    )
    until(lambda: read(database) == len(found) + 50, 90)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0
