"""Odds of a pair: one source against two unrelated ones, as a sum of logs laid open."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skymaps import FloatArray, Region, SkyMap, cosmology, healpix, product
from skymaps.errors import RegionError

from ..event import Event
from ..terms.distance import event_integral
from .pairings import Pairing, Role
from .rates import RATES_PER_YEAR, YEAR_S

NEUTRON_STAR_SHARE = 0.05
"""Of the mergers that are told, those with a neutron star: ours, after five or so in ninety (GWTC-3)."""

LEAST_CLASS = 1e-3
"""A sender's classes are never trusted beyond this."""

FARTHEST_Z = 1.0
"""Unrelated sources with a distance lie evenly in comoving volume to here; beyond, TeV photons are absorbed: ours."""

LEAST_DISTANCE = 1e-3
"""Probability that a distance is wrong altogether, as in the score."""

PECULIAR_KM_S = 300.0
LIGHT_KM_S = 299_792.458
CELLS = 64
"""Densest cells of the product of two maps along which distances are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Natural logs; None where nothing is known."""

    sky: float | None
    """``ln I``: overlap integral, relative to the whole sky or to the field that a telescope was pointed at."""

    time: float | None
    """``ln [T p(dt)]`` with T one year and an even window."""

    distance: float | None
    prior: float | None
    """``ln [R_both / (R_first R_second T)]`` with T one year, by rates of events like these two."""

    @property
    def log_odds(self) -> float | None:
        """Sum of what is known; None without prior odds."""
        if self.prior is None:
            return None
        return self.prior + math.fsum(x for x in (self.sky, self.time, self.distance) if x is not None)


def evidence(
    a: Event, b: Event, roles: tuple[Role, Role], pairing: Pairing, shared: float | None, *, pointed: bool
) -> Evidence:
    """The evidence of a pair; Ashton et al. 2018, ApJ 860 6: ``B = I_sky I_time I_distance``.

    T, one year, cancels between time and prior. Where a telescope was pointed by an event, time and prior are
    unknown: it looked when and where it was told to.
    """
    sky = None if shared is None else (math.log(shared) if shared > 0.0 else -math.inf)
    distance = log_distance_ratio(a, b)
    if pointed:
        return Evidence(sky=sky, time=None, distance=distance, prior=None)
    return Evidence(
        sky=sky, time=math.log(YEAR_S / pairing.length_s), distance=distance, prior=_log_prior(a, b, roles, pairing)
    )


def _log_prior(a: Event, b: Event, roles: tuple[Role, Role], pairing: Pairing) -> float:
    """Log of the expected rate of both as one over the product of the rates of each, in one year."""
    joint = pairing.joint_per_year
    if pairing.needs_matter and a.classes:
        share = a.classes.get("BNS", 0.0) + a.classes.get("NSBH", 0.0)
        joint *= max(share, LEAST_CLASS) / NEUTRON_STAR_SHARE
    first, second = (_per_year(event, role) for event, role in zip((a, b), roles, strict=True))
    return math.log(joint / (first * second))


def _per_year(event: Event, role: Role) -> float:
    """Rate of events like this: those of its kind, and false ones that are as significant."""
    return RATES_PER_YEAR[role] + (event.far_hz or 0.0) * YEAR_S


def log_distance_ratio(a: Event, b: Event) -> float | None:
    """Log of ``integral p_a(d) p_b(d) / p_prior(d) dd`` along the lines of sight where both may be; None if unknown.

    One event's map has distance layers (Singer et al. 2016, ApJS 226 10, eq. 2), the other a redshift or layers too.
    """
    for near, far in ((a, b), (b, a)):
        if isinstance(near.region, SkyMap) and near.region.has_distance and far.region is not None:
            target = _distance_of(far)
            if target is not None:
                return _log_ratio(near.region, far.region, *target)
    return None


def _distance_of(event: Event) -> tuple[float, float] | None:
    """Luminosity distance and its error in Mpc, from a redshift or, as a whole, from a map."""
    if event.redshift is not None and 0.0 < event.redshift <= cosmology.Z_MAX:
        mpc = float(cosmology.distance_mpc(event.redshift)[0])
        return mpc, mpc * (PECULIAR_KM_S / LIGHT_KM_S) / event.redshift
    return event.region.distance_mpc if isinstance(event.region, SkyMap) else None


def _log_ratio(skymap: SkyMap, other: Region, mpc: float, error_mpc: float) -> float | None:
    """One line of sight after another, weighted by the product of the two regions."""
    try:
        both = product(skymap, other)
    except RegionError:
        return None
    weight = both.probdensity * healpix.area_sr(both.order)
    best = np.argsort(-weight, kind="stable")[:CELLS]
    layers = skymap.distance_parameters_at(*healpix.cell_centre(both.lower[best], both.order[best]))
    known = np.isfinite(layers[0])
    if not known.any() or not error_mpc > 0.0:
        return None
    mu, sigma, norm = (layer[known] for layer in layers)
    where = np.full(mu.size, mpc), np.full(mu.size, error_mpc)
    ratio = event_integral(mu, sigma, norm, *where) / _unrelated(mpc)
    weights = weight[best][known]
    mean = float((ratio * weights).sum() / weights.sum())
    return math.log((1.0 - LEAST_DISTANCE) * mean + LEAST_DISTANCE)


def _unrelated(mpc: float) -> float:
    """Density per Mpc of the distances of unrelated sources, ``dV/dz / (1 + z)`` to the farthest."""
    z = np.linspace(0.0, FARTHEST_Z, 513)
    weight: FloatArray = cosmology.comoving_weight(z) / (1.0 + z)
    distance = cosmology.distance_mpc(z)
    density = weight / np.trapezoid(weight, z) / np.gradient(distance, z)
    at = float(np.interp(mpc, distance[1:], density[1:]))
    if mpc < distance[1]:
        at = float(density[1] * (mpc / distance[1]) ** 2)
    return max(at, 1e-12)
