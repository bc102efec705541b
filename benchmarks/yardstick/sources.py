"""What shines on the sky, before a survey looks: places, distances and light curves as columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .cosmos import FloatArray

IntArray = npt.NDArray[np.int64]
StrArray = npt.NDArray[np.object_]

BANDS = "ugrizy"
ZERO_MAG = 31.4
"""AB magnitude of 1 nJy."""

Light = Callable[[IntArray, FloatArray, IntArray], FloatArray]
"""Signed flux in nJy of sources (rows), at times (Unix seconds), in bands (places in ``BANDS``); each shape (n,)."""


def flux_njy(mag: npt.ArrayLike) -> FloatArray:
    """Flux of an AB magnitude, nJy."""
    return 10.0 ** (0.4 * (ZERO_MAG - np.asarray(mag, dtype=np.float64)))


def magnitude(flux: npt.ArrayLike) -> FloatArray:
    """AB magnitude of a flux in nJy; NaN where it is not positive."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value = ZERO_MAG - 2.5 * np.log10(np.asarray(flux, dtype=np.float64))
    return np.where(np.asarray(flux) > 0, value, np.nan)


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Sources of one sort; columns of shape (n,)."""

    what: str
    ra: FloatArray
    """Degrees."""

    dec: FloatArray
    onset: FloatArray
    """When the light begins, Unix seconds."""

    light: Light
    mpc: FloatArray
    """Luminosity distance; NaN in our Galaxy and the solar system."""

    offset_kpc: FloatArray
    """From the centre of its galaxy; NaN without one."""

    on_star: npt.NDArray[np.bool_]
    """Whether a star is catalogued at its place."""

    on_nucleus: npt.NDArray[np.bool_]
    """Whether it lies on an active nucleus that catalogues know."""

    reliability: FloatArray
    """Real/bogus score."""

    solar_system_arcsec: FloatArray
    """To the nearest known body; NaN none."""

    def __len__(self) -> int:
        return len(self.ra)


def usual(n: int, random: np.random.Generator) -> dict[str, Any]:
    """The columns that a sort need not choose: in no galaxy, on no star, certainly real."""
    nothing, no = np.full(n, np.nan), np.zeros(n, dtype=np.bool_)
    return {
        "mpc": nothing,
        "offset_kpc": nothing,
        "on_star": no,
        "on_nucleus": no,
        "reliability": real(n, random),
        "solar_system_arcsec": nothing,
    }


def real(n: int, random: np.random.Generator) -> FloatArray:
    """Real/bogus scores of real sources: 98 % above 0.5 (Duev et al. 2019, MNRAS 489 3582, fig. 6, roughly)."""
    return np.clip(random.beta(9.0, 0.9, n), 0.0, 1.0)
