"""Galaxies around transients: hosts, their neighbours, and those in front and behind, as catalogues know them.

Within 45 Mpc they are those of 50MGC (Ohlson et al. 2024, AJ 167 31) where they really are; beyond, they are drawn from
a published luminosity function, clustered about the hosts. Only galaxies within 150 kpc (at most 15 arcmin) of a
transient are made: nothing farther is ever looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.special import gammaincc

from . import cosmos, places
from .cosmos import FloatArray
from .sources import StrArray

LITTLE_H = 0.7
STAR_MAG = -20.44 + 5.0 * np.log10(LITTLE_H)
"""M* in r, and below alpha and phi* per Mpc^3 (Blanton et al. 2003, ApJ 592 819, table 2: 0.1r, h = 1)."""

ALPHA = -1.05
DENSITY = 1.49e-2 * LITTLE_H**3
NEAR_MPC = 45.0
TUBE_KPC = 150.0
TUBE_DEG = 0.25
SPEC_MAG = 17.77
"""Main galaxy sample of SDSS (Strauss et al. 2002, AJ 124 1810)."""

PHOTO_MAG = 21.5
"""Photometric redshifts of the Legacy Surveys and Pan-STARRS, roughly."""

PHOTO_ERROR, PHOTO_WRONG = 0.03, 0.03
"""Error over 1 + z, and part that is wrong altogether (Zhou et al. 2021, MNRAS 501 3309; Beck et al. 2021)."""

PECULIAR_KM_S = 300.0
CORRELATION_MPC, CORRELATION_POWER = 5.0 / LITTLE_H, 1.8
"""Two-point correlation (Zehavi et al. 2005, ApJ 630 1)."""

ACTIVE = 0.03
"""Part of catalogued galaxies known as active nuclei (ours)."""

PLANE_DEG = 10.0
K_MAG = 1.0
"""K correction in r for each unit of redshift."""

FAINTEST = 12.0
"""Magnitudes below M* that are drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogued:
    """Galaxies as catalogues tell them; columns of shape (n,)."""

    ra: FloatArray
    dec: FloatArray
    mpc: FloatArray
    """Told luminosity distance."""

    error_mpc: FloatArray
    kind: StrArray
    """``spec``, ``photo`` or ``indep``."""

    mag: FloatArray
    """r, AB."""

    semi_major_arcsec: FloatArray
    axis_ratio: FloatArray
    angle_deg: FloatArray
    active: np.ndarray

    def __len__(self) -> int:
        return len(self.ra)

    def take(self, rows: Any) -> Catalogued:
        """Chosen rows."""
        return Catalogued(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def joined(parts: list[Catalogued]) -> Catalogued:
    """One after another."""
    return Catalogued(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Catalogued)})


def brighter(mag: FloatArray, power: float = 0.0) -> FloatArray:
    """Galaxies per Mpc^3 brighter than an absolute magnitude, each counted as its luminosity over L* to a power."""
    grid = np.linspace(-26.0, STAR_MAG + FAINTEST, 1500)
    x = 10.0 ** (-0.4 * (grid - STAR_MAG))
    density = 0.4 * np.log(10.0) * DENSITY * x ** (ALPHA + 1.0 + power) * np.exp(-x)
    total = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(grid))])
    return np.interp(mag, grid, total)


def light_held(mpc: FloatArray, limit_mag: float) -> FloatArray:
    """Part of the light at a distance that is in galaxies brighter than a limit: ``Gamma(alpha + 2, x) / Gamma``."""
    z = cosmos.redshift(mpc)
    x = 10.0 ** (-0.4 * (limit_mag - cosmos.modulus(mpc) - K_MAG * z - STAR_MAG))
    return np.asarray(gammaincc(ALPHA + 2.0, x), dtype=np.float64)


