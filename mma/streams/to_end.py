"""A topic read once from its beginning to where it ends now: for a question, by no group, within a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import OutageError
from .asking import ASK_S
from .client import SHARED
from .kafka import MAX_BYTES
from .kafka_message import as_message
from .message import Message
from .there import known
from .troubles import Troubles

ALONE = SHARED | {"group.id": "mma-question", "enable.auto.commit": False, "enable.partition.eof": True}
PIECE_S = 0.5


def read(consumer: Any, topics: Sequence[str], within_s: float, troubles: Troubles) -> Iterator[Message]:
    """Messages of those topics that are there; of the others none.

    Parameters
    ----------
    consumer
        Of confluent-kafka, made with ``ALONE``; it is closed at the end.
    within_s
        How long it may take, seconds.
    troubles
        What the consumer complains about.

    Raises
    ------
    OutageError
        The broker does not answer, or there is more to read than that time is enough for.
    """
    from confluent_kafka import KafkaError, KafkaException

    name, end = troubles.name, time.monotonic() + within_s
    try:
        left = _ends(consumer, topics, troubles)
        while left:
            for got in consumer.consume(1000, PIECE_S):
                if got.error():
                    if got.error().code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                        raise KafkaException(got.error())
                    continue
                yield as_message(got, MAX_BYTES)
            _done(consumer, left)
            if time.monotonic() > end:
                raise OutageError(f"{name}: {', '.join(topics)} could not be read to the end in {within_s:g} s")
    except KafkaException as error:
        raise OutageError(f"{name}: {', '.join(topics)}: {error.args[0].str()}") from error
    finally:
        consumer.close()


def _ends(consumer: Any, topics: Sequence[str], troubles: Troubles) -> dict[tuple[str, int], int]:
    """Where each partition ends that holds anything; it is read from its beginning on."""
    from confluent_kafka import TopicPartition

    there = known(consumer, troubles.name, troubles)
    ends, start = {}, []
    for topic in topics:
        for number in there[topic].partitions if topic in there else ():
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=ASK_S)
            if high > low:
                ends[topic, number] = high
                start.append(TopicPartition(topic, number, low))
    consumer.assign(start)
    return ends


def _done(consumer: Any, left: dict[tuple[str, int], int]) -> None:
    """Leave out the partitions that are read to where they ended."""
    for at in consumer.position(consumer.assignment()):
        if at.offset >= left.get((at.topic, at.partition), 0):
            left.pop((at.topic, at.partition), None)
