"""Mean of the distance term's ratio over unrelated transients near a test's own galaxies.

Transients are drawn at the distances that a survey of limited depth sees. As many of them as the catalogue is complete
lie in one of its own galaxies at about that distance, off its centre as supernovae are; the others anywhere on the sky,
where a near galaxy may stand in front of them. The two are drawn apart and weighted, as few are near.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from coincidence import DEFAULT, AlertBatch, Galaxies
from coincidence.hosts import associate, distance_ratio
from coincidence.population import background
from skymaps import FloatArray

OFFSET_KPC = 3.3
"""Scale length of the disc that transients follow: half of them within 5.5 kpc of the centre."""

NEIGHBOURS = 50
"""A transient lies in one of so many galaxies nearest to its distance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """The mean ratio of one survey's transients for one event."""

    limit_mag: float
    event_mpc: float
    value: float
    error: float


def layers(mpc: float, sigma: float, n: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Distance layers of n lines of sight whose density integrates to 1."""
    d = np.linspace(0.0, mpc + 10.0 * sigma, 20_001)
    total = np.trapezoid(d**2 * np.exp(-0.5 * ((d - mpc) / sigma) ** 2), d)
    return np.full(n, mpc), np.full(n, sigma), np.full(n, np.sqrt(2.0 * np.pi) * sigma / total)


def batch(ra: FloatArray, dec: FloatArray) -> AlertBatch:
    """Alerts at these places, degrees."""
    one = AlertBatch.from_rows([{"survey": "ztf", "ra": 0.0, "dec": 0.0, "time": 0.0}])
    return replace(one.take(np.zeros(len(ra), dtype=np.int64)), ra=ra, dec=dec)


def anywhere(n: int, random: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Places even over the sky, degrees. Shape (n,) each."""
    return random.uniform(0.0, 360.0, n), np.degrees(np.arcsin(random.uniform(-1.0, 1.0, n)))


def in_hosts(mpc: FloatArray, catalog: Galaxies, random: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Places of transients at these distances in galaxies of the catalogue, degrees. Shape (n,) each."""
    order = np.argsort(catalog.distance_mpc)
    place = np.searchsorted(catalog.distance_mpc[order], mpc)
    low = np.clip(place - NEIGHBOURS // 2, 0, len(order) - NEIGHBOURS)
    host = order[low + random.integers(NEIGHBOURS, size=len(mpc))]
    offset = OFFSET_KPC * random.gamma(2.0, size=len(mpc)) / 1e3 / catalog.distance_mpc[host]
    angle = random.uniform(0.0, 2.0 * np.pi, len(mpc))
    dec = np.clip(catalog.dec[host] + np.degrees(offset * np.cos(angle)), -89.9, 89.9)
    ra = catalog.ra[host] + np.degrees(offset * np.sin(angle)) / np.cos(np.radians(catalog.dec[host]))
    return ra % 360.0, dec


def mean(catalog: Galaxies, limit_mag: float, event: tuple[float, float], n: int, seed: int) -> Mean:
    """The mean ratio for an event at this distance and error."""
    random, model = np.random.default_rng(seed), background(limit_mag, DEFAULT.luminosity)
    complete = catalog.catalogs[0].completeness
    mpc = np.exp(model.log_mpc)
    share = model.density * mpc * complete.at(mpc)
    part = float(share.sum() / (model.density * mpc).sum())
    drawn = np.interp(random.uniform(size=n), np.cumsum(share) / share.sum(), mpc)
    parameters = replace(DEFAULT, background_limit_mag=limit_mag)
    parts = []
    for weight, (ra, dec) in ((part, in_hosts(drawn, catalog, random)), (1.0 - part, anywhere(n, random))):
        found = associate(batch(ra, dec), catalog, parameters)
        ratio, _ = distance_ratio(found, layers(*event, n), parameters)
        parts.append((weight * ratio.mean(), weight * ratio.std() / np.sqrt(n)))
    return Mean(
        limit_mag=limit_mag,
        event_mpc=event[0],
        value=sum(value for value, _ in parts),
        error=float(np.hypot(*(error for _, error in parts))),
    )
