"""SkyIndex: which of all active regions hold each position, in one pass."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import healpix
from .errors import RegionError
from .region import ORDER_MAX, FloatArray, IntArray, Region

ORDER = 7
"""Order of the filter: pixels of 0.21 square degrees, 196 608 of them."""

CHUNK = 1 << 24
"""Most (position, region) bits looked at together: bounds memory however large a batch is."""

_SHIFT = 2 * (ORDER_MAX - ORDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Pairs of a position and a region that holds it. All arrays have one row a pair, by position."""

    alert: IntArray
    """Row of the position in what was asked."""

    key: npt.NDArray[np.object_]
    """Key of the region."""

    credible_level: FloatArray
    """Credible level of the position in the region, 0 to 1."""

    probdensity: FloatArray
    """Probability per steradian of the region at the position."""

    def __len__(self) -> int:
        return int(self.alert.size)


class SkyIndex:
    """All active regions: a bitmap of coarse pixels as the filter, the regions themselves as the answer.

    Each region owns one bit (slot) of every order-7 pixel; adding or removing it touches only the pixels it
    covers, nothing is rebuilt, and slots are used again.

    Examples
    --------
    >>> from .shapes import circle
    >>> index = SkyIndex()
    >>> index.add("S1", circle(10.0, 0.0, 1.0))
    >>> index.match([10.0, 50.0], [0.5, 0.0]).key.tolist()
    ['S1']
    """

    def __init__(self) -> None:
        self._bits = np.zeros((12 << (2 * ORDER), 1), dtype=np.uint64)
        self._slots: dict[Hashable, int] = {}
        self._regions: list[Region | None] = []
        self._levels: list[float] = []
        self._cells: list[npt.NDArray[np.int32]] = []
        self._free: list[int] = []
        self._keys = np.empty(0, dtype=object)

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._slots

    @property
    def nbytes(self) -> int:
        """Bytes of the filter, without the regions."""
        return self._bits.nbytes + sum(cells.nbytes for cells in self._cells)

    def add(self, key: Hashable, region: Region, level: float = 0.99) -> None:
        """Add a region under a new key; positions within this credible level will match."""
        if key in self._slots:
            raise RegionError(f"key {key!r} is in the index already")
        if not 0.0 < level <= 1.0:
            raise RegionError(f"level {level} is not more than 0 and at most 1")
        cells = region.cells(ORDER, level).astype(np.int32)
        slot = self._free.pop() if self._free else self._grow()
        self._regions[slot], self._levels[slot], self._cells[slot] = region, level, cells
        self._keys[slot] = key
        self._slots[key] = slot
        word, bit = divmod(slot, 64)
        self._bits[cells, word] |= np.uint64(1 << bit)

    def remove(self, key: Hashable) -> None:
        """Take a region out; KeyError where it is not there."""
        slot = self._slots.pop(key)
        word, bit = divmod(slot, 64)
        self._bits[self._cells[slot], word] &= np.uint64(~(1 << bit) & (1 << 64) - 1)
        self._regions[slot], self._cells[slot] = None, np.empty(0, dtype=np.int32)
        self._keys[slot] = None
        self._free.append(slot)

    def replace(self, key: Hashable, region: Region, level: float = 0.99) -> None:
        """Put a region in the place of the one under this key, or add it."""
        if not 0.0 < level <= 1.0:
            raise RegionError(f"level {level} is not more than 0 and at most 1")
        if key in self._slots:
            self.remove(key)
        self.add(key, region, level)

    def _grow(self) -> int:
        """A new slot; the bitmap doubles when its words are full."""
        slot = len(self._regions)
        if slot >= 64 * self._bits.shape[1]:
            self._bits = np.concatenate([self._bits, np.zeros_like(self._bits)], axis=1)
        if slot >= self._keys.size:
            self._keys = np.concatenate([self._keys, np.empty(max(64, self._keys.size), dtype=object)])
        self._regions.append(None)
        self._levels.append(0.0)
        self._cells.append(np.empty(0, dtype=np.int32))
        return slot

    def match(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> Matches:
        """All pairs of a position (ICRS degrees, shape (n,)) and a region that holds it within its level."""
        lon, lat = healpix.positions(ra, dec)
        pixel = healpix.pixel_at(lon, lat)
        step = max(1, CHUNK // (64 * self._bits.shape[1]))
        found = [self._match(lon, lat, pixel, at, min(at + step, lon.size)) for at in range(0, lon.size, step)]
        parts = [part for chunk in found for part in chunk]
        if not parts:
            nothing = np.empty(0)
            return Matches(
                alert=nothing.astype(np.int64),
                key=nothing.astype(object),
                credible_level=nothing,
                probdensity=nothing,
            )
        alert, slot, level, density = (np.concatenate(column) for column in zip(*parts, strict=True))
        # each chunk comes by slot already, so a stable sort by row is enough; 16-bit rows sort by radix
        sort = np.argsort(alert.astype(np.uint16) if lon.size <= 1 << 16 else alert, kind="stable")
        return Matches(
            alert=alert[sort],
            key=self._keys[slot[sort]],
            credible_level=level[sort],
            probdensity=density[sort],
        )

    def _match(
        self, ra: FloatArray, dec: FloatArray, pixel: IntArray, start: int, stop: int
    ) -> list[tuple[IntArray, IntArray, FloatArray, FloatArray]]:
        """Pairs of one chunk of positions: (row, slot, credible level, density per sr) of each region's hits."""
        words = self._bits[pixel[start:stop] >> _SHIFT]
        row, slot = _set_bits(words)
        if not row.size:
            return []
        by_slot = np.argsort(slot, kind="stable")
        row, slot = row[by_slot] + start, slot[by_slot]
        edges = np.concatenate([[0], np.flatnonzero(slot[1:] != slot[:-1]) + 1])
        result = []
        for first, last in zip(edges.tolist(), [*edges[1:].tolist(), slot.size], strict=True):
            number = int(slot[first])
            region, limit = self._regions[number], self._levels[number]
            rows = row[first:last]
            if region is None:
                continue
            density, level = region.density_and_level_at(ra[rows], dec[rows], pixel[rows])
            inside = level <= limit if limit < 1.0 else density > 0.0
            if not inside.all():
                rows, level, density = rows[inside], level[inside], density[inside]
            result.append((rows, np.full(rows.size, number), level, density))
        return result


def _set_bits(words: npt.NDArray[np.uint64]) -> tuple[IntArray, npt.NDArray[Any]]:
    """Row and bit number of every bit that is set in an (n, w) array of words; 16-bit numbers sort by radix."""
    row, word = np.nonzero(words)
    little = words[row, word].astype("<u8").view(np.uint8).reshape(-1, 8)
    at, bit = np.nonzero(np.unpackbits(little, axis=1, bitorder="little"))
    number = word[at] * 64 + bit
    return row[at], number.astype(np.uint16 if words.shape[1] <= 1024 else np.int64)
