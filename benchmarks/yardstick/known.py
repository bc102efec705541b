"""50MGC (Ohlson et al. 2024, AJ 167 31): galaxies within 50 Mpc where they really are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from . import galaxies, places
from .cosmos import FloatArray
from .sources import IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """50MGC within 45 Mpc."""

    ra: FloatArray
    dec: FloatArray
    mpc: FloatArray
    error_mpc: FloatArray
    absolute: FloatArray
    """Absolute magnitude in r: 4.65 - 2.5 log of the mass over 2; unknown masses are faint."""


@lru_cache(maxsize=2)
def nearby(path: Path, farthest_mpc: float = galaxies.NEAR_MPC) -> Nearby:
    """Read it, to some distance."""
    from astropy.table import Table

    rows = Table.read(path)
    mpc = np.asarray(rows["bestdist"].filled(np.nan), dtype=np.float64)
    mass = np.asarray(rows["logmass"].filled(np.nan), dtype=np.float64)
    error = np.asarray(rows["bestdist_error"].filled(np.nan), dtype=np.float64)
    kept = np.isfinite(mpc) & (mpc > 1.0) & (mpc < farthest_mpc)
    mag = np.where(np.isfinite(mass), 4.65 - 2.5 * (mass - np.log10(2.0)), -15.0)
    ra, dec = np.asarray(rows["ra"], dtype=np.float64), np.asarray(rows["dec"], dtype=np.float64)
    error = np.where(np.isfinite(error), error, 0.1 * mpc)
    return Nearby(ra=ra[kept], dec=dec[kept], mpc=mpc[kept], error_mpc=error[kept], absolute=mag[kept])


def near_ones(known: Nearby, ra: FloatArray, dec: FloatArray, random: np.random.Generator) -> galaxies.Catalogued:
    """Galaxies of 50MGC within 15 arcmin of places, as that catalogue tells them."""
    trees = cKDTree(places.vectors(ra, dec)), cKDTree(places.vectors(known.ra, known.dec))
    found = trees[0].query_ball_tree(trees[1], np.radians(galaxies.TUBE_DEG))
    rows: IntArray = np.unique(np.array([j for some in found for j in some], dtype=np.int64))
    seen = galaxies.seen(known.ra[rows], known.dec[rows], known.mpc[rows], known.absolute[rows], random, np.inf)
    rows = rows[np.abs(places.galactic_latitude(known.ra[rows], known.dec[rows])) > galaxies.PLANE_DEG]
    told = {
        "mpc": known.mpc[rows],
        "error_mpc": known.error_mpc[rows],
        "kind": np.full(len(rows), "indep", dtype=object),
    }
    return replace(seen, **told)


def settled(
    known: Nearby, share: FloatArray, mpc: FloatArray, offset_kpc: FloatArray, random: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Places and distances of transients in galaxies of 50MGC about as far as wished; NaN where there are none.

    Parameters
    ----------
    share
        How likely each galaxy is taken, besides its light. Shape (galaxies,).
    mpc, offset_kpc
        Wished distances, and how far from the centre. Shape (n,).
    """
    ra, dec, far = (np.full(len(mpc), np.nan) for _ in range(3))
    for i in np.flatnonzero(mpc < galaxies.NEAR_MPC).tolist():
        weight = share * 10.0 ** (-0.4 * known.absolute) * np.exp(-0.5 * ((known.mpc - mpc[i]) / 2.0) ** 2)
        if not weight.sum() > 0:
            continue
        own = int(random.choice(len(weight), p=weight / weight.sum()))
        away = np.array([np.degrees(offset_kpc[i] * 1e-3 / known.mpc[own])])
        there = galaxies.beside(known.ra[own : own + 1], known.dec[own : own + 1], away, random)
        ra[i], dec[i], far[i] = there[0][0], there[1][0], known.mpc[own]
    return ra, dec, far
