"""The loop over positions and active regions, compiled on first use and kept beside this file.

Import it inside functions, as `machine`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .lookup import N_CELLS, ORDER, WORDS, Kind
from .machine import carray, compiled, count_bits, lowest_bit, move, pointer, prefetch
from .region import FloatArray, IntArray

_SHIFT = 2 * (29 - ORDER)
_MAP, _CIRCLE, _ELLIPSE, _ANNULUS, _SPARSE = (
    int(kind) for kind in (Kind.MAP, Kind.CIRCLE, Kind.ELLIPSE, Kind.ANNULUS, Kind.SPARSE)
)
_NARROW = 48
_RADIAN = math.pi / 180.0
_ONE = np.uint64(1)


@compiled
def count(rank: IntArray, pixel: IntArray, blocks: IntArray) -> IntArray:
    """How many bits are set where each order-29 pixel is; ``rank`` puts them in the order of the sky."""
    found = np.zeros(pixel.size, np.int64)
    for turn in range(rank.size):
        here, ahead = pixel[rank[turn]] >> _SHIFT, pixel[rank[min(turn + 8, rank.size - 1)]] >> _SHIFT
        n = 0
        for block in range(blocks.size):
            prefetch(blocks[block] + 8 * WORDS * ahead)
            words = carray(pointer(blocks[block]), (N_CELLS, WORDS), np.uint64)
            for word in range(WORDS):
                n += count_bits(words[here, word])
        found[rank[turn]] = n
    return found


@compiled
def _at_or_before(values: npt.NDArray[Any], first: int, n: int, value: Any) -> int:
    """Row of the last of n ascending values from ``first`` that is not above this one; ``first`` where all are.

    The number of steps does not depend on the values, so that the processor looks ahead.
    """
    while n > 1:
        half = n >> 1
        first += half if values[first + half] <= value else 0
        n -= half
    return first


@compiled
def _interpolate(x: float, xs: Any, ys: Any, n: int) -> float:
    """Linear interpolation, constant beyond the ends."""
    i = _at_or_before(xs, 0, n, x)
    if x <= xs[0]:
        return float(ys[0])
    if i >= n - 1:
        return float(ys[n - 1])
    return float(ys[i] + (ys[i + 1] - ys[i]) / (xs[i + 1] - xs[i]) * (x - xs[i]))


@compiled
def _floats(address: int, n: int) -> Any:
    return carray(pointer(address), n, np.float64)


@compiled
def _entry(slot: Any, address: int) -> int:
    """An entry of a tree: 32 bits, or the lower 16 of what is there."""
    return int((int(carray(pointer(address), 1, np.int32)[0]) << slot.spare) >> slot.spare)


@compiled
def _below(slot: Any, entry: int, pixel: int, depth: int) -> int:
    """Address of the entry for a pixel in a node so many levels below the front of the tree."""
    row = ((pixel << 4) >> (slot.shift + 4 - 4 * depth)) & 15
    return int(slot.second + ((row - 16 * entry) << (1 if slot.spare == _NARROW else 2)))


@compiled
def _in_cells(slot: Any, pixel: int) -> tuple[float, float]:
    """Density per sr and credible level of a sparse map's cell; (0, 1) where the pixel is in none."""
    lower = carray(pointer(slot.second), slot.n, np.int64)
    row = _at_or_before(lower, 0, slot.n, pixel)
    if (pixel - lower[row]) >> (2 * (29 - carray(pointer(slot.third), slot.n, np.int8)[row])) != 0:
        return 0.0, 1.0
    values = carray(pointer(slot.first), (slot.n, 2), np.float64)
    return values[row, 0], values[row, 1]


@compiled
def _in_circle(slot: Any, v: FloatArray) -> tuple[float, float]:
    """Mixture of von Mises-Fisher distributions; x = 1 - cos of the angle, by the chord: exact when small."""
    p = _floats(slot.first, 3 + 3 * slot.n)
    x = min(0.5 * ((v[0] - p[0]) ** 2 + (v[1] - p[1]) ** 2 + (v[2] - p[2]) ** 2), 2.0)
    density, level = 0.0, 0.0
    for i in range(slot.n):
        peak, kappa, share = p[3 + 3 * i], p[4 + 3 * i], p[5 + 3 * i]
        density += peak * math.exp(-kappa * x)
        level -= share * math.expm1(-kappa * x)
    return density, min(level, 1.0)


