"""A telescope that was pointed by an event: what it finds is judged against the field that it looked at."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from skymaps import Region, SkyMap, healpix, overlap

from .pvalues import after_trials

FIELD_OF_VIEW_DEG = 5.0
"""Radius taken where none is told: CTAO's field is 10 deg across (arXiv 2508.20726)."""

FINEST = 11
WIDE_DEG2 = 1.0
"""Half of a region's probability in more than this: pixels of a field are fine enough to sum it."""


def footprint_overlap(event: Region, found: Region, radius_deg: float, followed: Region | None = None) -> float:
    """Overlap integral with the observed field as prior, ``pi(Omega) = 1 / footprint``, not ``1 / 4 pi``.

    ``A_F integral p_a p_b / (P_a(F) P_b(F))``: Ashton et al. 2018, ApJ 860 6, with the prior of a telescope that sees
    nothing outside its field F; what was found lies wholly inside (P_b = 1). The mean over places in the field is 1:
    a coincidence that pointing made gains nothing from it.

    Parameters
    ----------
    event
        Region to compare with.
    found
        Region of the detection, much smaller than the field.
    radius_deg
        Of the field of view.
    followed
        Region of the event that made the telescope point; None: the same as ``event``. The field is taken about its
        centre, and about the detection where that is outside: one of several tiles.
    """
    ra, dec = (event if followed is None else followed).centre()
    x, y = found.centre()
    if _separation(x, y, np.array([ra]), np.array([dec]))[0] > np.radians(radius_deg):
        ra, dec = x, y
    share = (1.0 - np.cos(np.radians(radius_deg))) / 2.0
    inside = probability_within(event, ra, dec, radius_deg)
    return float(overlap(event, found) * share / inside) if inside > 0.0 else 0.0


def probability_within(region: Region, ra: float, dec: float, radius_deg: float) -> float:
    """Probability of a region inside a disc, at most 1."""
    if not isinstance(region, SkyMap) and region.area_deg2(0.5) < WIDE_DEG2:
        return _of_small(region, ra, dec, radius_deg)
    order = int(np.clip(np.ceil(np.log2(58.6 / radius_deg)) + 6, 6, FINEST))
    near = healpix.disc(ra, dec, np.radians(radius_deg), order)
    x, y = healpix.pixel_centre(order, near)
    within = _separation(ra, dec, x, y) <= np.radians(radius_deg)
    return min(float(region.probdensity_at(x[within], y[within]).sum() * healpix.area_sr(order)), 1.0)


def _of_small(region: Region, ra: float, dec: float, radius_deg: float) -> float:
    """... of a shape much smaller than the disc's pixels, by its own cells."""
    tiles = region.tiles()
    x, y = healpix.cell_centre(tiles.lower, healpix.order_of(tiles.upper - tiles.lower))
    within = _separation(ra, dec, x, y) <= np.radians(radius_deg)
    prob = tiles.probdensity * (tiles.upper - tiles.lower)
    return min(float(prob[within].sum() / prob.sum()), 1.0)


def _separation(ra: float, dec: float, ras: np.ndarray, decs: np.ndarray) -> np.ndarray:
    """Angle in radians from one position to others. Shape (n,)."""
    a, d = np.radians(ras - ra), np.radians(decs)
    d0 = np.radians(dec)
    half = np.sin((d - d0) / 2.0) ** 2 + np.cos(d) * np.cos(d0) * np.sin(a / 2.0) ** 2
    return np.asarray(2.0 * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


def p_in_tiles(significance_sigma: float | None, tiles: int | None) -> float | None:
    """Chance of such an excess somewhere in the tiles that were observed; None where no significance is told.

    Examples
    --------
    >>> f"{p_in_tiles(5.0, 10):.2e}"
    '2.87e-06'
    """
    if significance_sigma is None:
        return None
    return after_trials(float(ndtr(-significance_sigma)), tiles or 1)
