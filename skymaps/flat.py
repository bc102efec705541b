"""Flat maps (one value per pixel) into cells of mixed order, by merging siblings that are equal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import RegionError
from .region import ORDER_MAX, IntArray

Columns = list[npt.NDArray[Any]]

BLOCK_ORDERS = 9
"""Pixels are merged in blocks of 4^9, so that the whole flat map is never in memory."""


class Merger:
    """Takes a flat NESTED map block by block and keeps cells; equal siblings become their parent."""

    def __init__(self, order: int, n_columns: int) -> None:
        self.order = order
        self.depth = min(order, BLOCK_ORDERS)
        self._cells: list[tuple[int, IntArray, Columns]] = []  # order, pixel numbers, values
        self._tops: list[tuple[npt.NDArray[np.bool_], Columns]] = []
        self._n_columns = n_columns

    @property
    def block(self) -> int:
        """Number of pixels that `add` takes at a time."""
        return int(4**self.depth)

    def add(self, columns: Columns) -> None:
        """Merge the next block of pixels: one array per column, each of `block` values."""
        if len(columns) != self._n_columns:
            raise RegionError(f"{len(columns)} columns where {self._n_columns} are expected")
        whole = np.ones(columns[0].size, dtype=bool)
        first = len(self._tops) * self.block
        top = self.order - self.depth
        self._tops.append(self._climb(columns, whole, self.order, top, first))

    def _climb(
        self, columns: Columns, whole: npt.NDArray[np.bool_], order: int, top: int, first: int
    ) -> tuple[npt.NDArray[np.bool_], Columns]:
        """Merge from one order up to another; cells that do not merge further are kept."""
        for here in range(order, top, -1):
            merges: npt.NDArray[np.bool_] = np.asarray(whole.reshape(-1, 4).all(axis=1))
            for values in columns:
                first_born = values[::4]
                for i in (1, 2, 3):
                    merges &= _equal(values[i::4], first_born)
            stays = whole & ~np.repeat(merges, 4)
            self._keep(here, stays, columns, first)
            columns, whole, first = [values[::4] for values in columns], merges, first // 4
        return whole, columns

    def _keep(self, order: int, chosen: npt.NDArray[np.bool_], columns: Columns, first: int) -> None:
        pixel = np.flatnonzero(chosen)
        if pixel.size:
            self._cells.append((order, pixel + first, [values[pixel] for values in columns]))

    def finish(self) -> tuple[IntArray, npt.NDArray[np.int8], Columns]:
        """First order-29 pixel, order and values of all cells, ascending."""
        whole = np.concatenate([w for w, _ in self._tops])
        columns = [np.concatenate([c[i] for _, c in self._tops]) for i in range(self._n_columns)]
        whole, columns = self._climb(columns, whole, self.order - self.depth, 0, 0)
        self._keep(0, whole, columns, 0)
        lower = np.concatenate([pixel << (2 * (ORDER_MAX - order)) for order, pixel, _ in self._cells])
        orders = np.concatenate([np.full(pixel.size, order, dtype=np.int8) for order, pixel, _ in self._cells])
        sort = np.argsort(lower, kind="stable")
        values = [np.concatenate([c[i] for _, _, c in self._cells])[sort] for i in range(self._n_columns)]
        return lower[sort], orders[sort], values


def _equal(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where two columns agree; NaN equals NaN."""
    same = np.asarray(a == b)
    if a.dtype.kind == "f" and not same.all():
        same = same | ((a != a) & (b != b))
    return np.asarray(same)


def blocks(columns: Columns, size: int) -> Iterator[Columns]:
    """The columns in consecutive parts of ``size`` values."""
    for at in range(0, columns[0].size, size):
        yield [values[at : at + size] for values in columns]
