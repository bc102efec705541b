"""Coverage maps: which part of the sky something covers, without probabilities."""

from __future__ import annotations

import hashlib
import io
import warnings
import zlib
from typing import Any

import numpy as np

from . import healpix
from .errors import RegionError
from .region import IntArray
from .skymap import SkyMap

MAX_BYTES = 200_000_000
"""Largest coverage map, unpacked: it is held in memory. Sky maps are read piece by piece."""

MAX_TILES = 1_000_000
COVERAGE = "coverage map"
"""Creator of a map that was made of one: it has no credible levels, only an inside."""


def read_moc(data: bytes) -> SkyMap:
    """A coverage map, IVOA MOC 1.1 (NUNIQ) or 2.0 (RANGE) in FITS, as an even probability over what it covers.

    Raises
    ------
    RegionError
        It is none, or empty.
    """
    from astropy.io import fits

    try:
        if data[:2] == b"\x1f\x8b":
            data = zlib.decompressobj(31).decompress(data, MAX_BYTES)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # before the file is opened: that is when astropy complains
            with fits.open(io.BytesIO(data), memmap=False) as hdus:
                table = hdus[1]
                ordering = str(table.header.get("ORDERING", "")).strip().upper()
                values = np.asarray(table.data.field(0)).astype(np.int64)
    except (
        OSError,
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        AttributeError,
        zlib.error,
        fits.VerifyError,
        Warning,  # where another thread has just put the filters back
    ) as error:
        raise RegionError(f"neither a sky map nor a coverage map: {error}") from error
    if not values.size or values.size > MAX_TILES:
        raise RegionError(f"a coverage map of {values.size} cells")
    lower, order = _cells(values.ravel(), ordering)
    area = float(healpix.area_sr(order).sum())
    even = np.full(lower.size, 1.0 / area)
    return SkyMap.from_cells(
        lower, order, even, (None, None, None), sha256=hashlib.sha256(data).hexdigest(), creator=COVERAGE
    )


def _cells(values: IntArray, ordering: str) -> tuple[IntArray, Any]:
    if ordering == "RANGE":
        low, high = values.reshape(-1, 2).T
        if (low < 0).any() or (high > 12 << 58).any() or (low >= high).any() or (low[1:] < high[:-1]).any():
            raise RegionError("a coverage map whose ranges overlap or are no pixels")
        return healpix.ranges_to_cells(low, high)
    if ordering not in ("NUNIQ", ""):
        raise RegionError(f"a coverage map in the ordering {ordering[:20]!r}; NUNIQ and RANGE are known")
    return healpix.from_uniq(np.unique(values))
