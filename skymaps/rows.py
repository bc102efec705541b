"""Rows of a multi-order table, as FITS has them, into cells in the order of the sky: machine code.

Import it inside functions, as `machine`. Words are the rows' 64-bit numbers with the highest byte first: `whole` and
`real` turn them round. That a row is wrong is noticed here; what is wrong is told elsewhere: see `arrange.from_words`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types

from .machine import compiled, instruction
from .region import FloatArray, IntArray

Words = npt.NDArray[np.uint64]
"""Shape (n rows, n columns)."""

Single = npt.NDArray[np.float32]
Found = tuple[IntArray, npt.NDArray[np.int8], FloatArray, Single, Single, FloatArray]

MAX_RUNS = 30
"""Rows ascend within each order where they are sorted by UNIQ, as LVK's are: one run for each order."""

_LAST = np.iinfo(np.int64).max


def _turned(kind: Any) -> Callable[..., Any]:
    def described(_context: Any, _word: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.bitcast(builder.bswap(arguments[0]), context.get_value_type(kind))

        return kind(types.uint64), generate

    return described


whole: Any = instruction(_turned(types.int64))
"""A word as a whole number."""

real: Any = instruction(_turned(types.float64))
"""A word as a real number."""


@compiled
def _cells(words: Words, column: int, lower: IntArray, orders: npt.NDArray[np.int8]) -> bool:
    """Fill in first order-29 pixel and order of each row; whether all have a UNIQ."""
    order = 0
    for i in range(len(words)):
        uniq = whole(words[i, column])
        if uniq < 4 or uniq >= 1 << 62:
            return False
        while uniq >= 16 << (2 * order):
            order += 1
        while uniq < 4 << (2 * order):
            order -= 1
        lower[i] = (uniq - (4 << (2 * order))) << (2 * (29 - order))
        orders[i] = order
    return True


@compiled
def _runs(lower: IntArray) -> IntArray:
    """Where each run of ascending rows begins, and last the number of rows; at most ``MAX_RUNS`` runs, or none."""
    starts, n = np.zeros(MAX_RUNS + 1, np.int64), 1
    for i in range(1, lower.size):
        if lower[i] <= lower[i - 1]:
            if n == MAX_RUNS:
                return starts[:0]
            starts[n] = i
            n += 1
    starts[n] = lower.size
    return starts[: n + 1]


@compiled
def _merged(lower: IntArray, starts: IntArray) -> npt.NDArray[np.uint32]:
    """Rows in ascending order, out of a few runs that ascend."""
    rank, heads = np.empty(lower.size, np.uint32), starts[:-1].copy()
    i = 0
    while i < lower.size:
        run, least, second = 0, _LAST, _LAST
        for k in range(heads.size):
            if heads[k] < starts[k + 1]:
                value = lower[heads[k]]
                if value < least:
                    run, least, second = k, value, least
                elif value < second:
                    second = value
        row = heads[run]
        rank[i] = row  # even where another run goes on alike
        i, row = i + 1, row + 1
        while row < starts[run + 1] and lower[row] < second:
            rank[i] = row
            i, row = i + 1, row + 1
        heads[run] = row
    return rank


@compiled
def _ranked(words: Words, column: int) -> tuple[npt.NDArray[np.uint32], IntArray, npt.NDArray[np.int8]]:
    """Rows in the order of the sky, none where that takes another way; first pixel and order of each row."""
    lower, order = np.empty(len(words), np.int64), np.empty(len(words), np.int8)
    starts = _runs(lower) if _cells(words, column, lower, order) else np.zeros(0, np.int64)
    return (_merged(lower, starts) if starts.size else np.zeros(0, np.uint32)), lower, order


@compiled
def _is_usable(mu: float, sigma: float, norm: float) -> bool:
    """Whether a line of sight has a distance: `distance.is_good`."""
    return math.isfinite(mu) & math.isfinite(sigma) & (sigma > 0.0) & math.isfinite(norm) & (norm > 0.0)


@compiled
def arrange(words: Words, columns: tuple[int, ...], area_sr: FloatArray, found: Found) -> tuple[float, int, float]:
    """Fill in the cells and their columns in the order of the sky.

    Parameters
    ----------
    words
        The table.
    columns
        Places of UNIQ, density, location, scale and norm.
    area_sr
        Steradians of a pixel of each order.
    found
        First pixels, orders, densities; location, scale (both in single precision) and norm, empty where the table
        has none. They are filled in: numba takes as long to hand over new arrays as to do all the rest.

    Returns
    -------
    :
        Sum of the probability, NaN where the rows are no map or not in a few runs; number of cells without a usable
        distance; their probability.
    """
    lowers, orders, density, mu, sigma, norm = found
    rank, lower, order = _ranked(words, columns[0])
    total, end, is_right, n_bad, prob_bad = 0.0, 0, rank.size > 0, 0, 0.0
    for i in range(rank.size):
        at = rank[i]
        row, level, value = words[at], order[at], real(words[at, columns[1]])
        is_right &= math.isfinite(value) & (value >= 0.0) & (lower[at] >= end)
        end = lower[at] + (1 << (2 * (29 - level)))
        total += value * area_sr[level]
        lowers[i], orders[i], density[i] = lower[at], level, value
        if mu.size:
            mu[i], sigma[i], norm[i] = real(row[columns[2]]), real(row[columns[3]]), real(row[columns[4]])
            if not _is_usable(mu[i], sigma[i], norm[i]):
                n_bad, prob_bad = n_bad + 1, prob_bad + value * area_sr[level]
    return total if is_right else math.nan, n_bad, prob_bad
