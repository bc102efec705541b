"""How much two regions agree: the overlap integral, and their product as one map."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import healpix
from .circle import Circle
from .errors import RegionError
from .region import FloatArray, IntArray, Region, Tiles
from .shape import Shape, versine
from .shapes import AllSky
from .skymap import SkyMap

SR_PER_PIXEL = 4.0 * np.pi / healpix.N_PIXELS
"""Steradians of one order-29 pixel."""


def overlap(a: Region, b: Region) -> float:
    """Overlap integral I = 4 pi integral of p_a p_b: 1 for unrelated regions on average, 0 where they are apart.

    Ashton et al. 2018, ApJ 860 6 (doi 10.3847/1538-4357/aabfd2), with an isotropic prior. Two maps: exact, by
    one merge of their sorted cells. A shape with anything: within 1e-3, its cells refined to its own size. Two
    circles: the closed form. The result is the same to the last bit when a and b are swapped. Maps count as if
    they summed to exactly 1.

    Examples
    --------
    >>> from .shapes import all_sky, circle
    >>> overlap(all_sky(), circle(10.0, 20.0, 1.0))
    1.0
    """
    if isinstance(a, AllSky) or isinstance(b, AllSky):
        return 1.0
    if isinstance(a, Circle) and isinstance(b, Circle):
        return _circles(a, b)
    if isinstance(a, SkyMap) and isinstance(b, SkyMap):
        return _maps(a, b)
    _, product, measure = _common(a, b)
    return float(4.0 * np.pi * (product * measure).sum() / (_total(a) * _total(b)))


def product(a: Region, b: Region) -> SkyMap:
    """The joint posterior map of one source seen by both: the normalised product of their densities.

    Cells are the common refinement of both; distance layers are not kept. Regions that are apart raise a
    RegionError, because nothing is left.
    """
    lower, density, measure = _common(a, b)
    total = float((density * measure).sum())
    if not total > 0.0:
        raise RegionError("the regions do not overlap: their product is zero everywhere")
    order = healpix.order_of(np.round(measure / SR_PER_PIXEL).astype(np.int64))
    return SkyMap.from_cells(lower, order, density / total, [None] * 3, creator="skymaps.product")


def _maps(a: SkyMap, b: SkyMap) -> float:
    """Every common cell once, no array in between."""
    from . import merge

    pixels = merge.integral(a.lower, a.order, a.probdensity, b.lower, b.order, b.probdensity)
    return float(4.0 * np.pi * SR_PER_PIXEL * pixels / (a.total * b.total))


def _total(region: Region) -> float:
    return region.total if isinstance(region, SkyMap) else 1.0


def _common(a: Region, b: Region) -> tuple[IntArray, FloatArray, FloatArray]:
    """Ranges where both are not zero: first order-29 pixel, product of the densities, steradians."""
    from . import merge

    tiles_a, tiles_b = a.tiles(), b.tiles()
    edges = (np.ascontiguousarray(e) for e in (tiles_a.lower, tiles_a.upper, tiles_b.lower, tiles_b.upper))
    lower_a, upper_a, lower_b, upper_b = edges
    in_a, in_b = merge.common(lower_a, upper_a, lower_b, upper_b)
    lower = np.maximum(lower_a[in_a], lower_b[in_b])
    width = np.minimum(upper_a[in_a], upper_b[in_b]) - lower
    density_a = _densities(a, tiles_a, in_a, lower, width)
    density_b = _densities(b, tiles_b, in_b, lower, width)
    return lower, density_a * density_b, width * SR_PER_PIXEL


def _densities(region: Region, tiles: Tiles, cell: IntArray, lower: IntArray, width: IntArray) -> FloatArray:
    """Density per sr in each common cell; a shape is asked anew where a cell is finer than its tile."""
    density = tiles.probdensity[cell]
    if isinstance(region, Shape):
        finer = np.flatnonzero(width < (tiles.upper - tiles.lower)[cell])
        if finer.size:
            density[finer] = _mean_over(region, tiles, cell[finer], lower[finer], width[finer])
    return density


def _mean_over(region: Shape, tiles: Tiles, cell: IntArray, lower: IntArray, width: IntArray) -> FloatArray:
    """Density at the middle of each cell, scaled so that the cells of one whole tile keep its probability."""
    ra, dec = healpix.cell_centre(lower, healpix.order_of(width))
    density = region.probdensity_at(ra, dec)
    covered = np.bincount(cell, weights=width, minlength=tiles.lower.size)
    held = np.bincount(cell, weights=density * width, minlength=tiles.lower.size)
    whole = (covered == tiles.upper - tiles.lower) & (held > 0)
    scale = np.ones(tiles.lower.size)
    scale[whole] = tiles.probdensity[whole] * covered[whole] / held[whole]
    return np.asarray(density * scale[cell])


def _circles(a: Circle, b: Circle) -> float:
    """Closed form for von Mises-Fisher mixtures, summed over pairs of components."""
    if (b.ra, b.dec) < (a.ra, a.dec) or ((b.ra, b.dec) == (a.ra, a.dec) and tuple(b.kappa) < tuple(a.kappa)):
        a, b = b, a
    half = np.sqrt(versine(np.array([b.ra]), np.array([b.dec]), a.ra, a.dec)[0] / 2.0)
    weight = np.multiply.outer(a.weight, b.weight)
    k1, k2 = np.meshgrid(a.kappa, b.kappa, indexing="ij")
    return float((weight * np.exp(log_overlap(k1, k2, half))).sum())


def log_overlap(k1: FloatArray, k2: FloatArray, half_sine: npt.ArrayLike) -> FloatArray:
    """ln I of two von Mises-Fisher distributions; ``half_sine`` is the sine of half their separation.

    ``ln I = ln k1 + ln k2 - ln sinh k1 - ln sinh k2 + ln sinh K - ln K`` with K = |k1 + k2| as vectors, in a
    form where the large terms cancel before they are computed:
    ``K - k1 - k2 = -4 k1 k2 sin^2(theta/2) / (K + k1 + k2)``.
    """
    squared = np.square(np.asarray(half_sine, dtype=np.float64))
    total: Any = k1 + k2
    joint = np.sqrt(np.maximum(total * total - 4.0 * k1 * k2 * squared, 0.0))
    excess = -4.0 * k1 * k2 * squared / (joint + total)
    joint = np.maximum(joint, 1e-12)  # (1 - exp(-2 K)) / K tends to 2
    log = np.log(2.0 * k1) + np.log(k2) + excess + np.log(-np.expm1(-2.0 * joint)) - np.log(joint)
    return np.asarray(log - np.log(-np.expm1(-2.0 * k1)) - np.log(-np.expm1(-2.0 * k2)))
