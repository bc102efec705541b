"""Messages that a broker deleted before anybody read them, and topics that were made anew."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from .commits import Place
from .troubles import Troubles

ASK_S = 5.0
"""How long the broker may take to say where the group is."""

AGAIN_S = 1.0
"""The beginning of a partition is asked for this often at most."""

TOLD = 3
"""Gaps of a partition that are told, the newest."""


class Gaps:
    """Follows the offsets of each partition. What is missing counts as lost where the partition begins after it:
    offsets are left out, too, by transactions and by compaction, and nothing is lost then."""

    def __init__(self, troubles: Troubles) -> None:
        self.lost: dict[Place, int] = {}
        """Place to the number of its messages that were deleted unread."""

        self._next: dict[Place, int] = {}
        self._new: set[Place] = set()
        """Assigned, and not compared with the broker yet."""

        self._back: set[Place] = set()
        """Offsets began again: the topic was made anew, and is read from its beginning."""

        self._missing: dict[Place, list[tuple[int, int]]] = defaultdict(list)
        self._told: dict[Place, list[str]] = defaultdict(list)
        self._due = 0.0
        self._troubles = troubles

    def begin(self, consumer: Any, partitions: Sequence[Any]) -> None:
        """These partitions are ours now: go on from where the group is."""
        from confluent_kafka import KafkaException

        try:
            known = consumer.committed(partitions, timeout=ASK_S)
        except KafkaException:
            known = ()  # what begins a partition then is not compared with anything
        for p in partitions:
            self._next.pop((p.topic, p.partition), None)
        for p in known:
            if p.offset >= 0 and p.error is None:
                self._next[p.topic, p.partition] = p.offset
                self._new.add((p.topic, p.partition))

    def reached(self, place: Place) -> int | None:
        """The offset that comes next; None where the group has read nothing yet, or that is not known."""
        return self._next.get(place)

    def saw(self, place: Place, offset: int) -> None:
        """A message came."""
        expected = self._next.get(place)
        self._next[place] = offset + 1
        if expected is None or offset == expected:
            return
        if offset > expected:
            self._missing[place].append((expected, offset))
        else:
            self._anew(place, expected, offset)

    def went_back(self, place: Place) -> bool:
        """Whether offsets of a partition began again since this was asked last."""
        is_so = place in self._back
        self._back.discard(place)
        return is_so

    def anew(self, consumer: Any, place: Place, expected: int | None) -> None:
        """The topic was made anew, and this partition is read from its beginning."""
        from confluent_kafka import KafkaException, TopicPartition

        self._new.discard(place)
        self._missing.pop(place, None)
        self._next.pop(place, None)
        try:
            low, high = consumer.get_watermark_offsets(TopicPartition(*place), timeout=AGAIN_S)
        except KafkaException:
            low, high = 0, 0
        was = "what was next is not known" if expected is None else f"{expected} was next"
        self._tell(place, f"offsets begin again at {low}, {was}: the topic was made anew, and ends at {high} now")

    def check(self, consumer: Any) -> None:
        """Compare what is missing with where partitions begin; not too often."""
        if not (self._new or self._missing) or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + AGAIN_S
        for place in self._new | set(self._missing):
            self._compare(consumer, place)

    def _compare(self, consumer: Any, place: Place) -> None:
        from confluent_kafka import KafkaException, TopicPartition

        try:
            low, high = consumer.get_watermark_offsets(TopicPartition(*place), timeout=AGAIN_S)
        except KafkaException:
            return  # it is asked again
        spans = self._missing.pop(place, [])
        if place in self._new:
            self._new.discard(place)
            reached = spans[0][0] if spans else self._next.get(place, low)
            if reached > high:
                self._anew(place, reached, low)
                self._next[place] = low
            elif not spans:
                spans = [(reached, low)]
                self._next[place] = max(reached, low)
        for start, end in spans:
            if min(end, low) > start:
                self._lost(place, start, min(end, low))

    def _lost(self, place: Place, start: int, end: int) -> None:
        self.lost[place] = self.lost.get(place, 0) + end - start
        self._tell(place, f"{end - start} messages were deleted unread, offsets {start} to {end - 1}")

    def _anew(self, place: Place, expected: int, offset: int) -> None:
        self._missing.pop(place, None)
        self._back.add(place)
        text = f"offsets begin again at {offset}, {expected} was next: the topic was made anew, or cut off"
        self._tell(place, text)

    def _tell(self, place: Place, text: str) -> None:
        """A trouble that stays: it is not over because more messages come."""
        told = [*self._told[place], text][-TOLD:]
        self._told[place] = told
        self._troubles.add(f"{place[0]}[{place[1]}]", "; ".join(told))
