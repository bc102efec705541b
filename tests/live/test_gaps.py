"""Messages that the broker deleted unread are a trouble, with their offsets; lag after a restart; ended workers."""

from __future__ import annotations

import signal
import time
import urllib.request
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from mma.answers import queries
from mma.cluster.broker import Broker, free_ports
from mma.commands.tables import live
from mma.store import Store
from tests.live.conftest import Start
from tests.live.doing import gamma_alert, produce, read, status, topics, troubles, until


def _delete(broker: Broker, topic: str, before: int | None = None) -> None:
    """Delete a topic, or its messages before an offset."""
    admin = AdminClient({"bootstrap.servers": broker.plain})
    records = [TopicPartition(topic, 0, before or 0)]
    done = admin.delete_topics([topic]) if before is None else admin.delete_records(records)
    for one in done.values():
        one.result(30)


def _end(worker, folder: Path, log: str) -> str:
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=15) == 0
    return (folder / log).read_text()


def test_messages_that_were_deleted_unread_are_told(broker: Broker, tmp_path: Path, start: Start) -> None:
    (topic,) = topics(broker, "gamma")
    (port,) = free_ports(1)
    settings, database = tmp_path / "mma.toml", tmp_path / "mma.sqlite"
    settings.write_text(f'metrics = "127.0.0.1:{port}"\n')
    command = ["run", "--from", f"kafka://{broker.plain}/{topic}", "--group", topic, "-c", str(settings)]
    command += ["--db", str(database)]
    produce(broker, topic, [gamma_alert("A0")])
    worker = start(tmp_path / "first", *command)
    until(lambda: read(database) == 1)
    assert "deleted" not in _end(worker, tmp_path, "first")

    produce(broker, topic, [gamma_alert(f"A{i}") for i in (1, 2, 3, 4)])
    _delete(broker, topic, 4)
    worker = start(tmp_path / "second", *command)
    until(lambda: read(database) == 2)
    said = "3 messages were deleted unread, offsets 1 to 3"
    until(lambda: troubles(database) == {f"{topic}[0]": said}, 20)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        labels = f'partition="0",source="{broker.plain}",topic="{topic}"'
        assert f"mma_messages_lost_total{{{labels}}} 3.0" in answer.read().decode()
    produce(broker, topic, [gamma_alert("A5")])
    until(lambda: read(database) == 3)
    time.sleep(6.0)
    assert troubles(database) == {f"{topic}[0]": said}  # it is not over because more comes
    assert f"{topic}[0]: {said}" in _end(worker, tmp_path, "second")

    worker = start(tmp_path / "third", *command)
    row = until(lambda: next((r for r in status(database)["live"] if r["lag"] is not None and not r["messages"]), None))
    assert row["lag"] == 0  # all is read, though this worker has read nothing yet
    assert troubles(database) == {}
    assert len(status(database)["live"]) == 1  # the two before it ended
    assert "deleted" not in _end(worker, tmp_path, "third")


def test_what_is_deleted_where_nothing_comes_is_told_too(broker: Broker, tmp_path: Path, start: Start) -> None:
    (topic,) = topics(broker, "gamma")
    database = tmp_path / "mma.sqlite"
    command = ["run", "--from", f"kafka://{broker.plain}/{topic}", "--group", topic, "--db", str(database)]
    produce(broker, topic, [gamma_alert("A0")])
    worker = start(tmp_path / "first", *command)
    until(lambda: read(database) == 1)
    _end(worker, tmp_path, "first")
    produce(broker, topic, [gamma_alert(f"A{i}") for i in (1, 2)])
    _delete(broker, topic, 3)
    worker = start(tmp_path / "second", *command)
    until(lambda: troubles(database) == {f"{topic}[0]": "2 messages were deleted unread, offsets 1 to 2"}, 30)
    _end(worker, tmp_path, "second")


