"""Counterparts of mergers: AT2017gfo as it was measured, and ejecta with two components."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import numpy as np

from . import ejecta
from .cosmos import DAY_S, FloatArray, modulus, redshift
from .sources import BANDS, IntArray, Light, Sources, flux_njy, usual

GW170817 = datetime(2017, 8, 17, 12, 41, 4, tzinfo=UTC).timestamp()
HOST_MPC = 40.7
"""Cantiello et al. 2018, ApJL 854 L31."""

GRID = np.geomspace(0.02, 25.0, 120)
"""Days after the event."""

SPREAD_MAG = 0.7
"""Scatter about AT2017gfo: viewing angles and masses change the peak by about this (Kasen et al. 2017; Bulla 2019)."""

REDDENING_MAG = {"u": 0.45, "g": 0.35, "r": 0.24, "i": 0.18, "z": 0.13, "y": 0.11}
"""Of our Galaxy: E(B - V) = 0.105 (Schlafly & Finkbeiner 2011, ApJ 737 103)."""

RISE_D = 0.25
"""Before it was first seen, at 0.47 d, it is taken to grow in this time (ours)."""

HOST_KPC = 7.7
"""Median offset of short bursts (Fong et al. 2022, ApJ 940 56), log-normal, 0.9 in ln (ours)."""

Table = FloatArray
"""Absolute magnitude by band and time on ``GRID``. Shape (6, n)."""


@lru_cache(maxsize=4)
def at2017gfo(path: Path) -> Table:
    """Absolute magnitudes of AT2017gfo: medians of what was measured near each time, straight lines between them."""
    points: dict[str, list[tuple[float, float]]] = {name: [] for name in BANDS}
    for line in path.read_text().splitlines():
        parts = line.split()
        if len(parts) < 4 or "::" not in parts[1]:
            continue
        band = parts[1].split("::")[1]
        error = float(parts[3])
        if band in points and np.isfinite(error) and error < 0.5:
            days = (datetime.fromisoformat(parts[0]).replace(tzinfo=UTC).timestamp() - GW170817) / DAY_S
            points[band].append((days, float(parts[2]) - REDDENING_MAG[band] - float(modulus(HOST_MPC))))
    table = np.empty((len(BANDS), len(GRID)))
    for k, name in enumerate(BANDS):
        if len(points[name]) < 4:
            name = "g"  # no ultraviolet: as blue as g, and a magnitude fainter a day
        at = np.array(sorted(points[name]))
        lines = _lines(at[:, 0], at[:, 1])
        table[k] = lines + (0.8 * GRID if BANDS[k] == "u" and len(points["u"]) < 4 else 0.0)
    return table


def _lines(days: FloatArray, mag: FloatArray) -> FloatArray:
    nodes = np.round(days * 2.0) / 2.0
    at = np.unique(nodes)
    value = np.array([np.median(mag[nodes == x]) for x in at])
    when = np.array([np.median(days[nodes == x]) for x in at])
    slope = max((value[-1] - value[-3]) / (when[-1] - when[-3]), 0.1) if len(at) > 3 else 0.3
    late = value[-1] + slope * np.maximum(GRID - when[-1], 0.0)
    mags = np.where(when[-1] < GRID, late, np.interp(GRID, when, value))
    return mags - 2.5 * np.log10(np.clip(GRID / RISE_D, 1e-3, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What merged, as far as its light goes."""

    neutron_stars: bool
    """Two neutron stars; else one and a black hole."""


def parts(kind: Kind, random: np.random.Generator) -> list[ejecta.Component]:
    """Dynamical ejecta, 0.001 to 0.02 solar masses, and a wind, 0.01 to 0.1: the grid of Dietrich et al. 2020 (Science
    370 1450), even in the logarithm. Opacities: Tanaka et al. 2020 (MNRAS 496 1369); the floor of 2500 K: Villar et al.
    2017."""

    def even(low: float, high: float) -> float:
        return float(np.exp(random.uniform(np.log(low), np.log(high))))

    if kind.neutron_stars:
        fast = ejecta.Component(
            mass=even(1e-3, 2e-2), speed=random.uniform(0.2, 0.3), opacity=even(5, 20), floor_k=2500.0
        )
        wind = ejecta.Component(
            mass=even(1e-2, 1e-1),
            speed=random.uniform(0.06, 0.2),
            opacity=even(0.5, 5.0),
            floor_k=random.uniform(2000, 4500),
        )
        return [fast, wind]
    fast = ejecta.Component(mass=even(5e-3, 5e-2), speed=random.uniform(0.2, 0.3), opacity=even(8, 30), floor_k=2500.0)
    wind = ejecta.Component(
        mass=even(1e-2, 5e-2), speed=random.uniform(0.06, 0.12), opacity=even(1, 10), floor_k=2500.0
    )
    return [fast, wind]


def table(kind: Kind, folder: Path, random: np.random.Generator) -> tuple[str, Table]:
    """What it is, and its magnitudes; every second one of two neutron stars is like AT2017gfo."""
    if kind.neutron_stars and random.uniform() < 0.5:
        known = at2017gfo(folder / "counterparts" / "nmma-AT2017gfo.dat")
        return "AT2017gfo", known + random.normal(0.0, SPREAD_MAG)
    return "two components", ejecta.absolute(GRID, parts(kind, random))


def light_of(mags: Table, event: float, mpc: float) -> Light:
    """Light of one counterpart, from the event on."""
    z, mu = float(redshift(mpc)), float(modulus(mpc))
    logs = np.log(GRID)

    def light(row: IntArray, time: FloatArray, band: IntArray) -> FloatArray:
        age = (time - event) / DAY_S / (1.0 + z)
        out = np.zeros(len(time))
        for k in np.unique(band):
            mine = (band == k) & (age > GRID[0])
            out[mine] = flux_njy(np.interp(np.log(age[mine]), logs, mags[k]) + mu)
        return out

    return light


def offsets(n: int, random: np.random.Generator) -> FloatArray:
    """How far from the centres of their galaxies mergers are, kpc. Shape (n,)."""
    return np.minimum(HOST_KPC * np.exp(random.normal(0.0, 0.9, n)), 100.0)


def counterpart(
    kind: Kind, event: float, place: tuple[float, float, float], folder: Path, random: np.random.Generator
) -> Sources:
    """A counterpart at a place (degrees, Mpc)."""
    ra, dec, mpc = place
    what, mags = table(kind, folder, random)
    offset = offsets(1, random)
    chosen = usual(1, random) | {"mpc": np.array([mpc]), "offset_kpc": offset}
    return Sources(
        what=what,
        ra=np.array([ra]),
        dec=np.array([dec]),
        onset=np.array([event]),
        light=light_of(mags, event, mpc),
        **chosen,
    )
