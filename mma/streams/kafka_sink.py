"""Messages to Kafka, each confirmed."""

from __future__ import annotations

from typing import Any

from ..errors import OutageError
from .client import SHARED, Client, Connection
from .there import check_topics, comes_by_itself

FLUSH_S = 30.0
"""Published messages that the broker has not confirmed by then count as an outage."""

WRITE = SHARED | {
    "enable.idempotence": True,
    "compression.type": "zstd",
    "linger.ms": 5,
    "message.timeout.ms": 20_000,
    "message.max.bytes": 16 << 20,  # the broker's own limit, 1 MB unless it was set, is the one that counts
}


class KafkaSink:
    """Messages to one broker; each is confirmed or it is an outage, and then it stays in the outbox."""

    def __init__(self, name: str, config: dict[str, Any], *, client: Client | None = None, hint: str = "") -> None:
        from confluent_kafka import Producer

        self.name = name
        self.confirmed = 0
        self._failed: list[str] = []
        self._connection = Connection(name, hint)
        self.troubles = self._connection.troubles
        make = client or Producer
        self._producer = make(WRITE | config | self._connection.hears())

    def write(self, topic: str, key: str, payload: str, form: str = "json") -> None:
        """Take one message; hop's header ``_format`` tells its form."""
        from confluent_kafka import KafkaException

        test = {"_test": b"true"} if topic.endswith(".test") else {}
        headers: dict[str, str | bytes | None] = {"_format": form.encode(), **test}
        while True:
            try:
                self._producer.produce(
                    topic, payload.encode(), key=key.encode(), headers=headers, on_delivery=self._delivered
                )
                return
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                self._failed.append(f"{topic}: {error.args[0].str()}")
                return

    def check_topic(self, topic: str) -> None:
        """Whether the broker answers and has a topic, or makes it, at once: what a person waits for."""
        if not comes_by_itself(self._producer, self.name, topic, self.troubles):
            check_topics(self._producer, self.name, [topic], self.troubles, "write")

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
            cause = self.troubles.now.get("token") or self.troubles.now.get("broker")
            why = "; ".join(text for text in (failed[0] if failed else None, cause) if text) or "no answer"
            raise OutageError(f"{left + len(failed)} messages not delivered to {self.name}: {why}")
        self.troubles.clear("broker")

    def _delivered(self, error: Any, message: Any) -> None:
        if error is None:
            self.confirmed += 1
        else:
            self._failed.append(f"{message.topic()}: {error.str()}")
