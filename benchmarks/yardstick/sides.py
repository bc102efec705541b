"""What others do with the same inputs: a number for each candidate, which isotonic regression makes a probability.

Containment: inside of the 90 % region or not, as BOOM's filters ask. Density: the map's probability for each Mpc^3 at
the host, as Lasair's ``probdens3`` has it; without a host its ``probdens2`` at a likely distance. TROVE (Franz et al.
2025, arXiv:2510.17104, and candidate_vetting of SAGUARO's TOM): one minus the credible level, times the Bhattacharyya
coefficient of the distances of event and host (the best with a chance below 0.15), times 0.1 for each of luminosity,
time of the peak and rate of decay that is out of range, nothing on a star, and a tenth on an active nucleus.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.spatial import cKDTree

from .cosmos import DAY_S, FloatArray
from .night import Night
from .places import vectors
from .sources import IntArray, magnitude

NAMES = ("containment", "density", "TROVE")

LEVEL = 0.99
WINDOW_D = (-0.1, 10.0)
BOGUS = 0.3
MOVING_ARCSEC = 5.0
CHANCE = 0.15
HOST_DEG = 0.25
OUT_OF_RANGE = 0.1
LUMINOSITY_ERG_S = 1e43
PEAK_D = 4.0
DECAY_MAG_D = 0.1
STAR_ARCSEC, STAR_SCORE, AGN_ARCSEC = 1.5, 0.83, 2.0
PARSEC_CM = 3.0856776e18
R_HZ = 4.82e14
FEWEST = 1e-6
"""No probability is less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Numbers of each object of a night by each rule; NaN where it is no candidate. Shapes (n,)."""

    values: dict[str, FloatArray]


def first_seen(night: Night) -> FloatArray:
    """First detection of each object, Unix seconds."""
    points, first = night.points, np.full(len(night.objects), np.inf)
    seen = points.detected & (points.flux_njy > 0)
    np.minimum.at(first, points.object[seen], points.time[seen])
    return first


def scores(night: Night) -> Scores:
    """All rules."""
    its, n = night.objects, len(night.objects)
    values = {name: np.full(n, np.nan) for name in NAMES}
    age = (first_seen(night) - night.time) / DAY_S
    level = night.skymap.credible_level_at(its.ra, its.dec) if n else np.empty(0)
    kept = (level <= LEVEL) & (age >= WINDOW_D[0]) & (age <= WINDOW_D[1]) & (its.reliability >= BOGUS)
    kept &= ~(its.solar_system_arcsec <= MOVING_ARCSEC)
    rows = np.flatnonzero(kept)
    if not len(rows):
        return Scores(values=values)
    ra, dec = its.ra[rows], its.dec[rows]
    mean, sigma = night.skymap.distance_moments_at(ra, dec)
    object_, galaxy, chance = _hosts(night, rows)
    values["containment"][rows] = level[rows] <= 0.9
    values["density"][rows] = _density(night, rows, object_, galaxy, chance)
    overlap = np.full(len(rows), -1.0)
    good = chance <= CHANCE
    mpc, error = night.galaxies.mpc[galaxy[good]], night.galaxies.error_mpc[galaxy[good]] + 1e-3
    m, s = mean[object_[good]], sigma[object_[good]]
    total = s**2 + error**2
    alike = np.sqrt(2.0 * s * error / total) * np.exp(-0.25 * (m - mpc) ** 2 / total)
    np.maximum.at(overlap, object_[good], np.nan_to_num(alike, nan=1.0))
    overlap = np.where(overlap < 0, 1.0, overlap)
    best = _best(object_, galaxy, chance, len(rows))
    host = np.where(best >= 0, night.galaxies.mpc[best], mean)
    rule = (1.0 - level[rows]) * overlap * _photometry(night, rows, np.where(np.isfinite(host), host, 200.0))
    rule *= ~((its.star_arcsec[rows] < STAR_ARCSEC) & (its.star_score[rows] > STAR_SCORE))
    values["TROVE"][rows] = rule * np.where(_on_nucleus(night, rows), OUT_OF_RANGE, 1.0)
    return Scores(values=values)


def _hosts(night: Night, rows: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Pairs of object (place in ``rows``) and galaxy, and the chance of one as bright as close (Bloom et al. 2002)."""
    its, all_ = night.objects, night.galaxies
    if not len(all_):
        none = np.empty(0, dtype=np.int64)
        return none, none, np.empty(0)
    trees = cKDTree(vectors(its.ra[rows], its.dec[rows])), cKDTree(vectors(all_.ra, all_.dec))
    near = trees[0].sparse_distance_matrix(trees[1], np.radians(HOST_DEG), output_type="ndarray")
    arcsec = np.degrees(near["v"]) * 3600.0
    galaxy = near["j"].astype(np.int64)
    counts = 10.0 ** (0.33 * (all_.mag[galaxy] - 24.0) - 2.44) / (0.33 * np.log(10.0))
    return near["i"].astype(np.int64), galaxy, 1.0 - np.exp(-np.pi * arcsec**2 * counts)


