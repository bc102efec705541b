"""Kafka, by confluent-kafka: any broker, and what GCN's and Hopskotch's brokers ask beyond that."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import OutageError
from .message import Message

log = logging.getLogger(__name__)

SAY_AGAIN_S = 60.0
"""A trouble that stays is logged once in this time."""

FLUSH_S = 30.0
"""Published messages that the broker has not confirmed by then count as an outage."""

READ = {
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "partition.assignment.strategy": "cooperative-sticky",
    "session.timeout.ms": 6_000,  # a worker that died is missed after this, and its partitions go to others
    "heartbeat.interval.ms": 2_000,
    "topic.metadata.refresh.interval.ms": 10_000,
    "reconnect.backoff.max.ms": 10_000,
    "fetch.message.max.bytes": 16 << 20,
}
"""How we read: nothing is done until it is stored and published, and nothing is skipped after a restart."""

WRITE = {
    "enable.idempotence": True,
    "compression.type": "zstd",
    "linger.ms": 5,
    "message.timeout.ms": 20_000,
    "reconnect.backoff.max.ms": 10_000,
}


class Troubles:
    """What is wrong with a connection now; each thing is logged when it comes and once a minute while it stays."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.now: dict[str, str] = {}
        """What it is about (a topic, or ``broker``) to what is wrong."""
        self._said: dict[str, float] = {}

    def add(self, about: str, text: str) -> None:
        """Something is wrong."""
        self.now[about] = text
        if time.monotonic() - self._said.get(about, -SAY_AGAIN_S) >= SAY_AGAIN_S:
            self._said[about] = time.monotonic()
            log.warning("%s: %s: %s", self.name, about, text)

    def clear(self, about: str) -> None:
        """It is well again."""
        if self.now.pop(about, None) is not None:
            log.info("%s: %s: well again", self.name, about)
            self._said.pop(about, None)


class KafkaSource:
    """Topics of one broker, read as a member of a consumer group."""

    def __init__(self, name: str, config: dict[str, Any], topics: Sequence[str], group: str) -> None:
        """Subscribe. A topic that is not there yet, or not permitted, is a trouble and not an error.

        Parameters
        ----------
        name
            What logs and ``mma status`` call it.
        config
            librdkafka's settings: address, credentials. Never logged.
        topics
            Names.
        group
            Consumer group: stable, so that a restart goes on where it ended.
        """
        from confluent_kafka import Consumer

        self.name = name
        self.topics = tuple(topics)
        self.troubles = Troubles(name)
        self.last_message: float | None = None
        self.read = 0
        own = {"group.id": group, "error_cb": self._broker_says, "log_level": 0}
        self._consumer = Consumer(READ | config | own)
        self._consumer.subscribe(list(topics))

    def poll(self, n: int, wait_s: float) -> list[Message]:
        """Up to n messages; fewer, or none, once ``wait_s`` seconds are over."""
        out = []
        for got in self._consumer.consume(n, wait_s):
            error = got.error()
            if error is not None:
                self._topic_says(got.topic() or "broker", error)
                continue
            self.troubles.clear("broker")
            self.troubles.clear(got.topic() or "broker")
            out.append(_message(got))
        if out:
            self.last_message = max(m.timestamp or time.time() for m in out)
            self.read += len(out)
        return out

    def commit(self, batch: Sequence[Message]) -> None:
        """These were handled, stored and published."""
        from confluent_kafka import KafkaException, TopicPartition

        done: dict[tuple[str, int], int] = {}
        for m in batch:
            done[m.topic, m.partition] = max(m.offset + 1, done.get((m.topic, m.partition), 0))
        try:
            self._consumer.commit(
                offsets=[TopicPartition(t, p, offset) for (t, p), offset in done.items()], asynchronous=False
            )
        except KafkaException as error:
            self.troubles.add("broker", f"commit: {error.args[0].str()}")  # they come again, and change nothing

    def lag(self) -> int | None:
        """Messages that wait, over the partitions this reader has; None while the broker is away."""
        from confluent_kafka import KafkaException

        total = 0
        try:
            for at in self._consumer.position(self._consumer.assignment()):
                low, high = self._consumer.get_watermark_offsets(at, timeout=1.0, cached=True)
                total += max(high - (at.offset if at.offset >= 0 else max(low, 0)), 0)
        except KafkaException:
            return None
        return total

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _topic_says(self, topic: str, error: Any) -> None:
        self.troubles.add(topic, error.str())

    def _broker_says(self, error: Any) -> None:
        self.troubles.add("broker", error.str())


def _message(got: Any) -> Message:
    kind, milliseconds = got.timestamp()
    return Message(
        payload=got.value() or b"",
        topic=got.topic(),
        partition=got.partition(),
        offset=got.offset(),
        key=got.key(),
        headers={name: value or b"" for name, value in got.headers() or ()},
        timestamp=milliseconds / 1000.0 if kind else None,
    )


class KafkaSink:
    """Messages to one broker; each is confirmed or it is an outage, and then it stays in the outbox."""

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        from confluent_kafka import Producer

        self.troubles = Troubles(name)
        self.confirmed = 0
        self._failed: list[str] = []
        self._producer = Producer(WRITE | config | {"error_cb": self._broker_says, "log_level": 0})

    def write(self, topic: str, key: str, payload: str) -> None:
        """Take one message; its own id goes into the header ``_id``'s place, its format beside it."""
        while True:
            try:
                self._producer.produce(
                    topic,
                    payload.encode(),
                    key=key.encode(),
                    headers={"_format": b"json", **({"_test": b"true"} if topic.endswith(".test") else {})},
                    on_delivery=self._delivered,
                )
                return
            except BufferError:
                self._producer.poll(0.1)

    def flush(self) -> None:
        """Return when the broker has confirmed everything written.

        Raises
        ------
        OutageError
            It has not within half a minute, or it refused; the message says why.
        """
        left = self._producer.flush(FLUSH_S)
        failed, self._failed = self._failed, []
        if left or failed:
            raise OutageError(f"{left + len(failed)} messages not delivered: {failed[0] if failed else 'no answer'}")
        self.troubles.clear("broker")

    def _delivered(self, error: Any, message: Any) -> None:
        if error is None:
            self.confirmed += 1
        else:
            self._failed.append(f"{message.topic()}: {error.str()}")

    def _broker_says(self, error: Any) -> None:
        self.troubles.add("broker", error.str())


class Merged:
    """Several sources as one, each polled in turn, until it is told to stop."""

    def __init__(
        self, sources: Sequence[KafkaSource], batch_size: int, stop: threading.Event, wait_s: float = 0.2
    ) -> None:
        self.stop = stop
        self.sources = tuple(sources)
        self._batch_size = batch_size
        self._wait_s = wait_s
        self._from: KafkaSource | None = None

    def batches(self) -> Iterator[list[Message]]:
        """Batches, an empty one when there was nothing for a while, until ``stop`` is set."""
        while not self.stop.is_set():
            for source in self.sources:
                self._from = source
                yield source.poll(self._batch_size, self._wait_s / len(self.sources))

    def commit(self, batch: list[Message]) -> None:
        """These, the newest batch, were handled, stored and published."""
        if batch and self._from is not None:
            self._from.commit(batch)

    def close(self) -> None:
        """Leave all groups."""
        for source in self.sources:
            source.close()
