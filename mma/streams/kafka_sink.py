"""Messages to Kafka, each confirmed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..errors import UndeliveredError
from .client import SHARED, Client, Connection, is_fatal
from .there import check_topics, comes_by_itself

FLUSH_S = 22.0
"""Published messages that the broker has not confirmed by then count as an outage."""

WRITE = SHARED | {
    "enable.idempotence": True,
    "compression.type": "zstd",
    "linger.ms": 5,
    "message.timeout.ms": 20_000,
    "topic.metadata.propagation.max.ms": 10_000,  # a topic that is not there after so long is not there
    "message.max.bytes": 16 << 20,  # the broker's own limit, 1 MB unless it was set, is the one that counts
}


TOO_LARGE = "MSG_SIZE_TOO_LARGE"
FOR_GOOD = frozenset(
    {
        TOO_LARGE,
        "RECORD_LIST_TOO_LARGE",
        "INVALID_RECORD",
        "POLICY_VIOLATION",
        "TOPIC_AUTHORIZATION_FAILED",
        "TOPIC_EXCEPTION",
        "UNKNOWN_TOPIC_OR_PART",
        "_UNKNOWN_TOPIC",
    }
)
"""What a broker, or the client for it, says of a message that it will not take however often it comes."""


@dataclass(slots=True)
class _Written:
    """What was written since the last time, and what became of it."""

    messages: list[tuple[Any, ...]] = field(default_factory=list)
    """Topic, payload, key and headers of each."""

    open: set[int] = field(default_factory=set)
    """Those that nothing was heard of, by number."""

    failed: dict[int, Any] = field(default_factory=dict)
    """Number to the client's error."""


class KafkaSink:
    """Messages to one broker; each is confirmed, refused for good, or it is an outage, and stays in the outbox."""

    def __init__(self, name: str, config: dict[str, Any], *, client: Client | None = None, hint: str = "") -> None:
        from confluent_kafka import Producer

        self.name = name
        self.confirmed = 0
        self._written = _Written()
        self._connection = Connection(name, hint)
        self.troubles = self._connection.troubles
        settings = WRITE | config | self._connection.hears()
        self._make: Callable[[], Any] = lambda: (client or Producer)(settings)  # no attribute of ours holds secrets
        self._producer = self._make()

    def write(self, topic: str, key: str, payload: str, form: str = "json") -> None:
        """Take one message; hop's header ``_format`` tells its form."""
        test = {"_test": b"true"} if topic.endswith(".test") else {}
        headers: dict[str, str | bytes | None] = {"_format": form.encode(), **test}
        if self._connection.is_lost:
            self._connection.is_lost = False
            self._producer = self._make()
        self._written.messages.append((topic, payload.encode(), key.encode(), headers))
        self._produce(self._written, len(self._written.messages) - 1)

    def _produce(self, written: _Written, i: int) -> None:
        from confluent_kafka import KafkaException

        topic, payload, key, headers = written.messages[i]
        written.open.add(i)
        written.failed.pop(i, None)
        while True:
            try:
                self._producer.produce(
                    topic, payload, key=key, headers=headers, on_delivery=partial(self._delivered, written, i)
                )
                return
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                written.open.discard(i)
                written.failed[i] = error.args[0]
                return

    def check_topic(self, topic: str) -> None:
        """Whether the broker answers and has a topic, or makes it, at once: what a person waits for."""
        if not comes_by_itself(self._producer, self.name, topic, self.troubles):
            check_topics(self._producer, self.name, [topic], self.troubles, "write")

    def flush(self) -> Mapping[int, str]:
        """Return when the broker has confirmed or refused everything written.

        Returns
        -------
        :
            What it refuses for good: which of the messages written since the last time, from 0, and why.

        Raises
        ------
        UndeliveredError
            It has not within ``FLUSH_S``; the message says why.
        """
        written, self._written = self._written, _Written()
        self._producer.flush(FLUSH_S)
        self._alone(written)
        refused = {i: self._why(written, i) for i, error in written.failed.items() if error.name() in FOR_GOOD}
        missing = sorted((written.failed.keys() - refused.keys()) | written.open)
        if missing:
            cause = self.troubles.now.get("token") or self.troubles.now.get("broker")
            said = [self._why(written, i) for i in missing if i in written.failed][:1]
            why = "; ".join(text for text in (*said, cause) if text) or "no answer"
            text = f"{len(missing)} messages not delivered to {self.name}: {why}"
            raise UndeliveredError(text, missing, refused)
        self.troubles.clear("broker")
        return refused

    def _alone(self, written: _Written) -> None:
        """Send again, each by itself, what was too large together: one of them alone may be the reason."""
        large = [i for i, error in sorted(written.failed.items()) if error.name() == TOO_LARGE]
        for i in large if len(large) > 1 else ():
            self._produce(written, i)
            self._producer.flush(FLUSH_S)

    def _why(self, written: _Written, i: int) -> str:
        return f"{written.messages[i][0]}: {written.failed[i].str()}"

    def _delivered(self, written: _Written, i: int, error: Any, _message: Any) -> None:
        written.open.discard(i)
        if error is None:
            self.confirmed += 1
        else:
            self._connection.is_lost |= is_fatal(error)
            written.failed[i] = error
