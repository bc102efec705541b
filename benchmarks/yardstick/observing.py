"""What a survey sees of sources: points of light curves."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .cosmos import DAY_S, FloatArray
from .schedule import Looks, Survey, field_of
from .sources import IntArray, Sources, flux_njy

DETECTED = 5.0
"""Errors above nothing from which there is an alert."""

CALIBRATION = 0.02
"""Error of the calibration, as a part of the flux."""

MEMORY_D = 30.0
"""Packets tell what was before the alert for this long."""


@dataclass(frozen=True, kw_only=True)
class Points:
    """Photometry ordered by object and time; columns of shape (n,)."""

    object: IntArray
    time: FloatArray
    band: IntArray
    flux_njy: FloatArray
    """Signed; NaN where the survey tells only that nothing was seen."""

    error_njy: FloatArray
    limit_mag: FloatArray
    detected: np.ndarray

    def take(self, rows: Any) -> Points:
        """Chosen rows."""
        return Points(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def joined(parts: list[Points]) -> Points:
    """One after another."""
    return Points(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Points)})


def observe(
    sources: Sources, looks: Looks, survey: Survey, since: float, random: np.random.Generator
) -> tuple[IntArray, Points]:
    """Rows of the sources that the survey has a first alert of since some time, and their points, ``object`` counting
    in those rows.

    What was seen earlier is left out: it was there before the event, and every rule vetoes it.
    """
    mine = field_of(survey, sources.ra, sources.dec)
    first = np.searchsorted(looks.field, mine)
    n = np.searchsorted(looks.field, mine, side="right") - first
    row = np.repeat(np.arange(len(sources)), n)
    look = np.repeat(first - (np.cumsum(n) - n), n) + np.arange(len(row))
    time, band, limit = looks.time[look], looks.band[look], looks.limit_mag[look]
    true = sources.light(row, time, band)
    sky = flux_njy(limit) / DETECTED
    error = np.hypot(sky, CALIBRATION * true)
    measured = true + error * random.normal(size=len(row))
    bright = np.abs(measured) > DETECTED * error
    begun = np.full(len(sources), np.inf)
    np.minimum.at(begun, row[bright & (measured > 0)], time[bright & (measured > 0)])
    kept = np.isfinite(begun) & (begun >= since)
    rows = np.flatnonzero(kept)
    number = np.cumsum(kept) - 1
    of = kept[row]
    told = bright | survey.forced
    points = Points(
        object=number[row],
        time=time,
        band=band,
        flux_njy=np.where(told, measured, np.nan),
        error_njy=np.where(told, error, np.nan),
        limit_mag=limit,
        detected=bright,
    ).take(of)
    return rows, points.take(points.time >= begun[rows][points.object] - MEMORY_D * DAY_S)
