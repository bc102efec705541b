"""Tables in parts: only the columns that are wanted, some ten thousand rows at a time."""

from __future__ import annotations

import csv
import gzip
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError
from .presets import GLADE_PLUS

ROWS = 20_000
"""Rows of a part."""

Columns = dict[str, npt.NDArray[Any]]
"""The table's own column names to values of a part: numbers, or objects that are text or None."""

Parts = Callable[[Sequence[str]], Iterator[tuple[Columns, float]]]
"""Parts of the wanted columns, each with the share of the table that is done then, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table on disk."""

    names: list[str]
    parts: Parts


def open_table(path: Path) -> Table:
    """Open a table of any of the formats, and read the names of its columns.

    Raises
    ------
    ConfigError
        No such file, not a table, or one of another format than its name says.
    """
    if not path.is_file():
        raise ConfigError(f"no file {path}")
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    if suffix not in READERS:
        raise ConfigError(f"{path.name}: not a table we read; there are {', '.join(READERS)}")
    what, reader = READERS[suffix]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd units and old VOTables are common, and harmless here
            return reader(path)
    except (OSError, EOFError, ValueError, TypeError, ImportError, LookupError, SyntaxError) as error:
        raise ConfigError(f"{path.name}: cannot be read as {what}: {error}") from error


def _text(path: Path) -> IO[str]:
    return gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="")


def _share(path: Path, file: IO[str]) -> float:
    """How much of a text file was read."""
    under: Any = getattr(file, "buffer", file)
    raw = getattr(under, "fileobj", under)  # inside of gzip
    return min(1.0, float(raw.tell()) / max(1, path.stat().st_size))


def _csv(path: Path) -> Table:
    """Comma-separated, with a line of names; lines that begin with # before it are left out."""
    with _text(path) as file:
        names = next(csv.reader(_no_comments(file)), None)
    if not names:
        raise ConfigError(f"{path.name}: is empty: the first line must name the columns")

    def parts(wanted: Sequence[str]) -> Iterator[tuple[Columns, float]]:
        places = {name: names.index(name) for name in wanted}
        with _text(path) as file:
            lines = csv.reader(_no_comments(file))
            next(lines)
            for rows in _portions(lines):
                for row in rows:
                    if len(row) != len(names):
                        raise ConfigError(f"{path.name}: {len(row)} values for {len(names)} columns in {row!r:.80}")
                yield {name: _objects([row[i] for row in rows]) for name, i in places.items()}, _share(path, file)

    return Table(names=names, parts=parts)


def _no_comments(file: IO[str]) -> Iterator[str]:
    return (line for line in file if line.strip() and not line.startswith("#"))


