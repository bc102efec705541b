"""HEALPix arithmetic on order-29 NESTED integers; healpy and numba are imported on first use (they cost a second)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import RegionError
from .region import ORDER_MAX, FloatArray, IntArray

N_PIXELS = 12 << (2 * ORDER_MAX)
"""Number of order-29 pixels on the sky; one after the last."""


def positions(ra: npt.ArrayLike, dec: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Check positions in degrees and give them as two flat float arrays of one shape (n,).

    Any finite right ascension is taken modulo 360; a declination beyond a pole or a NaN is refused.
    """
    from .ang2pix import first_bad

    lon, lat = np.asarray(ra, dtype=np.float64), np.asarray(dec, dtype=np.float64)
    if lon.shape != lat.shape:
        lon, lat = (np.array(a) for a in np.broadcast_arrays(lon, lat))
    # compiled loops take one kind of array: any other would be compiled anew
    lon = lon if lon.ndim == 1 and lon.flags.carray else np.array(lon).reshape(-1)
    lat = lat if lat.ndim == 1 and lat.flags.carray else np.array(lat).reshape(-1)
    bad = first_bad(lon, lat)
    if bad >= 0 and not np.isfinite(lon[bad]):
        raise RegionError(f"ra {lon[bad]} is not a number of degrees")
    if bad >= 0:
        raise RegionError(f"dec {lat[bad]} is not between -90 and 90 degrees")
    return lon, lat


def pixel_at(ra: FloatArray, dec: FloatArray, order: int = ORDER_MAX) -> IntArray:
    """NESTED pixel of this order that holds each position (degrees). Shape (n,)."""
    from .ang2pix import pixels

    return pixels(ra, dec) >> 2 * (ORDER_MAX - order)


def pixel_centre(order: npt.ArrayLike, pixel: IntArray) -> tuple[FloatArray, FloatArray]:
    """Centre in degrees of NESTED pixels; ``order`` is one number or one for each pixel."""
    import healpy

    nside = 1 << np.asarray(order, dtype=np.int64)
    ra, dec = healpy.pix2ang(nside, pixel, nest=True, lonlat=True)
    return np.asarray(ra, dtype=np.float64), np.asarray(dec, dtype=np.float64)


def cell_centre(lower: IntArray, order: npt.NDArray[Any]) -> tuple[FloatArray, FloatArray]:
    """Centre in degrees of cells given by their first order-29 pixel and their order."""
    return pixel_centre(order, lower >> (2 * (ORDER_MAX - order.astype(np.int64))))


def disc(ra: float, dec: float, radius: float, order: int) -> IntArray:
    """NESTED pixels of this order that touch a disc (``radius`` in radians); holds a few more. Ascending.

    healpy's NESTED query forgets pixels of large discs (1.19, order 4, radius 144 degrees about (0, 0): 14 of
    2774), its RING query does not; and the disc is widened by a pixel's radius rather than asked ``inclusive``.
    """
    import healpy

    reach = radius + max_pixel_radius(order)
    if reach >= np.pi:
        return np.arange(12 << (2 * order), dtype=np.int64)
    vector = healpy.ang2vec(ra, dec, lonlat=True)
    pixel = healpy.ring2nest(1 << order, healpy.query_disc(1 << order, vector, reach))
    return np.sort(np.asarray(pixel, dtype=np.int64))


def max_pixel_radius(order: int) -> float:
    """Radians from the centre of a pixel of this order to its farthest corner, never too small.

    From 0.8411 at order 0 the radius times nside grows to 1.06901 (``healpy.max_pixrad``).
    """
    return 0.8411 if order == 0 else 1.0691 / (1 << order)


AREA_SR = np.ldexp(np.pi / 3.0, -2 * np.arange(ORDER_MAX + 1))
"""Steradians of one pixel of each order."""


def area_sr(order: npt.ArrayLike) -> FloatArray:
    """Steradians of one pixel of each order."""
    result: FloatArray = AREA_SR.take(np.asarray(order))
    return result


def span(order: npt.ArrayLike) -> IntArray:
    """Number of order-29 pixels in one pixel of each order."""
    return np.left_shift(np.int64(1), 2 * (ORDER_MAX - np.asarray(order, dtype=np.int64)))


def order_of(width: IntArray) -> npt.NDArray[np.int8]:
    """Order of cells that span this many order-29 pixels."""
    exponent = np.frexp(width.astype(np.float64))[1] - 1
    return np.asarray(ORDER_MAX - exponent // 2, dtype=np.int8)


def from_uniq(uniq: IntArray) -> tuple[IntArray, npt.NDArray[np.int8]]:
    """First order-29 pixel and order of each UNIQ = 4^(order+1) + pixel; refuses what is no such number."""
    if uniq.size and (uniq.min() < 4 or uniq.max() >= np.int64(1) << 62):
        bad = uniq.min() if uniq.min() < 4 else uniq.max()
        raise RegionError(f"UNIQ {bad} is no HEALPix cell of order 0 to {ORDER_MAX}")
    exponent = (uniq.astype(np.float64).view(np.int64) >> 52) - 1023
    order = (exponent >> 1) - 1
    order -= uniq < np.left_shift(np.int64(4), 2 * order)  # float rounding near 4^k
    base = np.left_shift(np.int64(4), 2 * order)
    pixel = uniq - base
    if (bad := pixel >= 3 * base).any():
        raise RegionError(f"UNIQ {uniq[bad][0]} is no HEALPix cell of order 0 to {ORDER_MAX}")
    return np.left_shift(pixel, 2 * (ORDER_MAX - order)), order.astype(np.int8)


def to_uniq(lower: IntArray, order: npt.NDArray[Any]) -> IntArray:
    """UNIQ number of each cell."""
    wide = order.astype(np.int64)
    return np.left_shift(np.int64(4), 2 * wide) + np.right_shift(lower, 2 * (ORDER_MAX - wide))


def cells_of_ranges(lower: IntArray, upper: IntArray, order: int) -> IntArray:
    """Pixels of this order that touch any of the ranges of order-29 pixels. Ascending, each once."""
    shift = 2 * (ORDER_MAX - order)
    first, last = lower >> shift, (upper - 1) >> shift
    count = last - first + 1
    starts = np.cumsum(count) - count
    pixel = np.repeat(first - starts, count) + np.arange(int(count.sum()), dtype=np.int64)
    keep = np.ones(pixel.size, dtype=bool)
    if (np.diff(lower) >= 0).all():
        keep[1:] = pixel[1:] != pixel[:-1]
        return pixel[keep]
    return np.unique(pixel)


def ranges_to_cells(lower: IntArray, upper: IntArray) -> tuple[IntArray, npt.NDArray[np.int8]]:
    """Cut ranges of order-29 pixels into the fewest whole HEALPix cells. Ascending."""
    starts: list[IntArray] = []
    orders: list[npt.NDArray[np.int8]] = []
    lo, hi = lower, upper
    while lo.size:
        room = np.where(lo == 0, span(0), lo & -lo)
        step = np.minimum(np.minimum(room, span(0)), hi - lo)
        order = ORDER_MAX - (np.frexp(step.astype(np.float64))[1] - 1) // 2
        order += (span(order) > step).astype(order.dtype)
        starts.append(lo)
        orders.append(order.astype(np.int8))
        lo = lo + span(order)
        lo, hi = lo[more := lo < hi], hi[more]
    if not starts:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int8)
    start, order8 = np.concatenate(starts), np.concatenate(orders)
    sort = np.argsort(start, kind="stable")
    return start[sort], order8[sort]
