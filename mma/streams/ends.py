"""Where partitions end for who reads them: behind the last message there may be marks of transactions, and messages
of transactions that were broken off. They have offsets, and never come."""

from __future__ import annotations

from collections.abc import Collection

from .commits import Place


class Ends:
    """Offsets up to which there is nothing more to read now."""

    def __init__(self) -> None:
        self.may_commit = True
        """Everything that came was handled."""

        self._next: dict[Place, int] = {}
        self._ended: dict[Place, int] = {}

    def saw(self, place: Place, offset: int) -> None:
        """A message came."""
        self._next[place] = offset + 1
        self._ended.pop(place, None)

    def ended(self, place: Place, offset: int) -> None:
        """Everything before this offset came, or never will."""
        if offset > self._next.get(place, 0):
            self._next[place] = self._ended[place] = offset

    def take(self) -> dict[Place, int]:
        """Ends that lie behind the last messages, and were not asked for before."""
        ended, self._ended = self._ended, {}
        return ended

    def forget(self, places: Collection[Place] | None = None) -> None:
        """These are others' to read, or to be read again; all of them where none are named."""
        for place in list(self._next) if places is None else places:
            self._next.pop(place, None)
            self._ended.pop(place, None)