@compiled
def _in_ellipse(slot: Any, v: FloatArray) -> tuple[float, float]:
    """Gaussian in the equal-area plane: the chord is the distance from its origin."""
    p = _floats(slot.first, 16)
    d0, d1, d2 = v[0] - p[0], v[1] - p[1], v[2] - p[2]
    along, across = d0 * p[3] + d1 * p[4] + d2 * p[5], d0 * p[6] + d1 * p[7] + d2 * p[8]
    chord, flat = math.sqrt(d0 * d0 + d1 * d1 + d2 * d2), math.hypot(along, across)
    if chord > 1.0 and flat < 1e-12:  # the antipode has no direction: any
        along, across, flat = 1.0, 0.0, 1.0
    stretch = min(chord, 2.0) / max(flat, 1e-300)
    along *= stretch / (p[9] if along > 0 else p[11])
    across *= stretch / (p[10] if across > 0 else p[12])
    half = 0.5 * (along * along + across * across)
    level = -math.expm1(-half)
    if slot.n > 0:
        if half > p[15]:
            level = _interpolate(half, _floats(slot.second, slot.n), _floats(slot.third, slot.n), slot.n)
        level /= p[14]
    return p[13] * math.exp(-half), min(level, 1.0)


@compiled
def _in_annulus(slot: Any, v: FloatArray) -> tuple[float, float]:
    """Gaussian in the angle from a ring."""
    p = _floats(slot.first, 6)
    near = math.sqrt((v[0] - p[0]) ** 2 + (v[1] - p[1]) ** 2 + (v[2] - p[2]) ** 2)
    far = math.sqrt((v[0] + p[0]) ** 2 + (v[1] + p[1]) ** 2 + (v[2] + p[2]) ** 2)
    delta = abs(2.0 * math.atan2(near, far) - p[3])
    level = _interpolate(delta, _floats(slot.second, slot.n), _floats(slot.third, slot.n), slot.n)
    return p[5] * math.exp(-0.5 * (delta / p[4]) ** 2), level


@compiled
def _in_shape(slot: Any, pixel: int, v: FloatArray) -> tuple[float, float]:
    """Density per sr and credible level of a region that is no tree."""
    if slot.kind == _CIRCLE:
        return _in_circle(slot, v)
    if slot.kind == _ELLIPSE:
        return _in_ellipse(slot, v)
    if slot.kind == _ANNULUS:
        return _in_annulus(slot, v)
    if slot.kind == _SPARSE:
        return _in_cells(slot, pixel)
    return 1.0 / (4.0 * math.pi), 0.0


@compiled
def _candidates(pixel: int, blocks: IntArray, slots: Any, found: IntArray, where: IntArray) -> None:
    """The slots whose bit is set where a pixel is; have the front of their trees fetched, and keep where."""
    n = 0
    for block in range(blocks.size):
        words = carray(pointer(blocks[block]), (N_CELLS, WORDS), np.uint64)[pixel >> _SHIFT]
        for w in range(WORDS):
            word = words[w]
            while word:
                found[n] = (block * WORDS + w) * 64 + lowest_bit(word)
                word &= word - _ONE
                slot = slots[found[n]]
                if slot.kind == _MAP:
                    where[n] = slot.second + ((pixel >> slot.shift) << (1 if slot.spare == _NARROW else 2))
                    prefetch(where[n])
                n += 1


@compiled
def _descend(slots: Any, found: IntArray, where: IntArray, pixel: int) -> None:
    """One step down the tree of each candidate that is a map, where there is one."""
    for k in range(found.size):
        slot = slots[found[k]]
        if slot.kind == _MAP:
            entry = _entry(slot, where[k])
            below = _below(slot, entry, pixel, 1)
            where[k] = below if entry < 0 else where[k]
            prefetch(where[k])


