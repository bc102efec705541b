"""A gravitational-wave map with known truth: a piece of a triangulation ring, with a distance for each direction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from skymaps import FloatArray, IntArray, SkyMap, healpix

START_ORDER = 4
ROUNDS = 6
"""Cells are split four-fold this many times where the probability is, as BAYESTAR does: order 4 to 10."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """Where two detectors' time delay puts a source: a ring about their baseline, brighter on one side."""

    axis_ra: float
    axis_dec: float
    radius_deg: float
    width_deg: float
    """Standard deviation across the ring."""

    bright_ra: float
    bright_dec: float
    concentration: float
    """How much the bright side is favoured: von Mises-Fisher about the bright point."""

    distance_mpc: float
    distance_error_mpc: float


def density(ring: Ring, ra: FloatArray, dec: FloatArray) -> FloatArray:
    """Density of the ring, not normalised. Shape (n,)."""
    angle = np.degrees(np.arccos(np.clip(_unit(ra, dec) @ _unit(ring.axis_ra, ring.axis_dec), -1.0, 1.0)))
    side = _unit(ra, dec) @ _unit(ring.bright_ra, ring.bright_dec)
    across = -0.5 * ((angle - ring.radius_deg) / ring.width_deg) ** 2
    return np.asarray(np.exp(across + ring.concentration * (side - 1.0)), dtype=np.float64)


def _unit(ra: FloatArray | float, dec: FloatArray | float) -> FloatArray:
    a, d = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=-1)


def ring_map(ring: Ring, time: datetime, name: str) -> SkyMap:
    """The ring as a multi-order map of 19,200 cells with distance layers."""
    order, pixel = _cells(ring)
    ra, dec = healpix.pixel_centre(order, pixel)
    value = density(ring, ra, dec)
    value /= np.sum(value * healpix.area_sr(order))
    brightness = value / value.max()
    mu = ring.distance_mpc * (0.75 + 0.25 * brightness)
    sigma = np.full(len(mu), ring.distance_error_mpc)
    norm = 1.0 / (mu**2 + sigma**2)
    return SkyMap.from_tiles(
        pixel + (4 << (2 * order)),
        value,
        distmu=mu,
        distsigma=sigma,
        distnorm=norm,
        time=time,
        object_id=name,
        creator="mma simulate",
        instruments=("H1", "L1"),
    )


def _cells(ring: Ring) -> tuple[IntArray, IntArray]:
    """Orders and NESTED pixels: the quarter with the most probability is split again and again."""
    order = np.full(12 << (2 * START_ORDER), START_ORDER, dtype=np.int64)
    pixel = np.arange(len(order), dtype=np.int64)
    share = len(pixel) // 4
    for _ in range(ROUNDS):
        ra, dec = healpix.pixel_centre(order, pixel)
        weight = density(ring, ra, dec) * healpix.area_sr(order)
        best = np.argsort(weight)[-share:]
        rest = np.setdiff1d(np.arange(len(pixel)), best)
        children = (pixel[best, None] * 4 + np.arange(4)).ravel()
        order = np.concatenate([order[rest], np.repeat(order[best] + 1, 4)])
        pixel = np.concatenate([pixel[rest], children])
    return order, pixel


def draw(skymap: SkyMap, random: np.random.Generator) -> tuple[float, float, float]:
    """A source drawn from the map itself: right ascension, declination (degrees) and distance (Mpc)."""
    tiles = skymap.tiles()
    weight = tiles.probdensity * (tiles.upper - tiles.lower)
    cell = random.choice(len(weight), p=weight / weight.sum())
    pixel = np.array([random.integers(tiles.lower[cell], tiles.upper[cell])])
    ra, dec = healpix.pixel_centre(29, pixel)
    grid = np.linspace(1.0, 1000.0, 4000)
    pdf = skymap.distance_density_at(np.repeat(ra, len(grid)), np.repeat(dec, len(grid)), grid)
    return float(ra[0]), float(dec[0]), float(random.choice(grid, p=pdf / pdf.sum()))
