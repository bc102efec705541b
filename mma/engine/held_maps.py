"""The maps of the followed events in memory, and how much they may take together."""

from __future__ import annotations

from skymaps import SkyMap

MAX_TILES = 10_000_000
"""Cells of the maps of all followed events, about 50 bytes each: 500 MB. A real map has some 20,000."""


class Held:
    """The maps in memory, by event and sha256: one that came in several notices of an event is there once."""

    def __init__(self) -> None:
        self._maps: dict[str, dict[str | None, SkyMap]] = {}
        self._tiles: dict[str, int] = {}
        self.total = 0
        """Cells of all."""

    def of(self, event_id: str, sha256: str | None) -> SkyMap | None:
        """A map that is there."""
        return self._maps.get(event_id, {}).get(sha256)

    def tiles(self, event_id: str) -> int:
        """Cells of an event's maps."""
        return self._tiles.get(event_id, 0)

    def events(self) -> list[str]:
        """Ids of the events with a map."""
        return list(self._maps)

    def add(self, event_id: str, skymap: SkyMap) -> None:
        """Hold one more."""
        self._maps.setdefault(event_id, {})[skymap.sha256] = skymap
        self._tiles[event_id] = self.tiles(event_id) + tiles_of(skymap)
        self.total += tiles_of(skymap)

    def forget(self, event_id: str) -> None:
        """Hold none of an event."""
        self._maps.pop(event_id, None)
        self.total -= self._tiles.pop(event_id, 0)


def tiles_of(skymap: SkyMap) -> int:
    """Cells of one map."""
    return int(skymap.lower.size)
