"""Messages that cost much, on a real broker: the worker goes on, and ends when it is asked to."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from mma.cluster.broker import Broker
from mma.store import Store, message_log
from tests.live import hurried
from tests.live.conftest import Start
from tests.live.doing import gamma_alert, produce, status, topics, until
from tests.mma import bombs

LARGE = {"message.max.bytes": 64 << 20}
LIMITS = "read_limit_s = {}\nread_memory_mb = 4000.0\n"


def slow() -> bytes:
    """A notice of 600 kB with a map that takes seconds: flat, NSIDE 2048, RING, all of it zero."""
    head = bombs.fits_head(12 << 22, 2048, "RING")
    return bombs.notice_with(gzip.compress(head + bytes(8 * (12 << 22)), 6))


def under_other_names(notice: bytes, n: int) -> list[bytes]:
    """The same of other superevents."""
    return [notice.replace(b"S270301ab", b"S27030" + str(i).encode() + b"ab") for i in range(10, 10 + n)]


def dead_letters(database: Path) -> list[dict[str, Any]]:
    """What was set aside, with its bytes."""
    store = Store(str(database))
    with store.read() as connection:
        found = [message_log.dead_letter(connection, row["id"]) for row in message_log.dead_letters(connection)]
    store.close()
    return [row for row in found if row is not None]


def test_what_takes_too_long_is_set_aside_and_the_next_is_read(broker: Broker, tmp_path: Path, start: Start) -> None:
    (topic,) = topics(broker, "slow")
    produce(broker, topic, [gamma_alert("before"), slow(), gamma_alert("after")])
    (tmp_path / "mma.toml").write_text(LIMITS.format(0.2))
    database = tmp_path / "mma.sqlite"
    _follow(broker, topic, tmp_path, start)
    until(lambda: status(database)["messages"]["read"] == 3, 60)
    told = status(database)
    assert (told["messages"]["decoded"], told["messages"]["set_aside"]) == (2, 1)
    assert [row["reason"] for row in dead_letters(database)] == ["took more than 0.2 s to be read"]


@pytest.mark.faults
def test_slow_messages_that_outlast_the_groups_patience_are_read_once_each(broker: Broker, tmp_path: Path) -> None:
    (topic,) = topics(broker, "slow")
    produce(broker, topic, [gamma_alert("before"), *under_other_names(slow(), 10), gamma_alert("after")])
    (tmp_path / "mma.toml").write_text(LIMITS.format(60.0))
    database, log = tmp_path / "mma.sqlite", tmp_path / "log"
    source = "--from", f"kafka://{broker.plain}/{topic}", "--group", topic
    where = "--config", str(tmp_path / "mma.toml"), "--db", str(database)
    with log.open("ab") as out:
        command = [sys.executable, "-m", "tests.live.hurried", "run", *source, *where]
        worker = subprocess.Popen(command, stdout=out, stderr=out, cwd=Path(__file__).parents[2])
    try:
        begun = time.monotonic()
        until(lambda: status(database)["messages"]["read"] >= 12, 150)
        assert time.monotonic() - begun > hurried.POLL_S  # else it shows nothing
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(15.0) == 0
    finally:
        worker.kill()
        worker.wait()
    told = status(database)["messages"]
    assert told["read"] == 12
    assert "maximum poll interval" not in log.read_text().lower()


def test_sigterm_ends_a_worker_while_something_is_read(broker: Broker, tmp_path: Path, start: Start) -> None:
    """Within 10 s; what was not read is read when it starts again."""
    (topic,) = topics(broker, "slow")
    produce(broker, topic, [gamma_alert("before")])
    (tmp_path / "mma.toml").write_text(LIMITS.format(60.0))
    database = tmp_path / "mma.sqlite"
    worker = _follow(broker, topic, tmp_path, start)
    until(lambda: status(database)["messages"]["read"] == 1, 60)
    produce(broker, topic, under_other_names(slow(), 30))  # a minute's work in one batch
    time.sleep(4.0)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10.0) == 0
    assert status(database)["messages"]["read"] < 31


def test_a_header_of_zeros_makes_no_large_row(broker: Broker, tmp_path: Path, start: Start) -> None:
    (name,) = topics(broker, "heads")
    topic = f"{name}-large"
    broker.create(topic, settings={"max.message.bytes": str(64 << 20)})
    producer = Producer({"bootstrap.servers": broker.plain, **LARGE})
    producer.produce(topic, b"{}", headers=[("zeros", bytes(40_000_000))])
    producer.produce(topic, b"{}", headers=[("zeros", bytes(10_000_000))], key=bytes(3_000_000))
    producer.produce(topic, gamma_alert("after"))
    assert producer.flush(60) == 0
    database = tmp_path / "mma.sqlite"
    (tmp_path / "mma.toml").write_text("")
    _follow(broker, topic, tmp_path, start)
    until(lambda: status(database)["messages"]["read"] == 3, 60)
    assert status(database)["messages"]["decoded"] == 1
    first, second = dead_letters(database)
    assert "message: 40000007 bytes are more than the 16000000 of one message" in first["reason"]
    assert "headers of 40000005 bytes the first 200 kept, sha256 " in first["reason"]
    assert "key of 3000000 bytes the first 200 kept, sha256 " in second["reason"]
    for row in (first, second):
        assert len(json.dumps(row["headers"])) < 10_000
        assert len(row["key"] or b"") <= 200
    assert database.stat().st_size < 5_000_000


def _follow(broker: Broker, topic: str, folder: Path, start: Start) -> Any:
    """A worker with the settings of the folder."""
    where = "--config", str(folder / "mma.toml"), "--db", str(folder / "mma.sqlite")
    return start(folder / "log", "run", "--from", f"kafka://{broker.plain}/{topic}", "--group", topic, *where)
