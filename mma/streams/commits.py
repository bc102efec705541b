"""Offsets of what was handled, committed until the group has them."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .message import Message
from .troubles import Troubles

ABOUT = "commit"
COMMIT_S = 1.0
"""A commit of which nothing is known after so long is made again."""

Place = tuple[str, int]
"""Topic and partition."""


class Commits:
    """What the group does not have yet. It takes no commit while its partitions change hands: then it is made again."""

    def __init__(self, troubles: Troubles) -> None:
        self._open: dict[Place, int] = {}
        """Place to the offset after what was handled."""
        self._due = 0.0
        self._troubles = troubles

    @property
    def is_due(self) -> bool:
        """Whether something waits that nothing was heard of for a while."""
        return bool(self._open) and time.monotonic() > self._due

    def add(self, batch: Sequence[Message]) -> None:
        """These were handled."""
        for m in batch:
            place = m.topic, m.partition
            self._open[place] = max(m.offset + 1, self._open.get(place, 0))

    def reach(self, ends: Mapping[Place, int]) -> None:
        """Nothing is left to be read before these offsets."""
        for place, offset in ends.items():
            self._open[place] = max(offset, self._open.get(place, 0))

    def make(self, consumer: Any) -> None:
        """Commit what waits, of the partitions that are still the consumer's."""
        from confluent_kafka import KafkaException, TopicPartition

        self._due = time.monotonic() + COMMIT_S
        ours = {(p.topic, p.partition) for p in consumer.assignment()}
        self._open = {place: offset for place, offset in self._open.items() if place in ours}
        if not self._open:
            self._troubles.clear(ABOUT)  # what failed is others' to commit now
            return
        try:
            consumer.commit(offsets=[TopicPartition(*place, offset) for place, offset in self._open.items()])
        except KafkaException as error:
            self._troubles.add(ABOUT, error.args[0].str())

    def answered(self, error: Any, partitions: Sequence[Any]) -> None:
        """The group took a commit, or did not."""
        if error is not None:
            self._troubles.add(ABOUT, error.str())
            return
        self._troubles.clear(ABOUT)
        for p in partitions:
            if p.error is None and self._open.get((p.topic, p.partition)) == p.offset:
                del self._open[p.topic, p.partition]

    def forget(self, places: Collection[Place] | None = None) -> None:
        """Others read these now, or read them in between; all of them where none are named."""
        for place in list(self._open) if places is None else places:
            self._open.pop(place, None)
