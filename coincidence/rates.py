"""How many unrelated transients the sky shows: by survey, depth, place and number of detections.

What a survey sees of supernovae follows from their number in a volume and their luminosities, and so does how far away
they are: one depth for both. Stars of our Galaxy that flare up, and what is seen once and never again, are added. What
the sky itself has shown since multiplies that, where it was learnt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray, IntArray
from skymaps.units import AB_ZERO_MAG

from .alert import AlertBatch, StrArray
from .completeness import sin_latitude
from .curves import LightCurves
from .parameters import Learnt, Parameters
from .population import background

YEAR_D = 365.25

DEPTH_STEP = 0.1
"""Depths are rounded to this, mag, so that each is computed once."""

DEPTH_RANGE = 10.0, 29.0

FAINTER_MAG = 0.8
"""How much deeper than what it found a survey of unknown depth looked, on average: the mean of an exponential, as
transients grow in number by 0.55 dex a magnitude."""

SIN_LATITUDE_MIN = 0.1
"""The disc of our Galaxy is no thicker than this makes it: a cosecant has no end."""

LATITUDES = 0.0, 10.0, 20.0, 40.0
"""Galactic latitudes at which bins begin, degrees, either side of the plane."""

DEPTH_BIN = 1.0
"""Width of the bins of depth in which rates are learnt, mag: from one whole magnitude to the next."""

ONCE, MORE = 1, 2
"""Numbers of detections that are told apart: one, and more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a rate depends on, one row an object; arrays of shape (n,)."""

    survey: StrArray
    depth: FloatArray
    """AB mag, 5 sigma."""

    sin_latitude: FloatArray
    """Sine of the absolute galactic latitude."""

    is_once: npt.NDArray[np.bool_]
    """Seen in one detection so far."""

    def take(self, rows: IntArray) -> Surroundings:
        """Chosen rows."""
        return Surroundings(
            survey=self.survey[rows],
            depth=self.depth[rows],
            sin_latitude=self.sin_latitude[rows],
            is_once=self.is_once[rows],
        )

    @classmethod
    def of(cls, alerts: AlertBatch, curves: LightCurves, parameters: Parameters) -> Surroundings:
        """Those of objects, with the light curves that are known of them, rows counted in ``alerts``."""
        return cls(
            survey=alerts.survey,
            depth=depths(alerts, curves, parameters),
            sin_latitude=np.abs(sin_latitude(alerts.ra, alerts.dec)),
            is_once=np.asarray(alerts.n_detections == 1.0),
        )


def depths(alerts: AlertBatch, curves: LightCurves, parameters: Parameters) -> FloatArray:
    """How deep the looks went that found each object, AB mag. Shape (n,).

    The median of the limiting magnitudes told for the exposures up to the first detection; else the survey's published
    one, or where the detection is fainter than that ``FAINTER_MAG`` below it. ``background_limit_mag``, where it is
    set, speaks for all.
    """
    if parameters.background_limit_mag is not None:
        return np.full(len(alerts), parameters.background_limit_mag)
    names, place = np.unique(alerts.survey.astype(str), return_inverse=True)
    table = parameters.rates.depth_mag
    usual = np.array([table.get(name, parameters.rates.galactic_limit_mag) for name in names.tolist()])[place]
    with np.errstate(invalid="ignore", divide="ignore"):
        own = AB_ZERO_MAG - 2.5 * np.log10(alerts.flux_njy)
    usual = np.where(own > usual, own + FAINTER_MAG, usual)
    told = _told_limits(len(alerts), curves)
    depth = np.clip(np.where(np.isfinite(told), told, usual), *DEPTH_RANGE)
    return np.asarray(np.round(depth / DEPTH_STEP) * DEPTH_STEP, dtype=np.float64)


def _told_limits(n: int, curves: LightCurves) -> FloatArray:
    """Median limit of the exposures up to each object's first detection; NaN where none is told. Shape (n,)."""
    found = np.full(n, np.nan)
    if not np.isfinite(curves.limit_mag).any():
        return found
    curves = curves.take(curves.object < n)
    first = np.full(n, np.inf)
    seen = curves.flux_njy > 0.0
    np.minimum.at(first, curves.object[seen], curves.time[seen])
    rows = np.flatnonzero(np.isfinite(curves.limit_mag) & (curves.time <= first[curves.object]))
    row, limit = curves.object[rows], curves.limit_mag[rows]
    order = np.lexsort((limit, row))
    row, limit = row[order], limit[order]
    start, count = np.unique(row, return_index=True, return_counts=True)[1:]
    found[row[start]] = 0.5 * (limit[start + (count - 1) // 2] + limit[start + count // 2])
    return found


def rate(where: Surroundings, parameters: Parameters) -> FloatArray:
    """New unrelated transients per square degree and day, among which an object of each row is one. Shape (n,).

    Of objects with more detections those that reach a second one; of objects with one detection all that appear.
    """
    if parameters.background_per_deg2_day is not None:
        return np.full(len(where.depth), parameters.background_per_deg2_day)
    return published(where, parameters) * factor(where, parameters)


def published(where: Surroundings, parameters: Parameters) -> FloatArray:
    """The same before anything was learnt. Shape (n,)."""
    names, place = np.unique(where.survey.astype(str), return_inverse=True)
    complete = np.array([parameters.rates.complete.get(name, 1.0) for name in names.tolist()], dtype=np.float64)[place]
    once = np.where(where.is_once, parameters.rates.once_per_deg2_day, 0.0)
    return np.asarray(complete * lasting(where, parameters) + once, dtype=np.float64)


def lasting(where: Surroundings, parameters: Parameters) -> FloatArray:
    """What is there for more than one exposure, by the published numbers, per square degree and day. Shape (n,)."""
    model = parameters.rates
    depth, place = np.unique(where.depth, return_inverse=True)
    volume = np.array([background(float(d), parameters.luminosity).mpc3_per_deg2 for d in depth])[place]
    far = model.per_mpc3_year / YEAR_D * volume
    grown = 10.0 ** (model.galactic_slope * (where.depth - model.galactic_limit_mag))
    ours = model.galactic_per_deg2_day * grown / np.maximum(where.sin_latitude, SIN_LATITUDE_MIN)
    return np.asarray(far + ours, dtype=np.float64)


def once_part(where: Surroundings, parameters: Parameters) -> FloatArray:
    """Part of the transients that ``rate`` counts which are never seen again. Shape (n,)."""
    if parameters.background_per_deg2_day is not None:
        return np.full(len(where.depth), parameters.photometry.once_fraction)
    again = Surroundings(
        survey=where.survey,
        depth=where.depth,
        sin_latitude=where.sin_latitude,
        is_once=np.zeros(len(where.depth), dtype=np.bool_),
    )
    part = 1.0 - rate(again, parameters) / rate(where, parameters)
    return np.clip(part, parameters.photometry.once_fraction, 1.0 - 1e-6)


@lru_cache(maxsize=8)
def _edges() -> FloatArray:
    return np.sin(np.radians(LATITUDES))


def cells(where: Surroundings) -> tuple[list[str], IntArray]:
    """The cells that rows lie in, and the cell of each row. Shape (n,)."""
    names, survey = np.unique(where.survey.astype(str), return_inverse=True)
    depth = np.floor(where.depth / DEPTH_BIN + 1e-6).astype(np.int64)
    latitude = np.searchsorted(_edges(), where.sin_latitude, side="right") - 1
    code = ((survey * 64 + depth) * len(LATITUDES) + latitude) * 2 + where.is_once
    _, first, place = np.unique(code, return_index=True, return_inverse=True)
    told = [
        f"{names[survey[i]]}/{depth[i] * DEPTH_BIN:g}/{LATITUDES[latitude[i]]:g}/{ONCE if where.is_once[i] else MORE}"
        for i in first.tolist()
    ]
    return told, np.asarray(place, dtype=np.int64)


def posterior(cell: Learnt, strength: float) -> tuple[float, float, float]:
    """Mean of the factor on the published rate, and its 68 % interval.

    Examples
    --------
    >>> [round(v, 2) for v in posterior(Learnt(seen=98.0, expected=48.0), 2.0)]
    [2.0, 1.8, 2.2]
    """
    from scipy.special import gammaincinv

    shape, scale = strength + cell.seen, strength + cell.expected
    low, high = (float(gammaincinv(shape, p)) / scale for p in (0.16, 0.84))
    return shape / scale, low, high


def factor(where: Surroundings, parameters: Parameters) -> FloatArray:
    """What was learnt, as a factor on the published rate: the mean of its Gamma posterior. Shape (n,).

    ``(s + seen) / (s + expected)``: the prior is a Gamma distribution of mean 1 and shape s, ``Rates.strength``; counts
    are Poisson (e.g. Gelman et al. 2013, Bayesian Data Analysis, sec. 2.6).
    """
    learnt, s = parameters.rates.learnt, parameters.rates.strength
    if not learnt:
        return np.ones(len(where.depth))
    names, place = cells(where)
    found = [learnt.get(name, Learnt(seen=0.0, expected=0.0)) for name in names]
    return np.array([(s + cell.seen) / (s + cell.expected) for cell in found], dtype=np.float64)[place]
