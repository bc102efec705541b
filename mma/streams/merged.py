"""Several Kafka sources as one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from .kafka import KafkaSource
from .message import Message


class Merged:
    """Several sources as one, each polled in turn, until it is told to stop."""

    def __init__(
        self, sources: Sequence[KafkaSource], batch_size: int, stop: threading.Event, wait_s: float = 0.2
    ) -> None:
        self.stop = stop
        self.sources = tuple(sources)
        self._batch_size = batch_size
        self._wait_s = wait_s
        self._from: KafkaSource | None = None

    def batches(self) -> Iterator[list[Message]]:
        """Batches, an empty one when there was nothing for a while, until ``stop`` is set."""
        while not self.stop.is_set():
            for source in self.sources:
                self._from = source
                yield source.poll(self._batch_size, self._wait_s / len(self.sources))

    def commit(self, batch: list[Message]) -> None:
        """These, the newest batch, were handled, stored and published."""
        if batch and self._from is not None:
            self._from.commit(batch)

    def close(self) -> None:
        """Leave all groups."""
        for source in self.sources:
            source.close()