def _portions(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    from itertools import islice

    while part := list(islice(rows, ROWS)):
        yield part


def _glade(path: Path) -> Table:
    """GLADE+ as it is distributed: values between spaces, ``null`` for none, no line of names."""
    with _text(path) as file:
        first = file.readline().split()
    if len(first) != len(GLADE_PLUS):
        raise ConfigError(
            f"{path.name}: {len(first)} values in its first line, GLADE+ has {len(GLADE_PLUS)}; "
            "a table of your own needs a line of names, and commas (.csv)"
        )

    def parts(wanted: Sequence[str]) -> Iterator[tuple[Columns, float]]:
        places = {name: GLADE_PLUS.index(name) for name in wanted}
        with _text(path) as file:
            for rows in _portions(line.split() for line in file):
                try:
                    columns = {name: _objects([row[i] for row in rows]) for name, i in places.items()}
                except IndexError:
                    short = next(row for row in rows if len(row) < len(GLADE_PLUS))
                    raise ConfigError(f"{path.name}: a line of {len(short)} values: {' '.join(short):.80}") from None
                yield columns, _share(path, file)

    return Table(names=list(GLADE_PLUS), parts=parts)


def _fits(path: Path) -> Table:
    """The first binary table of a FITS file, mapped into memory and read row by row."""
    from astropy.io import fits

    with fits.open(path) as hdus:
        place = next((i for i, hdu in enumerate(hdus) if isinstance(hdu, fits.BinTableHDU)), None)
        if place is None:
            raise ConfigError(f"{path.name}: has no binary table")
        names = list(hdus[place].columns.names)

    def parts(wanted: Sequence[str]) -> Iterator[tuple[Columns, float]]:
        with fits.open(path, memmap=path.suffix != ".gz") as hdus:
            data, null = hdus[place].data, {c.name: c.null for c in hdus[place].columns}
            for start in range(0, len(data), ROWS):
                some = data[start : start + ROWS]
                yield (
                    {name: _plain(np.array(some[name]), null[name]) for name in wanted},
                    min(1.0, (start + ROWS) / len(data)),
                )

    return Table(names=names, parts=parts)


def _plain(values: npt.NDArray[Any], null: Any = None) -> npt.NDArray[Any]:
    """Values of this machine's byte order, texts as objects, integers that mean nothing as NaN."""
    if values.dtype.kind in "SU":
        return _objects(values.astype(str).tolist())
    values = values.astype(values.dtype.newbyteorder("="))
    if null is None or values.dtype.kind not in "iu":
        return values
    return np.where(values == null, np.nan, values)


def _parquet(path: Path) -> Table:
    """Parquet by pyarrow; numbers, logicals and texts, nothing nested."""
    import pyarrow
    from pyarrow import parquet, types

    file = parquet.ParquetFile(path)
    simple = (types.is_integer, types.is_floating, types.is_boolean, types.is_string, types.is_large_string)
    names = [field.name for field in file.schema_arrow if any(test(field.type) for test in simple)]

    def parts(wanted: Sequence[str]) -> Iterator[tuple[Columns, float]]:
        done, total = 0, max(1, file.metadata.num_rows)
        for batch in file.iter_batches(batch_size=ROWS, columns=list(wanted)):
            columns = {}
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                number = pyarrow.types.is_integer(column.type) or pyarrow.types.is_floating(column.type)
                values = column.to_numpy(zero_copy_only=False) if number else _objects(column.to_pylist())
                columns[name] = values
            done += batch.num_rows
            yield columns, done / total

    return Table(names=names, parts=parts)


def _whole(what: str) -> Callable[[Path], Table]:
    """Formats that astropy reads whole: memory grows with the file."""

    def reader(path: Path) -> Table:
        from astropy.table import Table as AstropyTable

        table = AstropyTable.read(path, format=what)

        def parts(wanted: Sequence[str]) -> Iterator[tuple[Columns, float]]:
            for start in range(0, len(table), ROWS):
                some = table[start : start + ROWS]
                yield {name: _filled(some[name]) for name in wanted}, min(1.0, (start + ROWS) / len(table))

        return Table(names=list(table.colnames), parts=parts)

    return reader


def _filled(column: Any) -> npt.NDArray[Any]:
    masked = np.ma.asarray(column)
    mask = np.ma.getmaskarray(masked)
    if masked.dtype.kind in "iuf":
        return np.asarray(np.ma.filled(masked.astype(np.float64), np.nan))
    return _objects([None if m else v for v, m in zip(np.asarray(masked).tolist(), mask.tolist(), strict=True)])


def _objects(values: list[Any]) -> npt.NDArray[Any]:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


READERS: dict[str, tuple[str, Callable[[Path], Table]]] = {
    ".fits": ("fits", _fits),
    ".fit": ("fits", _fits),
    ".csv": ("csv", _csv),
    ".ecsv": ("ecsv", _whole("ascii.ecsv")),
    ".vot": ("votable", _whole("votable")),
    ".xml": ("votable", _whole("votable")),
    ".parquet": ("parquet", _parquet),
    ".txt": ("GLADE+", _glade),
}
