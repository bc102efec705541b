"""SkyMap: a probability map of the sky as sorted HEALPix cells, with distance layers or without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from . import distance, healpix
from .arrange import arranged
from .levels import descending, distance_fields, levels
from .lookup import CELL, Kind, Lookup
from .region import ORDER_MAX, SKY_DEG2, SQDEG_PER_SR, FloatArray, IntArray, Region, Tiles
from .volume import VolumeTable


@dataclass(frozen=True, eq=False, kw_only=True)
class SkyMap(Region):
    """A multi-order probability map. Build one with `skymaps.read`, `SkyMap.from_tiles` or `as_skymap`."""

    lower: IntArray
    """First order-29 NESTED pixel of each cell. Shape (n,), ascending."""

    order: npt.NDArray[np.int8]
    """HEALPix order of each cell. Shape (n,)."""

    probdensity: FloatArray
    """Probability per steradian of each cell. Shape (n,)."""

    distmu: npt.NDArray[np.float32] | None = None
    """Location of the distance ansatz in Mpc; None for a map without distance. Shape (n,)."""

    distsigma: npt.NDArray[np.float32] | None = None
    """Scale of the distance ansatz in Mpc. Shape (n,)."""

    distnorm: FloatArray | None = None
    """Norm of the distance ansatz in Mpc^-2. Shape (n,)."""

    distance_mpc: tuple[float, float] | None = None
    """Mean and standard deviation of the distance over the whole sky in Mpc (DISTMEAN, DISTSTD, or computed)."""

    time: datetime | None = None
    """When the event happened, UTC (DATE-OBS)."""

    made: datetime | None = None
    """When the map was made, UTC (DATE)."""

    creator: str | None = None
    """The program that made the map (CREATOR)."""

    object_id: str | None = None
    """What the map is of (OBJECT)."""

    instruments: tuple[str, ...] = ()
    """Detectors used (INSTRUME), for example ("H1", "L1")."""

    sha256: str | None = None
    """SHA-256 of the file as it was given, compressed or not; None for a map that was not read."""

    n_bad_distance: int = 0
    """Cells of the map (pixels, merged) without a usable distance: DISTMU not finite or DISTNORM zero."""

    prob_bad_distance: float = 0.0
    """Probability in those cells."""

    remarks: tuple[str, ...] = ()
    """What was wrong with the file and had to be mended, in words."""

    _rows: npt.NDArray[np.void] = field(init=False, repr=False)
    """Density and level of each cell, and of what lies in none; see ``_cells``."""

    _cache: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Lay the two columns that positions ask for side by side; density and level are views of them."""
        rows = np.empty(self.lower.size + 1, dtype=CELL)
        rows[-1] = (0.0, 1.0)  # outside of all cells
        rows["probdensity"][:-1] = self.probdensity
        object.__setattr__(self, "probdensity", rows["probdensity"][:-1])
        object.__setattr__(self, "_rows", rows)

    @cached_property
    def level(self) -> FloatArray:
        """Credible level at which each cell joins the credible region, worked out at first use. Shape (n,)."""
        level: FloatArray = self._rows["level"][:-1]
        level[:] = levels(self.lower, self.order, self.probdensity)
        return level

    @property
    def _cells(self) -> npt.NDArray[np.void]:
        """Density and level of each cell, and last of what lies in none. Shape (n + 1,)."""
        _ = self.level  # fills its column
        return self._rows

    @classmethod
    def from_tiles(
        cls,
        uniq: npt.ArrayLike,
        probdensity: npt.ArrayLike,
        distmu: npt.ArrayLike | None = None,
        distsigma: npt.ArrayLike | None = None,
        distnorm: npt.ArrayLike | None = None,
        **meta: Any,
    ) -> Self:
        """Build a map from UNIQ cells that do not overlap (any order) and their probability per steradian.

        Cells that are absent have probability zero. ``meta`` are fields of this class: ``time``, ``creator``...

        Examples
        --------
        >>> round(SkyMap.from_tiles([4, 5], [3 / (2 * np.pi)] * 2).area_deg2(1.0), 1)
        6875.5
        """
        lower, order = healpix.from_uniq(np.asarray(uniq, dtype=np.int64))
        layers = [None if a is None else np.asarray(a) for a in (distmu, distsigma, distnorm)]
        return cls.from_cells(lower, order, np.asarray(probdensity), layers, **meta)

    @classmethod
    def from_cells(
        cls,
        lower: IntArray,
        order: npt.NDArray[np.int8],
        probdensity: npt.NDArray[Any],
        layers: Sequence[npt.NDArray[Any] | None],
        **meta: Any,
    ) -> Self:
        """Build a map from first order-29 pixels, orders, densities per sr and the three distance layers."""
        lower, order, density, layers, remarks = arranged(lower, order, probdensity, layers)
        meta |= distance_fields(order, density, layers, meta) | {"remarks": (*meta.get("remarks", ()), *remarks)}
        return cls(lower=lower, order=order, probdensity=density, **meta)

    @cached_property
    def total(self) -> float:
        """Sum of the probability: 1 within 1e-3."""
        return float((self.probdensity * healpix.area_sr(self.order)).sum())

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        arrays = (
            self.lower,
            self.order,
            self.probdensity,
            self.level,
            self.distmu,
            self.distsigma,
            self.distnorm,
        )
        return sum(a.nbytes for a in arrays if a is not None)

    @property
    def has_distance(self) -> bool:
        """Whether the map has distance layers."""
        return self.distmu is not None

    @property
    def max_order(self) -> int:
        """Order of the finest cell."""
        return int(self.order.max())

    @property
    def upper(self) -> IntArray:
        """First order-29 NESTED pixel after each cell. Shape (n,). Computed anew: the index keeps many maps."""
        return self.lower + healpix.span(self.order)

    def _find(self, pixel: IntArray) -> tuple[IntArray, npt.NDArray[np.bool_] | None]:
        """Cell of each order-29 pixel, and which pixels lie in no cell (None: the map has no gaps)."""
        cell = np.searchsorted(self.lower, pixel, side="right") - 1
        if self._is_full:
            return cell, None
        cell = np.maximum(cell, 0)
        outside = (pixel < self.lower[cell]) | (pixel >= self.lower[cell] + healpix.span(self.order[cell]))
        return cell, outside

    @cached_property
    def _is_full(self) -> bool:
        return bool(healpix.span(self.order).sum() == healpix.N_PIXELS)

    def _at(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> tuple[IntArray, npt.NDArray[np.bool_] | None]:
        return self._find(healpix.pixel_at(*healpix.positions(ra, dec)))

    def lookup(self) -> Lookup:
        """The cells, for compiled loops."""
        from .tree import tree

        n, (found, top) = self.lower.size, tree(self.lower, self.order)
        if found is None:
            sparse = self._cells, np.ascontiguousarray(self.lower), np.ascontiguousarray(self.order)
            return Lookup(kind=Kind.SPARSE, n=n, arrays=sparse)
        shift, spare = 2 * (ORDER_MAX - top), 64 - 8 * found.itemsize
        return Lookup(kind=Kind.MAP, n=n, arrays=(self._cells, found), shift=shift, spare=spare)

    def probdensity_at(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> FloatArray:
        """Probability per steradian of the cell that holds each position. Shape (n,)."""
        cell, outside = self._at(ra, dec)
        density: FloatArray = self.probdensity[cell]
        return density if outside is None else np.where(outside, 0.0, density)

    def credible_level_at(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> FloatArray:
        """Probability in all cells as dense as the position's or denser, 0 to 1; 1 outside the map. Shape (n,).

        Equal to ``searched_prob`` of ``ligo.skymap.postprocess.crossmatch``, in its order of ties.
        """
        cell, outside = self._at(ra, dec)
        level: FloatArray = self.level[cell]
        return level if outside is None else np.where(outside, 1.0, level)

    def area_deg2(self, level: float) -> float:
        """Area of the credible region in square degrees, linear between whole cells."""
        return float(self.areas_deg2([level])[0])

    def areas_deg2(self, levels: Sequence[float]) -> FloatArray:
        """Areas of several credible regions at once, square degrees. Shape of ``levels``."""
        ranked = np.argsort(self.level, kind="stable")
        area = np.concatenate([[0.0], np.cumsum(healpix.area_sr(self.order)[ranked]) * SQDEG_PER_SR])
        prob = np.concatenate([[0.0], self.level[ranked]])
        return np.asarray(np.interp(levels, prob, area), dtype=np.float64)

    def searched_area_at(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> FloatArray:
        """Square degrees of all cells as dense as the position's or denser. Shape (n,)."""
        cell, outside = self._at(ra, dec)
        ranked = descending(self.lower, self.order, self.probdensity)
        area = np.empty(ranked.size)
        area[ranked] = np.cumsum(healpix.area_sr(self.order[ranked])) * SQDEG_PER_SR
        return np.where(outside, SKY_DEG2, area[cell]) if outside is not None else area[cell]

    def cells(self, order: int, level: float) -> IntArray:
        """NESTED pixels of this order that touch the credible region. Ascending; never misses one."""
        inside = self.level <= level if level < 1.0 else self.probdensity > 0.0
        first = int(np.argmax(self.probdensity))  # a region below the densest cell's own level is that cell
        inside[first] = True
        lower = self.lower[inside]
        return healpix.cells_of_ranges(lower, lower + healpix.span(self.order[inside]), order)

    def tiles(self) -> Tiles:
        """The map's own cells."""
        return Tiles(lower=self.lower, upper=self.upper, probdensity=self.probdensity)

    def centre(self) -> tuple[float, float]:
        """Right ascension and declination in degrees of the densest cell's centre."""
        best = np.argmin(self.level)
        ra, dec = healpix.cell_centre(self.lower[[best]], self.order[[best]])
        return float(ra[0]), float(dec[0])

    def to_dict(self) -> dict[str, Any]:
        """A reference by hash: a map goes by FITS."""
        return {"type": "skymap", "sha256": self.sha256}

    def distance_parameters_at(
        self, ra: npt.ArrayLike, dec: npt.ArrayLike
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """DISTMU (Mpc), DISTSIGMA (Mpc) and DISTNORM (Mpc^-2) at each position, NaN where unusable. Shape (n,)."""
        cell, outside = self._at(ra, dec)
        if self.distmu is None or self.distsigma is None or self.distnorm is None:
            nothing = np.full(cell.size, np.nan)
            return nothing, nothing.copy(), nothing.copy()
        found = [np.asarray(a[cell], dtype=np.float64) for a in (self.distmu, self.distsigma, self.distnorm)]
        bad = ~distance.is_good(*found)
        if outside is not None:
            bad |= outside
        for values in found:
            values[bad] = np.nan
        return found[0], found[1], found[2]

    def distance_moments_at(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation in Mpc of the distance at each position, NaN where unknown. Shape (n,)."""
        mu, sigma, _ = self.distance_parameters_at(ra, dec)
        return distance.moments(mu, sigma)

    def distance_density_at(self, ra: npt.ArrayLike, dec: npt.ArrayLike, mpc: npt.ArrayLike) -> FloatArray:
        """Probability per Mpc at a distance given the position, NaN where unknown. Shape (n,)."""
        mu, sigma, norm = self.distance_parameters_at(ra, dec)
        return distance.density(np.asarray(mpc, dtype=np.float64), mu, sigma, norm)

    def credible_volume_at(self, ra: npt.ArrayLike, dec: npt.ArrayLike, mpc: npt.ArrayLike) -> FloatArray:
        """Probability in all of space as dense (per Mpc^3) as each point or denser, 0 to 1. Shape (n,).

        NaN where the map has no distance. The table behind it is built on first use (about 0.2 s) and does
        not depend on which points are asked.
        """
        mu, sigma, norm = self.distance_parameters_at(ra, dec)
        if self.distmu is None or self.distsigma is None or self.distnorm is None:
            return mu
        table = self._cache.get("volume")
        if table is None:
            layers = (self.distmu, self.distsigma, self.distnorm)
            mu_all, sigma_all, norm_all = (np.asarray(a, dtype=np.float64) for a in layers)
            prob = self.probdensity * healpix.area_sr(self.order)
            table = VolumeTable(self.probdensity, prob, mu_all, sigma_all, norm_all)
            self._cache["volume"] = table
        return table.level_at(self.probdensity_at(ra, dec), mu, sigma, norm, np.asarray(mpc, dtype=np.float64))