def test_a_topic_that_was_made_anew_is_told(broker: Broker, tmp_path: Path, start: Start) -> None:
    (topic,) = topics(broker, "gamma")
    database = tmp_path / "mma.sqlite"
    command = ["run", "--from", f"kafka://{broker.plain}/{topic}", "--group", topic, "--db", str(database)]
    produce(broker, topic, [gamma_alert(f"A{i}") for i in range(3)])
    worker = start(tmp_path / "log", *command)
    until(lambda: read(database) == 3)
    _delete(broker, topic)
    time.sleep(1.0)
    broker.create(topic)
    produce(broker, topic, [gamma_alert("B0")])
    until(lambda: "the topic was made anew, or cut off" in troubles(database).get(f"{topic}[0]", ""), 60)
    until(lambda: read(database) == 4, 30)
    _end(worker, tmp_path, "log")


def test_transactions_leave_offsets_out_and_nothing_is_lost(broker: Broker, tmp_path: Path, start: Start) -> None:
    from confluent_kafka import Producer

    (topic,) = topics(broker, "gamma")
    database = tmp_path / "mma.sqlite"
    producer = Producer({"bootstrap.servers": broker.plain, "transactional.id": topic})
    producer.init_transactions(30)
    for i in range(3):
        producer.begin_transaction()
        producer.produce(topic, gamma_alert(f"T{i}"))
        producer.commit_transaction(30)
    worker = start(
        tmp_path / "log", "run", "--from", f"kafka://{broker.plain}/{topic}", "--group", topic, "--db", str(database)
    )
    until(lambda: read(database) == 3)
    time.sleep(7.0)
    assert troubles(database) == {}
    assert "deleted" not in _end(worker, tmp_path, "log")


def test_a_worker_that_is_silent_is_shown_as_such() -> None:
    row = {"name": "broker", "topics": ["t"], "worker": "host/1", "messages": 1, "lag": 0, "last_message": None}
    row |= {"last_heartbeat": None, "troubles": {}, "told": "2026-03-01T00:00:00.000Z"}
    assert "not heard of for" in str(list(live([row]).columns[-1].cells))


def _made_anew(broker: Broker, topic: str, names: list[str]) -> None:
    _delete(broker, topic)
    time.sleep(1.0)
    broker.create(topic)
    produce(broker, topic, [gamma_alert(name) for name in names])


@pytest.mark.parametrize(
    ("stopped", "n"),
    [
        (False, 1),
        (True, 3),
        *(pytest.param(*case, marks=pytest.mark.faults) for case in ((False, 3), (False, 6), (True, 1), (True, 6))),
    ],
)
def test_a_topic_made_anew_is_read_whole_with_fewer_as_many_or_more_messages(
    broker: Broker, tmp_path: Path, start: Start, n: int, stopped: bool
) -> None:
    (topic,) = topics(broker, "gamma")
    database = tmp_path / "mma.sqlite"
    command = ["run", "--from", f"kafka://{broker.plain}/{topic}", "--group", topic, "--db", str(database)]
    produce(broker, topic, [gamma_alert(f"A{i}") for i in range(3)])
    worker = start(tmp_path / "log", *command)
    until(lambda: read(database) == 3)
    time.sleep(6.0)  # how far it is was told to the database
    if stopped:
        _end(worker, tmp_path, "log")
    names = [f"B{i}" for i in range(n)]
    _made_anew(broker, topic, names)
    if stopped:
        worker = start(tmp_path / "log", *command)
    until(lambda: {f"CTAO-{name}" for name in names} <= _events(database), 60)
    said = until(lambda: troubles(database).get(f"{topic}[0]"), 30)
    assert "the topic was made anew" in said
    assert "offsets begin again at 0, 3 was next" in said
    produce(broker, topic, [gamma_alert("LATER")])
    until(lambda: "CTAO-LATER" in _events(database), 30)
    _end(worker, tmp_path, "log")


def _events(database: Path) -> set[str]:
    store = Store(str(database))
    with store.read() as connection:
        found = {row["id"] for row in queries.events(connection)}
    store.close()
    return found
