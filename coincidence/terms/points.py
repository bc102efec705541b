"""Points of light curves as magnitudes, ready for a model: by nights, with errors, and the looks that saw nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from skymaps import FloatArray, IntArray
from skymaps.units import AB_ZERO_MAG, DAY_S

from ..curves import LightCurves
from ..parameters import Parameters
from . import looks
from .colours import Colour
from .gaussian import Shared, Sums, sums
from .looks import Unseen

MAG_PER_LN = 2.5 / np.log(10.0)
UNKNOWN_ERROR_MAG = 0.1
"""Taken where a detection comes without an error."""

_NAMES = ("u U", "g B c cyan", "r R V G o orange w clear", "i I", "z Z", "y Y")
BANDS = {name: k for k, names in enumerate(_NAMES) for name in names.split()}
"""Column of a template (u, g, r, i, z, y) that a band is nearest to; other bands are left out."""


BINS_S = np.array([300.0, 1200.0, 4800.0, 19200.0])
"""Of one band and night, points are taken together that lie between the same of these times after the first of them: a
night has five at most, which follow a fade of a day as well as one of minutes. Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Detections that a model is held against, ordered by object and time, and one look each that saw nothing."""

    curve: LightCurves
    """The detections, the first of each point; ``time`` is the mean of those that a point stands for."""

    band: IntArray
    """Column of the templates. Shape (n points,)."""

    mag: FloatArray
    variance: FloatArray
    """Of measurement and of the model's own error at each point, mag^2."""

    common: float
    """Variance of the model's error that all points of a night and band have in common, mag^2."""

    night: IntArray
    """Which night and band each point belongs to; numbered from 0, objects one after the other. Shape (n points,)."""

    depth: FloatArray
    """Limiting magnitude of each point's exposure, by its flux error: packets tell no other of all detections. The
    magnitude itself where that is fainter. Shape (n points,)."""

    times: IntArray
    """In how many exposures each object was detected. Shape (n objects,), by the row of the batch."""

    before: Unseen
    """The last look before each object's first detection."""

    earlier: list[Unseen]
    """Looks before each object's first detection, by nights, the last first."""

    after: list[Unseen]
    """Looks after each object's last detection, by nights."""


def points(curves: LightCurves, parameters: Parameters) -> Points:
    """Detections in known bands, and the looks before and after them that saw nothing.

    A night's points are those nearest to a whole number of days since the object's first detection. Those close
    together (``BINS_S``) become one, at their mean time and magnitude, all weighing the same: weights by flux errors
    would prefer the faint ones. What is left shares a part of the model's error within its night and band, since bumps
    and colours that a smooth curve has not stay the same for hours.
    """
    band = np.array([BANDS.get(name, -1) for name in curves.band], dtype=np.int64)
    error = flux_errors(curves)
    with np.errstate(invalid="ignore"):
        seen = (band >= 0) & (curves.flux_njy > parameters.photometry.signal_to_noise_min * error)
    seen &= curves.flux_njy > 0
    rows = np.flatnonzero(seen)
    curve, deep = curves.take(rows), _depth(curves, error)
    night, part = _nights(curve, band[rows])
    mag = AB_ZERO_MAG - 2.5 * np.log10(curve.flux_njy)
    measured = (MAG_PER_LN * error[rows] / curve.flux_njy) ** 2
    first, count, (time, mean, variance) = _together(part, curve.time, mag, measured)
    limit = np.where(np.isfinite(curves.limit_mag), curves.limit_mag, deep)
    nothing = np.flatnonzero((band >= 0) & ~seen & np.isfinite(limit))
    order = np.lexsort((time, curve.object[first]))
    first, model = first[order], parameters.photometry
    return Points(
        curve=replace(curve.take(first), time=time[order]),
        band=band[rows][first],
        mag=mean[order],
        variance=(variance / count)[order] + (1.0 - model.night_share) * model.model_error_mag**2,
        common=model.night_share * model.model_error_mag**2,
        night=night[first],
        depth=np.fmax(deep[rows][first], mag[first]),
        times=np.bincount(curves.object[seen]),
        before=looks.before(curves, curve, nothing, limit, band),
        earlier=looks.earlier(curves, curve, nothing, limit, band),
        after=looks.after(curves, curve, nothing, limit, band),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Points of some pairs' curves, as a model takes them; each column has shape (m,)."""

    owner: IntArray
    """Which pair each is of, in order."""

    begin: IntArray
    """Place of each pair's first point. Shape (n pairs,)."""

    time: FloatArray
    band: IntArray
    mag: FloatArray
    variance: FloatArray
    shared: Shared | None

    def under(self, x: FloatArray, mean: FloatArray, colour: Colour) -> Sums:
        """Sums under a mean curve with a slope along x, offsets told in each first point's band."""
        k = colour.apart(self.band, self.band[self.begin][self.owner])
        more = k if k.any() else None
        return sums(self.owner, len(self.begin), x, mean, self.mag, self.variance, self.shared, more)


def held(seen: Points, objects: IntArray) -> Held:
    """The points of these objects, which have one at least and may come several times."""
    owner, point = seen.curve.spread(objects)
    object_of = np.zeros(int(seen.night.max(initial=-1)) + 1, dtype=np.int64)
    object_of[seen.night] = seen.curve.object
    start, end = (np.searchsorted(object_of, objects, side=side) for side in ("left", "right"))
    count, variance, shared = end - start, seen.variance[point], None
    if count.sum() == len(owner):  # nothing has anything in common
        variance = variance + seen.common
    else:
        group = (np.cumsum(count) - count - start)[owner] + seen.night[point]
        curve = np.repeat(np.arange(len(objects)), count)
        shared = Shared(group=group, curve=curve, variance=seen.common)
    return Held(
        owner=owner,
        begin=np.searchsorted(owner, np.arange(len(objects))),
        time=seen.curve.time[point],
        band=seen.band[point],
        mag=seen.mag[point],
        variance=variance,
        shared=shared,
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
        return np.asarray(AB_ZERO_MAG - 2.5 * np.log10(5.0 * np.where(told, error, np.nan)), dtype=np.float64)


def _nights(curve: LightCurves, band: IntArray) -> tuple[IntArray, IntArray]:
    """Which night and band each detection is of, and which point it becomes. Shape (n,) each."""
    if not len(curve):
        return band, band
    row, place = curve.object, np.arange(len(curve))
    first = np.flatnonzero(np.r_[True, np.diff(row) != 0])
    began = np.repeat(curve.time[first], np.diff(np.r_[first, len(row)]))
    day = np.round((curve.time - began) / DAY_S).astype(np.int64)
    # one number for object, night and band: all but sorted already, which a stable sort makes use of
    key = (row * (day.max() + 1) + day) * 8 + band
    order = np.argsort(key, kind="stable")
    starts = np.r_[True, np.diff(key[order]) != 0]
    night = np.cumsum(starts) - 1
    since = curve.time[order] - curve.time[order][np.flatnonzero(starts)][night]
    bins = np.searchsorted(BINS_S, since, side="right")
    part = np.cumsum(starts | np.r_[True, np.diff(bins) != 0]) - 1
    place[order] = np.arange(len(order))
    return np.asarray(night[place], dtype=np.int64), np.asarray(part[place], dtype=np.int64)


def _together(part: IntArray, *columns: FloatArray) -> tuple[IntArray, IntArray, list[FloatArray]]:
    """For each point its first detection, how many it has, and the means of columns."""
    _, first, count = np.unique(part, return_index=True, return_counts=True)
    means = [np.bincount(part, column, minlength=len(first)) / count for column in columns]
    return first, count, means
