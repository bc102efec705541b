"""Kafka, by confluent-kafka, or by gcn-kafka where the broker is GCN's."""

from __future__ import annotations

import hashlib
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .client import SHARED, Client, Connection, is_fatal
from .commits import Commits
from .gaps import Gaps
from .heartbeat import Pulse, is_heartbeat
from .message import Message
from .there import check_topics

ASK_S = 5.0
"""How long the broker may take to answer a question."""

MAX_BYTES = 16 << 20
"""A message that is larger is set aside unread."""

FULL_BYTES, AHEAD_BYTES = 96 << 20, 128 << 20
"""A batch of so much is full; and so much is read ahead. The next batch comes while one is handled, and memory does
not go with the size of messages."""

PIECE = 100
"""Messages that are taken out of the client at once."""

GATHER_S = 0.05
"""Once something came, more is waited for so long: a transaction for each message would cost ten times as much."""

REJOIN_S = 10.0
"""A reader that the group has shut out comes back this often at most."""

READ = SHARED | {
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "partition.assignment.strategy": "cooperative-sticky",
    "session.timeout.ms": 6_000,  # a worker that died is missed after this, and its partitions go to others
    "heartbeat.interval.ms": 2_000,
    "topic.metadata.refresh.interval.ms": 10_000,
    "fetch.message.max.bytes": 1 << 20,  # of one answer; compressed, it unpacks to many times as much
    "queued.max.messages.kbytes": AHEAD_BYTES >> 10,
    "queued.min.messages": 10_000,  # enough waits then; each takes some kB in the client, however small it is
    "fetch.queue.backoff.ms": 10,  # else a partition rests for a second whenever so much waits
    "receive.message.max.bytes": 256 << 20,  # a larger message than this would hold up its partition for good
}
"""How we read: nothing is done until it is stored and published, and nothing is skipped after a restart."""


