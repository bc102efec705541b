"""Mean light curves of classes whose light is counted from the event, and sums of what was seen under each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from skymaps import FloatArray, IntArray
from skymaps.units import DAY_S

from ..fading import Template
from ..models import Light, Photometry
from .colours import Colour
from .emergence import LEAST, First, log_sudden
from .gaussian import Look, Sums, log_evidence, log_found
from .points import Held, Points

EARLIEST_D = 1e-3
"""Power laws are not followed closer to the event than this: days."""

EVENTS_OWN = ("template", "power_law")
"""Shapes whose light is counted from the event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sums of every pair's curve under one mean light curve."""

    share: float
    """Part of the class that goes this way."""

    rises_again: bool
    """Whether a supernova takes over: no merger has one."""

    sums: Sums
    looks: list[Look]
    """After the last detection, none before the event; and ``earlier`` than the first, none before the event."""

    earlier: list[Look]
    hue_variance: FloatArray
    """How much wider it scatters in the first point's band than in r, mag^2."""

    start: FloatArray
    """The mean light curve at the first point: offsets that do not know a distance are counted from there."""

    lever: FloatArray
    """From the day for which the class's magnitude is told to the first point, along the slope."""

    first: First

    def take(self, rows: IntArray) -> Shape:
        """The same for chosen curves."""
        return Shape(
            share=self.share,
            rises_again=self.rises_again,
            sums=self.sums.take(rows),
            looks=[look.take(rows) for look in self.looks],
            earlier=[look.take(rows) for look in self.earlier],
            hue_variance=self.hue_variance[rows],
            start=self.start[rows],
            lever=self.lever[rows],
            first=self.first.take(rows),
        )

    def log_density(
        self, offset: FloatArray, variance: FloatArray, slope_sigma: float, model: Photometry
    ) -> FloatArray:
        """Log density of the points, and probability of the looks, of what appears at once."""
        variance = variance + (slope_sigma * self.lever) ** 2 + self.hue_variance
        its = log_evidence(self.sums, offset, variance, slope_sigma, self.looks)
        return its + log_sudden(self.first, offset + self.start, variance, model)

    def from_event(
        self, offset: FloatArray, variance: FloatArray, slope_sigma: float, model: Photometry
    ) -> tuple[FloatArray, FloatArray]:
        """Log density of what began with the event: that looks saw nothing, then one saw the first point, and all
        points; and log probability of that first part alone, whatever the points. Where no look was before, nothing
        is known of it: its probability is 1.
        """
        variance = variance + (slope_sigma * self.lever) ** 2 + self.hue_variance
        soft = model.limit_softness_mag
        its = log_evidence(self.sums, offset, variance, slope_sigma, [*self.looks, *self.earlier])
        look = Look(limit=self.first.depth, x=0.0 * self.start, mean=self.start, variance=self.first.variance + soft**2)
        found = log_found(offset, variance, slope_sigma, self.earlier, look)
        known = np.isfinite(self.first.limit)
        seen = log_ndtr((self.first.depth - self.first.mag) / soft)
        return its + np.where(known, seen, 0.0), np.where(known, np.maximum(found, LEAST), 0.0)


def first_of(seen: Points, objects: IntArray) -> First:
    """The first detection of each of these objects, and the look before it."""
    owner, point = seen.curve.spread(objects)
    point = point[np.searchsorted(owner, np.arange(len(objects)))]
    last, limit, band = seen.before.of(objects)
    return First(
        mag=seen.mag[point],
        variance=seen.variance[point] + seen.common,
        depth=np.fmax(seen.depth[point], limit),  # bright sources have errors of their own
        limit=limit,
        gap_d=(seen.curve.time[point] - last) / DAY_S,
        band=seen.band[point],
        limit_band=band,
    )


