"""SkyIndex: which of all active regions hold each position, in one pass."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import healpix
from .errors import RegionError
from .lookup import N_CELLS, ORDER, SLOT, WORDS, Lookup
from .region import FloatArray, IntArray, Region

SLOTS = 64 * WORDS
"""Regions in one block of the filter."""

PAIRS = 1 << 20
"""Most (position, region) candidates looked at together, 32 bytes each: bounds memory however large a batch is."""

ROWS = 1 << 17
"""Most positions looked at together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Pairs of a position and a region that holds it. All arrays have one row a pair, by position."""

    alert: IntArray
    """Row of the position in what was asked."""

    region: IntArray
    """Row of the region in ``keys``."""

    keys: npt.NDArray[np.object_]
    """Keys of all regions; None where there is none. Not to be written to."""

    credible_level: FloatArray
    """Credible level of the position in the region, 0 to 1."""

    probdensity: FloatArray
    """Probability per steradian of the region at the position."""

    def __len__(self) -> int:
        return int(self.alert.size)

    @property
    def key(self) -> npt.NDArray[np.object_]:
        """Key of the region of each pair."""
        return self.keys[self.region]


class SkyIndex:
    """All active regions: a bitmap of coarse pixels as the filter, the regions' own arrays as the answer.

    Each region owns one bit (slot) of every order-7 pixel, in blocks of 512 slots. Adding or removing it touches
    only the pixels it covers; nothing is rebuilt or copied, and slots are used again. The search over both is one
    compiled loop (`kernels.score`), whose cost follows the pairs that it finds.

    Examples
    --------
    >>> from .shapes import circle
    >>> index = SkyIndex()
    >>> index.add("S1", circle(10.0, 0.0, 1.0))
    >>> index.match([10.0, 50.0], [0.5, 0.0]).key.tolist()
    ['S1']
    """

    def __init__(self) -> None:
        self._blocks: list[npt.NDArray[np.uint64]] = []
        self._addresses = np.empty(0, dtype=np.int64)
        self._slots = np.zeros(0, dtype=SLOT)
        self._keys = np.empty(0, dtype=object)
        self._keys_given = False  # to matches, for which they must stay
        self._held: list[tuple[Region, Lookup, IntArray] | None] = []  # keeps what the slots point at
        self._slot_of: dict[Hashable, int] = {}
        self._free: list[int] = []

    def __len__(self) -> int:
        return len(self._slot_of)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._slot_of

    @property
    def nbytes(self) -> int:
        """Bytes of the filter, without the regions."""
        runs = sum(held[2].nbytes for held in self._held if held is not None)
        return sum(block.nbytes for block in self._blocks) + self._slots.nbytes + runs

    def add(self, key: Hashable, region: Region, level: float = 0.99) -> None:
        """Add a region under a new key; positions within this credible level will match."""
        if key in self._slot_of:
            raise RegionError(f"key {key!r} is in the index already")
        if not 0.0 < level <= 1.0:
            raise RegionError(f"level {level} is not more than 0 and at most 1")
        runs, lookup = _runs(region.cells(ORDER, level)), region.lookup()
        slot = self._free.pop() if self._free else self._grow()
        self._held[slot], self._slots[slot] = (region, lookup, runs), lookup.row(level)
        self._slot_of[key] = slot
        self._name(slot, key)
        self._mark(slot, runs, True)

    def remove(self, key: Hashable) -> None:
        """Take a region out; KeyError where it is not there."""
        slot = self._slot_of.pop(key)
        held = self._held[slot]
        if held is not None:
            self._mark(slot, held[2], False)
        self._held[slot], self._slots[slot] = None, np.zeros((), dtype=SLOT)
        self._name(slot, None)
        self._free.append(slot)

    def replace(self, key: Hashable, region: Region, level: float = 0.99) -> None:
        """Put a region in the place of the one under this key, or add it."""
        if not 0.0 < level <= 1.0:
            raise RegionError(f"level {level} is not more than 0 and at most 1")
        if key in self._slot_of:
            self.remove(key)
        self.add(key, region, level)

    def _name(self, slot: int, key: Hashable) -> None:
        """Write a key to a copy where matches hold the keys."""
        if self._keys_given:
            self._keys, self._keys_given = self._keys.copy(), False
        self._keys[slot] = key

    def _mark(self, slot: int, runs: IntArray, on: bool) -> None:
        """Set or clear the slot's bit in runs of filter pixels."""
        from . import kernels

        block, bit = divmod(slot, SLOTS)
        kernels.mark(self._blocks[block], bit // 64, np.uint64(1 << bit % 64), runs[0], runs[1], on)

    def _grow(self) -> int:
        """A new slot; one more block of the filter where all are full."""
        slot = len(self._held)
        if slot == SLOTS * len(self._blocks):
            self._blocks.append(_aligned_zeros())
            self._addresses = np.array([block.ctypes.data for block in self._blocks], dtype=np.int64)
            slots = np.zeros(len(self._slots) + SLOTS, dtype=SLOT)  # np.concatenate would drop SLOT's padding
            slots[: len(self._slots)] = self._slots
            self._slots = slots
            self._keys = np.concatenate([self._keys, np.empty(SLOTS, dtype=object)])
        self._held.append(None)
        return slot

    def match(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> Matches:
        """All pairs of a position (ICRS degrees, shape (n,)) and a region that holds it within its level.

        The result grows with its pairs; `match_parts` gives the same in parts of bounded size.
        """
        parts = list(self._parts(ra, dec))
        if len(parts) == 1:
            return self._matches(*parts[0])
        if not parts:
            return self._matches(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0))
        row, slot, level, density = zip(*parts, strict=True)
        return self._matches(np.concatenate(row), np.concatenate(slot), np.concatenate(level), np.concatenate(density))

    def match_parts(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> Iterator[Matches]:
        """What `match` gives, in consecutive parts of at most `PAIRS` pairs or, if that is more, one position's."""
        for part in self._parts(ra, dec):
            yield self._matches(*part)

    def _matches(self, row: IntArray, slot: IntArray, level: FloatArray, density: FloatArray) -> Matches:
        self._keys_given = True
        return Matches(alert=row, region=slot, keys=self._keys, credible_level=level, probdensity=density)

    def _parts(
        self, ra: npt.ArrayLike, dec: npt.ArrayLike
    ) -> Iterator[tuple[IntArray, IntArray, FloatArray, FloatArray]]:
        """Row, slot, credible level and density per sr of each pair, in parts."""
        from . import ang2pix, kernels

        lon, lat = healpix.positions(ra, dec)
        pixel = ang2pix.pixels(lon, lat)
        if lon.size == 1:  # nothing to sort or to cut
            yield self._part(_FIRST, lon, lat, pixel, kernels.count(_FIRST, pixel, self._addresses))
            return
        for start in range(0, lon.size, ROWS):
            rows = slice(start, start + ROWS)
            rank = np.argsort(pixel[rows])
            count = kernels.count(rank, pixel[rows], self._addresses)
            for first, last in _portions(count, PAIRS):
                its, some = slice(start + first, start + last), count[first:last]
                rank = rank if some.size == rank.size else np.argsort(pixel[its])
                row, slot, level, density = self._part(rank, lon[its], lat[its], pixel[its], some)
                row += start + first
                yield row, slot, level, density

    def _part(
        self, rank: IntArray, lon: FloatArray, lat: FloatArray, pixel: IntArray, count: IntArray
    ) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
        """What `_parts` gives, of some positions; rows count from the first of them."""
        from . import kernels

        room = int(count.sum())
        values = np.empty((4, room))  # one piece: the system gives large ones in large pages
        pairs = values[:2].view(np.int64)
        values = values[2:]
        n = kernels.score(rank, lon, lat, pixel, count, self._addresses, self._slots, pairs, values)
        return pairs[0, :n], pairs[1, :n], values[0, :n], values[1, :n]


_FIRST = np.zeros(1, dtype=np.int64)


def _portions(count: IntArray, most: int) -> Iterator[tuple[int, int]]:
    """Consecutive ranges of rows whose counts add up to at most ``most``, or of one row."""
    total = np.cumsum(count)
    first = 0
    while first < count.size:
        done = total[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(total, done + most, side="right")))
        yield first, last
        first = last


def _runs(cells: IntArray) -> IntArray:
    """First and last of each run of consecutive pixels. Shape (2, n)."""
    gap = np.flatnonzero(np.diff(cells) != 1)
    first, last = np.append(0, gap + 1), np.append(gap, cells.size - 1)
    return np.stack([cells[first], cells[last]]) if cells.size else np.empty((2, 0), dtype=np.int64)


def _aligned_zeros() -> npt.NDArray[np.uint64]:
    """An empty block whose pixels begin on cache lines; memory is taken by the system only where it is written."""
    plain = np.zeros(N_CELLS * WORDS + WORDS, dtype=np.uint64)
    skip = -plain.ctypes.data % 64 // 8
    return plain[skip : skip + N_CELLS * WORDS].reshape(N_CELLS, WORDS)
