"""What several live tests do: make topics, send, wait, read what became of it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from mma.answers import queries
from mma.cluster.broker import Broker
from mma.store import Store


def topics(broker: Broker, *names: str, partitions: int = 1, settings: dict[str, str] | None = None) -> list[str]:
    """Topics of this test alone."""
    tag = uuid.uuid4().hex[:8]
    made = [f"{name}-{tag}" for name in names]
    broker.create(*made, partitions=partitions, settings=settings)
    return made


def produce(broker: Broker, topic: str, values: list[bytes], **settings: Any) -> None:
    """Send messages, and wait until the broker has them."""
    producer = Producer({"bootstrap.servers": broker.plain, **settings})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(60) == 0


def committed(broker: Broker, group: str, topic: str) -> int:
    """Messages of a topic of one partition that a group will not read again."""
    consumer = Consumer({"bootstrap.servers": broker.plain, "group.id": group, "log_level": 0})
    try:
        (place,) = consumer.committed([TopicPartition(topic, 0)], timeout=10)
        return max(place.offset, 0)
    finally:
        consumer.close()


def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait for something, not forever."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")


def payloads(folder: Path) -> tuple[list[bytes], list[bytes]]:
    """The night's notices and alert packets, in time order."""
    from mma.engine import in_time_order
    from mma.streams.files import find

    notices = [r.message().payload for r, _ in in_time_order(find([folder / "notices"]))]
    packets = [r.message().payload for r, _ in in_time_order(find([folder / "alerts"]))]
    return notices, packets


def status(database: Path) -> dict[str, Any]:
    """What ``mma status --json`` says; nothing while there is no database."""
    if not database.exists():
        return {"messages": {"read": 0, "decoded": 0}, "live": [], "published": {"sent": 0, "waiting": 0}}
    store = Store(str(database))
    with store.read() as connection:
        told = queries.status(connection)
    store.close()
    return told


def read(database: Path) -> int:
    """Messages handled so far."""
    total: int = status(database)["messages"]["read"]
    return total


def troubles(database: Path) -> dict[str, str]:
    """What is wrong with any source or sink now."""
    return {about: text for row in status(database)["live"] for about, text in row["troubles"].items()}


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


def gamma_alert(name: str, **more: Any) -> bytes:
    """A small notice: a CTAO alert."""
    document = {
        "$schema": "urn:mma:gamma:1", "mission": "CTAO", "id": name, "alert_type": "initial",
        "alert_datetime": "2026-03-01T01:02:30Z", "trigger_time": "2026-03-01T01:02:03Z",
        "ra": 83.63, "dec": 22.01, "ra_dec_error": 0.1, "containment_probability": 0.68,
    }  # fmt: skip
    return json.dumps({name: value for name, value in (document | more).items() if value is not None}).encode()
