"""Places on the sky: drawn from a map in three dimensions, or even over its region."""

from __future__ import annotations

import numpy as np

from skymaps import SkyMap, healpix

from .cosmos import SKY_DEG2, FloatArray
from .sources import IntArray

GALACTIC = np.array(
    [
        [-0.0548755604, -0.8734370902, -0.4838350155],
        [0.4941094279, -0.4448296300, 0.7469822445],
        [-0.8676661490, -0.1980763734, 0.4559837762],
    ]
)
"""From ICRS to galactic unit vectors (Hipparcos catalogue, vol. 1, sec. 1.5.3)."""

OBLIQUITY_DEG = 23.4393
"""Of the ecliptic at J2000."""


def vectors(ra: FloatArray, dec: FloatArray) -> FloatArray:
    """Unit vectors. Shape (n, 3)."""
    lon, lat = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


def galactic_latitude(ra: FloatArray, dec: FloatArray) -> FloatArray:
    """Degrees."""
    return np.degrees(np.arcsin(np.clip(vectors(ra, dec) @ GALACTIC[2], -1.0, 1.0)))


def ecliptic_latitude(ra: FloatArray, dec: FloatArray) -> FloatArray:
    """Degrees."""
    tilt = np.radians(OBLIQUITY_DEG)
    pole = np.array([0.0, -np.sin(tilt), np.cos(tilt)])
    return np.degrees(np.arcsin(np.clip(vectors(ra, dec) @ pole, -1.0, 1.0)))


def searched(skymap: SkyMap, level: float) -> tuple[IntArray, IntArray, float]:
    """Cells down to a credible level: first order-29 pixels, numbers of pixels, and their area in deg2."""
    inside = skymap.level <= level
    inside[np.argmin(skymap.level)] = True
    size = (skymap.upper - skymap.lower)[inside]
    return skymap.lower[inside], size, float(size.sum()) / (12 << 58) * SKY_DEG2


def even(lower: IntArray, size: IntArray, n: int, random: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Places even over cells, degrees. Shape (n,) each."""
    cell = random.choice(len(lower), n, p=size / size.sum())
    return _within(lower[cell], size[cell], random)


def within(lower: IntArray, size: IntArray, ra: FloatArray, dec: FloatArray) -> np.ndarray:
    """Which places lie in some of the cells, which are ordered. Shape (n,)."""
    pixel = np.asarray(healpix.pixel_at(ra, dec, 29))
    cell = np.clip(np.searchsorted(lower, pixel, side="right") - 1, 0, len(lower) - 1)
    return (pixel >= lower[cell]) & (pixel < lower[cell] + size[cell])


def _within(lower: IntArray, size: IntArray, random: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    pixel = lower + (random.uniform(size=len(lower)) * size).astype(np.int64)
    ra, dec = healpix.pixel_centre(29, pixel)
    return np.asarray(ra, dtype=np.float64), np.asarray(dec, dtype=np.float64)


def from_map(skymap: SkyMap, random: np.random.Generator) -> tuple[float, float, float]:
    """A place and luminosity distance drawn from a map: the cell by its probability, the distance from
    ``N d^2 normal(d; DISTMU, DISTSIGMA)`` there (Singer et al. 2016, ApJS 226 10, eq. 2)."""
    size = (skymap.upper - skymap.lower).astype(np.float64)
    share = np.maximum(skymap.probdensity, 0.0) * size
    share /= share.sum()
    while True:
        cell = random.choice(len(share), 1, p=share)
        ra, dec = _within(skymap.lower[cell], (skymap.upper - skymap.lower)[cell], random)
        mu, sigma, norm = (float(v[0]) for v in skymap.distance_parameters_at(ra, dec))
        if not np.isfinite(mu + sigma) or norm <= 0 or sigma <= 0:
            continue
        mpc = np.linspace(1e-3, max(mu, 0.0) + 6.0 * sigma, 4000)
        total = np.cumsum(mpc**2 * np.exp(-0.5 * ((mpc - mu) / sigma) ** 2))
        if total[-1] > 0:
            return float(ra[0]), float(dec[0]), float(np.interp(random.uniform(0.0, total[-1]), total, mpc))
