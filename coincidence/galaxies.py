"""Galaxies as columns, and how entries of several catalogues become one galaxy."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray, IntArray

from .alert import StrArray
from .completeness import Catalog

SAME_ARCSEC = 2.0
"""Entries of two catalogues this close, at the same distance, are one galaxy."""

SAME_SIZE = 0.25
"""... and so they are within this part of the smaller one's semi-major axis: centres of large galaxies are vague."""

SAME_SIZE_MAX_ARCSEC = 60.0
SAME_SIGMA = 4.0
"""Distances that differ by less than this many errors are the same."""

PECULIAR_MPC = 4.4
"""Least error in that comparison: 300 km/s of peculiar velocity."""


def _unknown() -> FloatArray:
    return np.empty(0)


def _untold() -> StrArray:
    return np.empty(0, dtype=object)


@dataclass(frozen=True, slots=True, kw_only=True)
class Galaxies:
    """Galaxies as columns, each of shape (n,). NaN is unknown; columns that are not given are unknown throughout."""

    name: StrArray
    catalog: StrArray
    ra: FloatArray
    dec: FloatArray
    distance_mpc: FloatArray
    """Luminosity distance; NaN only for an AGN."""

    distance_error_mpc: FloatArray
    kind: StrArray
    """How the distance was got: ``spec``, ``photo`` or ``indep`` (redshift-independent). ``agn``: an active nucleus
    of a catalogue of such, not a galaxy that could be a host."""

    density_deg2: FloatArray
    """Galaxies of its catalogue that are as near or nearer, per square degree of sky."""

    per_mpc3: FloatArray = field(default_factory=_unknown)
    """Galaxies of its catalogue per comoving cubic megaparsec at about its distance."""

    mag: FloatArray = field(default_factory=_unknown)
    """Apparent total magnitude in ``band``."""

    band: StrArray = field(default_factory=_untold)
    """Band of the magnitude, None unknown: a key of ``chance.TO_R``."""

    semi_major_arcsec: FloatArray = field(default_factory=_unknown)
    """Isophotal semi-major axis, at about 25 mag per square arcsecond."""

    axis_ratio: FloatArray = field(default_factory=_unknown)
    """Minor over major axis, 0 to 1."""

    position_angle_deg: FloatArray = field(default_factory=_unknown)
    """Of the major axis, from north through east."""

    is_agn: StrArray = field(default_factory=_untold)
    """Whether its nucleus is active: True, False, or None where the catalogue does not tell."""

    catalogs: tuple[Catalog, ...] = ()
    """The catalogues that were looked into, whether they hold one of these galaxies or not."""

    def __post_init__(self) -> None:
        for name in OPTIONAL:
            column = getattr(self, name)
            if len(column) == 0 and len(self.ra):
                nothing = None if column.dtype == object else np.nan
                object.__setattr__(self, name, np.full(len(self.ra), nothing, dtype=column.dtype))

    def __len__(self) -> int:
        return len(self.ra)

    def take(self, rows: IntArray | npt.NDArray[np.bool_]) -> Galaxies:
        """Chosen rows."""
        columns = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "catalogs"}
        return Galaxies(**columns, catalogs=self.catalogs)

    @classmethod
    def empty(cls, catalogs: tuple[Catalog, ...] = ()) -> Galaxies:
        """No galaxies."""
        columns: dict[str, Any] = {name: np.empty(0, dtype=object) for name in ("name", "catalog", "kind")}
        for name in ("ra", "dec", "distance_mpc", "distance_error_mpc", "density_deg2"):
            columns[name] = np.empty(0)
        return cls(**columns, catalogs=catalogs)

    @classmethod
    def concatenate(cls, parts: list[Galaxies]) -> Galaxies:
        """Galaxies one after another; the catalogues of all."""
        if not parts:
            return cls.empty()
        names = [f.name for f in fields(cls) if f.name != "catalogs"]
        columns = {name: np.concatenate([getattr(p, name) for p in parts]) for name in names}
        catalogs = dict.fromkeys(c for p in parts for c in p.catalogs)
        return cls(**columns, catalogs=tuple(catalogs))


