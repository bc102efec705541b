"""Galaxy catalogues that a user imported: any size, in parts, and found by position in a few lookups.

A galaxy can be the host of what is seen within 60 kpc (or 5 half-light radii) of it. Near ones are therefore filed
under large cells of the sky and far ones under small cells, so that a look-up of a position reads a few galaxies and
not the thousands around it. A cell is a UNIQ number, which names its size with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import ARRAY, BigInteger, Connection, String, bindparam, delete, func, select, update

from coincidence.completeness import Catalog, Completeness
from coincidence.counts import HALF_LIGHT
from coincidence.host_prior import nearby_per_mpc3
from coincidence.hosts import LIGHT_RADII, Galaxies
from skymaps import FloatArray, IntArray, healpix
from skymaps.region import SKY_DEG2

from . import tables
from .bulk import Row, as_json, floats, insert_new, nullable
from .database import Store

ORDERS = (7, 9, 11)
"""Cells of 27, 6.9 and 1.7 arcmin. With its neighbours a cell reaches at least half its own size farther."""

REACH_ARCMIN = (15.0, 3.75, 0.9375)
"""Farthest that a galaxy filed under cells of each order can be from what it hosts."""

REACH_KPC = 60.0
EDGES = 10.0 ** (-2.0 + np.arange(417) / 64.0)
"""Distances in Mpc at which the galaxies nearer are counted: 4 % apart, 10 kpc to 31 Gpc."""

AT_ONCE = 20_000
"""Galaxies deleted in one go."""

CELLS = 20_000
"""Cells asked for in one statement; 500 alerts have 13,500."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Galaxies of a catalogue as they go by."""

    counts: IntArray = field(default_factory=lambda: np.zeros(len(EDGES), dtype=np.int64))
    """Galaxies as near as each of EDGES, or nearer."""

    galaxies: int = 0
    nearest_mpc: float = np.inf
    farthest_mpc: float = -np.inf

    def plus(self, mpc: FloatArray) -> Tally:
        """With more galaxies at these distances, NaN unknown."""
        known = np.sort(mpc[np.isfinite(mpc)])
        return Tally(
            counts=self.counts + np.searchsorted(known, EDGES, side="right"),
            galaxies=self.galaxies + len(mpc),
            nearest_mpc=min(self.nearest_mpc, float(known[0])) if len(known) else self.nearest_mpc,
            farthest_mpc=max(self.farthest_mpc, float(known[-1])) if len(known) else self.farthest_mpc,
        )


def nearer(counts: IntArray, mpc: FloatArray) -> FloatArray:
    """Galaxies of a catalogue that are as near or nearer, between counts at EDGES."""
    logs = np.interp(np.log(np.clip(mpc, EDGES[0], EDGES[-1])), np.log(EDGES), np.log(np.maximum(counts, 0.5)))
    return np.asarray(np.maximum(np.exp(logs), 1.0), dtype=np.float64)


def nearer_per_deg2(counts: IntArray, mpc: FloatArray) -> FloatArray:
    """The same, per square degree of sky."""
    return nearer(counts, mpc) / SKY_DEG2


def cells(ra: FloatArray, dec: FloatArray, mpc: FloatArray, semi_major_arcsec: FloatArray) -> IntArray:
    """Cell that each galaxy is filed under. Shape (n,)."""
    by_size = LIGHT_RADII * HALF_LIGHT * np.nan_to_num(semi_major_arcsec) / 60.0
    with np.errstate(divide="ignore"):
        by_distance = np.degrees(REACH_KPC / 1e3 / np.nan_to_num(mpc, nan=np.inf)) * 60.0
    reach = np.maximum(by_size, by_distance)
    out = np.empty(len(ra), dtype=np.int64)
    tier = np.where(reach > REACH_ARCMIN[1], 0, np.where(reach > REACH_ARCMIN[2], 1, 2))
    for i, order in enumerate(ORDERS):
        rows = tier == i
        out[rows] = healpix.pixel_at(ra[rows], dec[rows], order) + (4 << (2 * order))
    return out


