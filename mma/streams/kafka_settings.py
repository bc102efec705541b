"""How we read Kafka: nothing is done until it is stored and published, and nothing is skipped after a restart."""

from __future__ import annotations

from .client import SHARED

AHEAD_BYTES = 128 << 20
"""So much is read ahead: the next batch comes while one is handled; memory does not go with the size of messages."""

READ = SHARED | {
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,  # what is left then are marks of transactions, and nothing that could be read
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
