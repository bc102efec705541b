"""How likely each galaxy near an alert is its host, and what the hosts' distances say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from skymaps import FloatArray, IntArray, cosmology
from skymaps.units import ARCSEC_PER_RAD

from .alert import AlertBatch, StrArray
from .completeness import BoolArray, Catalog, coverage, together
from .counts import HALF_LIGHT, bearing_deg, bloom_counts, directional_radius, p_chance, r_magnitude
from .curves import LightCurves
from .galaxies import Galaxies, merged, unit
from .host_prior import per_deg2, volume_mpc3
from .parameters import Parameters
from .population import Backgrounds
from .rates import depths
from .terms.distance import STEP, background_integral, distance, unseen_ratio
from .terms.host_distance import HostDistances, modulus, photometric
from .told_distances import error_mpc, told_by_packet

__all__ = ["Galaxies", "Hosts", "associate", "distance_ratio", "host_distances", "hostless"]


LIGHT_RADII = 5.0
"""A galaxy is a possible host out to this many directional half-light radii, however far that is in kpc."""

AT_ONCE = 8192
"""Lines of sight that are summed over at once: bounds the memory."""

HOSTLESS_MIN = 0.01
"""No catalogue is so complete that fewer unrelated transients have no host in it."""

Layers = tuple[FloatArray, FloatArray, FloatArray]


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
    light_radii: FloatArray
    """Separation over the half-light radius in that direction; NaN where the shape is unknown. Shape (m,)."""

    p_chance: FloatArray
    """Chance that an unrelated galaxy as bright (or as near) as this one lies this close. Shape (m,)."""

    weight: FloatArray
    """Probability that this is the host. Shape (m,)."""

    unseen: FloatArray
    """Probability that the host is none of these. Shape (n alerts,)."""

    covered: BoolArray
    """Where each catalogue could be expected to hold the host. Shape (n alerts, catalogues)."""

    depth: FloatArray
    """Of the looks that found each alert, AB mag. Shape (n alerts,)."""

    catalogs: tuple[Catalog, ...]

    @property
    def host_incomplete(self) -> BoolArray:
        """No catalogue covers the alert: the galactic plane, or outside of every footprint. Shape (n alerts,)."""
        return np.asarray(~self.covered.any(axis=1))

    def spread(self, rows: IntArray) -> Hosts:
        """The hosts of these rows' alerts, in their order; an alert may come several times, or not at all."""
        order = np.argsort(self.alert, kind="stable")
        each = np.bincount(self.alert, minlength=len(self.unseen))
        first, n = np.cumsum(each) - each, each[rows]
        owner = np.repeat(np.arange(len(rows)), n)
        pair = order[first[rows][owner] + np.arange(len(owner)) - np.repeat(np.cumsum(n) - n, n)]
        columns = {f.name: getattr(self, f.name)[pair] for f in fields(self) if f.name not in _OF_ALERTS}
        return Hosts(
            alert=owner,
            unseen=self.unseen[rows],
            covered=self.covered[rows],
            depth=self.depth[rows],
            catalogs=self.catalogs,
            **columns,
        )


_OF_ALERTS = frozenset({"alert", "unseen", "covered", "depth", "catalogs"})


def associate(alerts: AlertBatch, galaxies: Galaxies, parameters: Parameters, depth: FloatArray | None = None) -> Hosts:
    """Galaxies near enough to be the host of each alert, with probabilities that sum to 1 with ``unseen``.

    They are the probabilities for an unrelated transient found there. The weight of galaxy j is the number of
    transients that a survey sees of it, by the volume that has as much light, times their density at that separation
    from its centre; that of an unseen host is the number behind a square degree that no catalogue holds
    (``host_prior``). So a near galaxy in front of anything is seldom the host in a deep survey. A distance told by the
    alert's own packet is a host of certain weight.

    Parameters
    ----------
    depth
        Of the looks that found each alert, AB mag; by their surveys where not given. Shape (n alerts,).
    """
    if depth is None:
        depth = depths(alerts, LightCurves.none(), parameters)
    told = told_by_packet(alerts, parameters)
    near = merged(galaxies)
    row, galaxy, separation, radii = _near(alerts, near, parameters)
    keep = ~np.isfinite(told[0][row])
    row, galaxy, separation, radii = row[keep], galaxy[keep], separation[keep], radii[keep]
    chance = np.clip(_chance(near.take(galaxy), separation, radii), 1e-12, 1.0 - 1e-12)
    covered = coverage(near.catalogs, alerts.ra, alerts.dec)
    unrelated = Backgrounds.of(depth, parameters.luminosity)
    error = error_mpc(near, parameters)
    made = _made(near, error, row, galaxy, separation, radii, unrelated)
    missed = _missed(near.catalogs, covered, unrelated)
    total = missed + np.bincount(row, made, minlength=len(alerts))
    unseen = np.divide(missed, total, out=np.ones(len(alerts)), where=total > 0)
    known = np.flatnonzero(np.isfinite(told[0]))
    unseen[known] = 0.0
    n = len(known)
    return Hosts(
        alert=np.concatenate([row, known]),
        name=np.concatenate([near.name[galaxy], np.full(n, None, dtype=object)]),
        catalog=np.concatenate([near.catalog[galaxy], np.full(n, "packet", dtype=object)]),
        kind=np.concatenate([near.kind[galaxy], told[2][known]]),
        distance_mpc=np.concatenate([near.distance_mpc[galaxy], told[0][known]]),
        distance_error_mpc=np.concatenate([error[galaxy], told[1][known]]),
        separation_arcsec=np.concatenate([separation, np.zeros(n)]),
        light_radii=np.concatenate([radii, np.full(n, np.nan)]),
        p_chance=np.concatenate([chance, np.zeros(n)]),
        weight=np.concatenate([made / total[row], np.ones(n)]),
        unseen=unseen,
        covered=covered,
        depth=depth,
        catalogs=near.catalogs,
    )


