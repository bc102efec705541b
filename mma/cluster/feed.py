"""A recorded night written to a broker, at a given rate."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ..errors import OutageError
from ..streams import Recorded
from .broker import Broker

NOTICES, ALERTS = "mma.cluster.notices", "mma.cluster.alerts"
SOME = 1000
"""At most so many at a time, so that whoever runs us can look after other things."""

FULL = 50_000
"""Messages on their way to the broker; more have to wait."""


def feed(broker: Broker, recorded: list[Recorded], rate: float) -> Iterator[int]:
    """Write what is due to the broker, in time order; each object and each event to one partition. How many so far."""
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": broker.plain, "linger.ms": 20, "log_level": 0})
    begun, sent = time.monotonic(), 0
    while sent < len(recorded):
        due = min(int(rate * (time.monotonic() - begun)), sent + SOME, len(recorded))
        for record in recorded[sent:due]:
            message, key = record.message(), _name(record).rpartition("-")[0]
            while len(producer) > FULL:
                producer.poll(0.1)
            producer.produce(topic(record), message.payload, key=key.encode())
        sent = due
        if sent == len(recorded) and producer.flush(30):
            raise OutageError("Kafka does not take the alerts")
        producer.poll(0)
        yield sent


def _name(record: Recorded) -> str:
    """File name: the object or the event, a dash, and which of its messages."""
    return record.member or record.path.name


def topic(record: Recorded) -> str:
    """Which of the two topics a recorded message goes to."""
    return ALERTS if _name(record).endswith(".avro") else NOTICES