@lru_cache(maxsize=4)
def _nearer(limit_mag: float) -> tuple[FloatArray, FloatArray]:
    """Redshifts, and galaxies of the whole sky nearer and brighter than a limit."""
    z = np.geomspace(1e-4, 0.9, 1500)
    mpc = cosmos.luminosity_mpc(z)
    density = brighter(limit_mag - cosmos.modulus(mpc) - K_MAG * z)
    middle = 0.5 * (density[1:] + density[:-1])
    return z, np.concatenate([[0.0], np.cumsum(middle * np.diff(cosmos.volume_mpc3(z)))])


def nearer_deg2(mpc: FloatArray, limit_mag: float) -> FloatArray:
    """Galaxies per deg2 brighter than a limit that are as near or nearer."""
    z, total = _nearer(limit_mag)
    return np.interp(cosmos.redshift(mpc), z, total) / cosmos.SKY_DEG2


def seen(
    ra: FloatArray,
    dec: FloatArray,
    mpc: FloatArray,
    absolute: FloatArray,
    random: np.random.Generator,
    limit_mag: float = PHOTO_MAG,
) -> Catalogued:
    """As surveys of redshifts see galaxies at true distances: with errors, and not in the plane of our own."""
    z = cosmos.redshift(mpc)
    mag = absolute + cosmos.modulus(mpc) + K_MAG * z
    n = len(ra)
    kept = (mag < limit_mag) & (np.abs(places.galactic_latitude(ra, dec)) > PLANE_DEG)
    spec = mag < SPEC_MAG
    by_spec = z + random.normal(0.0, PECULIAR_KM_S / cosmos.C_KM_S, n)
    by_photo = z + random.normal(0.0, PHOTO_ERROR, n) * (1.0 + z)
    wrong = random.uniform(size=n) < PHOTO_WRONG
    by_photo = np.where(wrong, random.uniform(0.02, 0.7, n), by_photo)
    told = np.maximum(np.where(spec, by_spec, by_photo), 3e-3)
    slope = (cosmos.luminosity_mpc(told + 1e-4) - cosmos.luminosity_mpc(told)) / 1e-4
    error = np.where(spec, 0.5, PHOTO_ERROR * (1.0 + told) * slope)
    half_kpc = (
        4.0 * 10.0 ** (-0.4 * 0.3 * (absolute - STAR_MAG)) * np.exp(random.normal(0.0, 0.3, n))
    )  # Shen et al. 2003
    arcsec = np.degrees(half_kpc * 1e-3 / mpc * (1.0 + z) ** 2) * 3600.0
    return Catalogued(
        ra=ra,
        dec=dec,
        mpc=cosmos.luminosity_mpc(told),
        error_mpc=error,
        kind=np.where(spec, "spec", "photo").astype(object),
        mag=mag,
        semi_major_arcsec=arcsec / 0.54,
        axis_ratio=random.uniform(0.3, 1.0, n),
        angle_deg=random.uniform(0.0, 180.0, n),
        active=random.uniform(size=n) < ACTIVE,
    ).take(kept)


def plain(ra: FloatArray, dec: FloatArray, mpc: FloatArray, absolute: FloatArray) -> Catalogued:
    """Galaxies of which no more is known than place, distance to a tenth, and brightness."""
    n, nothing = len(ra), np.full(len(ra), np.nan)
    return Catalogued(
        ra=ra, dec=dec, mpc=mpc, error_mpc=0.1 * mpc, kind=np.full(n, "spec", dtype=object),
        mag=absolute + cosmos.modulus(mpc), semi_major_arcsec=nothing, axis_ratio=nothing, angle_deg=nothing,
        active=np.zeros(n, dtype=np.bool_),
    )  # fmt: skip


def luminous(n: int, random: np.random.Generator) -> FloatArray:
    """Absolute magnitudes of galaxies weighted by their light: L / L* is a Gamma(alpha + 2). Shape (n,)."""
    return STAR_MAG - 2.5 * np.log10(np.maximum(random.gamma(ALPHA + 2.0, 1.0, n), 1e-5))


