"""Galaxy catalogues from the tables that people have."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coincidence.hosts import Galaxies
from skymaps import FloatArray, cosmology
from skymaps.region import SKY_DEG2

from .errors import ConfigError

NAMES: dict[str, tuple[str, ...]] = {
    "name": ("name", "objname", "galaxy", "id", "pgc", "glade_no", "gladename", "objid"),
    "ra": ("ra", "raj2000", "ra_deg", "_raj2000", "sourceracdeg"),
    "dec": ("dec", "dej2000", "decj2000", "dec_deg", "de", "_dej2000"),
    "distance_mpc": ("distance_mpc", "bestdist", "distmpc", "dist", "d_l", "d", "distance"),
    "distance_error_mpc": (
        "distance_error_mpc",
        "bestdist_error",
        "e_dist",
        "dist_err",
        "distmpc_unc",
        "e_d",
    ),
    "redshift": ("redshift", "z", "zcmb", "z_cmb", "zhelio"),
    "redshift_error": ("redshift_error", "e_z", "z_err", "z_unc"),
    "kind": ("kind", "z_type", "dist_type", "distmpc_method"),
}
"""Our columns and the names that catalogues give them, in lower case: 50MGC, GLADE+, NED-LVS, HECATE, CLU."""

READERS = {
    ".fits": "fits",
    ".fit": "fits",
    ".csv": "ascii.csv",
    ".ecsv": "ascii.ecsv",
    ".vot": "votable",
    ".xml": "votable",
    ".parquet": "parquet",
}


def read(path: Path, name: str, columns: Mapping[str, str]) -> tuple[Galaxies, int]:
    """Galaxies of a table, and how many rows were left out for want of a position or distance.

    Parameters
    ----------
    path
        FITS, CSV, ECSV, VOTable or Parquet.
    name
        What the catalogue is called.
    columns
        Our column name to the table's, where the usual names do not fit.

    Raises
    ------
    ConfigError
        A file that cannot be read, or that lacks a column; the message names both.
    """
    table = _table(path)
    found = _columns(table, columns, path)
    ra = _degrees(table, found["ra"], "hourangle", path)
    dec = _degrees(table, found["dec"], "deg", path)
    mpc, error, kind = _distances(table, found, path)
    good = np.isfinite(ra) & np.isfinite(dec) & (np.abs(dec) <= 90) & np.isfinite(mpc) & (mpc > 0)
    names = _names(table, found.get("name"))
    galaxies = Galaxies(
        name=names[good],
        catalog=np.full(int(good.sum()), name, dtype=object),
        ra=ra[good] % 360.0,
        dec=dec[good],
        distance_mpc=mpc[good],
        distance_error_mpc=error[good],
        kind=kind[good],
        density_deg2=nearer_per_deg2(mpc[good]),
    )
    return galaxies, int((~good).sum())


def nearer_per_deg2(mpc: FloatArray) -> FloatArray:
    """For each galaxy, those of the catalogue that are as near or nearer, per square degree of the sky."""
    rank = np.searchsorted(np.sort(mpc), mpc, side="right")
    return np.asarray(rank / SKY_DEG2, dtype=np.float64)


def _table(path: Path) -> Any:
    from astropy.table import Table

    if not path.is_file():
        raise ConfigError(f"no file {path}")
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    if suffix not in READERS:
        raise ConfigError(f"{path.name}: not a table we read; there are {', '.join(READERS)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd units and old VOTables are common, and harmless here
            return _parquet(path) if suffix == ".parquet" else Table.read(path, format=READERS[suffix])
    except (OSError, ValueError, TypeError, ImportError, LookupError, SyntaxError) as error:
        raise ConfigError(f"{path.name}: cannot be read as {READERS[suffix]}: {error}") from error


def _parquet(path: Path) -> Any:
    """Parquet by pyarrow alone; astropy's own reader asks for pandas. Numbers and text, nothing nested."""
    import pyarrow
    from astropy.table import MaskedColumn, Table
    from pyarrow import parquet

    table = Table()
    for field, column in zip((source := parquet.read_table(path)).schema, source.columns, strict=True):
        if pyarrow.types.is_integer(field.type) or pyarrow.types.is_floating(field.type):
            table[field.name] = column.to_numpy()
        elif pyarrow.types.is_string(field.type) or pyarrow.types.is_large_string(field.type):
            values = column.to_pylist()
            table[field.name] = MaskedColumn([v or "" for v in values], mask=[v is None for v in values], dtype=str)
    return table


