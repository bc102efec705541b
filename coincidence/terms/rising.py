"""Slow risers: what a survey has just found is on its way up, the faster the shorter ago it exploded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skymaps import FloatArray, IntArray
from skymaps.units import DAY_S

from ..models import Photometry
from .colours import Colour
from .emergence import PER_MAG, First, log_slow
from .gaussian import Look, Sums, log_evidence, log_total
from .points import Held, Points


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Sums of light curves under the mean curve of one group of slow risers, and looks after them."""

    sums: Sums
    looks: list[Look]
    slope_sigma: FloatArray
    """How uncertain the rise is, mag per day of what the slope is along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Risers:
    """Light curves of what rises slowly and is constant by and large."""

    first: First
    growths: tuple[Growth, ...]
    width_d: FloatArray
    """From which stretch of explosions unrelated ones were just found (``emergence.Rise``)."""

    hue_variance: FloatArray
    """How much wider they scatter in the first point's band than in r, mag^2."""

    model: Photometry

    def log_density(self, mean: FloatArray, variance: FloatArray, slope_sigma: float) -> FloatArray:
        """Log density of the points, and probability of the looks, of a class with these peak magnitudes and slopes.

        All classes grow alike, as old as unrelated transients would be there: a class is told by how bright it is when
        first seen, and not by the shape of supernovae.
        """
        variance = variance + self.hue_variance
        found = log_slow(self.first, mean, variance, self.model).value.T
        parts = [
            value + log_evidence(its.sums, mean, variance, np.hypot(slope_sigma, its.slope_sigma), its.looks)
            for value, its in zip(found, self.growths, strict=True)
        ]
        return log_total(parts)


def risers(
    seen: Points,
    points: Held,
    objects: IntArray,
    event_s: FloatArray,
    first: First,
    usual: tuple[FloatArray, FloatArray],
    model: Photometry,
) -> Risers:
    """Sums of light curves under the mean curves of slow risers.

    Of what was just found, at an age a (``emergence.log_slow``), the mean curve is that of a flux as t^2,
    ``-5 log10(1 + t / a)``, up to the age of the peak, and the slope turns along ``a ln(1 + t / a)``; its scatter is
    that of the class, of the power of t, and of the peak, which may be near. Else no mean change, and a slope along t.

    Parameters
    ----------
    objects
        Object of each row, with at least one point. Shape (n,), like all that follow.
    event_s
        Time of its event, Unix seconds: looks before it do not count.
    first
        Its first detection.
    usual
        Mean of the peak magnitude of unrelated transients there, and variance.
    """
    colour = Colour(mean=model.colour, sigma=model.colour_sigma)
    first, wider = first.as_red(colour), colour.variance(first.band)
    rise = log_slow(first, usual[0], usual[1] + wider, model)
    owner, start = points.owner, points.time[points.begin]
    days = (points.time - start[owner]) / DAY_S
    growths = []
    for age, slope in zip(rise.age_d.T, rise.slope_sigma.T, strict=True):
        x, mean = _growth(days, age[owner], model)
        mean = mean + colour.mag(points.band)
        its = points.under(x, mean, colour)
        looks = _looks(seen, objects, event_s, start, (age, colour, first.band), model)
        growths.append(Growth(sums=its, looks=looks, slope_sigma=slope))
    return Risers(first=first, growths=tuple(growths), width_d=rise.width_d, hue_variance=wider, model=model)


def _looks(
    seen: Points,
    objects: IntArray,
    event_s: FloatArray,
    start: FloatArray,
    of: tuple[FloatArray, Colour, IntArray],
    model: Photometry,
) -> list[Look]:
    """The looks after the last detection, held against the mean curve; none before the event."""
    (age, colour, first), noise, found = of, model.model_error_mag**2 + model.limit_softness_mag**2, []
    for time, limit, band in (look.of(objects) for look in seen.after):
        x, mean = _growth(np.maximum(time - start, 0.0) / DAY_S, age, model)
        mean, k = mean + colour.mag(band), colour.apart(band, first)
        found.append(Look(limit=np.where(time > event_s, limit, np.nan), x=x, mean=mean, variance=noise, k=k))
    return found


def _growth(days: FloatArray, age: FloatArray, model: Photometry) -> tuple[FloatArray, FloatArray]:
    """What the slope is along, and the mean curve, so many days after it was first seen at this age."""
    peak = np.maximum(model.rise_d - age, 0.0)
    return age * np.log1p(days / age), -np.log1p(np.minimum(days, peak) / age) / PER_MAG
