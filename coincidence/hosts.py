"""Galaxies near an alert, and how likely each is its host."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray, IntArray, cosmology

from .alert import AlertBatch, StrArray
from .parameters import Parameters
from .terms.distance import distance

ARCSEC_PER_RAD = 180.0 / np.pi * 3600.0
C_KM_S = 299792.458


@dataclass(frozen=True, slots=True, kw_only=True)
class Galaxies:
    """Galaxies as columns, each of shape (n,). NaN is unknown."""

    name: StrArray
    catalog: StrArray
    ra: FloatArray
    dec: FloatArray
    distance_mpc: FloatArray
    distance_error_mpc: FloatArray
    kind: StrArray
    """How the distance was got: ``spec``, ``photo`` or ``indep`` (redshift-independent)."""

    density_deg2: FloatArray
    """Galaxies of its catalogue that are as near (or as bright) or more so, per square degree of sky."""

    def __len__(self) -> int:
        return len(self.ra)

    @classmethod
    def empty(cls) -> Galaxies:
        """No galaxies."""
        none, text = np.empty(0), np.empty(0, dtype=object)
        return cls(
            name=text,
            catalog=text,
            ra=none,
            dec=none,
            distance_mpc=none,
            distance_error_mpc=none,
            kind=text,
            density_deg2=none,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """Possible hosts of a batch of alerts: one row a pair, and for each alert the chance of none of them."""

    alert: IntArray
    """Row of the alert. Shape (m,)."""

    name: StrArray
    catalog: StrArray
    kind: StrArray
    distance_mpc: FloatArray
    distance_error_mpc: FloatArray
    separation_arcsec: FloatArray
    p_chance: FloatArray
    """Chance that an unrelated galaxy as near as this one lies this close. Shape (m,)."""

    weight: FloatArray
    """Probability that this is the host. Shape (m,)."""

    unseen: FloatArray
    """Probability that the host is none of these. Shape (n alerts,)."""

    def spread(self, rows: IntArray) -> Hosts:
        """The hosts of these rows' alerts, in their order; an alert may come several times, or not at all."""
        order = np.argsort(self.alert, kind="stable")
        each = np.bincount(self.alert, minlength=len(self.unseen))
        first, n = np.cumsum(each) - each, each[rows]
        owner = np.repeat(np.arange(len(rows)), n)
        pair = order[first[rows][owner] + np.arange(len(owner)) - np.repeat(np.cumsum(n) - n, n)]
        columns = {f.name: getattr(self, f.name)[pair] for f in fields(self) if f.name not in ("alert", "unseen")}
        return Hosts(alert=owner, unseen=self.unseen[rows], **columns)


def associate(alerts: AlertBatch, galaxies: Galaxies, parameters: Parameters) -> Hosts:
    """Galaxies near enough to be the host of each alert, with probabilities that sum to 1 with ``unseen``.

    The chance of an unrelated galaxy within r is ``1 - exp(-pi r^2 sigma)`` (Bloom et al. 2002,
    AJ 123 1111), with sigma counted in the catalogue itself; the host is galaxy j with a weight
    proportional to ``(1 - P_j) prod_{i != j} P_i``, and unseen with ``prod P_i``. A distance told by the
    alert's own packet is a host of certain weight.
    """
    told = _told_by_packet(alerts, parameters)
    row, galaxy, separation = _near(alerts, galaxies, parameters)
    keep = ~np.isfinite(told[0][row])
    row, galaxy, separation = row[keep], galaxy[keep], separation[keep]
    chance = -np.expm1(-np.pi * (separation / 3600.0) ** 2 * galaxies.density_deg2[galaxy])
    chance = np.clip(chance, 1e-12, 1.0 - 1e-12)
    odds = (1.0 - chance) / chance
    unseen = np.asarray(1.0 / (1.0 + np.bincount(row, odds, minlength=len(alerts))), dtype=np.float64)
    known = np.flatnonzero(np.isfinite(told[0]))
    unseen[known] = 0.0
    packet = np.full(len(known), "packet", dtype=object)
    return Hosts(
        alert=np.concatenate([row, known]),
        name=np.concatenate([galaxies.name[galaxy], np.full(len(known), None, dtype=object)]),
        catalog=np.concatenate([galaxies.catalog[galaxy], packet]),
        kind=np.concatenate([galaxies.kind[galaxy], told[2][known]]),
        distance_mpc=np.concatenate([galaxies.distance_mpc[galaxy], told[0][known]]),
        distance_error_mpc=np.concatenate([_error_mpc(galaxies, galaxy, parameters), told[1][known]]),
        separation_arcsec=np.concatenate([separation, np.zeros(len(known))]),
        p_chance=np.concatenate([chance, np.zeros(len(known))]),
        weight=np.concatenate([odds * unseen[row], np.ones(len(known))]),
        unseen=unseen,
    )