def _columns(table: Any, columns: Mapping[str, str], path: Path) -> dict[str, str]:
    """Our column names to the table's own."""
    own = {name.lower(): name for name in table.colnames}
    found = {}
    for ours, usual in NAMES.items():
        wanted = (columns[ours].lower(),) if ours in columns else usual
        match = next((own[name] for name in wanted if name in own), None)
        if match is not None:
            found[ours] = match
        elif ours in columns:
            raise ConfigError(f"{path.name}: no column {columns[ours]!r}; there are {', '.join(table.colnames)}")
    lacking = [name for name in ("ra", "dec") if name not in found]
    if "distance_mpc" not in found and "redshift" not in found:
        lacking.append("distance_mpc (or redshift)")
    if lacking:
        raise ConfigError(
            f"{path.name}: no column for {', '.join(lacking)}; name it with --column OURS=THEIRS, "
            f"there are {', '.join(table.colnames)}"
        )
    return found


def _names(table: Any, column: str | None) -> Any:
    """Names of the galaxies; None where there is none."""
    if column is None:
        return np.full(len(table), None, dtype=object)
    known = ~np.ma.getmaskarray(np.ma.asarray(table[column]))
    return np.array([str(v) if k else None for v, k in zip(table[column], known, strict=True)], dtype=object)


def _numbers(table: Any, name: str, path: Path) -> FloatArray:
    column = np.ma.asarray(table[name])
    try:
        return np.asarray(np.ma.filled(column.astype(np.float64), np.nan), dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{path.name}: column {name!r}: {error}") from error


def _degrees(table: Any, name: str, unit: str, path: Path) -> FloatArray:
    """A position column in degrees; text is taken for sexagesimal (hours for right ascension)."""
    if table[name].dtype.kind in "US":
        from astropy.coordinates import Angle

        try:
            return np.asarray(Angle([str(v) for v in table[name]], unit=unit).deg, dtype=np.float64)
        except ValueError as error:
            raise ConfigError(f"{path.name}: column {name!r}: {error}") from error
    return _numbers(table, name, path)


def _distances(table: Any, found: Mapping[str, str], path: Path) -> tuple[FloatArray, FloatArray, Any]:
    """Distance, its error and how it was got; from the redshift where there is no distance."""

    def column(ours: str) -> FloatArray:
        return _numbers(table, found[ours], path) if ours in found else np.full(len(table), np.nan)

    mpc, error = column("distance_mpc").copy(), column("distance_error_mpc").copy()
    z, error_z = column("redshift"), column("redshift_error")
    by_z = ~np.isfinite(mpc) & np.isfinite(z) & (z > 0)
    mpc[by_z] = cosmology.distance_mpc(z[by_z])
    slope = (cosmology.distance_mpc(z[by_z] + 1e-4) - mpc[by_z]) / 1e-4
    error[by_z] = slope * np.nan_to_num(error_z[by_z])
    kind = np.where(by_z, "spec", "indep").astype(object)
    if "kind" in found:
        told = np.array([str(v).lower() for v in table[found["kind"]]], dtype=object)
        photo = np.array(["phot" in t for t in told], dtype=np.bool_)
        spec = np.array(["spec" in t or t == "redshift" for t in told], dtype=np.bool_)
        kind[photo], kind[spec] = "photo", "spec"
    return mpc, error, kind
