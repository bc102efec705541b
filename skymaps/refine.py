"""Shapes as cells: split where the density still changes, stop where it does not matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import healpix
from .region import ORDER_MAX, FloatArray, IntArray, Tiles

if TYPE_CHECKING:
    from .shape import Shape

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
