"""What a client asks: the same questions of a server and of a database, the same rows back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from skymaps import Region

from ..messages import StreamFilter
from .filters import Asked
from .known import Row

PAGE = 1000
"""Rows that are asked for at once: the largest page that the server gives."""

NOTE = "note"
"""Kind of a row that is no message: its body's ``text`` is a remark for whoever listens."""


class Source(Protocol):
    """A server or a database."""

    def events(self, asked: Asked) -> Iterator[Row]:
        """Events."""

    def event(self, name: str) -> Row:
        """One event by id or alias, with its notices and associations."""

    def candidates(self, event: str, asked: Asked) -> Iterator[Row]:
        """An event's candidates."""

    def candidate(self, event: str, name: str) -> Row:
        """One candidate, with every score it had."""

    def object_(self, name: str) -> Row:
        """One object by id or alias, with its light curve and its events."""

    def cone(self, ra: float, dec: float, radius_deg: float, limit: int | None) -> Iterator[Row]:
        """Objects within a radius, the nearest first; ICRS degrees."""

    def associations(self, event: str | None) -> list[Row]:
        """Associations, the most significant first."""

    def groups(self, event: str | None) -> list[Row]:
        """Groups of events that may be one source, the most probable first."""

    def region(self, event: str) -> Region:
        """An event's newest region."""

    def messages(self, stream_filter: StreamFilter, after: int | None, idle_s: float | None) -> Iterator[Row]:
        """Published messages after a number, or from now on; ends after so many seconds without one.

        Remarks on the wish go first, as rows of kind note.
        """

    def tag(self, event: str, name: str, tags: Sequence[str], *, remove: bool) -> Row:
        """A candidate after tags were put on it, or taken off."""

    def tags(self, event: str | None) -> list[Row]:
        """Tags in use, with the number of candidates."""

    def status(self) -> Row:
        """What came in, what became of it, what is known, what went out."""

    def close(self) -> None:
        """Let go of all connections."""
