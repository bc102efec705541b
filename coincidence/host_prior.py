"""How many unrelated transients a galaxy makes, and how far from its centre: what the weights of hosts follow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skymaps import FloatArray, cosmology
from skymaps.region import SKY_DEG2

from .completeness import SEEN_MIN, Catalog
from .counts import HALF_LIGHT, r_magnitude
from .galaxies import Galaxies

LIGHT_DENSITY_MAG = -15.48
"""Light of all galaxies in a cubic megaparsec, as an absolute r magnitude: -15.90 at h = 1 and z = 0.1 (Blanton et al.
2003, ApJ 592 819), at h = 0.6766."""

BRIGHTEST_MAG = -24.0
"""No galaxy is taken for brighter: its distance is wrong."""

HALF_LIGHT_KPC = 4.0
"""Half-light radius of a galaxy of -20.5 mag whose size no catalogue tells; growing as the fourth root of its light
(about as Shen et al. 2003, MNRAS 343 978, has it of late types)."""

SCALES = 1.678
"""Scale lengths of an exponential disc within its half-light radius."""

WIDE_PART, WIDE_KPC = 0.1, 10.0
"""Part of the transients that are spread wider than the light, and their scale length: in haloes, satellites. Ours."""

THEREABOUTS = 1.2
"""Galaxies are counted from a distance over this to as many times the distance."""

ENOUGH = 10.0
"""Fewer galaxies there tell no density."""


def absolute_r(galaxies: Galaxies) -> FloatArray:
    """About the absolute r magnitude; NaN where no magnitude is known. Shape (n,)."""
    mag = r_magnitude(galaxies.mag, galaxies.band) - 5.0 * np.log10(np.maximum(galaxies.distance_mpc, 1e-3)) - 25.0
    return np.asarray(np.maximum(mag, BRIGHTEST_MAG), dtype=np.float64)


def volume_mpc3(galaxies: Galaxies, catalogs: tuple[Catalog, ...]) -> FloatArray:
    """Comoving volume whose transients each galaxy makes, Mpc3: that which has as much light as it. Shape (n,).

    Where its light is not known, the volume for each galaxy of its catalogue thereabouts, ``C(d) / n(d)``, or where
    their density is not known either that out to there, ``C(d) V(<d) / N(<d)``.
    """
    mag = absolute_r(galaxies)
    mpc = galaxies.distance_mpc
    counted = np.where(
        galaxies.per_mpc3 > 0,
        1.0 / np.maximum(np.nan_to_num(galaxies.per_mpc3), 1e-30),
        within_mpc3(mpc) / np.maximum(galaxies.density_deg2 * SKY_DEG2, 1.0),
    )
    for catalog in catalogs:
        rows = galaxies.catalog == catalog.name
        south, north = np.sin(np.radians([catalog.dec_min, catalog.dec_max]))
        counted[rows] *= 0.5 * (north - south)  # the part of the sky that it looks at
        if catalog.completeness.mpc:
            counted[rows] *= np.maximum(catalog.completeness.at(mpc[rows]), SEEN_MIN)
    return np.where(np.isfinite(mag), 10.0 ** (-0.4 * (np.nan_to_num(mag) - LIGHT_DENSITY_MAG)), counted)


def within_mpc3(mpc: FloatArray) -> FloatArray:
    """Comoving volume within a luminosity distance, Mpc3. Shape (n,)."""
    return np.asarray(4.0 / 3.0 * np.pi * (mpc / (1.0 + cosmology.redshift(mpc))) ** 3, dtype=np.float64)


def nearby_per_mpc3(mpc: FloatArray, nearer: Callable[[FloatArray], FloatArray], farthest_mpc: float) -> FloatArray:
    """Galaxies of a catalogue per comoving cubic megaparsec within a fifth of each distance, as far as it reaches.

    NaN where there are too few to tell. Shape (n,).

    Parameters
    ----------
    nearer
        Number of its galaxies that are as near as these distances, or nearer.
    """
    near, far = mpc / THEREABOUTS, np.minimum(mpc * THEREABOUTS, farthest_mpc)
    number = nearer(far) - nearer(near)
    volume = within_mpc3(far) - within_mpc3(near)
    enough = (number >= ENOUGH) & (volume > 0)
    return np.asarray(np.divide(number, volume, out=np.full(len(mpc), np.nan), where=enough), dtype=np.float64)


def per_deg2(galaxies: Galaxies, separation_arcsec: FloatArray, light_radii: FloatArray) -> FloatArray:
    """Density of a galaxy's transients at a separation from its centre, per square degree. Shape (n,).

    Most follow its light, an exponential disc on its ellipse; a part is wider.
    """
    kpc_per_arcsec = galaxies.distance_mpc * 1e3 * np.pi / (180.0 * 3600.0)
    mag = np.nan_to_num(absolute_r(galaxies), nan=-20.5)
    usual = HALF_LIGHT_KPC * 10.0 ** (-0.1 * (mag + 20.5)) / kpc_per_arcsec
    is_known = np.isfinite(light_radii)
    half = np.where(is_known, HALF_LIGHT * galaxies.semi_major_arcsec, usual)
    ratio = np.where(is_known & (galaxies.axis_ratio > 0), np.clip(galaxies.axis_ratio, 0.05, 1.0), 1.0)
    along = np.where(is_known, light_radii, separation_arcsec / usual)
    light = np.exp(-SCALES * along) * SCALES**2 / (2.0 * np.pi * half**2 * ratio)
    scale = WIDE_KPC / kpc_per_arcsec
    wide = np.exp(-separation_arcsec / scale) / (2.0 * np.pi * scale**2)
    return np.asarray(((1.0 - WIDE_PART) * light + WIDE_PART * wide) * 3600.0**2, dtype=np.float64)
