"""Several Kafka sources as one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

from .kafka import KafkaSource
from .message import Message

PAUSE_S = 60.0
"""A source of which too many messages in a row could not be handled rests for so long."""

PAUSED = "paused"


class Merged:
    """Several sources as one, each polled in turn, until it is told to stop."""

    def __init__(
        self, sources: Sequence[KafkaSource], batch_size: int, stop: threading.Event, wait_s: float = 0.2
    ) -> None:
        self.stop = stop
        self.sources = tuple(sources)
        self.batch_size = batch_size
        self._wait_s = wait_s
        self._from: KafkaSource | None = None
        self._rest: dict[int, tuple[list[Message], float]] = {}  # of sources that rest, and until when

    def batches(self) -> Iterator[list[Message]]:
        """Batches, an empty one when there was nothing for a while, until ``stop`` is set."""
        while not self.stop.is_set():
            for source in self.sources:
                self._from = source
                yield self._next(source)

    def _next(self, source: KafkaSource) -> list[Message]:
        """What a source gives; one that rests keeps its place in the group, and gives what was put back at last."""
        batch = source.poll(self.batch_size, self._wait_s / len(self.sources))
        if id(source) not in self._rest:
            return batch
        rest, due = self._rest[id(source)]
        rest += batch
        if time.monotonic() < due:
            return []
        del self._rest[id(source)]
        source.release(PAUSED)
        source.troubles.clear(PAUSED)
        return rest

    def put_back(self, handled: list[Message], rest: list[Message], why: str | None) -> None:
        """Of the newest batch, some were handled and the rest was not.

        Parameters
        ----------
        why
            A trouble, for which nothing more of its source comes for a while. None: the rest comes next.
        """
        if self._from is None:
            return
        self._from.commit(handled, is_whole=False)
        self._rest[id(self._from)] = rest, time.monotonic() + (PAUSE_S if why else 0.0)
        self._from.hold(self._from.topics, PAUSED)
        if why:
            self._from.troubles.add(PAUSED, f"{why}; tried again after {PAUSE_S:.0f} s")

    def commit(self, batch: list[Message]) -> None:
        """These, the newest batch, were handled, stored and published."""
        if batch and self._from is not None:
            self._from.commit(batch)

    def close(self) -> None:
        """Leave all groups."""
        for source in self.sources:
            source.close()