def load(store: Store, catalog: Catalog, parts: Iterator[Galaxies], *, is_agn: bool = False) -> int:
    """Store a catalogue part by part, in place of an earlier one of its name; how many galaxies.

    Each part is a transaction of its own, so that a large catalogue holds up nobody, and none of it is looked at before
    all of it is there. What an import that was broken off left behind goes with the next one of that name.
    """
    tally = Tally()
    with store.begin() as connection:
        earlier = _ids(connection, catalog.name)
        record = register(connection, catalog, is_agn=is_agn)
    for part in parts:
        with store.begin() as connection:
            add(connection, record, part)
        tally = tally.plus(part.distance_mpc)
    with store.begin() as connection:
        finish(connection, record, tally)
        connection.execute(update(tables.catalogs).where(tables.catalogs.c.id.in_(earlier)).values(ready=False))
    for old in earlier:
        forget(store, old)
    return tally.galaxies


def replace(connection: Connection, name: str, galaxies: Galaxies) -> None:
    """Store a small catalogue in place of an earlier one of its name, in one transaction."""
    remove(connection, name)
    catalog = next((c for c in galaxies.catalogs if c.name == name), Catalog(name=name))
    record = register(connection, catalog)
    add(connection, record, galaxies)
    finish(connection, record, Tally().plus(galaxies.distance_mpc))


def register(connection: Connection, catalog: Catalog, *, is_agn: bool = False) -> int:
    """A catalogue that is being imported; its number."""
    values = {
        "name": catalog.name,
        "ready": False,
        "priority": catalog.priority,
        "completeness": str(catalog.completeness),
        "dec_min": catalog.dec_min,
        "dec_max": catalog.dec_max,
        "is_agn": is_agn,
        "galaxies": 0,
        "counts": [],
    }
    return int(connection.execute(tables.catalogs.insert().values(values)).inserted_primary_key[0])  # type: ignore[index]


def add(connection: Connection, record: int, galaxies: Galaxies) -> None:
    """Add galaxies to a catalogue that is being imported."""
    g = galaxies
    cell = cells(g.ra, g.dec, g.distance_mpc, g.semi_major_arcsec)
    g = g.take(order := np.argsort(cell, kind="stable"))  # neighbours in the index are written together
    columns = {name: nullable(getattr(g, name)) for name in STORED}
    insert_new(connection, tables.galaxies, {"catalog": [record] * len(g), "cell": cell[order].tolist()} | columns)


STORED = ("name", "ra", "dec", "distance_mpc", "distance_error_mpc", "kind", "mag", "band", "semi_major_arcsec",
          "axis_ratio", "position_angle_deg", "is_agn")  # fmt: skip


def finish(connection: Connection, record: int, tally: Tally) -> None:
    """The catalogue is whole: look-ups find it from now on."""
    known = np.isfinite(tally.nearest_mpc)
    values = {
        "ready": True,
        "galaxies": tally.galaxies,
        "nearest_mpc": tally.nearest_mpc if known else None,
        "farthest_mpc": tally.farthest_mpc if known else None,
        "counts": tally.counts.tolist(),
    }
    connection.execute(update(tables.catalogs).where(tables.catalogs.c.id == record).values(values))
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("ANALYZE galaxies")  # else it would read the whole table and not its index


def near(connection: Connection, ra: FloatArray, dec: FloatArray) -> Galaxies:
    """Galaxies that can host something at any of the positions, and the catalogues that were looked into. Shapes (n,).

    All within 60 kpc in projection or 5 half-light radii, as far as 15 arcmin; and AGN within 56 arcsec. Some others.
    """
    records = _ready(connection) if len(ra) else {}
    if not records:
        return Galaxies.empty()
    catalogs = tuple(_catalog(row) for row in records.values())
    wanted = np.concatenate([_with_neighbours(ra, dec, order) for order in ORDERS])
    g = tables.galaxies.c
    names = ("catalog", *STORED)
    found: list[Any] = []
    for start in range(0, len(wanted), CELLS):
        inside = _any_of(connection, g.cell, wanted[start : start + CELLS])
        found += connection.execute(select(*(g[name] for name in names)).where(inside)).all()
    found = [row for row in found if row[0] in records]
    if not found:
        return Galaxies.empty(catalogs)
    return _galaxies(dict(zip(names, zip(*found, strict=True), strict=True)), records, catalogs)


def _ready(connection: Connection) -> dict[int, Row]:
    c = tables.catalogs
    rows = connection.execute(select(c).where(c.c.ready).order_by(c.c.priority, c.c.id)).mappings()
    return {row["id"]: dict(row) for row in rows}


