"""What a consumer is asked beside reading: where partitions end, how far the group is, what waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .commits import Place

ASK_S = 5.0
"""How long the broker may take to answer a question."""


def ends(consumer: Any, topics: Sequence[str]) -> dict[Place, int]:
    """Topic and partition to the offset after what can be read there now; those without any are left out.

    Transactions that are open now lie behind it. Marks of transactions may lie before it, and are never read.
    """
    from confluent_kafka import TopicPartition

    there = consumer.list_topics(timeout=ASK_S).topics
    out = {}
    for topic in topics:
        for partition in there[topic].partitions if topic in there else ():
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=ASK_S)
            if high > low:
                out[topic, partition] = high
    return out


def is_behind(consumer: Any, ends: dict[Place, int]) -> bool:
    """Whether any member of the consumer's group has yet to read up to these offsets."""
    from confluent_kafka import TopicPartition

    asked = [TopicPartition(*at) for at in ends]
    committed = consumer.committed(asked, timeout=ASK_S) if asked else []
    return any(at.offset < ends[at.topic, at.partition] for at in committed)


def lag(consumer: Any, is_pulse: Callable[[str], bool], reached: Callable[[Place], int | None]) -> int | None:
    """Messages that wait, over the partitions of a consumer; None while that is not known.

    Parameters
    ----------
    is_pulse
        Whether a topic's messages do not count.
    reached
        The offset that comes next in a partition that was not read yet.
    """
    from confluent_kafka import KafkaException

    total = 0
    try:
        assigned = consumer.assignment()
        for at in consumer.position([p for p in assigned if not is_pulse(p.topic)]):
            low, high = consumer.get_watermark_offsets(at, timeout=1.0, cached=True)
            if high < 0:
                return None
            next_ = at.offset if at.offset >= 0 else reached((at.topic, at.partition))
            total += max(high - (max(low, 0) if next_ is None else next_), 0)
    except KafkaException:
        return None
    return total if assigned else None