def _made(
    near: Galaxies,
    errors: FloatArray,
    row: IntArray,
    galaxy: IntArray,
    separation: FloatArray,
    radii: FloatArray,
    unrelated: Backgrounds,
) -> FloatArray:
    """Transients of each galaxy that are seen at this separation from it, as a volume per square degree. Shape (m,).

    Told distances scatter, so that more galaxies (and transients in them) have a told distance than are that far: by
    ``int p_bg(d) normal(d; D, s) dd / p_bg(D)``.
    """
    its, models = near.take(galaxy), unrelated.take(row)
    mpc = its.distance_mpc
    scattered = background_integral(models, mpc, np.minimum(errors[galaxy], mpc)) / np.maximum(models.at(mpc), 1e-300)
    seen = models.seen_at(mpc) * scattered / (1.0 + cosmology.redshift(mpc))
    return np.asarray(volume_mpc3(its, near.catalogs) * seen * per_deg2(its, separation, radii), dtype=np.float64)


def _missed(catalogs: tuple[Catalog, ...], covered: BoolArray, unrelated: Backgrounds) -> FloatArray:
    """Transients seen behind a square degree whose hosts are in no catalogue, as a volume. Shape (n alerts,)."""
    whole = np.array([model.mpc3_per_deg2 for model in unrelated.models])[unrelated.row]
    return np.asarray(whole * _uncatalogued(catalogs, covered, unrelated), dtype=np.float64)


def _uncatalogued(catalogs: tuple[Catalog, ...], covered: BoolArray, unrelated: Backgrounds) -> FloatArray:
    """Part of the unrelated transients whose host is in no catalogue: ``int p_bg (1 - C) dd``, at least
    ``HOSTLESS_MIN``; 1 where no completeness is known. Shape (n alerts,)."""
    if not any(c.completeness.mpc for c in catalogs):
        return np.ones(len(covered))
    kinds, place = np.unique(np.column_stack([covered, unrelated.row]), axis=0, return_inverse=True)
    mpc, density = Backgrounds(models=unrelated.models, row=kinds[:, -1].astype(np.int64)).coarse(STEP)
    share = 1.0 - (together(catalogs, kinds[:, :-1].astype(np.bool_), mpc) * density).sum(axis=1)
    return np.asarray(np.maximum(share, HOSTLESS_MIN)[place.ravel()], dtype=np.float64)


def _chance(galaxies: Galaxies, separation: FloatArray, radii: FloatArray) -> FloatArray:
    """Chance of an unrelated galaxy like each of these, so close. Shape (m,)."""
    mag = r_magnitude(galaxies.mag, galaxies.band)
    density = np.where(np.isfinite(mag), bloom_counts(mag), galaxies.density_deg2 / 3600.0**2)
    ratio = np.where(np.isfinite(galaxies.axis_ratio), galaxies.axis_ratio, 1.0)
    half = HALF_LIGHT * galaxies.semi_major_arcsec * np.sqrt(ratio)
    radius = np.where(np.isfinite(radii), half * np.hypot(radii, 2.0), separation)
    return p_chance(radius, density)


