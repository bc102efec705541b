"""The mean ratio of distances over unrelated transients, with real galaxies where they really are: it should be 1.

Transients are as far as the score's own background says. Those whose host 50MGC holds are in its galaxies, by their
light; all others are anywhere on the sky, where galaxies of 50MGC may be near by chance. Away from the galactic plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skymaps import SkyMap

from . import galaxies, known, places
from .cosmos import FloatArray

DISTANCES_MPC = (22.0, 40.0, 100.0)
LIMITS_MAG = (20.5, 22.5, 23.8)
WIDTH = 0.2
"""Error of the event's distance, as a part of it."""

FARTHEST_MPC = 50.0
"""Where 50MGC ends."""

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

    light: FloatArray
    """Of that galaxy; NaN of the others."""


def field(data: Path, n: int, seed: int) -> Field:
    """A transient in each galaxy of 50MGC, and n anywhere."""
    random = np.random.default_rng([seed, 50])
    fifty = known.nearby(data / "galaxies" / "50MGC_catalog_short.fits", FARTHEST_MPC)
    away = np.degrees(random.gamma(2.0, 3.0, len(fifty.ra)) * 1e-3 / fifty.mpc)
    ra, dec = galaxies.beside(fifty.ra, fifty.dec, np.minimum(away, 0.5), random)
    there = random.uniform(0.0, 360.0, n), np.degrees(np.arcsin(random.uniform(-1.0, 1.0, n)))
    nothing = np.full(n, np.nan)
    made = Field(
        ra=np.concatenate([ra, there[0]]),
        dec=np.concatenate([dec, there[1]]),
        mpc=np.concatenate([fifty.mpc, nothing]),
        light=np.concatenate([10.0 ** (-0.4 * fifty.absolute), nothing]),
    )
    kept = np.abs(places.galactic_latitude(made.ra, made.dec)) > PLANE_DEG
    return Field(**{name: getattr(made, name)[kept] for name in Field.__dataclass_fields__})


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
    total = np.bincount(step[inside], made.light[inside], minlength=len(held))
    weight = np.zeros(len(made.ra))
    weight[inside] = made.light[inside] * (held / np.maximum(total, 1e-300))[step[inside]]
    anywhere = np.isnan(made.mpc)
    weight[anywhere] = (1.0 - weight.sum()) / anywhere.sum()
    return weight


def region(mpc: float) -> SkyMap:
    """An even sky whose distance is a normal about this one, times the square of the distance."""
    n = 12 * 4**ORDER
    layer = np.ones(n)
    norm = 1.0 / (mpc**2 * (1.0 + WIDTH**2))
    return SkyMap.from_tiles(
        np.arange(n) + 4 * 4**ORDER, layer / (4.0 * np.pi), layer * mpc, layer * mpc * WIDTH, layer * norm
    )
