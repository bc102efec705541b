"""Maps and coverages out: multi-order FITS that ligo.skymap reads, MOC FITS, shapes as maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from . import fits, healpix
from .region import ORDER_MAX, IntArray, Region
from .shape import TOLERANCE, Shape, tiles_of
from .skymap import SkyMap


def as_skymap(region: Region, tolerance: float = TOLERANCE, **meta: Any) -> SkyMap:
    """A region as a map; a map is given back as it is.

    Parameters
    ----------
    region
        Any region.
    tolerance
        Largest probability by which the density may vary within one cell of the result.
    meta
        Fields of `SkyMap`, such as ``time`` or ``object_id``.
    """
    if isinstance(region, SkyMap):
        return region
    tiles = tiles_of(region, tolerance) if isinstance(region, Shape) else region.tiles()
    order = healpix.order_of(tiles.upper - tiles.lower)
    return SkyMap.from_cells(tiles.lower, order, tiles.probdensity, [None] * 3, **meta)


def write_fits(skymap: SkyMap, path: str | Path | None = None) -> bytes:
    """A map as multi-order FITS (UNIQ, PROBDENSITY, DISTMU, DISTSIGMA, DISTNORM), readable by ligo.skymap.

    Returns the bytes, and writes them where a path is given.
    """
    columns: list[tuple[str, str, Any]] = [
        ("UNIQ", "", healpix.to_uniq(skymap.lower, skymap.order)),
        ("PROBDENSITY", "sr-1", skymap.probdensity),
    ]
    if skymap.distmu is not None and skymap.distsigma is not None and skymap.distnorm is not None:
        columns += [
            ("DISTMU", "Mpc", skymap.distmu.astype(np.float64)),
            ("DISTSIGMA", "Mpc", skymap.distsigma.astype(np.float64)),
            ("DISTNORM", "Mpc-2", skymap.distnorm),
        ]
    mean, std = skymap.distance_mpc or (None, None)
    time = None if skymap.time is None else skymap.time.replace(tzinfo=None).isoformat()
    cards = [
        *_healpix_cards(skymap.max_order),
        ("OBJECT", skymap.object_id, "unique identifier of the event"),
        ("INSTRUME", ",".join(skymap.instruments) or None, "instruments that triggered"),
        ("DATE-OBS", time, "UTC date of the event"),
        ("CREATOR", skymap.creator, "program that made the map"),
        ("DISTMEAN", mean, "mean distance in Mpc"),
        ("DISTSTD", std, "standard deviation of distance in Mpc"),
    ]
    data = fits.write_table(cards, columns)
    if path is not None:
        Path(path).write_bytes(data)
    return data


def moc_ranges(region: Region, level: float = 0.9, order: int = 10) -> IntArray:
    """The credible region as ranges of order-29 NESTED pixels, rows of (first, one after last). Shape (n, 2).

    A map keeps its own cells; a shape is cut into all cells of ``order`` that touch its region.
    """
    if isinstance(region, SkyMap):
        inside = region.level <= level if level < 1.0 else region.probdensity > 0.0
        inside[np.argmin(region.level)] = True
        lower, upper = region.lower[inside], region.upper[inside]
    else:
        lower = region.cells(order, level) << (2 * (ORDER_MAX - order))
        upper = lower + healpix.span(order)
    if not lower.size:
        return np.empty((0, 2), dtype=np.int64)
    gap = lower[1:] > upper[:-1]
    first = np.concatenate([[True], gap])
    last = np.concatenate([gap, [True]])
    return np.stack([lower[first], upper[last]], axis=1)


def write_moc(region: Region, level: float = 0.9, order: int = 10, path: str | Path | None = None) -> bytes:
    """The credible region as a coverage map: FITS with NUNIQ cells (IVOA MOC 1.1), readable by mocpy and Aladin."""
    ranges = moc_ranges(region, level, order)
    lower, orders = healpix.ranges_to_cells(ranges[:, 0], ranges[:, 1])
    uniq = np.sort(healpix.to_uniq(lower, orders))
    finest = int(orders.max()) if orders.size else 0
    cards = [*_healpix_cards(finest), ("MOCVERS", "1.1", "MOC version")]
    data = fits.write_table(cards, [("UNIQ", "", uniq)])
    if path is not None:
        Path(path).write_bytes(data)
    return data


def _healpix_cards(max_order: int) -> list[tuple[str, Any, str]]:
    return [
        ("PIXTYPE", "HEALPIX", "HEALPix pixelisation"),
        ("ORDERING", "NUNIQ", "pixel ordering scheme"),
        ("COORDSYS", "C", "celestial (equatorial) coordinates"),
        ("MOCORDER", max_order, "best order"),
        ("INDXSCHM", "EXPLICIT", "indexing scheme"),
    ]
