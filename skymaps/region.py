"""What every region of the sky answers, whatever it is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .lookup import Lookup

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ORDER_MAX = 29
"""Finest HEALPix order that a 64-bit integer holds; positions are kept at this order."""

MOST_CELLS = 2000
"""A region is looked up in a database as about this many cells at most."""

SQDEG_PER_SR = (180.0 / np.pi) ** 2
SKY_DEG2 = 4.0 * np.pi * SQDEG_PER_SR


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """A region cut into HEALPix cells of mixed order, sorted, without gaps in meaning: absent cells are zero."""

    lower: IntArray
    """First order-29 NESTED pixel of each cell. Shape (n,), ascending."""

    upper: IntArray
    """First order-29 NESTED pixel after each cell. Shape (n,)."""

    probdensity: FloatArray
    """Probability per steradian of each cell. Shape (n,)."""


class Region(ABC):
    """A probability distribution over the sky that integrates to 1.

    Positions are ICRS degrees, arrays of shape (n,) or scalars that broadcast.
    """

    @abstractmethod
    def probdensity_at(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> FloatArray:
        """Probability per steradian at each position. Shape (n,)."""

    @abstractmethod
    def credible_level_at(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> FloatArray:
        """Smallest credible level, 0 to 1, whose region contains each position. Shape (n,)."""

    @abstractmethod
    def lookup(self) -> Lookup:
        """What `SkyIndex` asks instead of the two above, for all regions at once: the same numbers, compiled."""

    @abstractmethod
    def area_deg2(self, level: float) -> float:
        """Area of the smallest region that holds this credible level, in square degrees."""

    def areas_deg2(self, levels: Sequence[float]) -> FloatArray:
        """Areas of several credible regions at once, square degrees. Shape of ``levels``."""
        return np.array([self.area_deg2(level) for level in levels])

    @abstractmethod
    def cells(self, order: int, level: float) -> IntArray:
        """NESTED pixels of this order that touch the credible region. Ascending; never misses one."""

    def ranges(self, level: float) -> IntArray:
        """The credible region as ranges of order-29 NESTED pixels, first and one past the last. Shape (n, 2).

        It never misses a part, and is made of few cells: of the finest order that keeps them below ``MOST_CELLS``.
        """
        cells, order = self.cells(5, level), 5
        for finer in (7, 9, 11, 13):
            more = self.cells(finer, level)
            if len(more) > MOST_CELLS:
                break
            cells, order = more, finer
        breaks = np.flatnonzero(np.diff(cells) > 1)
        first = np.concatenate([cells[:1], cells[breaks + 1]])
        last = np.concatenate([cells[breaks], cells[-1:]])
        shift = 2 * (ORDER_MAX - order)
        return np.stack([first << shift, (last + 1) << shift], axis=1)

    @abstractmethod
    def tiles(self) -> Tiles:
        """The region as HEALPix cells, fine enough for integrals to 1e-3 where it is a closed formula."""

    @abstractmethod
    def centre(self) -> tuple[float, float]:
        """Right ascension and declination in degrees of the densest point."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """A JSON-able record; ``skymaps.from_dict`` gives the region back (maps go by FITS instead)."""
