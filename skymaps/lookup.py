"""How a region hands its numbers to the compiled loops: one row of a table, pointing at the region's own arrays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

ORDER = 7
"""HEALPix order of the filter of `SkyIndex`: pixels of 0.21 square degrees, 196 608 of them."""

N_CELLS = 12 << (2 * ORDER)
WORDS = 8
"""64-bit words of a filter pixel in one block: a cache line."""

SLOT = np.dtype(
    {
        "names": ["kind", "n", "level", "first", "second", "third", "shift", "spare"],
        "formats": ["<i8", "<i8", "<f8", "<i8", "<i8", "<i8", "<i8", "<i8"],
        "itemsize": 64,  # one cache line
    }
)
"""One active region: kind, size, credible level up to which it matches, addresses of its arrays."""


CELL = np.dtype([("probdensity", "<f8"), ("level", "<f8")])
"""What a map is asked for lies side by side: an answer is as slow as the memory that it touches."""


class Kind(IntEnum):
    """Which formula answers for a region; the arrays that each takes."""

    NOTHING = 0
    """A free slot."""

    MAP = 1
    """Cells as `CELL`, then what is true outside of all; their `tree` of 16 or 32 bits an entry."""

    CIRCLE = 2
    """Unit vector of the centre, then peak density, kappa and share of each component."""

    ELLIPSE = 3
    """Centre, unit vectors along and across, four widths, peak, mass, m^2/2 of the largest whole contour;
    m^2/2 and share inside of contours that the plane's edge cuts."""

    ANNULUS = 4
    """Unit vector of the axis, radius, sigma, peak; distances from the ring and the probability within each."""

    EVEN = 5
    """Nothing: all directions are alike."""

    SPARSE = 6
    """A map of few fine cells and much nothing: cells as `CELL`, their first pixels (int64), their orders (int8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What the compiled loops need of one region. The arrays must live as long as their addresses are used."""

    kind: Kind
    n: int
    """Number of cells, components or rows of the table that goes with the kind."""

    arrays: tuple[npt.NDArray[Any], ...] = ()
    """As `Kind` says; contiguous, at most three."""

    shift: int = 0
    """Of a map: binary digits of an order-29 pixel below those that number the front of its tree."""

    spare: int = 0
    """Of a map: how many of 64 binary digits an entry of its tree leaves free: 32 or 48."""

    def row(self, level: float) -> npt.NDArray[np.void]:
        """The region as a row of a table of `SLOT`, matching up to this credible level."""
        addresses = [a.ctypes.data if a.size else 0 for a in self.arrays]
        row = np.zeros((), dtype=SLOT)
        row[()] = (self.kind, self.n, level, *addresses, *[0] * (3 - len(addresses)), self.shift, self.spare)
        return row


def unit(ra: float, dec: float) -> npt.NDArray[np.float64]:
    """Unit vector of a position in degrees."""
    a, d = np.radians(ra), np.radians(dec)
    return np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
