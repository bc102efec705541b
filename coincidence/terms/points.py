"""Points of light curves as magnitudes, ready for a model: thinned, with errors, and the looks that saw nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skymaps import FloatArray, IntArray

from ..curves import LightCurves
from ..parameters import Parameters
from . import looks
from .looks import DAY_S, Unseen

ZERO_MAG = 31.4
"""AB magnitude of 1 nJy."""

MAG_PER_LN = 2.5 / np.log(10.0)
UNKNOWN_ERROR_MAG = 0.1
"""Taken where a detection comes without an error."""

_NAMES = ("u U", "g B c cyan", "r R V G o orange w clear", "i I", "z Z", "y Y")
BANDS = {name: k for k, names in enumerate(_NAMES) for name in names.split()}
"""Column of a template (u, g, r, i, z, y) that a band is nearest to; other bands are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Detections that a model is held against, ordered by object and time, and one look each that saw nothing."""

    curve: LightCurves
    band: IntArray
    """Column of the templates. Shape (n points,)."""

    mag: FloatArray
    variance: FloatArray
    """Of measurement and model together, mag^2."""

    depth: FloatArray
    """Limiting magnitude of each point's exposure, by its flux error: packets tell no other of all detections. The
    magnitude itself where that is fainter. Shape (n points,)."""

    times: IntArray
    """In how many exposures each object was detected. Shape (n objects,), by the row of the batch."""

    before: Unseen
    """The last look before each object's first detection."""

    after: list[Unseen]
    """Looks after each object's last detection, by nights."""


def points(curves: LightCurves, parameters: Parameters) -> Points:
    """Detections in known bands, at most one a night and band, and the looks before and after them that saw nothing.

    Many points of one night repeat the same bumps, which the model's independent errors do not know: counted each,
    they would make it too sure of itself. A night's points are those nearest to a whole number of days
    since the object's first detection; the one with the smallest error stays.
    """
    band = np.array([BANDS.get(name, -1) for name in curves.band], dtype=np.int64)
    error = flux_errors(curves)
    with np.errstate(invalid="ignore"):
        seen = (band >= 0) & (curves.flux_njy > parameters.photometry.signal_to_noise_min * error)
    seen &= curves.flux_njy > 0
    kept = _thinned(curves, band, error, np.flatnonzero(seen))
    flux = curves.flux_njy[kept]
    variance = (MAG_PER_LN * error[kept] / flux) ** 2 + parameters.photometry.model_error_mag**2
    curve = curves.take(kept)
    mag, deep = ZERO_MAG - 2.5 * np.log10(flux), _depth(curves, error)
    limit = np.where(np.isfinite(curves.limit_mag), curves.limit_mag, deep)
    nothing = np.flatnonzero((band >= 0) & ~seen & np.isfinite(limit))
    return Points(
        curve=curve,
        band=band[kept],
        mag=mag,
        variance=variance,
        depth=np.fmax(deep[kept], mag),
        times=np.bincount(curves.object[seen]),
        before=looks.before(curves, curve, nothing, limit, band),
        after=looks.after(curves, curve, nothing, limit, band),
    )


def flux_errors(curves: LightCurves) -> FloatArray:
    """Flux errors, with a usual one where none is told."""
    usual = np.abs(curves.flux_njy) * UNKNOWN_ERROR_MAG / MAG_PER_LN
    known = np.isfinite(curves.flux_error_njy) & (curves.flux_error_njy > 0)
    return np.where(known, curves.flux_error_njy, usual)


def _depth(curves: LightCurves, error: FloatArray) -> FloatArray:
    """Limiting magnitude of each exposure: five times the flux error; NaN where none is told."""
    told = np.isfinite(curves.flux_error_njy)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(ZERO_MAG - 2.5 * np.log10(5.0 * np.where(told, error, np.nan)), dtype=np.float64)


def _thinned(curves: LightCurves, band: IntArray, error: FloatArray, rows: IntArray) -> IntArray:
    """At most one of these points for each object, band and night, in their order."""
    if not len(rows):
        return rows
    row = curves.object[rows]
    first = np.flatnonzero(np.r_[True, np.diff(row) != 0])
    began = np.repeat(curves.time[rows][first], np.diff(np.r_[first, len(rows)]))
    night = np.round((curves.time[rows] - began) / DAY_S).astype(np.int64)
    # one number for object, night and band: all but sorted already, which a stable sort makes use of
    key = (row * (night.max() + 1) + night) * 8 + band[rows]
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(key[order]) != 0])
    group = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(rows)]))
    best = order[error[rows][order] == np.minimum.reduceat(error[rows][order], starts)[group]]
    first_best = best[np.r_[True, np.diff(key[best]) != 0]]
    return np.asarray(rows[np.sort(first_best)], dtype=np.int64)