def shapes(
    seen: Points,
    points: Held,
    objects: IntArray,
    event_s: FloatArray,
    light: Light,
    template: Template | None,
    first: First,
    model: Photometry,
) -> list[Shape]:
    """Sums of each pair's points under each mean light curve of a class: one, or as many as it has courses."""
    n, begin = len(objects), points.begin
    days = (points.time - event_s[points.owner]) / DAY_S
    x = along(light, days)
    # slopes turn about the first detection: that does not hang on whether the last look saw something
    began = x[begin]
    x = x - began[points.owner]
    lever = began - along(light, np.ones(n)) if light.shape in EVENTS_OWN else np.zeros(n)
    after, earlier = ([look.of(objects) for look in looks] for looks in (seen.after, seen.earlier))
    found, colour = [], Colour(mean=light.colour, sigma=light.colour_sigma)
    for share, course in courses(light):
        mean = mean_mag(light, template, days, points.band, course) + colour.mag(points.band)
        its = points.under(x, mean, colour)

        def under(look: Seen, course: tuple[float, ...] = course) -> Look:
            return _look(look, light, template, course, event_s, began, first.band, model)

        found.append(
            Shape(
                share=share,
                rises_again=light.shape == "power_law" and min(course[::2]) < 0.0,
                sums=its,
                looks=[under(look) for look in after],
                earlier=[under(look) for look in earlier] if light.shape in EVENTS_OWN else [],
                hue_variance=colour.variance(first.band),
                start=mean[begin],
                lever=lever,
                first=first,
            )
        )
    return found


def courses(light: Light) -> list[tuple[float, tuple[float, ...]]]:
    """The ways in which a class's light can go, each with its share."""
    if not light.courses:
        return [(1.0, (light.decay,) if light.shape == "power_law" else (1.0, 0.0))]
    total = sum(course[0] for course in light.courses)
    return [(course[0] / total, course[1:]) for course in light.courses]


Seen = tuple[FloatArray, FloatArray, IntArray]
"""Time, limiting magnitude and band of a look at each curve's place."""


def _look(
    look: Seen,
    light: Light,
    template: Template | None,
    course: tuple[float, ...],
    event_s: FloatArray,
    began: FloatArray,
    first: IntArray,
    model: Photometry,
) -> Look:
    """A look that saw nothing, at time, depth and in band, held against a mean light curve; none before the event."""
    time, limit, band = look
    days = (time - event_s) / DAY_S
    noise = model.model_error_mag**2 + model.limit_softness_mag**2
    x = along(light, days) - began
    colour = Colour(mean=light.colour, sigma=light.colour_sigma)
    mean = mean_mag(light, template, days, band, course) + colour.mag(band)
    k = colour.apart(band, first)
    return Look(limit=np.where(days > 0.0, limit, np.nan), x=x, mean=mean, variance=noise, k=k)


def along(light: Light, days: FloatArray) -> FloatArray:
    """What a slope is along: days, or the log of days for a power law."""
    return np.log10(np.maximum(days, EARLIEST_D)) if light.shape == "power_law" else days


def _fallen(course: tuple[float, ...], x: FloatArray) -> FloatArray:
    """Log10 of the flux at 1 d over that at a log10 of days x, where the index changes on a course. Shape (n,)."""
    value, at_one, index = course[0] * x, 0.0, course[0]
    for day, after in zip(course[1::2], course[2::2], strict=True):
        turn = math.log10(day)
        value = value + (after - index) * np.maximum(x - turn, 0.0)
        at_one += (after - index) * max(-turn, 0.0)
        index = after
    return np.asarray(value - at_one, dtype=np.float64)


def mean_mag(
    light: Light, template: Template | None, days: FloatArray, band: IntArray, course: tuple[float, ...] = ()
) -> FloatArray:
    """The mean light curve of a shape, without its class's magnitude, at days after the event and in bands (columns of
    a template). Shape (n,).

    A power law goes a course: an index, then days on which it changes, each with the next index; a template one of how
    slow it is and how long it rises (``Light.courses``).
    """
    if light.shape == "power_law":
        return 2.5 * _fallen(course or (light.decay,), along(light, days))
    if light.shape != "template" or template is None:
        return np.zeros(len(days))
    slow, rise_d = course or (1.0, 0.0)
    days = days / slow
    nodes = np.asarray(template.days)
    table = np.array([template.u, template.g, template.r, template.i, template.z, template.y])
    k = np.clip(np.searchsorted(nodes, days, side="right") - 1, 0, len(nodes) - 2)
    part = np.maximum((days - nodes[k]) / (nodes[k + 1] - nodes[k]), 0.0)
    start = table[band, k]
    young = 5.0 * np.log10(np.maximum(rise_d / np.maximum(days, EARLIEST_D), 1.0))
    return np.asarray(start + part * (table[band, k + 1] - start) + young, dtype=np.float64)
