"""What the engine asks of a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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

    def flush(self) -> Mapping[int, str] | None:
        """Return when everything written is safe; raise OutageError when it cannot be.

        Returns
        -------
        :
            Messages that are refused for good, counted from 0 among those that were written since the last time, and
            why. None where a sink refuses nothing.
        """
        ...


class Book(Protocol):
    """Remembers, for all workers, who reads which partitions and how far. A place is a topic and a partition."""

    def known(self, source: str, places: Sequence[tuple[str, int]]) -> Mapping[tuple[str, int], tuple[str, int | None]]:
        """Id of the topic as each was read last, and the offset that was next, where that is known."""
        ...

    def give_back(self, source: str, places: Sequence[tuple[str, int]]) -> None:
        """Others read these from now on."""
        ...

    def made_anew(self, source: str, places: Sequence[tuple[str, int]]) -> None:
        """Other messages have these offsets from now on."""
        ...
