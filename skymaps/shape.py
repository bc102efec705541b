"""What closed shapes have in common: bounds on the density, from which cells and tiles follow; checks; geometry.

A shape becomes cells that are split where the density still changes, down to where it does not matter.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from . import healpix
from .errors import RegionError
from .region import ORDER_MAX, FloatArray, IntArray, Region, Tiles

MIN_RADIUS_DEG = 1.0 / 3600.0
"""Radii below one arcsecond count as one: no two catalogues agree better (science notes, 1.4)."""


TOLERANCE = 4e-4
"""A cell is split while the spread of its density times its area is above this probability."""

RESOLUTION = 0.9
"""A cell is also split while the spread of its density is above this share of the peak: rings are thin and long."""

MAX_CELLS = 400_000
"""Bound on the work for shapes that are drawn to be costly; they come out coarser instead."""

_TAIL = 1e-7
"""Probability outside the cells."""

_SAMPLES = 2
"""Orders below a cell at which its mean density is sampled: 16 points."""


class Shape(Region):
    """A region given by formulas. Subclasses say how dense the disc about a point can be; the rest follows."""

    @abstractmethod
    def bounds(self, ra: FloatArray, dec: FloatArray, radius: float) -> tuple[FloatArray, FloatArray]:
        """Least and greatest density per sr within ``radius`` (radians) of each position; may be too wide."""

    @abstractmethod
    def reach(self, level: float) -> float:
        """Radians from ``anchor`` that hold the whole credible region."""

    @abstractmethod
    def threshold(self, level: float) -> float:
        """Density per sr on the edge of the credible region."""

    @property
    @abstractmethod
    def anchor(self) -> tuple[float, float]:
        """The position in degrees that the shape is drawn around."""

    def credible_level_at(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> FloatArray:
        """Smallest credible level, 0 to 1, whose region contains each position. Shape (n,)."""
        return self.level(*healpix.positions(ra, dec))

    @abstractmethod
    def level(self, ra: FloatArray, dec: FloatArray) -> FloatArray:
        """Credible level at checked positions in degrees. Shape (n,)."""

    @abstractmethod
    def density(self, ra: FloatArray, dec: FloatArray) -> FloatArray:
        """Probability per steradian at checked positions in degrees. Shape (n,)."""

    def probdensity_at(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> FloatArray:
        """Probability per steradian at each position. Shape (n,)."""
        return self.density(*healpix.positions(ra, dec))

    def centre(self) -> tuple[float, float]:
        """Right ascension and declination in degrees of the densest point."""
        return self.anchor

    def cells(self, order: int, level: float) -> IntArray:
        """NESTED pixels of this order that touch the credible region. Ascending; never misses one."""
        if level >= 1.0:
            return np.arange(12 << (2 * order), dtype=np.int64)
        pixel = healpix.disc(*self.anchor, self.reach(level), order)
        ra, dec = healpix.pixel_centre(order, pixel)
        greatest = self.bounds(ra, dec, healpix.max_pixel_radius(order))[1]
        return pixel[greatest >= self.threshold(level) * (1.0 - 1e-9)]

    @cached_property
    def _tiles(self) -> Tiles:
        return tiles_of(self)

    def tiles(self) -> Tiles:
        """The region as HEALPix cells, each with its mean density, summing to 1."""
        return self._tiles


def tiles_of(shape: Shape, tolerance: float = TOLERANCE) -> Tiles:
    """Cells of mixed order with the mean density of the shape in each, summing to 1."""
    cutoff, peak = shape.threshold(1.0 - _TAIL), shape.threshold(0.0)
    active = np.arange(12, dtype=np.int64)
    cells: list[tuple[int, IntArray]] = []
    kept = 0
    for order in range(ORDER_MAX - _SAMPLES):
        ra, dec = healpix.pixel_centre(order, active)
        low, high = shape.bounds(ra, dec, healpix.max_pixel_radius(order))
        matters = high >= cutoff
        spread = high - low
        splits = matters & ((spread * healpix.area_sr(order) > tolerance) | (spread > RESOLUTION * peak))
        stays = active[matters & ~splits]
        kept += stays.size
        parents = active[splits]
        if kept + 4 * parents.size > MAX_CELLS:
            stays, parents = active[matters], active[:0]
        if stays.size:
            cells.append((order, stays))
        if not parents.size:
            break
        active = (parents[:, np.newaxis] * 4 + np.arange(4)).ravel()
    else:
        cells.append((order + 1, active))
    return _filled(shape, cells)


def _filled(shape: Shape, cells: list[tuple[int, IntArray]]) -> Tiles:
    """The cells with their mean densities, sorted and normalised."""
    lower = np.concatenate([pixel << (2 * (ORDER_MAX - order)) for order, pixel in cells])
    upper = np.concatenate([(pixel + 1) << (2 * (ORDER_MAX - order)) for order, pixel in cells])
    mean = np.concatenate([mean_density(shape, order, pixel) for order, pixel in cells])
    sort = np.argsort(lower)
    lower, upper, mean = lower[sort], upper[sort], mean[sort]
    total = float((mean * (upper - lower)).sum()) * (4.0 * np.pi / healpix.N_PIXELS)
    return Tiles(lower=lower, upper=upper, probdensity=mean / total)


def mean_density(shape: Shape, order: int, pixel: IntArray) -> FloatArray:
    """Mean density per sr in cells of one order, from 16 points each."""
    fan = 4**_SAMPLES
    parts = (pixel[:, np.newaxis] * fan + np.arange(fan)).ravel()
    ra, dec = healpix.pixel_centre(order + _SAMPLES, parts)
    return np.asarray(shape.probdensity_at(ra, dec).reshape(-1, fan).mean(axis=1))


def check_position(ra: float, dec: float) -> tuple[float, float]:
    """The position as floats, or a RegionError that names the value."""
    if not 0.0 <= ra <= 360.0:
        raise RegionError(f"ra {ra} is not between 0 and 360 degrees")
    if not -90.0 <= dec <= 90.0:
        raise RegionError(f"dec {dec} is not between -90 and 90 degrees")
    return float(ra), float(dec)


def check_radius(radius_deg: float, name: str) -> float:
    """The radius as a float between 0 and 180 degrees, both excluded, or a RegionError that names it."""
    if not 0.0 < radius_deg < 180.0:
        raise RegionError(f"{name} {radius_deg:g} is not more than 0 and less than 180 degrees")
    return float(radius_deg)


def check_containment(containment: float) -> float:
    """The containment as a float between 0 and 1, both excluded, or a RegionError that names it."""
    if not 0.0 < containment < 1.0:
        raise RegionError(f"containment {containment} is not between 0 and 1")
    return float(containment)


def versine(ra: FloatArray, dec: FloatArray, ra0: float, dec0: float) -> FloatArray:
    """1 - cos of the angle of positions (degrees) from one, by half angles: exact for small angles. Shape (n,)."""
    lat, lat0 = np.radians(dec), np.radians(dec0)
    half_lat, half_lon = 0.5 * (lat - lat0), np.radians(0.5 * (ra - ra0))
    x = 2.0 * (np.sin(half_lat) ** 2 + np.cos(lat) * np.cos(lat0) * np.sin(half_lon) ** 2)
    return np.asarray(np.minimum(x, 2.0))


def bisect(function: Callable[[float], float], low: float, high: float) -> float:
    """Root of a function that rises through zero between ``low`` and ``high``; an end where it does not."""
    for _ in range(200):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        if function(middle) < 0.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
