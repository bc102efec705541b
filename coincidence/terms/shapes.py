"""Mean light curves of classes whose light is counted from the event, and sums of what was seen under each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skymaps import FloatArray, IntArray

from ..models import Light, Photometry, Template
from ..parameters import Parameters
from .emergence import First, log_sudden
from .gaussian import Look, Sums, log_evidence, sums
from .looks import DAY_S
from .points import Points

EARLIEST_D = 1e-3
"""Power laws are not followed closer to the event than this: days."""

EVENTS_OWN = ("template", "power_law")
"""Shapes whose light is counted from the event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sums of every pair's curve under one mean light curve."""

    sums: Sums
    looks: list[Look]
    start: FloatArray
    """The mean light curve at the first point: offsets that do not know a distance are counted from there."""

    lever: FloatArray
    """From the day for which the class's magnitude is told to the first point, along the slope."""

    first: First

    def take(self, rows: IntArray) -> Shape:
        """The same for chosen curves."""
        return Shape(
            sums=self.sums.take(rows),
            looks=[look.take(rows) for look in self.looks],
            start=self.start[rows],
            lever=self.lever[rows],
            first=self.first.take(rows),
        )

    def log_density(
        self, offset: FloatArray, variance: FloatArray, slope_sigma: float, model: Photometry
    ) -> FloatArray:
        """Log density of the points, and probability of the looks, of what appears at once."""
        variance = variance + (slope_sigma * self.lever) ** 2
        its = log_evidence(self.sums, offset, variance, slope_sigma, self.looks)
        return its + log_sudden(self.first, offset + self.start, variance, model)


def first_of(seen: Points, objects: IntArray) -> First:
    """The first detection of each of these objects, and the look before it."""
    owner, point = seen.curve.spread(objects)
    point = point[np.searchsorted(owner, np.arange(len(objects)))]
    last, limit, _ = seen.before.of(objects)
    return First(
        mag=seen.mag[point],
        variance=seen.variance[point],
        depth=np.fmax(seen.depth[point], limit),  # bright sources have errors of their own
        limit=limit,
        gap_d=(seen.curve.time[point] - last) / DAY_S,
    )


def shapes(
    seen: Points,
    objects: IntArray,
    event_s: FloatArray,
    lights: dict[str, Light],
    first: First,
    parameters: Parameters,
) -> dict[str, Shape]:
    """Sums of each pair's points under each mean light curve; ``""`` is the constant one."""
    n = len(objects)
    owner, point = seen.curve.spread(objects)
    begin = np.searchsorted(owner, np.arange(n))
    days = (seen.curve.time[point] - event_s[owner]) / DAY_S
    band, mag, variance = seen.band[point], seen.mag[point], seen.variance[point]
    looks = [look.of(objects) for look in seen.after]
    found = {}
    for name, light in {"": Light(shape="flat"), **lights}.items():
        x, template = _along(light, days), parameters.templates.get(name)
        mean = mean_mag(light, template, days, band)
        # slopes turn about the first detection: that does not hang on whether the last look saw something
        began = x[begin]
        x = x - began[owner]
        found[name] = Shape(
            sums=sums(owner, n, x, mean, mag, variance),
            looks=[_look(look, light, template, event_s, began, parameters) for look in looks],
            start=mean[begin],
            lever=began - _along(light, np.ones(n)) if light.shape in EVENTS_OWN else np.zeros(n),
            first=first,
        )
    return found


def _look(
    look: tuple[FloatArray, FloatArray, IntArray],
    light: Light,
    template: Template | None,
    event_s: FloatArray,
    began: FloatArray,
    parameters: Parameters,
) -> Look:
    """A look that saw nothing, at time, depth and in band, held against a mean light curve; none before the event."""
    time, limit, band = look
    days = (time - event_s) / DAY_S
    noise = parameters.photometry.model_error_mag**2 + parameters.photometry.limit_softness_mag**2
    x = _along(light, days) - began
    mean = mean_mag(light, template, days, band)
    return Look(limit=np.where(days > 0.0, limit, np.nan), x=x, mean=mean, variance=noise)


def _along(light: Light, days: FloatArray) -> FloatArray:
    """What a slope is along: days, or the log of days for a power law."""
    return np.log10(np.maximum(days, EARLIEST_D)) if light.shape == "power_law" else days


def mean_mag(light: Light, template: Template | None, days: FloatArray, band: IntArray) -> FloatArray:
    """The mean light curve of a shape, without its class's magnitude, at days after the event and in bands (columns of
    a template). Shape (n,)."""
    if light.shape == "power_law":
        return 2.5 * light.decay * _along(light, days)
    if light.shape != "template" or template is None:
        return np.zeros(len(days))
    nodes = np.asarray(template.days)
    table = np.array([template.u, template.g, template.r, template.i, template.z, template.y])
    k = np.clip(np.searchsorted(nodes, days, side="right") - 1, 0, len(nodes) - 2)
    part = np.maximum((days - nodes[k]) / (nodes[k + 1] - nodes[k]), 0.0)
    start = table[band, k]
    return np.asarray(start + part * (table[band, k + 1] - start), dtype=np.float64)