OPTIONAL = ("per_mpc3", "mag", "band", "semi_major_arcsec", "axis_ratio", "position_angle_deg", "is_agn")


def merged(galaxies: Galaxies) -> Galaxies:
    """One row a galaxy, where several catalogues have the same one; whatever the order of the rows.

    Entries of different catalogues within 2 arcsec (or a quarter of their semi-major axis) and at the same distance
    are one. A distance that is not photometric comes first, then the catalogue of the smaller priority number; what
    that entry does not know (a magnitude, a shape) is taken from the next.
    """
    first, second = _same(galaxies)
    if not len(first):
        return galaxies
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = len(galaxies)
    group = connected_components(coo_matrix((np.ones(len(first)), (first, second)), shape=(n, n)), directed=False)[1]
    order = np.lexsort((*_ranks(galaxies), group))
    best = order[np.unique(group[order], return_index=True)[1]]
    columns = {f.name: getattr(galaxies, f.name)[best] for f in fields(galaxies) if f.name != "catalogs"}
    for names in (("mag", "band"), ("semi_major_arcsec", "axis_ratio", "position_angle_deg"), ("is_agn",)):
        told = getattr(galaxies, names[0])[order]
        known = order[np.isfinite(told) if told.dtype != object else np.array([v is not None for v in told])]
        groups, place = np.unique(group[known], return_index=True)
        for name in names:
            columns[name][np.searchsorted(group[best], groups)] = getattr(galaxies, name)[known[place]]
    return Galaxies(**columns, catalogs=galaxies.catalogs).take(np.argsort(best))


def _ranks(galaxies: Galaxies) -> tuple[npt.NDArray[Any], ...]:
    """Keys for a sort that puts the entry to believe first, the last key the most important; no two rows tie."""
    priority = {c.name: c.priority for c in galaxies.catalogs}
    return (
        galaxies.dec,
        galaxies.ra,
        galaxies.catalog.astype(str),
        np.array([priority.get(name, 0) for name in galaxies.catalog.tolist()], dtype=np.int64),
        galaxies.kind == "photo",
    )


def _same(galaxies: Galaxies) -> tuple[IntArray, IntArray]:
    """Pairs of rows that are the same galaxy."""
    rows = np.flatnonzero((galaxies.kind != "agn") & np.isfinite(galaxies.distance_mpc))
    none = np.empty(0, dtype=np.int64)
    if len(np.unique(galaxies.catalog[rows].astype(str))) < 2:
        return none, none
    from scipy.spatial import cKDTree

    size = np.nan_to_num(galaxies.semi_major_arcsec[rows])
    reach = max(SAME_ARCSEC, min(SAME_SIZE * float(size.max()), SAME_SIZE_MAX_ARCSEC))
    points = unit(galaxies.ra[rows], galaxies.dec[rows])
    pairs = cKDTree(points).query_pairs(np.radians(reach / 3600.0), output_type="ndarray")
    one, two = rows[pairs[:, 0]], rows[pairs[:, 1]]
    apart = np.degrees(np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)) * 3600.0
    smaller = np.fmin(galaxies.semi_major_arcsec[one], galaxies.semi_major_arcsec[two])
    near = apart <= np.clip(SAME_SIZE * np.nan_to_num(smaller), SAME_ARCSEC, SAME_SIZE_MAX_ARCSEC)
    errors = [np.nan_to_num(galaxies.distance_error_mpc[i], nan=PECULIAR_MPC) for i in (one, two)]
    error = np.maximum(np.hypot(*errors), PECULIAR_MPC)
    alike = np.abs(galaxies.distance_mpc[one] - galaxies.distance_mpc[two]) <= SAME_SIGMA * error
    same = near & alike & (galaxies.catalog[one] != galaxies.catalog[two])
    return one[same], two[same]


def unit(ra: FloatArray, dec: FloatArray) -> npt.NDArray[np.float64]:
    """Unit vectors of positions in degrees. Shape (n, 3)."""
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)