def beside(
    ra: FloatArray, dec: FloatArray, degrees: FloatArray, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Places at these distances in random directions."""
    angle = random.uniform(0.0, 2.0 * np.pi, len(ra))
    there = np.clip(dec + degrees * np.cos(angle), -89.99, 89.99)
    return (ra + degrees * np.sin(angle) / np.cos(np.radians(there))) % 360.0, there


def hosts(
    ra: FloatArray,
    dec: FloatArray,
    mpc: FloatArray,
    offset_kpc: FloatArray,
    active: np.ndarray,
    random: np.random.Generator,
) -> Catalogued:
    """Hosts of transients beyond 45 Mpc and the neighbours of these, as catalogued."""
    z = cosmos.redshift(mpc)
    scale = np.degrees(1e-3 / mpc * (1.0 + z) ** 2)  # degrees a kpc
    there = beside(ra, dec, offset_kpc * scale, random)
    own = seen(*there, mpc, np.where(active, -21.5, luminous(len(ra), random)), random)
    n = random.poisson(_neighbours(), len(ra))
    row = np.repeat(np.arange(len(ra)), n)
    away = TUBE_KPC * random.uniform(size=len(row)) ** (1.0 / (3.0 - CORRELATION_POWER))
    near = beside(there[0][row], there[1][row], away * scale[row], random)
    return joined([own, seen(*near, mpc[row], _drawn(len(row), random), random)])


def _drawn(n: int, random: np.random.Generator) -> FloatArray:
    """Absolute magnitudes of galaxies, all alike, down to five magnitudes below M*."""
    grid = np.linspace(-25.0, STAR_MAG + 5.0, 600)
    total = brighter(grid)
    return np.interp(random.uniform(0.0, total[-1], n), total, grid)


def _neighbours() -> float:
    """Galaxies within 150 kpc of another, beyond the mean, to five magnitudes below M*."""
    r = np.linspace(1e-3, TUBE_KPC * 1e-3, 400)
    g = CORRELATION_POWER
    along = 3.6789  # Gamma(1/2) Gamma((g - 1) / 2) / Gamma(g / 2)
    projected = r * (CORRELATION_MPC / r) ** g * along
    density = float(brighter(np.array([STAR_MAG + 5.0]))[0])
    return float(density * np.sum(2.0 * np.pi * r * projected) * (r[1] - r[0]))


def field(ra: FloatArray, dec: FloatArray, random: np.random.Generator) -> Catalogued:
    """Unrelated galaxies in front of and behind places, beyond 45 Mpc."""
    z = np.linspace(float(cosmos.redshift(NEAR_MPC)), 0.8, 1200)
    mpc = cosmos.luminosity_mpc(z)
    reach = np.minimum(np.degrees(TUBE_KPC * 1e-3 / mpc * (1 + z) ** 2), TUBE_DEG)
    solid = 2.0 * np.pi * (1.0 - np.cos(np.radians(reach))) / (4.0 * np.pi)
    density = brighter(PHOTO_MAG - cosmos.modulus(mpc) - K_MAG * z)
    middle = 0.5 * (solid[1:] * density[1:] + solid[:-1] * density[:-1])
    total = np.concatenate([[0.0], np.cumsum(middle * np.diff(cosmos.volume_mpc3(z)))])
    row = np.repeat(np.arange(len(ra)), random.poisson(total[-1], len(ra)))
    at = np.interp(random.uniform(0.0, total[-1], len(row)), total, z)
    mpc = cosmos.luminosity_mpc(at)
    away = np.minimum(np.degrees(TUBE_KPC * 1e-3 / mpc * (1 + at) ** 2), TUBE_DEG) * np.sqrt(
        random.uniform(size=len(row))
    )
    limit = PHOTO_MAG - cosmos.modulus(mpc) - K_MAG * at
    grid = np.linspace(-25.0, STAR_MAG + FAINTEST, 3000)
    share = brighter(grid)
    absolute = np.interp(random.uniform(size=len(row)) * brighter(limit), share, grid)
    return seen(*beside(ra[row], dec[row], away, random), mpc, absolute, random)
