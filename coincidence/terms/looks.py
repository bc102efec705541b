"""Exposures that saw nothing: the last one before an object was first detected, and those after the last detection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skymaps import FloatArray, IntArray
from skymaps.units import DAY_S

from ..curves import LightCurves

MOST = 5
"""Nights after the last detection, or before the first, that count: what a straight line says of others is not worth
much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """Looks that saw nothing, at most one an object, ordered by object; arrays of shape (m,)."""

    object: IntArray
    time: FloatArray
    """Unix seconds."""

    limit_mag: FloatArray
    band: IntArray
    """Column of the templates."""

    def of(self, objects: IntArray) -> tuple[FloatArray, FloatArray, IntArray]:
        """Time, limiting magnitude (NaN where there is no such look) and band for each of some objects. Shape (n,)."""
        time, limit, band = np.zeros(len(objects)), np.full(len(objects), np.nan), np.zeros(len(objects), np.int64)
        if len(self.object):
            place = np.searchsorted(self.object, objects).clip(0, len(self.object) - 1)
            has = self.object[place] == objects
            time[has], limit[has], band[has] = (c[place[has]] for c in (self.time, self.limit_mag, self.band))
        return time, limit, band


def before(curves: LightCurves, seen: LightCurves, rows: IntArray, limit: FloatArray, band: IntArray) -> Unseen:
    """Of the points ``rows`` the last of each object before its first detection.

    Parameters
    ----------
    seen
        Detections.
    rows
        Points of ``curves`` that are none, in order.
    limit, band
        Of each point of ``curves``.
    """
    first = np.searchsorted(seen.object, curves.object[rows]).clip(0, max(len(seen) - 1, 0))
    if len(seen):
        rows = rows[(seen.object[first] == curves.object[rows]) & (curves.time[rows] < seen.time[first])]
    else:
        rows = rows[:0]
    last = np.append(curves.object[rows][1:] != curves.object[rows][:-1], True)[: len(rows)]
    return _unseen(curves, rows[last], limit, band)


def after(curves: LightCurves, seen: LightCurves, rows: IntArray, limit: FloatArray, band: IntArray) -> list[Unseen]:
    """Of the points ``rows`` the deepest of each of the first nights after each object's last detection.

    The first of the answer are the first nights', and so on. Parameters as of ``before``.
    """
    if not len(rows) or not len(seen):
        return []
    place = np.searchsorted(seen.object, curves.object[rows], side="right") - 1
    later = (place >= 0) & (seen.object[place] == curves.object[rows]) & (curves.time[rows] > seen.time[place])
    return _by_night(curves, rows[later], (curves.time[rows] - seen.time[place])[later], limit, band)


def earlier(curves: LightCurves, seen: LightCurves, rows: IntArray, limit: FloatArray, band: IntArray) -> list[Unseen]:
    """Of the points ``rows`` the deepest of each of the last nights before each object's first detection.

    The first of the answer are the last nights', and so on. Parameters as of ``before``.
    """
    if not len(rows) or not len(seen):
        return []
    place = np.searchsorted(seen.object, curves.object[rows]).clip(0, len(seen) - 1)
    sooner = (seen.object[place] == curves.object[rows]) & (curves.time[rows] < seen.time[place])
    return _by_night(curves, rows[sooner], (seen.time[place] - curves.time[rows])[sooner], limit, band)


def _by_night(
    curves: LightCurves, rows: IntArray, apart_s: FloatArray, limit: FloatArray, band: IntArray
) -> list[Unseen]:
    """The deepest of each night, by the nights' distance from a detection."""
    night = np.round(apart_s / DAY_S).astype(np.int64)
    order = np.lexsort((-limit[rows], night, curves.object[rows]))
    rows, night, owner = rows[order], night[order], curves.object[rows][order]
    deepest = np.append(True, (np.diff(owner) != 0) | (np.diff(night) != 0))[: len(rows)]
    rows, owner = rows[deepest], owner[deepest]
    start = np.flatnonzero(np.append(True, np.diff(owner) != 0)[: len(rows)])
    rank = np.arange(len(rows)) - np.repeat(start, np.diff(np.append(start, len(rows))))
    return [_unseen(curves, rows[rank == k], limit, band) for k in range(min(MOST, int(rank.max(initial=-1)) + 1))]


def _unseen(curves: LightCurves, rows: IntArray, limit: FloatArray, band: IntArray) -> Unseen:
    return Unseen(object=curves.object[rows], time=curves.time[rows], limit_mag=limit[rows], band=band[rows])