@compiled
def _land(slots: Any, found: IntArray, where: IntArray, pixel: int) -> None:
    """The rest of the way down; have the cells fetched."""
    for k in range(found.size):
        slot = slots[found[k]]
        if slot.kind == _MAP:
            entry, depth = _entry(slot, where[k]), 2
            while entry < 0:
                entry = _entry(slot, _below(slot, entry, pixel, depth))
                depth += 1
            where[k] = slot.first + 16 * entry
            prefetch(where[k])


@compiled
def _direction(ra: float, dec: float, v: FloatArray) -> None:
    """Unit vector of a position in degrees."""
    lon, lat = ra * _RADIAN, dec * _RADIAN
    v[0], v[1], v[2] = math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)


@compiled
def _answer(
    slots: Any, found: IntArray, where: IntArray, at: Any, v: FloatArray, level: FloatArray, density: FloatArray
) -> int:
    """Ask the candidates of one position and keep those that hold it, in front; their number."""
    n, aimed = 0, False
    for k in range(found.size):
        slot = slots[found[k]]
        if slot.kind == _MAP:
            cell = carray(pointer(where[k]), 2, np.float64)
            its_density, its_level = cell[0], cell[1]
        else:
            if not aimed:
                _direction(at[0], at[1], v)
                aimed = True
            its_density, its_level = _in_shape(slot, at[2], v)
        found[n], level[n], density[n] = found[k], its_level, its_density
        n += (its_level <= slot.level) if slot.level < 1.0 else (its_density > 0.0)
    return n


@compiled
def score(
    rank: IntArray,
    ra: FloatArray,
    dec: FloatArray,
    pixel: IntArray,
    count: IntArray,
    blocks: IntArray,
    slots: Any,
    pairs: IntArray,
    values: FloatArray,
) -> int:
    """Pairs of a position and a region that holds it: row, slot; credible level, density per sr. By row, then slot.

    They are written to the front of two arrays of shape (2, sum of ``count``); the number of them. Positions are taken
    in the order of ``rank`` (by pixel, so that what they look at stays in the cache), each with room for all its
    ``count`` candidates; what did not hit is closed up at the end. Nearly all the time goes into waiting for memory, so
    each step of a position is one turn after what it will look at was asked for.
    """
    stop = np.cumsum(count)
    start = stop - count
    found, level, density = pairs[1], values[0], values[1]
    hits, v = np.zeros(count.size, np.int64), np.empty(3)
    where = np.empty((4, count.max()), np.int64)
    for turn in range(rank.size + 3):
        for step in range(4):
            if 0 <= turn - step < rank.size:
                i = rank[turn - step]
                its, at = slice(start[i], stop[i]), where[(turn - step) % 4]
                if step == 0:
                    _candidates(pixel[i], blocks, slots, found[its], at)
                elif step == 1:
                    _descend(slots, found[its], at, pixel[i])
                elif step == 2:
                    _land(slots, found[its], at, pixel[i])
                else:
                    hits[i] = _answer(slots, found[its], at, (ra[i], dec[i], pixel[i]), v, level[its], density[its])
    return _close_up(start, hits, pairs, values)


@compiled
def _close_up(start: IntArray, hits: IntArray, pairs: IntArray, values: FloatArray) -> int:
    """Write the rows, and leave out the gaps after each row's hits."""
    at, row = 0, pairs[0]
    slots, levels, densities = pairs[1].ctypes.data, values[0].ctypes.data, values[1].ctypes.data
    for i in range(hits.size):
        n, first = hits[i], start[i]
        for k in range(at, at + n):
            row[k] = i
        if first != at:
            move(slots + 8 * at, slots + 8 * first, 8 * n)
            move(levels + 8 * at, levels + 8 * first, 8 * n)
            move(densities + 8 * at, densities + 8 * first, 8 * n)
        at += n
    return at


@compiled
def mark(block: npt.NDArray[np.uint64], word: int, bit: np.uint64, first: Any, last: Any, on: bool) -> None:
    """Set or clear one region's bit in runs of filter pixels, ``last`` included."""
    for run in range(first.size):
        for cell in range(first[run], last[run] + 1):
            if on:
                block[cell, word] |= bit
            else:
                block[cell, word] &= ~bit
