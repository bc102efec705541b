"""Galaxy catalogues from the tables that people have, read in parts: memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from coincidence.completeness import Catalog, Completeness
from coincidence.hosts import Galaxies

from ..errors import ConfigError
from .convert import Converter, nearer_per_deg2, per_mpc3
from .presets import Preset, recognise
from .tables import Table, open_table


@dataclass(slots=True, kw_only=True)
class Import:
    """A catalogue that is being read; ``left_out`` grows while ``parts`` is gone through."""

    catalog: Catalog
    preset: Preset | None
    """The known catalogue that it was recognised as."""

    is_agn: bool
    table: Table
    converter: Converter
    left_out: int = 0
    """Rows without a position or a distance."""

    def parts(self, progress: Callable[[float], None] = lambda _: None) -> Iterator[Galaxies]:
        """The galaxies, some ten thousand at a time; ``progress`` is told the share that is done, 0 to 1."""
        for columns, done in self.table.parts(self.converter.wanted):
            galaxies, left_out = self.converter.galaxies(columns, self.catalog.name)
            self.left_out += left_out
            progress(done)
            if len(galaxies):
                yield galaxies


def begin(
    path: Path,
    name: str,
    columns: Mapping[str, str] | None = None,
    *,
    completeness: str | None = None,
    priority: int = 0,
    dec: tuple[float, float] = (-90.0, 90.0),
    band: str | None = None,
    is_agn: bool = False,
) -> Import:
    """Open a table and find out what its columns mean.

    Parameters
    ----------
    path
        FITS, CSV, ECSV, VOTable, Parquet, or GLADE+ as it is distributed.
    name
        What the catalogue is called.
    columns
        Our column name to the table's, where the usual names do not fit.
    completeness
        ``MPC:FRACTION,...``; None takes that of the known catalogue, or none at all.
    dec
        Southern and northern end of its footprint, degrees.
    band
        Band of its magnitudes, where no column tells.
    is_agn
        Its rows are active nuclei: they need no distance, and are no hosts.

    Raises
    ------
    ConfigError
        A file that cannot be read, or that lacks a column; the message names both.
    """
    table = open_table(path)
    preset = recognise(table.names)
    if completeness is None:
        completeness = preset.completeness if preset and not is_agn else ""
    try:
        curve = Completeness.parse(completeness)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    converter = Converter.of(path, table.names, columns or {}, preset, band=band, is_agn=is_agn)
    catalog = Catalog(name=name, priority=priority, completeness=curve, dec_min=dec[0], dec_max=dec[1])
    return Import(catalog=catalog, preset=preset, is_agn=is_agn, table=table, converter=converter)


def read(path: Path, name: str, columns: Mapping[str, str] | None = None) -> tuple[Galaxies, int]:
    """All galaxies of a table at once, and how many rows were left out for want of a position or distance."""
    from dataclasses import replace

    found = begin(path, name, columns)
    galaxies = Galaxies.concatenate(list(found.parts()))
    mpc = galaxies.distance_mpc
    density, thick = nearer_per_deg2(mpc), per_mpc3(mpc)
    return replace(galaxies, density_deg2=density, per_mpc3=thick, catalogs=(found.catalog,)), found.left_out
