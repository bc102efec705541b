"""Where in a map a pixel is: one table of coarse pixels, and below each that is cut, nodes of sixteen.

Import it inside functions, as `machine`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .machine import compiled
from .region import IntArray

NODE = 16
"""Entries of a node: pixels two orders finer."""

SMALL = 5
"""Order of a table that a cache of the first level holds."""

NARROW = 1 << 15
"""Rows and nodes below this number are kept in 16 bits."""


@compiled
def _plant(lower: IntArray, order: npt.NDArray[np.int8], top: int, room: int) -> npt.NDArray[np.int32]:
    """The tree in 32 bits; empty where it takes more than ``room`` entries."""
    n = lower.size
    tree = np.full(room, n, np.int32)
    used = 12 << (2 * top)
    for row in range(n):
        shift, width, node = 2 * (29 - top), 2 * (29 - order[row]), 0
        at = lower[row] >> shift
        while shift > width:
            entry = tree[node + at]
            if entry >= 0:
                if used + 16 > room:
                    return tree[:0]
                entry = -(used // 16)
                tree[node + at] = entry
                used += 16
            node, shift = -16 * entry, shift - 4
            at = ((lower[row] << 4) >> (shift + 4)) & 15  # the last may be half below order 29
        tree[node + at : node + at + (1 << (width - shift))] = row
    return tree[:used].copy()


def tree(
    lower: IntArray, order: npt.NDArray[np.int8]
) -> tuple[npt.NDArray[np.int16] | npt.NDArray[np.int32] | None, int]:
    """Row of the cell that holds each pixel, and the order of the table in front; None where gaps would make it large.

    The first ``12 * 4**order`` entries are for the pixels of that order. An entry is the row of a cell, the number of
    cells where there is none, or, negative, the node below: entries ``-16 * entry`` to ``-16 * entry + 15`` are for
    the pixels two orders finer, in their order. Without gaps, a map of n cells has fewer than n / 6 nodes.
    """
    n = lower.size
    top = int(np.log2(max(n, 6) / 6.0) + 1e-9) // 2  # two entries a cell at most; eight where they are few
    top = min(top if top >= SMALL else top + 1, 8, int(order.max()))
    cells = np.ascontiguousarray(lower), np.ascontiguousarray(order)  # one kind of array is compiled for
    found = _plant(*cells, top, (12 << (2 * top)) + NODE * (n // 4 + 64))
    if not found.size:
        return None, top
    if n < NARROW and found.size < NODE * NARROW:
        return np.append(found.astype(np.int16), np.zeros(1, np.int16)), top  # loops read 32 bits at each
    return found, top
