"""IceCube's likelihood scans (``skymap_scanner``): negative log likelihoods at several HEALPix resolutions."""

from __future__ import annotations

import io
import zipfile
import zlib

import numpy as np
import numpy.typing as npt

from . import healpix
from .errors import RegionError, TooLargeError
from .region import ORDER_MAX, FloatArray, IntArray

MAX_ARRAYS = 30

Scans = dict[int, tuple[IntArray, FloatArray]]
"""Order to pixels and negative log likelihoods."""


def read_scan(
    data: bytes, max_bytes: int, max_cells: int
) -> tuple[IntArray, npt.NDArray[np.int8], FloatArray, tuple[str, ...]]:
    """Posterior of a scan: first order-29 pixel, order and probability per sr of each cell; and what was mended.

    An archive holds arrays ``nside-N`` with the fields ``index`` (NESTED pixel) and ``llh``
    (the *negative* log likelihood, lower is better). The prior is flat, so the density is ``exp(min - llh)``,
    normalised. Where resolutions overlap the finest counts: a coarse pixel gives way to its scanned children.
    """
    scans, n_left_out = _finite(_arrays(data, max_bytes))
    if (n_pixels := sum(pixel.size for pixel, _ in scans.values())) > max_cells:
        raise TooLargeError(f"scan of {n_pixels} pixels is over the limit of {max_cells}")
    taken_lower = np.empty(0, dtype=np.int64)
    taken_order = np.empty(0, dtype=np.int8)
    taken_llh = np.empty(0)
    for order in sorted(scans, reverse=True):
        pixel, llh = scans[order]
        lower = pixel << (2 * (ORDER_MAX - order))
        lower, cell_order, parent = _uncovered(lower, order, taken_lower, taken_order)
        taken_lower = np.concatenate([taken_lower, lower])
        taken_order = np.concatenate([taken_order, cell_order])
        taken_llh = np.concatenate([taken_llh, llh[parent]])
        sort = np.argsort(taken_lower, kind="stable")
        taken_lower, taken_order, taken_llh = taken_lower[sort], taken_order[sort], taken_llh[sort]
    weight = np.exp(taken_llh.min() - taken_llh)
    remarks = (f"scan: {n_left_out} pixels whose likelihood is not finite left out",) if n_left_out else ()
    return taken_lower, taken_order, weight / (weight * healpix.area_sr(taken_order)).sum(), remarks


def _finite(scans: Scans) -> tuple[Scans, int]:
    """Scans without pixels whose fit failed, and how many these are; a coarser pixel stands in where there is one."""
    good = {order: np.isfinite(llh) for order, (_, llh) in scans.items()}
    kept = {order: (p[good[order]], llh[good[order]]) for order, (p, llh) in scans.items() if good[order].any()}
    if not kept:
        raise RegionError("scan: no pixel has a finite llh")
    return kept, sum(int((~is_good).sum()) for is_good in good.values())


def _uncovered(
    lower: IntArray, order: int, taken: IntArray, taken_order: npt.NDArray[np.int8]
) -> tuple[IntArray, npt.NDArray[np.int8], IntArray]:
    """The parts of coarse pixels that no finer cell covers, as cells, with the pixel each comes from."""
    upper = lower + healpix.span(order)
    first, last = np.searchsorted(taken, lower), np.searchsorted(taken, upper)
    untouched = first == last
    starts, orders = [lower[untouched]], [np.full(int(untouched.sum()), order, dtype=np.int8)]
    parents = [np.flatnonzero(untouched)]
    touched = np.flatnonzero(~untouched)
    gap_lower, gap_upper, parent = _gaps(lower[touched], upper[touched], taken, taken_order)
    start, cell_order = healpix.ranges_to_cells(gap_lower, gap_upper)
    starts.append(start)
    orders.append(cell_order)
    parents.append(touched[parent[np.searchsorted(gap_lower, start, side="right") - 1]])
    return np.concatenate(starts), np.concatenate(orders), np.concatenate(parents)


def _gaps(
    lower: IntArray, upper: IntArray, taken: IntArray, taken_order: npt.NDArray[np.int8]
) -> tuple[IntArray, IntArray, IntArray]:
    """What cells leave open of ranges, ascending, and which range each gap is of. Every range holds a cell."""
    order = np.argsort(lower, kind="stable")
    first, last = np.searchsorted(taken, lower[order]), np.searchsorted(taken, upper[order])
    count = last - first
    at = np.repeat(first - (np.cumsum(count) - count), count) + np.arange(int(count.sum()))
    inner, ends = taken[at], taken[at] + healpix.span(taken_order[at])
    begins = np.cumsum(count) - count
    gap_lower, gap_upper = np.insert(ends, begins, lower[order]), np.insert(inner, np.cumsum(count), upper[order])
    parent = np.repeat(order, count + 1)
    is_open = gap_lower < gap_upper
    return gap_lower[is_open], gap_upper[is_open], parent[is_open]


def _arrays(data: bytes, max_bytes: int) -> Scans:
    """Order -> (pixel, negative log likelihood), duplicates refused."""
    scans: Scans = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > MAX_ARRAYS or sum(i.file_size for i in archive.infolist()) > max_bytes:
                raise TooLargeError(f"scan holds over {MAX_ARRAYS} arrays or {max_bytes} bytes")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            for name in arrays.files:
                if name.startswith("nside-") and name[6:].isdecimal():
                    scans[_order(int(name[6:]))] = _scan(name, arrays[name])
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error) as error:
        if isinstance(error, RegionError):
            raise
        raise RegionError(f"not a likelihood scan: {error}") from error
    if not scans:
        raise RegionError("no array nside-N in the archive: not a likelihood scan")
    return scans


def _order(nside: int) -> int:
    if nside < 1 or nside & (nside - 1) or nside > 1 << ORDER_MAX:
        raise RegionError(f"nside-{nside} is not a power of 2 up to 2^{ORDER_MAX}")
    return nside.bit_length() - 1


def _scan(name: str, array: npt.NDArray[np.void]) -> tuple[IntArray, FloatArray]:
    if not isinstance(array, np.ndarray) or array.dtype.names is None or not {"index", "llh"} <= set(array.dtype.names):
        raise RegionError(f"{name} has no fields index and llh")
    pixel, llh = array["index"].astype(np.int64), array["llh"].astype(np.float64)
    order = _order(int(name[6:]))
    if not pixel.size or pixel.min() < 0 or pixel.max() >= 12 << (2 * order):
        raise RegionError(f"{name}: index outside the sky or empty")
    ascending = np.sort(pixel)  # np.unique hashes, and takes minutes for numbers that hash alike
    if (twice := ascending[1:] == ascending[:-1]).any():
        raise RegionError(f"{name}: index {ascending[:-1][twice][0]} comes twice")
    return pixel, llh