def _near(
    alerts: AlertBatch, galaxies: Galaxies, parameters: Parameters
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Pairs of alert and galaxy that is close enough, their separation in arcseconds and in light radii."""
    hosts = np.flatnonzero((galaxies.kind != "agn") & np.isfinite(galaxies.distance_mpc))
    if not len(hosts) or not len(alerts):
        none = np.empty(0, dtype=np.int64)
        return none, none, np.empty(0), np.empty(0)
    from scipy.spatial import cKDTree

    limit = 2.0 * np.sin(parameters.host_radius_arcmin * 60.0 / ARCSEC_PER_RAD / 2.0)
    trees = cKDTree(unit(alerts.ra, alerts.dec)), cKDTree(unit(galaxies.ra[hosts], galaxies.dec[hosts]))
    pairs = trees[0].sparse_distance_matrix(trees[1], limit, output_type="ndarray")
    pairs = pairs[np.lexsort((pairs["j"], pairs["i"]))]
    row, galaxy = pairs["i"].astype(np.int64), hosts[pairs["j"]]
    angle = 2.0 * np.arcsin(np.clip(pairs["v"] / 2.0, 0.0, 1.0))
    radii = _light_radii(alerts, galaxies.take(galaxy), row, angle * ARCSEC_PER_RAD)
    close = angle * galaxies.distance_mpc[galaxy] * 1e3 <= parameters.host_offset_kpc
    near = close | (np.nan_to_num(radii, nan=np.inf) <= LIGHT_RADII)
    return row[near], galaxy[near], (angle * ARCSEC_PER_RAD)[near], radii[near]


def _light_radii(alerts: AlertBatch, galaxies: Galaxies, row: IntArray, separation: FloatArray) -> FloatArray:
    """Separation of each pair over the galaxy's half-light radius in that direction; NaN without a size. Shape (m,)."""
    bearing = bearing_deg(galaxies.ra, galaxies.dec, alerts.ra[row], alerts.dec[row])
    size = np.where(galaxies.semi_major_arcsec > 0, HALF_LIGHT * galaxies.semi_major_arcsec, np.nan)
    ratio = np.where(galaxies.axis_ratio > 0, np.clip(galaxies.axis_ratio, 0.05, 1.0), np.nan)
    return np.asarray(separation / directional_radius(size, ratio, galaxies.position_angle_deg, bearing))


def host_distances(hosts: Hosts, layers: Layers, parameters: Parameters) -> tuple[HostDistances, FloatArray]:
    """What the distance of each host says, and the ratio for an unseen one.

    Parameters
    ----------
    layers
        DISTMU, DISTSIGMA, DISTNORM at each alert, NaN where the map tells nothing. Each shape (n alerts,).

    Returns
    -------
    :
        Of each host, arrays of shape (m,); and the ratio of region to background ``R_0`` of a host that is in no
        catalogue, shape (n alerts,), 1 (neutral) where the map or the catalogue tells nothing.
    """
    known = np.isfinite(layers[0] + layers[1] + layers[2])
    unrelated = Backgrounds.of(hosts.depth, parameters.luminosity)
    at = tuple(layer[hosts.alert] for layer in layers)
    mpc, error = hosts.distance_mpc, hosts.distance_error_mpc
    value, sigma = modulus(mpc, error)
    found = HostDistances(
        ratio=distance(parameters, unrelated.take(hosts.alert), (at[0], at[1], at[2]), mpc, error),
        event_modulus=value.copy(),
        event_modulus_sigma=sigma.copy(),
        modulus=value,
        modulus_sigma=sigma,
    )
    photo = hosts.kind == "photo"
    for told in (True, False):
        for rows in _portions(np.flatnonzero(photo & (known[hosts.alert] == told))):
            mine = (at[0][rows], at[1][rows], at[2][rows]) if told else None
            complete = _completeness(hosts, hosts.alert[rows])
            found.put(
                rows, photometric(parameters, unrelated.take(hosts.alert[rows]), mine, mpc[rows], error[rows], complete)
            )
    unseen = np.ones(len(hosts.unseen))
    for rows in _portions(np.flatnonzero(known & _can_miss(hosts) & (hosts.unseen > 0))):
        mine = layers[0][rows], layers[1][rows], layers[2][rows]
        unseen[rows] = unseen_ratio(parameters, unrelated.take(rows), mine, _completeness(hosts, rows))
    return found, unseen


def hostless(hosts: Hosts, parameters: Parameters) -> FloatArray:
    """Part of the unrelated transients at each alert's place whose host is in no catalogue: ``int p_bg (1 - C) dd``,
    at least ``HOSTLESS_MIN``; 1 where no completeness is known. Shape (n alerts,)."""
    unrelated = Backgrounds.of(hosts.depth, parameters.luminosity)
    return _uncatalogued(hosts.catalogs, hosts.covered, unrelated)


def _portions(rows: IntArray) -> list[IntArray]:
    return [rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE)]


def _completeness(hosts: Hosts, rows: IntArray) -> Callable[[FloatArray], FloatArray]:
    return lambda mpc: together(hosts.catalogs, hosts.covered[rows], mpc)


def _can_miss(hosts: Hosts) -> BoolArray:
    """Alerts where some catalogue of known completeness covers the sky: not to be in it says something."""
    told = np.array([bool(c.completeness.mpc) for c in hosts.catalogs], dtype=np.bool_)
    return np.asarray(hosts.covered[:, told].any(axis=1))


def distance_ratio(hosts: Hosts, layers: Layers, parameters: Parameters) -> tuple[FloatArray, BoolArray]:
    """Ratio of each alert's distance under the region to that under the background, over all possible hosts.

    ``sum_j w_j R_j + w_0 R_0``. Second value: where the map tells a distance, and a host is known or one that is in no
    catalogue means something.
    """
    n = len(hosts.unseen)
    found, unseen = host_distances(hosts, layers, parameters)
    total = hosts.unseen * unseen + np.bincount(hosts.alert, hosts.weight * found.ratio, minlength=n)
    some = (np.bincount(hosts.alert, minlength=n) > 0) | _can_miss(hosts)
    return total, some & np.isfinite(layers[0])
