"""Galaxies that a user imported, found by position without loading them all."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, func, select

from coincidence.hosts import Galaxies
from skymaps import FloatArray, IntArray, healpix

from . import tables
from .bulk import Row, floats, within

ORDER = 7
"""Galaxies are looked up by cells of 27 arcmin and their neighbours."""

SHIFT = 2 * (29 - ORDER)
RANGES = 300


def replace(connection: Connection, catalog: str, galaxies: Galaxies) -> None:
    """Store a catalogue in place of an earlier one of its name."""
    g = tables.galaxies
    connection.execute(delete(g).where(g.c.catalog == catalog))
    columns = {
        "name": list(galaxies.name),
        "hpx": healpix.pixel_at(galaxies.ra, galaxies.dec).tolist(),
        "ra": galaxies.ra.tolist(),
        "dec": galaxies.dec.tolist(),
        "distance_mpc": galaxies.distance_mpc.tolist(),
        "distance_error_mpc": [v if np.isfinite(v) else None for v in galaxies.distance_error_mpc.tolist()],
        "kind": list(galaxies.kind),
        "density_deg2": galaxies.density_deg2.tolist(),
    }
    names = list(columns)
    rows = [dict(zip(names, row, strict=True)) | {"catalog": catalog} for row in zip(*columns.values(), strict=True)]
    if rows:
        connection.execute(g.insert(), rows)


def near(connection: Connection, ra: FloatArray, dec: FloatArray) -> Galaxies:
    """Galaxies within at least 15 arcmin of any of the positions. Shapes (n,)."""
    if not len(ra) or connection.execute(select(tables.galaxies.c.id).limit(1)).first() is None:
        return Galaxies.empty()
    cells = _with_neighbours(ra, dec)
    g = tables.galaxies
    found: list[Any] = []
    for start in range(0, len(cells), RANGES):
        inside = within(cells[start : start + RANGES] << SHIFT, (cells[start : start + RANGES] + 1) << SHIFT)
        found += connection.execute(select(g).where(inside)).mappings()
    return _galaxies(found)


def _with_neighbours(ra: FloatArray, dec: FloatArray) -> IntArray:
    import healpy

    pixels = np.unique(healpix.pixel_at(ra, dec, ORDER))
    around = healpy.get_all_neighbours(1 << ORDER, pixels, nest=True)
    cells = np.unique(np.concatenate([pixels, around.ravel()]))
    return np.asarray(cells[cells >= 0], dtype=np.int64)


def _galaxies(rows: list[Any]) -> Galaxies:
    def text(name: str) -> Any:
        column = np.empty(len(rows), dtype=object)
        column[:] = [row[name] for row in rows]
        return column

    return Galaxies(
        name=text("name"),
        catalog=text("catalog"),
        ra=floats(row["ra"] for row in rows),
        dec=floats(row["dec"] for row in rows),
        distance_mpc=floats(row["distance_mpc"] for row in rows),
        distance_error_mpc=floats(row["distance_error_mpc"] for row in rows),
        kind=text("kind"),
        density_deg2=floats(row["density_deg2"] for row in rows),
    )


def listing(connection: Connection) -> list[Row]:
    """Catalogues with their size and reach."""
    g = tables.galaxies.c
    statement = select(
        g.catalog,
        func.count().label("galaxies"),
        func.min(g.distance_mpc).label("nearest_mpc"),
        func.max(g.distance_mpc).label("farthest_mpc"),
    ).group_by(g.catalog)
    return [dict(row) for row in connection.execute(statement.order_by(g.catalog)).mappings()]


def remove(connection: Connection, catalog: str) -> int:
    """Delete a catalogue; how many galaxies went."""
    g = tables.galaxies
    return int(connection.execute(delete(g).where(g.c.catalog == catalog)).rowcount)
