"""Streams within the process: for tests, and for those who bring their own messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .message import Message


class MemorySource:
    """Messages from a list."""

    def __init__(self, messages: Iterable[Message], batch_size: int = 500) -> None:
        self._messages = list(messages)
        self._batch_size = batch_size
        self.committed = 0
        """Messages that were handled, stored and published."""

    def batches(self) -> Iterator[list[Message]]:
        """Messages in order, some at a time."""
        for start in range(self.committed, len(self._messages), self._batch_size):
            yield self._messages[start : start + self._batch_size]

    def commit(self, batch: list[Message]) -> None:
        """These were handled; never give them again."""
        self.committed += len(batch)


class MemorySink:
    """Messages to a list."""

    def __init__(self) -> None:
        self.written: list[tuple[str, str, str]] = []
        """Topic, key and payload of each."""

    def write(self, topic: str, key: str, payload: str) -> None:
        """Take one message."""
        self.written.append((topic, key, payload))

    def flush(self) -> None:
        """Nothing is held back."""
