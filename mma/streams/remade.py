"""Topics that were deleted and made again: each time a topic gets another id, and offsets mean something else."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from typing import Any

from .commits import Place

ASK_S = 3.0
"""How long the broker may take to tell ids."""

AGAIN_S = 5.0
"""They are asked for this often."""

NONE = "AAAAAAAAAAAAAAAAAAAAAA"
"""Id of a topic of brokers that know no ids: sixteen bytes of zero in base 64."""


class Topics:
    """Which topics partitions are read of."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.ids: dict[Place, str] = {}
        """Id of the topic that each partition is read of; without those that are not known."""

        self._make = make
        self._admin: Any = None
        self._due = 0.0
        self._places: set[Place] = set()
        self._asked: dict[str, Future[Any]] = {}
        self._then: dict[Place, int | None] = {}  # what was next when the broker was asked
        self._sure: dict[Place, int | None] = {}  # ... and said that nothing had changed

    def begin(
        self, places: Collection[Place], known: Mapping[Place, tuple[str, int | None]]
    ) -> dict[Place, int | None]:
        """Partitions are ours now; those of them whose topic is another one than when they were read last.

        Parameters
        ----------
        known
            Id of the topic as it was read last, and the offset that was next.

        Returns
        -------
        :
            Place to the offset that was next there, None where that is not known.
        """
        found = self._now({topic for topic, _ in places})
        self._places |= set(places)
        told = {place: found[place[0]] for place in places if place[0] in found}
        self.ids |= {place: known[place][0] for place in places if place in known} | told  # else it is asked later
        both = [place for place in places if place in self.ids and place in known]
        return {place: known[place][1] for place in both if known[place][0] != self.ids[place]}

    def forget(self, places: Collection[Place]) -> None:
        """These are others' now."""
        self._places -= set(places)
        for place in places:
            self.ids.pop(place, None)

    def changed(self, reached: Callable[[Place], int | None]) -> dict[Place, int | None]:
        """Partitions of ours whose topic was made anew since; the broker is asked now and then, and not waited for.

        Parameters
        ----------
        reached
            The offset that comes next in a partition now.

        Returns
        -------
        :
            Place to the offset that was next when the topic was known to be the old one.
        """
        found = {}
        if self._asked and all(future.done() for future in self._asked.values()):
            found, self._asked = _ids(self._asked), {}
        elif not self._asked and self._places and time.monotonic() > self._due:
            self._then = {place: reached(place) for place in self._places}
            self._asked = self._ask({topic for topic, _ in self._places})
        mine = [place for place in self._places if place[0] in found]
        changed = {place for place in mine if self.ids.get(place, found[place[0]]) != found[place[0]]}
        self.ids |= {place: found[place[0]] for place in mine}
        before = {place: self._sure.get(place) for place in sorted(changed)}
        self._sure = {place: self._then.get(place) for place in mine if place not in changed} if found else self._sure
        return before

    def _now(self, topics: Collection[str]) -> dict[str, str]:
        asked, end = self._ask(topics), time.monotonic() + ASK_S
        while not all(future.done() for future in asked.values()) and time.monotonic() < end:
            time.sleep(0.01)
        return _ids(asked)

    def _ask(self, topics: Collection[str]) -> dict[str, Future[Any]]:
        from confluent_kafka import KafkaException, TopicCollection

        self._due = time.monotonic() + AGAIN_S
        if not topics:
            return {}
        try:
            self._admin = self._admin or self._make()
            asked: dict[str, Future[Any]] = self._admin.describe_topics(
                TopicCollection(sorted(topics)), request_timeout=ASK_S
            )
        except KafkaException:
            return {}
        return asked


def _ids(asked: Mapping[str, Future[Any]]) -> dict[str, str]:
    """Topic to its id, of those that are there and have one."""
    found = {}
    for topic, future in asked.items():
        if future.done() and future.exception() is None and (name := str(future.result().topic_id)) != NONE:
            found[topic] = name
    return found
