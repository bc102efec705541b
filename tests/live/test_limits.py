"""What is too large costs itself alone, on a real broker; and our messages as another client reads them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mma.cluster.broker import Broker
from mma.streams import connect
from tests.live.conftest import Start
from tests.live.doing import gamma_alert, produce, status, topics, until

LARGE = {"message.max.bytes": 64 << 20}


def test_a_message_that_is_too_large_is_set_aside_and_the_next_is_read(
    broker: Broker, tmp_path: Path, start: Start
) -> None:
    (topic,) = topics(broker, "small")
    broker.create(f"{topic}-large", settings={"max.message.bytes": str(64 << 20)})
    topic = f"{topic}-large"
    produce(broker, topic, [gamma_alert("before"), os.urandom(20_000_000), gamma_alert("after")], **LARGE)
    database = tmp_path / "mma.sqlite"
    start(
        tmp_path / "log", *("run", "--from", f"kafka://{broker.plain}/{topic}", "--group", topic, "--db", str(database))
    )
    until(lambda: status(database)["messages"]["read"] == 3, 30)
    told = status(database)
    assert (told["messages"]["decoded"], told["messages"]["set_aside"]) == (2, 1)
    assert "message: 20000000 bytes are more than the 16000000 of one message" in (tmp_path / "log").read_text()


def test_what_the_broker_refuses_as_too_large_is_told(broker: Broker) -> None:
    (topic,) = topics(broker, "out")
    sink = connect.sink(f"kafka://{broker.plain}")
    for size in (4_000_000, 20_000_000):  # more than the broker takes, more than we send
        sink.write(topic, "key", os.urandom(size // 2).hex())
        assert "Message size too large" in (sink.flush() or {})[0]  # refused for good
    sink.write(topic, "key", "small")
    sink.flush()
    assert sink.confirmed == 1


def test_another_client_reads_what_we_publish(broker: Broker) -> None:
    kcat = shutil.which("kcat") or shutil.which("kafkacat")
    if kcat is None:
        pytest.skip("kcat is not installed: its reading of our messages is left out")
    (topic,) = topics(broker, "out")
    sink = connect.sink(f"kafka://{broker.plain}")
    sink.write(topic, "S1", '{"n": 1}')
    sink.flush()
    command = [kcat, "-b", broker.plain, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J"]
    told = subprocess.run(command, capture_output=True, timeout=30, check=True)
    message = json.loads(told.stdout)
    assert (message["key"], message["payload"], message["headers"]) == ("S1", '{"n": 1}', ["_format", "json"])