class KafkaSource:
    """Topics of one broker, read as a member of a consumer group."""

    def __init__(
        self,
        name: str,
        config: dict[str, Any],
        topics: Sequence[str],
        group: str,
        *,
        client: Client | None = None,
        worker: str | None = None,
        max_bytes: int = MAX_BYTES,
        heartbeat_limit_s: float = 10.0,
        hears_hearts: bool = False,
        marks: Mapping[str, bytes] | None = None,
        hint: str = "",
    ) -> None:
        """Subscribe. A topic that is not there yet, or not permitted, is a trouble and not an error.

        Parameters
        ----------
        name
            What logs and ``mma status`` call it.
        config
            librdkafka's settings: address, credentials. Never logged.
        topics
            Names. Of those that end in ``.heartbeat`` only the newest time is kept.
        group
            Consumer group: stable, so that a restart goes on where it ended.
        client
            Makes the consumer; confluent-kafka's own where none is given.
        worker
            Name of this member that stays over restarts: it gets its partitions back at once.
        max_bytes
            Of one message; a larger one comes without its bytes, and with that fault.
        heartbeat_limit_s
            A heartbeat topic that is silent for longer is a trouble.
        hears_hearts
            Heartbeats are messages like any other.
        marks
            Headers that every message gets, as if its sender had set them.
        hint
            What to do where the broker shuts us out.
        """
        from confluent_kafka import Consumer

        self.name = name
        self.topics = tuple(topics)
        self.last_message: float | None = None
        self.last_lag: int | None = None
        self.read = 0
        self._held: frozenset[str] = frozenset()
        self._hears_hearts = hears_hearts
        self._max_bytes = max_bytes
        self._marks = dict(marks or {})
        self._connection = Connection(name, hint)
        self.troubles = self._connection.troubles
        self.pulse = Pulse(self.troubles, heartbeat_limit_s)
        self._commits = Commits(self.troubles)
        self.gaps = Gaps(self.troubles)
        own = {"group.id": group, "on_commit": self._commits.answered}
        own |= {"group.instance.id": _member(worker, topics)} if worker else {}
        settings = READ | config | own | self._connection.hears()
        self._make: Callable[[], Any] = lambda: (client or Consumer)(settings)  # no attribute of ours holds secrets
        self._rejoin_due = 0.0
        self._join()

    def _join(self) -> None:
        self._connection.is_lost = False
        self._consumer = self._make()
        self._consumer.subscribe(list(self.topics), on_assign=self._assigned)

    def _rejoin(self) -> None:
        """Come back as a new client, not too often.

        The group has shut the old one out: somebody else came by the same name, or the broker was killed and forgot
        how often we did.
        """
        if time.monotonic() >= self._rejoin_due:
            self._rejoin_due = time.monotonic() + REJOIN_S
            self._commits.forget()
            self._consumer.close()
            self._join()

    def poll(self, n: int, wait_s: float) -> list[Message]:
        """Up to n messages, or so many as are a full batch; fewer where no more come, none after ``wait_s`` seconds."""
        out: list[Message] = []
        if self._connection.is_lost:
            self._rejoin()
        if self._commits.is_due:
            self._commits.make(self._consumer)
        for some in self._pieces(n, wait_s):
            out += self._taken(some)
        self.gaps.check(self._consumer)
        if any(map(self._is_pulse, self.topics)):
            self.pulse.expect({p.topic for p in self._consumer.assignment() if self._is_pulse(p.topic)})
        if out:
            self.last_message = max(m.timestamp or time.time() for m in out)
            self.read += len(out)
        return out

    def _pieces(self, n: int, wait_s: float) -> Iterator[list[Any]]:
        """What the client has, piece by piece, until it is a full batch or time is over."""
        some = self._consumer.consume(1, wait_s)
        yield some
        deadline, n, size = time.monotonic() + min(wait_s, GATHER_S), n - 1, sum(map(len, some))
        while some and n > 0 and size < FULL_BYTES:
            asked = min(n, PIECE)
            some = self._consumer.consume(asked, max(deadline - time.monotonic(), 0.0))
            yield some
            if len(some) < asked:
                return
            n -= asked
            size += sum(map(len, some))

    def _taken(self, some: Sequence[Any]) -> Iterator[Message]:
        """The messages of what the client gave; complaints and heartbeats are noted."""
        topics = set()
        for got in some:
            error, topic = got.error(), got.topic() or "broker"
            if error is not None:
                self._connection.is_lost |= is_fatal(error)
                self.troubles.add(topic, error.str())
            elif self._is_pulse(topic):
                self.pulse.beat(topic, _timestamp(got))
            else:
                topics.add(topic)
                self.gaps.saw((topic, got.partition()), got.offset())
                yield as_message(got, self._max_bytes, self._marks, self._connection.name)
        for topic in topics:
            self.troubles.clear(topic)

    def commit(self, batch: Sequence[Message]) -> None:
        """These were handled, stored and published. It is not waited for: what is not committed comes again."""
        self._commits.add(batch)
        self._commits.make(self._consumer)

    def check_topics(self) -> None:
        """Whether the broker answers and has the topics, at once: what a person waits for."""
        check_topics(self._consumer, self.name, self.topics, self.troubles)

    def hold(self, topics: Sequence[str]) -> None:
        """Read nothing of these topics for now."""
        self._held = frozenset(topics)

    def release(self) -> None:
        """Read everything."""
        held, self._held = self._held, frozenset()
        self._consumer.resume([p for p in self._consumer.assignment() if p.topic in held])

    def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        """Topic and partition to the offset after its newest message; partitions without any are left out."""
        from confluent_kafka import TopicPartition

        there = self._consumer.list_topics(timeout=ASK_S).topics
        out = {}
        for topic in topics:
            for partition in there[topic].partitions if topic in there else ():
                low, high = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=ASK_S)
                if high > low:
                    out[topic, partition] = high
        return out

    def is_behind(self, ends: dict[tuple[str, int], int]) -> bool:
        """Whether any member of the group has yet to read up to these offsets."""
        from confluent_kafka import TopicPartition

        asked = [TopicPartition(*at) for at in ends]
        committed = self._consumer.committed(asked, timeout=ASK_S) if asked else []
        return any(at.offset < ends[at.topic, at.partition] for at in committed)

    def lag(self) -> int | None:
        """Messages that wait, over the partitions this reader has; None while that is not known."""
        self.last_lag = self._lag()
        return self.last_lag

    def _lag(self) -> int | None:
        from confluent_kafka import KafkaException

        total = 0
        try:
            assigned = self._consumer.assignment()
            for at in self._consumer.position([p for p in assigned if not self._is_pulse(p.topic)]):
                low, high = self._consumer.get_watermark_offsets(at, timeout=1.0, cached=True)
                if high < 0:
                    return None
                reached = at.offset if at.offset >= 0 else self.gaps.reached((at.topic, at.partition))
                total += max(high - (max(low, 0) if reached is None else reached), 0)
        except KafkaException:
            return None
        return total if assigned else None

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _is_pulse(self, topic: str) -> bool:
        """Whether a topic's messages are signs of life alone."""
        return is_heartbeat(topic) and not self._hears_hearts

    def _assigned(self, consumer: Any, partitions: list[Any]) -> None:
        """Old heartbeats tell nothing: those are read from the end."""
        from confluent_kafka import OFFSET_END

        self._commits.forget({(p.topic, p.partition) for p in partitions})  # others may have come farther since
        self.gaps.begin(consumer, [p for p in partitions if not self._is_pulse(p.topic)])
        for p in partitions:
            if self._is_pulse(p.topic):
                p.offset = OFFSET_END
        consumer.incremental_assign(partitions)
        consumer.pause([p for p in partitions if p.topic in self._held])


def _member(worker: str, topics: Sequence[str]) -> str:
    """Name of a member. With other topics it is another one: the group would give the old one what it had before."""
    return f"{worker}-{zlib.crc32(','.join(sorted(topics)).encode()):08x}"


def _timestamp(got: Any) -> float | None:
    kind, milliseconds = got.timestamp()
    return milliseconds / 1000.0 if kind else None


def as_message(got: Any, max_bytes: int, marks: dict[str, bytes] | None = None, source: str = "") -> Message:
    """What the client got; without its body, and with that fault, where body, key and headers are larger together."""
    payload, key, headers = got.value() or b"", got.key(), [(name, value or b"") for name, value in got.headers() or ()]
    size = len(payload) + len(key or b"") + sum(len(name) + len(value) for name, value in headers)
    fault = None
    if size > max_bytes:
        digest = hashlib.sha256(payload).hexdigest()
        fault = f"message: {size} bytes are more than the {max_bytes} of one message; sha256 of its body {digest}"
    return Message(
        payload=b"" if fault else payload,
        source=source,
        topic=got.topic(),
        partition=got.partition(),
        offset=got.offset(),
        key=key,
        headers=dict(headers) | (marks or {}),
        timestamp=_timestamp(got),
        fault=fault,
    )
