"""Maps in: FITS of every kind that the field sends, and likelihood scans."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import fits, healpix, times
from .arrange import NO_LAYERS, from_words
from .errors import RegionError, TooLargeError
from .flat import Columns, Merger
from .region import ORDER_MAX, IntArray
from .scan import read_scan
from .skymap import SkyMap

MAX_BYTES = 2 << 30
"""Largest map in bytes, unpacked: room for order 11 (nside 2048) with four double columns, 1.6 GB."""

MAX_TILES = 4_000_000
"""Largest number of cells of a multi-order map."""

PROBABILITY_COLUMNS = ("PROBDENSITY", "PROB", "PROBABILITY")
DISTANCE_COLUMNS = ("DISTMU", "DISTSIGMA", "DISTNORM")
INDEX_COLUMNS = ("PIXEL", "PIX", "IPIX", "HPXINDEX")

Cells = tuple[IntArray, npt.NDArray[np.int8], Columns]


def read(source: str | Path | bytes, *, max_bytes: int = MAX_BYTES, max_tiles: int = MAX_TILES) -> SkyMap:
    """Read a probability map of the sky.

    Multi-order FITS (UNIQ), flat FITS (NESTED or RING, PROB, PROBABILITY or PROBDENSITY, any vector width,
    explicit or implicit indexing), each plain or gzipped whatever its name, and likelihood scans (``.npz``).
    Flat maps become multi-order without loss: siblings merge only where they are equal.

    Parameters
    ----------
    source
        Path of a file, or its bytes.
    max_bytes
        Largest size in bytes, packed and unpacked.
    max_tiles
        Largest number of cells.

    Raises
    ------
    RegionError
        Where the bytes are no probability map; the message names the column or keyword.
    """
    data = source if isinstance(source, bytes | bytearray | memoryview) else _load(Path(source), max_bytes)
    data = bytes(data)
    if len(data) > max_bytes:
        raise TooLargeError(f"map of {len(data)} bytes is over the limit of {max_bytes}")
    sha256 = hashlib.sha256(data).hexdigest()
    if data[:4] == b"PK\x03\x04":
        lower, order, density, remarks = read_scan(data, max_bytes, max_tiles)
        _check_cells(lower.size, max_tiles)
        told: dict[str, Any] = {"sha256": sha256, "creator": "likelihood scan", "remarks": remarks}
        return SkyMap.from_cells(lower, order, density, NO_LAYERS, **told)
    table = fits.open_table(data, max_bytes)
    _check_frame(table.header)
    meta = _metadata(table.header) | {"sha256": sha256}
    if "UNIQ" in table.names():
        return _read_multi_order(table, max_tiles, meta)
    lower, order, columns = _read_flat(table)
    _check_cells(lower.size, max_tiles)
    return SkyMap.from_cells(lower, order, columns[0], columns[1:] or NO_LAYERS, **meta)


def _check_cells(n: int, max_tiles: int) -> None:
    if n > max_tiles:
        raise TooLargeError(f"map of {n} cells is over the limit of {max_tiles}")


def _load(path: Path, max_bytes: int) -> bytes:
    try:
        if (size := path.stat().st_size) > max_bytes:
            raise TooLargeError(f"{path}: map of {size} bytes is over the limit of {max_bytes}")
        return path.read_bytes()
    except OSError as error:
        raise RegionError(f"{path}: {error.strerror}") from error


def _check_frame(header: fits.Header) -> None:
    frame = str(header.get("COORDSYS") or "C").strip().upper()
    if frame not in ("C", "CEL", "CELESTIAL", "EQ", "EQUATORIAL", "ICRS", "Q"):
        raise RegionError(f"COORDSYS {frame!r} is not equatorial")


def _wanted(table: fits.Table) -> list[str]:
    """The probability column, then the distance columns if all three are there."""
    names = table.names()
    probability = next((name for name in PROBABILITY_COLUMNS if name in names), None)
    if probability is None:
        if names == ("UNIQ",):
            raise RegionError("a coverage map without probability: UNIQ is its only column")
        raise RegionError(f"no column {', '.join(PROBABILITY_COLUMNS)} among {', '.join(names)}")
    layers = [name for name in DISTANCE_COLUMNS if name in names]
    if layers and len(layers) < 3:
        raise RegionError(f"column {', '.join(layers)} without {', '.join(set(DISTANCE_COLUMNS) - set(layers))}")
    for name in (probability, *layers):
        if table.dtype[name].base.kind != "f":
            raise RegionError(f"column {name} does not hold real numbers")
    return [probability, *layers]


def _read_multi_order(table: fits.Table, max_tiles: int, meta: dict[str, Any]) -> SkyMap:
    wanted = _wanted(table)
    if table.dtype["UNIQ"].base.kind not in "iu":
        raise RegionError("column UNIQ does not hold whole numbers")
    if shaped := [name for name in ("UNIQ", *wanted) if table.dtype[name].shape]:
        raise RegionError(f"column {shaped[0]} of a multi-order map holds vectors")
    if not 1 <= table.n_rows <= max_tiles:
        raise RegionError(f"NAXIS2 {table.n_rows} is not 1 to {max_tiles} cells")
    rows = table.read(table.n_rows)
    words = fits.words(rows, table) if wanted[0] == "PROBDENSITY" else None
    if words is not None:
        names = table.names()
        asked = ("UNIQ", "PROBDENSITY", *DISTANCE_COLUMNS)
        places = tuple(names.index(name) if name in names else -1 for name in asked)
        if (found := from_words(words, places, meta)) is not None:
            return SkyMap(**(meta | found))
    uniq = fits.column(rows, table, "UNIQ").astype(np.int64, copy=False)
    lower, order = healpix.from_uniq(uniq)
    density, *layers = (fits.column(rows, table, name) for name in wanted)
    if wanted[0] != "PROBDENSITY":
        density = density / healpix.area_sr(order)
    return SkyMap.from_cells(lower, order, density, layers or NO_LAYERS, **meta)


def _read_flat(table: fits.Table) -> Cells:
    wanted = _wanted(table)
    n_kept, shape = len(wanted), table.dtype[wanted[0]].shape
    if any(table.dtype[name].shape != shape for name in wanted):
        raise RegionError(f"columns {', '.join(wanted)} differ in length of their vectors")
    per_row = int(np.prod(shape, dtype=np.int64))
    n_values = table.n_rows * per_row
    index = next((name for name in INDEX_COLUMNS if name in table.names()), None)
    explicit = str(table.header.get("INDXSCHM") or "").upper() == "EXPLICIT" or (
        index is not None and str(table.header.get("OBJECT") or "").upper() == "PARTIAL"
    )
    nside = _nside(table.header, None if explicit else n_values)
    order = nside.bit_length() - 1
    nested = _is_nested(table.header)
    if nside & (nside - 1):
        raise RegionError(f"NSIDE {nside} is not a power of 2")
    if explicit:
        return _read_explicit(table, wanted, index, order, nested)
    scale = None if wanted[0] == "PROBDENSITY" else n_values / (4.0 * np.pi)
    # columns that we do not keep still decide what merges, so that cells (and the order of ties) are ligo.skymap's
    wanted += [name for name in table.names() if name not in wanted and table.dtype[name].shape == shape]
    merger = Merger(order, len(wanted))
    parts = _read_rows(table, wanted, per_row, merger.block, scale)
    for part in parts if nested else _reordered(parts, nside, merger.block):
        merger.add(part)
    lower, orders, columns = merger.finish()
    return lower, orders, columns[:n_kept]


def _read_rows(
    table: fits.Table, wanted: list[str], per_row: int, block: int, scale: float | None
) -> Iterator[Columns]:
    """The wanted columns in blocks of ``block`` pixels, the first scaled to a density per sr.

    A single-precision column is scaled in single precision, as ligo.skymap does, so that answers are equal.
    """
    pending: Columns = []
    left = table.n_rows
    while left:
        n_rows = min(left, max(1, block // per_row))
        left -= n_rows
        rows = table.read(n_rows)
        columns = [fits.column(rows, table, name) for name in wanted]
        if scale is not None:
            with np.errstate(over="ignore"):  # what overflows is refused later, as any value that is not finite
                columns[0] *= scale
        pending = [np.concatenate(pair) for pair in zip(pending, columns, strict=True)] if pending else columns
        while pending and pending[0].size >= block:
            yield [values[:block] for values in pending]
            pending = [values[block:] for values in pending] if pending[0].size > block else []


def _reordered(parts: Iterator[Columns], nside: int, block: int) -> Iterator[Columns]:
    """A RING map's columns as NESTED blocks."""
    import healpy

    whole = [np.concatenate(column) for column in zip(*parts, strict=True)]
    for at in range(0, 12 * nside * nside, block):
        ring = healpy.nest2ring(nside, np.arange(at, at + block))
        yield [values[ring] for values in whole]


