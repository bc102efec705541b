"""The power fails under SQLite and under the file of published messages: what Kafka was told is there afterwards."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition

from mma.answers import queries
from mma.cluster.broker import Broker
from mma.store import Store, outbox
from tests.live.conftest import Start
from tests.live.doing import gamma_alert, produce, topics, until
from tests.live.power import Disk, is_possible

N = 400


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    (tmp_path / "probe").mkdir()
    if not is_possible(tmp_path / "probe"):
        pytest.skip("no root, no loop device or no ext4 here: the test of power failures is left out")
    made = Disk(tmp_path)
    made.up()
    yield made
    made.down()


def committed(broker: Broker, group: str, topic: str) -> int:
    """What the broker was told is done; nothing while it has no coordinator for the group yet."""
    consumer = Consumer({"bootstrap.servers": broker.plain, "group.id": group})
    try:
        (found,) = consumer.committed([TopicPartition(topic, 0)], timeout=30)
    except KafkaException:
        return 0
    finally:
        consumer.close()
    return int(max(found.offset, 0))


@pytest.mark.faults
def test_what_kafka_was_told_is_on_the_disk(broker: Broker, tmp_path: Path, disk: Disk, start: Start) -> None:
    (topic,) = topics(broker, "mma.gamma")
    group = f"power-{uuid.uuid4().hex[:6]}"
    settings, database, out = tmp_path / "mma.toml", disk.place / "mma.sqlite", disk.place / "out.jsonl"
    settings.write_text("batch_size = 10\n")
    command = ("run", "--from", f"kafka://{broker.plain}/{topic}", "--group", group, "--publish", str(out))
    command = (*command, "--db", str(database), "-c", str(settings))
    produce(broker, topic, [gamma_alert(f"e{i}", ra=i * 360.0 / N, dec=0.0) for i in range(N)])
    worker = start(tmp_path / "log", *command)
    until(lambda: committed(broker, group, topic) > 50, 60)
    disk.cut()
    worker.kill()
    worker.wait()
    told = committed(broker, group, topic)
    assert told
    disk.down()
    disk.up()
    store = Store(str(database), create=False)
    with store.read() as connection:
        kept = {row["id"] for row in queries.events(connection)}
        sent = outbox.counts(connection)["sent"]
    store.close()
    assert {f"CTAO-e{i}" for i in range(told)} <= kept
    assert len([line for line in out.read_bytes().split(b"\n") if line]) >= sent  # marks that are lost: it comes again
    worker = start(tmp_path / "log", *command)
    until(lambda: committed(broker, group, topic) == N, 60)
    worker.terminate()
    assert worker.wait(timeout=15) == 0
    lines = out.read_text().splitlines()
    assert {json.loads(line)["event"]["id"] for line in lines} == {f"CTAO-e{i}" for i in range(N)}
