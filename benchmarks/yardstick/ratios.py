"""The mean ratio of distances over unrelated transients, with real galaxies where they really are: it should be 1.

Transients are as far as the score's own background says. Those whose host 50MGC holds are in its galaxies, by their
light; all others are anywhere on the sky, where galaxies of 50MGC may be near by chance. Away from the galactic plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from skymaps import SkyMap

from . import galaxies, known, places
from .cosmos import SKY_DEG2, FloatArray

DISTANCES_MPC = (22.0, 40.0, 100.0)
LIMITS_MAG = (20.5, 22.5, 23.8)
WIDTH = 0.2
"""Error of the event's distance, as a part of it."""

FARTHEST_MPC = 50.0
"""Where 50MGC ends."""

REACH_DEG = 0.25
"""No galaxy is taken for a host farther away than this."""

STEP_MPC = 1.0
ORDER = 3
PLANE_DEG = 10.0


@dataclass(frozen=True, kw_only=True)
class Field:
    """Places of transients; columns of shape (n,)."""

    ra: FloatArray
    dec: FloatArray
    mpc: FloatArray
    """True distance of those in a galaxy of 50MGC; NaN of the others."""

    share: FloatArray
    """Light of that galaxy; of the others, the part of the sky that each stands for."""


def field(data: Path, n: int, seed: int) -> Field:
    """A transient in each galaxy of 50MGC, and n anywhere; two thirds of these near such a galaxy, where it matters."""
    random = np.random.default_rng([seed, 50])
    fifty = known.nearby(data / "galaxies" / "50MGC_catalog_short.fits", FARTHEST_MPC)
    away = np.degrees(random.gamma(2.0, 3.0, len(fifty.ra)) * 1e-3 / fifty.mpc)
    ra, dec = galaxies.beside(fifty.ra, fifty.dec, np.minimum(away, 0.5), random)
    own = Field(ra=ra, dec=dec, mpc=fifty.mpc, share=10.0 ** (-0.4 * fifty.absolute))
    parts = [own, *_anywhere(fifty, n, random)]
    made = {name: np.concatenate([getattr(part, name) for part in parts]) for name in Field.__dataclass_fields__}
    kept = np.abs(places.galactic_latitude(made["ra"], made["dec"])) > PLANE_DEG
    return Field(**{name: column[kept] for name, column in made.items()})


def _anywhere(fifty: known.Nearby, n: int, random: np.random.Generator) -> list[Field]:
    """Places within ``REACH_DEG`` of a galaxy and places that are not, each with its part of the sky."""
    tree = cKDTree(places.vectors(fifty.ra, fifty.dec))

    def close(ra: FloatArray, dec: FloatArray) -> FloatArray:
        found = tree.query_ball_point(places.vectors(ra, dec), np.radians(REACH_DEG), return_length=True)
        return np.asarray(found, dtype=np.float64)

    there = random.integers(0, len(fifty.ra), 2 * n // 3)
    off = REACH_DEG * np.sqrt(random.uniform(size=len(there)))
    ra, dec = galaxies.beside(fifty.ra[there], fifty.dec[there], off, random)
    disc = len(fifty.ra) * np.pi * REACH_DEG**2 / SKY_DEG2
    near = Field(ra=ra, dec=dec, mpc=np.full(len(ra), np.nan), share=disc / len(ra) / np.maximum(close(ra, dec), 1.0))
    ra, dec = random.uniform(0.0, 360.0, n - len(there)), np.degrees(np.arcsin(random.uniform(-1, 1, n - len(there))))
    free = close(ra, dec) == 0
    ra, dec = ra[free], dec[free]
    far = Field(ra=ra, dec=dec, mpc=np.full(len(ra), np.nan), share=np.full(len(ra), (1 - near.share.sum()) / len(ra)))
    return [near, far]


def weights(made: Field, mpc: FloatArray, held: FloatArray) -> FloatArray:
    """How much each place counts; they add up to 1.

    Parameters
    ----------
    mpc
        Edges of steps in distance. Shape (q + 1,).
    held
        Probability that an unrelated transient is in each step and its host in the catalogue. Shape (q,).
    """
    step = np.digitize(np.nan_to_num(made.mpc, nan=-1.0), mpc) - 1
    inside = (step >= 0) & (step < len(held)) & np.isfinite(made.mpc)
    total = np.bincount(step[inside], made.share[inside], minlength=len(held))
    weight = np.zeros(len(made.ra))
    weight[inside] = made.share[inside] * (held / np.maximum(total, 1e-300))[step[inside]]
    anywhere = np.isnan(made.mpc)
    weight[anywhere] = (1.0 - weight.sum()) * made.share[anywhere] / made.share[anywhere].sum()
    return weight


def region(mpc: float) -> SkyMap:
    """An even sky whose distance is a normal about this one, times the square of the distance."""
    n = 12 * 4**ORDER
    layer = np.ones(n)
    norm = 1.0 / (mpc**2 * (1.0 + WIDTH**2))
    return SkyMap.from_tiles(
        np.arange(n) + 4 * 4**ORDER, layer / (4.0 * np.pi), layer * mpc, layer * mpc * WIDTH, layer * norm
    )