@lru_cache(maxsize=16)
def _hubble_scatter_mpc(peculiar_velocity_km_s: float) -> float:
    """Distance that a peculiar velocity is mistaken for: 4.4 Mpc for 300 km/s."""
    return float(cosmology.distance_mpc(np.array([peculiar_velocity_km_s / C_KM_S]))[0])


def _error_mpc(galaxies: Galaxies, galaxy: IntArray, parameters: Parameters) -> FloatArray:
    """Catalogue error, with the Hubble-flow scatter added where the distance came from a redshift."""
    error = galaxies.distance_error_mpc[galaxy]
    mpc = galaxies.distance_mpc[galaxy]
    error = np.where(np.isfinite(error), error, 0.1 * mpc)
    scatter = np.where(galaxies.kind[galaxy] == "indep", 0.0, _hubble_scatter_mpc(parameters.peculiar_velocity_km_s))
    return np.asarray(np.hypot(np.maximum(error, 1e-3 * mpc), scatter), dtype=np.float64)


def _told_by_packet(alerts: AlertBatch, parameters: Parameters) -> tuple[FloatArray, FloatArray, StrArray]:
    """Distance, error and kind that the alert itself tells; NaN where it does not."""
    by_redshift = np.isfinite(alerts.redshift) & (alerts.redshift > 0)
    if not (by_redshift.any() or np.isfinite(alerts.distance_mpc).any()):
        nothing = np.full(len(alerts), np.nan)
        return nothing, nothing, np.full(len(alerts), "unknown", dtype=object)
    z = np.where(by_redshift, alerts.redshift, 0.1)
    error_z = np.where(np.isfinite(alerts.redshift_error), alerts.redshift_error, 0.0)
    from_z = cosmology.distance_mpc(z)
    slope = (cosmology.distance_mpc(z + 1e-4) - from_z) / 1e-4
    error = np.hypot(slope * error_z, _hubble_scatter_mpc(parameters.peculiar_velocity_km_s))
    direct = np.isfinite(alerts.distance_mpc) & (alerts.distance_mpc > 0)
    mpc = np.where(direct, alerts.distance_mpc, np.where(by_redshift, from_z, np.nan))
    error = np.where(by_redshift, error, np.hypot(0.1 * mpc, _hubble_scatter_mpc(parameters.peculiar_velocity_km_s)))
    kind = np.where(by_redshift, "spec", np.where(direct, "indep", "unknown")).astype(object)
    return mpc, error, kind


def _near(alerts: AlertBatch, galaxies: Galaxies, parameters: Parameters) -> tuple[IntArray, IntArray, FloatArray]:
    """Pairs of alert and galaxy within the allowed radius, and their separation in arcseconds."""
    if not len(galaxies) or not len(alerts):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
    from scipy.spatial import cKDTree

    limit = parameters.host_radius_arcmin * 60.0 / ARCSEC_PER_RAD
    tree = cKDTree(_unit(galaxies.ra, galaxies.dec))
    found = tree.query_ball_point(_unit(alerts.ra, alerts.dec), 2.0 * np.sin(limit / 2.0))
    row = np.repeat(np.arange(len(alerts)), [len(f) for f in found])
    galaxy = np.array([g for f in found for g in f], dtype=np.int64)
    if not len(galaxy):
        return row, galaxy, np.empty(0)
    chord = np.linalg.norm(
        _unit(alerts.ra[row], alerts.dec[row]) - _unit(galaxies.ra[galaxy], galaxies.dec[galaxy]), axis=1
    )
    angle = 2.0 * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0))
    near = angle * galaxies.distance_mpc[galaxy] * 1e3 <= parameters.host_offset_kpc
    return row[near], galaxy[near], (angle * ARCSEC_PER_RAD)[near]


def _unit(ra: FloatArray, dec: FloatArray) -> npt.NDArray[np.float64]:
    ra, dec = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)


def distance_ratio(
    hosts: Hosts, layers: tuple[FloatArray, FloatArray, FloatArray], parameters: Parameters
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Ratio of each alert's distance under the region to that under the background, over all possible hosts.

    ``sum_j w_j R_j + w_0``: an unseen host is neutral, so that not knowing never helps. Second value:
    where any host and any distance layer were known.
    """
    n = len(hosts.unseen)
    ratio = distance(
        parameters,
        (layers[0][hosts.alert], layers[1][hosts.alert], layers[2][hosts.alert]),
        hosts.distance_mpc,
        hosts.distance_error_mpc,
    )
    total = hosts.unseen + np.bincount(hosts.alert, hosts.weight * ratio, minlength=n)
    some = np.bincount(hosts.alert, minlength=n) > 0
    return total, some & np.isfinite(layers[0])
