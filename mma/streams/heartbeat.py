"""Signs of life: a broker's, whose absence is a trouble, and our own, which nothing waits for.

GCN sends a message to ``gcn.heartbeat`` every second. No other sign tells a quiet night from a broken connection.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from .troubles import Troubles

SUFFIX = ".heartbeat"

BESIDE = {
    "message.timeout.ms": 5_000,
    "topic.metadata.propagation.max.ms": 5_000,
    "queue.buffering.max.messages": 100,
    "enable.idempotence": False,
}
"""How heartbeats are written: late ones are of no use."""


def is_heartbeat(topic: str) -> bool:
    """Whether a topic carries heartbeats, and nothing for the engine."""
    return topic.endswith(SUFFIX)


class Pulse:
    """The heartbeats that a source hears."""

    def __init__(self, troubles: Troubles, limit_s: float) -> None:
        self.newest: float | None = None
        """When the broker got the newest one, Unix seconds."""
        self._troubles = troubles
        self._limit_s = limit_s
        self._heard: dict[str, float] = {}

    def beat(self, topic: str, timestamp: float | None) -> None:
        """One came."""
        self._heard[topic] = time.monotonic()
        self.newest = max(self.newest or 0.0, timestamp or time.time())
        self._troubles.clear(topic)

    def expect(self, topics: set[str]) -> None:
        """These are ours to hear now: others, which another member of the group reads, are not missed."""
        for topic in self._heard.keys() - topics:
            del self._heard[topic]
            self._troubles.clear(topic)
        for topic in topics:
            silent = time.monotonic() - self._heard.setdefault(topic, time.monotonic())
            if silent > self._limit_s:
                self._troubles.add(topic, f"no heartbeat for {silent:.0f} s")


class Heart:
    """Our own heartbeat: one message now and then. A topic that is not there is a trouble, never an outage."""

    def __init__(self, producer: Any, topic: str, troubles: Troubles, every_s: float) -> None:
        self.topic = topic
        self._producer = producer
        self._troubles = troubles
        self._every_s = every_s
        self._next = time.monotonic()

    def is_due(self) -> bool:
        """Whether it is time for one."""
        self._producer.poll(0)
        return time.monotonic() >= self._next

    def beat(self, message: Mapping[str, Any]) -> None:
        """Send one, and wait for nothing."""
        from confluent_kafka import KafkaException

        self._next = time.monotonic() + self._every_s
        try:
            self._producer.produce(
                self.topic, json.dumps(message).encode(), key=str(message["worker"]).encode(),
                headers={"_format": b"json"}, on_delivery=self._delivered,
            )  # fmt: skip
        except (BufferError, KafkaException) as error:
            self._troubles.add(self.topic, f"heartbeat not sent: {error}")

    def close(self) -> None:
        """Let the last one go out."""
        self._producer.flush(1.0)

    def _delivered(self, error: Any, message: Any) -> None:
        if error is None:
            self._troubles.clear(self.topic)
        else:
            self._troubles.add(self.topic, f"heartbeat not sent: {error.str()}")