def _best(object_: IntArray, galaxy: IntArray, chance: FloatArray, n: int) -> IntArray:
    """The galaxy with the least chance, -1 where none is below the limit."""
    best = np.full(n, -1, dtype=np.int64)
    good = np.flatnonzero(chance <= CHANCE)
    order = good[np.argsort(-chance[good], kind="stable")]
    best[object_[order]] = galaxy[order]
    return best


def _density(night: Night, rows: IntArray, object_: IntArray, galaxy: IntArray, chance: FloatArray) -> FloatArray:
    """Log of the probability for each Mpc^3 at the best host; of one at a likely distance where there is none."""
    its = night.objects
    ra, dec = its.ra[rows], its.dec[rows]
    flat = night.skymap.probdensity_at(ra, dec)
    mean, sigma = night.skymap.distance_moments_at(ra, dec)
    best = _best(object_, galaxy, chance, len(rows))
    mpc = np.where(best >= 0, night.galaxies.mpc[best], mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        along = np.asarray(night.skymap.distance_density_at(ra, dec, mpc)) / mpc**2
        likely = 1.0 / (2.0 * np.sqrt(np.pi) * sigma) / mean**2
        log = np.log(flat) + np.log(np.where(best >= 0, along, likely))
    return np.where(np.isnan(log), -300.0, np.maximum(log, -300.0))


def _on_nucleus(night: Night, rows: IntArray) -> np.ndarray:
    its, all_ = night.objects, night.galaxies
    active = np.flatnonzero(all_.active)
    if not len(active):
        return np.zeros(len(rows), dtype=np.bool_)
    tree = cKDTree(vectors(all_.ra[active], all_.dec[active]))
    apart = tree.query(vectors(its.ra[rows], its.dec[rows]))[0]
    return np.asarray(np.degrees(apart) * 3600.0 < AGN_ARCSEC)


def _photometry(night: Night, rows: IntArray, mpc: FloatArray) -> FloatArray:
    """0.1 for each of three ranges that the light curve is out of."""
    points, factor = night.points, np.ones(len(rows))
    seen = np.flatnonzero(points.detected & (points.flux_njy > 0))
    ends = np.searchsorted(points.object[seen], np.stack([rows, rows + 1]))
    for i, (start, end) in enumerate(ends.T.tolist()):
        mine = seen[start:end]
        flux, time = points.flux_njy[mine], (points.time[mine] - night.time) / DAY_S
        power = 4.0 * np.pi * (mpc[i] * 1e6 * PARSEC_CM) ** 2 * flux.max() * 1e-32 * R_HZ
        factor[i] *= OUT_OF_RANGE if power > LUMINOSITY_ERG_S else 1.0
        if len(mine) < 2 or np.ptp(time) < 0.01:
            continue
        top = int(np.argmax(flux))
        factor[i] *= OUT_OF_RANGE if time[top] > PEAK_D else 1.0
        slope = np.polyfit(time, magnitude(flux), 1)[0]
        factor[i] *= OUT_OF_RANGE if slope < DECAY_MAG_D else 1.0
    return factor


def isotonic(score: FloatArray, true: np.ndarray, at: FloatArray) -> FloatArray:
    """Probability at scores, monotone, fitted to others: steps of the regression, straight lines between."""
    if not len(score):
        return np.zeros(len(at))
    value, group = np.unique(score, return_inverse=True)
    weight = np.bincount(group).astype(np.float64)
    share = np.bincount(group, true.astype(np.float64)) / weight
    fitted = isotonic_regression(share, weights=weight).x
    return np.interp(at, value, fitted)


def together(probability: FloatArray, *, by_odds: bool) -> FloatArray:
    """Probabilities of candidates each by itself, made those of a list with at most one true: odds over 1 plus all, or
    as they are, and scaled where they add up to more than 0.98."""
    if not by_odds:
        return probability / max(float(np.nansum(probability)) / 0.98, 1.0)
    p = np.clip(np.where(np.isfinite(probability), probability, 0.0), 0.0, 1.0 - FEWEST)
    odds = p / (1.0 - p)
    return np.where(np.isfinite(probability), odds / (1.0 + odds.sum()), np.nan)


def crossed(all_: list[FloatArray], true: list[np.ndarray], *, by_odds: bool) -> list[FloatArray]:
    """Probabilities of each night by a fit to the other half of the nights."""
    fits = []
    for half in (0, 1):
        score = np.concatenate([np.empty(0), *all_[1 - half :: 2]])
        is_true = np.concatenate([np.empty(0, dtype=np.bool_), *true[1 - half :: 2]])
        kept = np.isfinite(score)
        fits.append((score[kept], is_true[kept]))
    out: list[FloatArray] = []
    for k, score in enumerate(all_):
        p, finite = np.full(len(score), np.nan), np.isfinite(score)
        p[finite] = isotonic(*fits[k % 2], score[finite])
        out.append(together(p, by_odds=by_odds))
    return out