def _catalog(row: Row) -> Catalog:
    return Catalog(
        name=row["name"],
        priority=row["priority"],
        completeness=Completeness() if row["is_agn"] else Completeness.parse(row["completeness"]),
        dec_min=row["dec_min"],
        dec_max=row["dec_max"],
    )


def _with_neighbours(ra: FloatArray, dec: FloatArray, order: int) -> IntArray:
    import healpy

    pixels = np.unique(healpix.pixel_at(ra, dec, order))
    around = healpy.get_all_neighbours(1 << order, pixels, nest=True)
    found = np.unique(np.concatenate([pixels, around.ravel()]))
    return np.asarray(found[found >= 0] + (4 << (2 * order)), dtype=np.int64)


def _any_of(connection: Connection, column: Any, values: IntArray) -> Any:
    """A condition: an integer column is one of many values, which go as one parameter."""
    if connection.dialect.name == "postgresql":
        return column == func.any(bindparam("among", values.tolist(), ARRAY(BigInteger)))
    each = func.json_each(bindparam("among", as_json(values.tolist()), String)).table_valued("value")
    return column.in_(select(each.c.value))


def _galaxies(columns: dict[str, Sequence[Any]], records: dict[int, Row], catalogs: tuple[Catalog, ...]) -> Galaxies:
    """Galaxies of rows from the table, with how many of their catalogue are as near."""
    read: dict[str, Any] = {}
    for name in STORED:
        text = name in ("name", "kind", "band", "is_agn")
        read[name] = _objects(columns[name]) if text else floats(columns[name])
    owner = np.array(columns["catalog"], dtype=np.int64)
    density, thick = (np.full(len(owner), np.nan) for _ in range(2))
    for record, row in records.items():
        rows, counts = owner == record, np.array(row["counts"])
        mpc = read["distance_mpc"][rows]
        density[rows] = nearer_per_deg2(counts, mpc)
        thick[rows] = nearby_per_mpc3(mpc, partial(nearer, counts), row["farthest_mpc"] or np.inf)
    names = _objects([records[i]["name"] for i in columns["catalog"]])
    return Galaxies(catalog=names, density_deg2=density, per_mpc3=thick, catalogs=catalogs, **read)


def _objects(values: Sequence[Any]) -> Any:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def listing(connection: Connection) -> list[Row]:
    """Catalogues with their size, reach and completeness."""
    shown = ("name", "galaxies", "nearest_mpc", "farthest_mpc", "priority", "completeness", "is_agn")
    rows = sorted(_ready(connection).values(), key=lambda row: str(row["name"]))
    return [{"catalog" if name == "name" else name: row[name] for name in shown} for row in rows]


def next_priority(connection: Connection) -> int:
    """The number after the largest: catalogues come in the order of their import."""
    found = connection.execute(select(func.max(tables.catalogs.c.priority))).scalar()
    return 0 if found is None else int(found) + 1


def remove(connection: Connection, name: str) -> int:
    """Delete a catalogue in one transaction; how many galaxies went."""
    ids = _ids(connection, name)
    connection.execute(delete(tables.catalogs).where(tables.catalogs.c.id.in_(ids)))
    return int(connection.execute(delete(tables.galaxies).where(tables.galaxies.c.catalog.in_(ids))).rowcount)


def forget(store: Store, record: int) -> None:
    """Delete a catalogue that nobody looks at any more, a part at a time."""
    g, c = tables.galaxies, tables.catalogs
    with store.read() as connection:
        first, last = connection.execute(select(func.min(g.c.id), func.max(g.c.id)).where(g.c.catalog == record)).one()
    for start in range(first, last + 1, AT_ONCE) if first is not None else ():
        with store.begin() as connection:
            within = g.c.id.between(start, start + AT_ONCE - 1)
            connection.execute(delete(g).where(within, g.c.catalog == record))
    with store.begin() as connection:
        connection.execute(delete(c).where(c.c.id == record))


def _ids(connection: Connection, name: str) -> list[int]:
    return list(connection.execute(select(tables.catalogs.c.id).where(tables.catalogs.c.name == name)).scalars())


def has_agn(connection: Connection) -> bool:
    """Whether a catalogue of active nuclei was imported: then where it has none is known too."""
    c = tables.catalogs.c
    return connection.execute(select(c.name).where(c.is_agn).limit(1)).first() is not None
