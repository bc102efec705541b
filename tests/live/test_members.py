"""Members of a group: those that keep their names over restarts, and commits that the group does not take."""

from __future__ import annotations

from typing import Any

from confluent_kafka import KafkaError, TopicPartition

from mma.cluster.broker import Broker
from mma.streams.commits import COMMIT_S
from mma.streams.kafka import KafkaSource
from mma.streams.message import Message
from tests.live.doing import produce, topics, until


def test_a_worker_that_comes_back_at_once_with_other_topics_reads_those(broker: Broker) -> None:
    """The group would give it its old partitions, without looking at what it wants now."""
    old, new = topics(broker, "old", "new")
    for topic in (old, new):
        produce(broker, topic, [topic.encode()])
        reader = KafkaSource("test", {"bootstrap.servers": broker.plain}, [topic], old, worker="w")
        got = until(lambda reader=reader: reader.poll(1, 0.2), 30)
        assert [m.payload for m in got] == [topic.encode()]
        reader.close()


def test_a_worker_that_was_shut_out_by_its_namesake_comes_back(broker: Broker) -> None:
    """So it is after the end of a broker, too: that may have forgotten our newest coming."""
    (topic,) = topics(broker, "alerts")
    produce(broker, topic, [b"1"])
    first, second = (opened(broker, topic) for _ in range(2))
    until(lambda: first.poll(1, 0.2) == [] and "broker" in first.troubles.now, 30)
    assert "fenced" in first.troubles.now["broker"]
    second.close()
    produce(broker, topic, [b"2"])
    until(lambda: b"2" in [m.payload for m in first.poll(1, 0.2)], 40)
    first.close()


def opened(broker: Broker, topic: str) -> KafkaSource:
    """A reader by the name of ``w`` that has read the first message."""
    reader = KafkaSource("test", {"bootstrap.servers": broker.plain}, [topic], topic, worker="w")
    until(lambda: reader.poll(1, 0.2), 30)
    return reader


class ChangingHands:
    """A consumer whose group takes no commit the first time."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.on_commit = settings["on_commit"]
        self.commits: list[dict[int, int]] = []
        self.ours = [TopicPartition("alerts", 0), TopicPartition("alerts", 1)]

    def subscribe(self, topics: list[str], on_assign: Any, on_revoke: Any) -> None:
        pass

    def assignment(self) -> list[TopicPartition]:
        return self.ours

    def consume(self, n: int, wait_s: float) -> list[Any]:
        return []

    def commit(self, offsets: list[TopicPartition]) -> None:
        self.commits.append({p.partition: p.offset for p in offsets})
        self.on_commit(KafkaError(KafkaError.ILLEGAL_GENERATION) if len(self.commits) == 1 else None, offsets)


def test_what_the_group_did_not_take_is_committed_later_though_nothing_more_comes() -> None:
    made: list[ChangingHands] = []
    source = KafkaSource("test", {}, ["alerts"], "g", client=lambda s: made.append(ChangingHands(s)) or made[-1])
    source.commit([Message(payload=b"", topic="alerts", partition=p, offset=7) for p in (0, 1)])
    assert "commit" in source.troubles.now
    made[0].ours.pop()  # partition 1 is another's now, who knows better how far it is
    until(lambda: source.poll(1, 0.0) or source.troubles.now == {}, 3 * COMMIT_S)
    source._commits._due = 0.0
    source.poll(1, 0.0)
    assert made[0].commits == [{0: 8, 1: 8}, {0: 8}]
