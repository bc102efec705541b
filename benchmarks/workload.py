"""The sky that the benchmarks work on: gravitational-wave maps, gamma-ray burst maps, error shapes, and alerts.

Where the recorded maps are (``../shared/data`` or ``$MMA_DATA``) they are used, each moved to other base pixels of
the same kind for variety; otherwise maps are made. No two regions share an array.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

import skymaps
from mma.simulate.skymap import Ring, ring_map
from skymaps import GBM_SYSTEMATIC, FloatArray, Region, SkyMap, healpix

DATA = Path(os.environ.get("MMA_DATA", Path(__file__).parents[2] / "shared" / "data")) / "skymaps"
SHARES = (("gw", 0.2), ("grb", 0.3), ("shape", 0.5))
FLAT_GBM = 0.02
"""Share of the burst maps that come as Fermi publishes them: 196,608 pixels, hardly any two alike."""

LEVEL = 0.99


def positions(n: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Random positions in degrees, even on the sphere."""
    random = np.random.default_rng(seed)
    return random.uniform(0.0, 360.0, n), np.degrees(np.arcsin(random.uniform(-1.0, 1.0, n)))


@cache
def recorded() -> tuple[SkyMap, ...]:
    """BAYESTAR's multi-order maps of 19,200 cells with distance; made ones where there are none."""
    files = sorted(DATA.glob("gw/*.multiorder.fits*"))
    maps = tuple(m for m in map(skymaps.read, files) if m.lower.size == 19_200 and m.has_distance)
    return maps or tuple(_made(i) for i in range(8))


def _made(seed: int) -> SkyMap:
    random = np.random.default_rng(seed)
    ring = Ring(
        axis_ra=random.uniform(0, 360),
        axis_dec=random.uniform(-90, 90),
        radius_deg=random.uniform(30, 90),
        width_deg=random.uniform(1, 8),
        bright_ra=random.uniform(0, 360),
        bright_dec=random.uniform(-90, 90),
        concentration=random.uniform(1, 8),
        distance_mpc=150.0,
        distance_error_mpc=40.0,
    )
    return ring_map(ring, datetime(2026, 1, 1, tzinfo=UTC), f"made{seed}")


@cache
def gbm_map() -> SkyMap:
    """A Fermi-GBM map as published, or one as costly."""
    file = DATA / "gbm" / "glg_healpix_all_bn180116026.fit"
    if file.is_file():
        return skymaps.read(file)
    order, pixel = 7, np.arange(12 << 14)
    density = skymaps.circle(80.0, 30.0, 4.0, 0.68, GBM_SYSTEMATIC["ground"]).probdensity_at(
        *healpix.pixel_centre(order, pixel)
    )
    density /= density.sum() * healpix.area_sr(order)
    return SkyMap.from_tiles(pixel + (4 << (2 * order)), density)


def moved(skymap: SkyMap, turn: int, shift: float) -> SkyMap:
    """A map with its base pixels turned about the pole (0 to 3 quarters); distances times a factor.

    A quarter turn takes each base pixel to its neighbour of the same ring, cell by cell, so the map stays true.
    """
    base = skymap.lower >> 58
    lower = skymap.lower + (((base & ~3) | ((base + turn) & 3)) - base << 58)
    sort = np.argsort(lower)
    layers = {} if skymap.distmu is None else {"distmu": skymap.distmu[sort] * np.float32(shift)}
    if skymap.distsigma is not None and skymap.distnorm is not None:
        layers |= {
            "distsigma": skymap.distsigma[sort] * np.float32(shift),
            "distnorm": skymap.distnorm[sort] / shift**2,
        }
    return replace(
        skymap,
        lower=lower[sort],
        order=skymap.order[sort],
        probdensity=skymap.probdensity[sort],
        sha256=None,
        _cache={},
        **layers,
    )


def regions(n: int, seed: int = 1) -> list[Region]:
    """That many regions: 20 % maps with distance, 30 % burst maps, 50 % circles and ellipses of 0.05 to 5 degrees."""
    makers = {"gw": _gw, "grb": _grb, "shape": _shape}
    kinds = [kind for kind, share in SHARES for _ in range(round(n * share))]
    random = np.random.default_rng(seed)
    return [makers[kind](i, random) for i, kind in enumerate(kinds)]


def _gw(i: int, random: np.random.Generator) -> SkyMap:
    known = recorded()
    return moved(known[i % len(known)], int(random.integers(4)), float(random.uniform(0.5, 2.0)))


def _grb(i: int, random: np.random.Generator) -> SkyMap:
    if random.uniform() < FLAT_GBM:
        return moved(gbm_map(), int(random.integers(4)), 1.0)
    ra, dec = (float(v[0]) for v in positions(1, int(random.integers(1 << 31))))
    radius = float(np.exp(random.uniform(np.log(1.0), np.log(12.0))))
    kind = str(random.choice(["ground", "final", "human"]))
    return skymaps.as_skymap(skymaps.circle(ra, dec, radius, 0.68, GBM_SYSTEMATIC[kind]))


def _shape(i: int, random: np.random.Generator) -> Region:
    ra, dec = (float(v[0]) for v in positions(1, int(random.integers(1 << 31))))
    a, b = np.exp(random.uniform(np.log(0.05), np.log(5.0), 2))
    if i % 2:
        return skymaps.circle(ra, dec, float(a))
    return skymaps.ellipse(ra, dec, float(max(a, b)), float(min(a, b)), float(random.uniform(0, 180)))


def alerts(n: int, among: list[Region], seed: int = 2) -> tuple[FloatArray, FloatArray]:
    """That many positions in degrees: 90 % even on the sky, 10 % drawn from the regions."""
    random = np.random.default_rng(seed)
    ra, dec = positions(n, seed)
    for i in range(n // 10):
        tiles = among[int(random.integers(len(among)))]
        ra[i], dec[i] = _drawn(tiles, random)
    mixed = random.permutation(n)
    return ra[mixed], dec[mixed]


def _drawn(region: Region, random: np.random.Generator) -> tuple[float, float]:
    """A position near the densest parts of a region."""
    if isinstance(region, SkyMap):
        cell = int(np.searchsorted(np.sort(region.level), random.uniform(0.0, 0.99)))
        cell = int(np.argsort(region.level)[min(cell, region.level.size - 1)])
        pixel = np.array([random.integers(region.lower[cell], region.lower[cell] + healpix.span(region.order[cell]))])
        ra, dec = healpix.pixel_centre(29, pixel)
        return float(ra[0]), float(dec[0])
    ra0, dec0 = region.centre()
    reach = np.radians(random.uniform(0.0, 1.0)) * np.degrees(region.reach(0.9)) if hasattr(region, "reach") else 0.0
    return (ra0 + np.degrees(reach) / max(np.cos(np.radians(dec0)), 0.05)) % 360.0, dec0


def index_of(among: list[Region]) -> skymaps.SkyIndex:
    """An index of regions, keyed by their place in the list."""
    index = skymaps.SkyIndex()
    for i, region in enumerate(among):
        index.add(i, region, LEVEL)
    return index
