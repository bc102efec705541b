"""The loop over positions and active regions, compiled on first use and kept beside this file.

Import it inside functions, as `machine`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .lookup import N_CELLS, ORDER, WORDS, Kind
from .machine import carray, compiled, count_bits, lowest_bit, pointer, prefetch
from .region import FloatArray, IntArray

_SHIFT = 2 * (29 - ORDER)
_MAP, _CIRCLE, _ELLIPSE, _ANNULUS = (int(kind) for kind in (Kind.MAP, Kind.CIRCLE, Kind.ELLIPSE, Kind.ANNULUS))
_RADIAN = math.pi / 180.0
_SKY = 12 << 58
_ONE = np.uint64(1)


@compiled
def place(ra: FloatArray, dec: FloatArray, pixel: IntArray, blocks: IntArray) -> tuple[FloatArray, IntArray]:
    """Unit vector (n, 3) of each position in degrees, and how many bits are set where its order-29 pixel is."""
    vector, count = np.empty((ra.size, 3)), np.zeros(ra.size, np.int64)
    for i in range(ra.size):
        lon, lat = ra[i] * _RADIAN, dec[i] * _RADIAN
        vector[i, 0] = math.cos(lat) * math.cos(lon)
        vector[i, 1] = math.cos(lat) * math.sin(lon)
        vector[i, 2] = math.sin(lat)
    for block in range(blocks.size):
        words = carray(pointer(blocks[block]), (N_CELLS, WORDS), np.uint64)
        for i in range(ra.size):
            for word in range(WORDS):
                count[i] += count_bits(words[pixel[i] >> _SHIFT, word])
    return vector, count


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
def _guess(slot: Any, pixel: int) -> tuple[int, int, int]:
    """First and last row of the cells of a map among which the one that holds a pixel is; and where, were they even."""
    shift = slot.shift
    rows = carray(pointer(slot.second), 1 + (_SKY >> shift), np.int32)
    first, last = rows[pixel >> shift], rows[(pixel >> shift) + 1]
    inside = float(pixel & ((1 << shift) - 1)) / float(1 << shift)
    return first, last, first + int(inside * (last - first))


@compiled
def _search(lower: IntArray, pixel: int, first: int, last: int, guess: int) -> int:
    """Last row from ``first`` to ``last`` whose cell does not begin after a pixel: growing steps, then halving ones."""
    step = 1
    if lower[guess] <= pixel:
        first, last = guess, last + 1
        while first + step < last:
            if lower[first + step] > pixel:
                last = first + step
                break
            first += step
            step *= 2
    else:
        last = guess
        while last - step > first:
            if lower[last - step] <= pixel:
                first = last - step
                break
            last -= step
            step *= 2
    while last - first > 1:
        middle = (first + last) >> 1
        if lower[middle] <= pixel:
            first = middle
        else:
            last = middle
    return first


@compiled
def _in_cell(slot: Any, cell: int, pixel: int) -> tuple[float, float]:
    """Density per sr and credible level of a map's cell; (0, 1) where the pixel is not in it: maps may have gaps."""
    if slot.third:
        order = carray(pointer(slot.third), slot.n, np.int8)
        if (pixel - carray(pointer(slot.first), (slot.n, 3), np.int64)[cell, 0]) >> (2 * (29 - order[cell])) != 0:
            return 0.0, 1.0
    values = carray(pointer(slot.first), (slot.n, 3), np.float64)
    return values[cell, 1], values[cell, 2]


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
    chord = math.sqrt((v[0] - p[0]) ** 2 + (v[1] - p[1]) ** 2 + (v[2] - p[2]) ** 2)
    delta = abs(2.0 * math.asin(min(0.5 * chord, 1.0)) - p[3])
    level = _interpolate(delta, _floats(slot.second, slot.n), _floats(slot.third, slot.n), slot.n)
    return p[5] * math.exp(-0.5 * (delta / p[4]) ** 2), level


