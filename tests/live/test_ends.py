"""Transactions at a topic's end: starts wait for what can be read, not for marks that never come."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from confluent_kafka import Producer

from mma.cluster.broker import Broker
from mma.streams import connect
from mma.streams.catching_up import PATIENCE_S
from tests.live.conftest import Start
from tests.live.doing import gamma_alert, payloads, produce, read, status, topics, until


def _transactions(broker: Broker, topic: str) -> Producer:
    producer = Producer({"bootstrap.servers": broker.plain, "transactional.id": topic, "transaction.timeout.ms": 60000})
    producer.init_transactions(30)
    return producer


def _send(producer: Producer, topic: str, value: bytes, *, abort: bool = False) -> None:
    producer.begin_transaction()
    producer.produce(topic, value)
    producer.flush(30)
    if abort:
        producer.abort_transaction(30)
    else:
        producer.commit_transaction(30)


def test_alerts_do_not_wait_for_the_marks_behind_the_notices(
    broker: Broker, folder: Path, tmp_path: Path, start: Start
) -> None:
    notices, alerts, empty = topics(broker, "gamma", "alerts", "gamma-aborted")
    database = tmp_path / "mma.sqlite"
    producer = _transactions(broker, notices)
    _send(producer, notices, gamma_alert("T0"))
    _send(producer, notices, gamma_alert("BROKEN"), abort=True)
    _send(producer, empty, gamma_alert("NOTHING"), abort=True)
    producer.begin_transaction()  # and this one stays open
    producer.produce(notices, gamma_alert("OPEN"))
    producer.flush(30)
    packets = payloads(folder)[1][:20]
    produce(broker, alerts, packets)
    url = f"kafka://{broker.plain}/{notices},{empty},{alerts}"
    begun = time.monotonic()
    command = ("run", "--from", url, "--group", notices, "--db", str(database))
    worker = start(tmp_path / "log", *command)
    until(lambda: database.exists() and read(database) == 1 + len(packets), PATIENCE_S - 10)
    assert time.monotonic() - begun < PATIENCE_S - 5
    assert "alerts are scored without" not in (tmp_path / "log").read_text()
    producer.commit_transaction(30)
    until(lambda: read(database) == 2 + len(packets), 30)
    until(lambda: [row["lag"] for row in status(database)["live"]] == [0], 30)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=15) == 0

    again = start(tmp_path / "again", *command)  # nothing new: the group is at the end, marks and all
    produce(broker, alerts, packets[:1])
    until(lambda: read(database) == 3 + len(packets), 30)
    again.send_signal(signal.SIGTERM)
    assert again.wait(timeout=15) == 0


def test_a_question_is_answered_at_the_end_that_can_be_read(broker: Broker) -> None:
    (topic,) = topics(broker, "gamma")
    producer = _transactions(broker, topic)
    _send(producer, topic, b"one")
    _send(producer, topic, b"broken off", abort=True)
    producer.begin_transaction()
    producer.produce(topic, b"open")
    producer.flush(30)
    begun = time.monotonic()
    found = list(connect.to_end(f"kafka://{broker.plain}/{topic}", [topic], 20.0))
    assert [message.payload for message in found] == [b"one"]
    assert time.monotonic() - begun < 15.0
    producer.abort_transaction(30)