def _read_explicit(table: fits.Table, wanted: list[str], index: str | None, order: int, nested: bool) -> Cells:
    """A flat map that lists its pixels; the others are zero."""
    import healpy

    if index is None:
        raise RegionError(f"INDXSCHM EXPLICIT without a column {', '.join(INDEX_COLUMNS)}")
    rows = table.read(table.n_rows)
    pixel = fits.column(rows, table, index).astype(np.int64)
    n_pixels = 12 << (2 * order)
    if pixel.size and not (pixel.min() >= 0 and pixel.max() < n_pixels):
        raise RegionError(f"column {index} holds a pixel outside 0 to {n_pixels - 1}")
    if not nested:
        pixel = healpy.ring2nest(1 << order, pixel)
    columns = [fits.column(rows, table, name) for name in wanted]
    if wanted[0] != "PROBDENSITY":
        columns[0] = columns[0] * (n_pixels / (4.0 * np.pi))
    return pixel << (2 * (ORDER_MAX - order)), np.full(pixel.size, order, dtype=np.int8), columns


def _nside(header: fits.Header, n_values: int | None) -> int:
    """NSIDE, from the header or the number of values; the two must agree."""
    stated = header.get("NSIDE")
    if stated is not None and (not isinstance(stated, int) or not 1 <= stated <= 1 << ORDER_MAX):
        raise RegionError(f"NSIDE {stated!r} is not 1 to 2^{ORDER_MAX}")
    if n_values is None:
        if stated is None:
            raise RegionError("no keyword NSIDE")
        return int(stated)
    nside = math.isqrt(n_values // 12)
    if nside < 1 or 12 * nside * nside != n_values:
        raise RegionError(f"NAXIS2: {n_values} pixels are no whole HEALPix map")
    if stated is not None and stated != nside:
        raise RegionError(f"NSIDE {stated} but the rows hold {n_values} pixels, NSIDE {nside}")
    return nside


def _is_nested(header: fits.Header) -> bool:
    ordering = str(header.get("ORDERING") or "").strip().upper()
    if ordering not in ("NESTED", "NEST", "RING"):
        raise RegionError(f"ORDERING {ordering!r} is not NESTED or RING")
    return ordering != "RING"


def _metadata(header: fits.Header) -> dict[str, Any]:
    """Fields of a SkyMap from its header."""
    mean, std = header.get("DISTMEAN"), header.get("DISTSTD")
    known = all(isinstance(v, int | float) and math.isfinite(v) and v > 0 for v in (mean, std))
    name, creator = header.get("OBJECT"), header.get("CREATOR")
    instruments = str(header.get("INSTRUME") or "").replace(" ", "").split(",")
    return {
        "distance_mpc": (float(mean), float(std)) if known else None,
        "time": _time(header.get("DATE-OBS")) or _of_mjd(header.get("MJD-OBS")),
        "made": _time(header.get("DATE")),
        "creator": str(creator) if creator else None,
        "object_id": str(name) if name else None,
        "instruments": tuple(sorted(part for part in instruments if part)),
    }


def _of_mjd(value: Any) -> datetime | None:
    """MJD-OBS as an aware UTC time; None where there is none or it is no day."""
    try:
        return times.of_mjd(float(value))
    except (TypeError, ValueError, OverflowError):
        return None


def _time(text: Any) -> datetime | None:
    """DATE-OBS as an aware UTC time; None where there is none or it cannot be read."""
    try:
        return times.read(str(text), day_part=0.0)
    except ValueError:
        return None