@compiled
def _in_shape(slot: Any, v: FloatArray) -> tuple[float, float]:
    """Density per sr and credible level of a region that is a formula."""
    if slot.kind == _CIRCLE:
        return _in_circle(slot, v)
    if slot.kind == _ELLIPSE:
        return _in_ellipse(slot, v)
    if slot.kind == _ANNULUS:
        return _in_annulus(slot, v)
    return 1.0 / (4.0 * math.pi), 0.0


@compiled
def _candidates(pixel: int, blocks: IntArray, slots: Any, found: IntArray) -> None:
    """Write the slots whose bit is set where a pixel is; have the rows of their maps fetched."""
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
                    prefetch(slot.second + 4 * (pixel >> slot.shift))
                n += 1


@compiled
def _aim(slots: Any, found: IntArray, pixel: int, rows: IntArray) -> None:
    """Guess the cell of each candidate that is a map; have it fetched."""
    for k in range(found.size):
        slot = slots[found[k]]
        if slot.kind == _MAP:
            rows[k, 0], rows[k, 1], rows[k, 2] = _guess(slot, pixel)
            prefetch(slot.first + 24 * rows[k, 2])


@compiled
def _answer(
    slots: Any, found: IntArray, v: FloatArray, pixel: int, rows: IntArray, level: FloatArray, density: FloatArray
) -> int:
    """Ask the candidates of one position and keep those that hold it, in front; their number."""
    n = 0
    for k in range(found.size):
        slot = slots[found[k]]
        if slot.kind == _MAP:
            lower = carray(pointer(slot.first), (slot.n, 3), np.int64)[:, 0]
            its_density, its_level = _in_cell(slot, _search(lower, pixel, rows[k, 0], rows[k, 1], rows[k, 2]), pixel)
        else:
            its_density, its_level = _in_shape(slot, v)
        found[n], level[n], density[n] = found[k], its_level, its_density
        n += (its_level <= slot.level) if slot.level < 1.0 else (its_density > 0.0)
    return n


@compiled
def score(
    rank: IntArray, vector: FloatArray, pixel: IntArray, count: IntArray, blocks: IntArray, slots: Any
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Pairs of a position and a region that holds it: row, slot, credible level, density per sr; by row, then slot.

    Positions are taken in the order of ``rank`` (by pixel, so that what they look at stays in the cache), each with
    room for all its ``count`` candidates; what did not hit is closed up at the end. Nearly all the time goes into
    waiting for memory, so a position is answered two turns after what it will look at was first asked for.
    """
    stop = np.cumsum(count)
    start = stop - count
    room = int(count.sum())
    row, found = np.empty(room, np.int64), np.empty(room, np.int64)
    level, density = np.empty(room), np.empty(room)
    hits = np.zeros(count.size, np.int64)
    rows = np.empty((2, int(count.max()) if count.size else 0, 3), np.int64)
    for turn in range(rank.size + 2):
        if turn < rank.size:
            i = rank[turn]
            _candidates(pixel[i], blocks, slots, found[start[i] : stop[i]])
        if 1 <= turn <= rank.size:
            i = rank[turn - 1]
            _aim(slots, found[start[i] : stop[i]], pixel[i], rows[(turn - 1) % 2])
        if turn >= 2:
            i = rank[turn - 2]
            its = slice(start[i], stop[i])
            hits[i] = _answer(slots, found[its], vector[i], pixel[i], rows[turn % 2], level[its], density[its])
    at = 0
    for i in range(count.size):
        for k in range(start[i], start[i] + hits[i]):
            row[at], found[at], level[at], density[at] = i, found[k], level[k], density[k]
            at += 1
    return row[:at], found[:at], level[:at], density[:at]


@compiled
def mark(block: npt.NDArray[np.uint64], word: int, bit: np.uint64, first: Any, last: Any, on: bool) -> None:
    """Set or clear one region's bit in runs of filter pixels, ``last`` included."""
    for run in range(first.size):
        for cell in range(first[run], last[run] + 1):
            if on:
                block[cell, word] |= bit
            else:
                block[cell, word] &= ~bit
