"""What the engine asks of a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from .message import Message


class Source(Protocol):
    """Gives messages in batches; each comes again until it was committed."""

    def batches(self) -> Iterator[list[Message]]:
        """Batches until the source is at its end; a live source never is."""
        ...

    def commit(self, batch: list[Message]) -> None:
        """These were handled, stored and published: never give them again."""
        ...


class Sink(Protocol):
    """Takes messages; none is lost once ``flush`` has returned."""

    def write(self, topic: str, key: str, payload: str) -> None:
        """Take one message for a topic, keyed by the event id."""
        ...

    def flush(self) -> None:
        """Return when everything written is safe; raise OutageError when it cannot be."""
        ...
