"""How it shines: a light curve under each counterpart class, against that of unrelated transients.

See docs/score.md for the models, and ``gaussian`` for the arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import log_ndtr, logsumexp

from skymaps import FloatArray, IntArray

from ..models import Light, Photometry, Template
from ..parameters import Luminosity, Parameters
from .distance import background, log_seen
from .emergence import First, log_slow, log_sudden
from .gaussian import Look, Sums, log_evidence, sums
from .looks import DAY_S
from .points import Points

EARLIEST_D = 1e-3
"""Power laws are not followed closer to the event than this: days."""

EVENTS_OWN = ("template", "power_law")
"""Shapes whose light is counted from the event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """How far each pair's object may be: one row a possible host, and one row a pair for an unseen host."""

    pair: IntArray
    """Shape (m,), like all columns but ``event_knows``."""

    weight: FloatArray
    """Probability of this host; sums to 1 over a pair's rows."""

    ratio: FloatArray
    """Ratio of the host's distance, event against background: the distance term's."""

    modulus: FloatArray
    """Distance modulus of a host of something unrelated, mag; NaN for an unseen one."""

    modulus_sigma: FloatArray
    event_modulus: FloatArray
    """The same for a host of the event's counterpart, for an unseen one from the region's distance; NaN unknown."""

    event_modulus_sigma: FloatArray
    event_knows: np.ndarray[tuple[int], np.dtype[np.bool_]]
    """Pairs whose region tells a distance there. Shape (n pairs,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """Sums of every pair's curve under one mean light curve."""

    sums: Sums
    looks: list[Look]
    start: FloatArray
    """The mean light curve at the first point: offsets that do not know a distance are counted from there."""

    lever: FloatArray
    """From the day for which the class's magnitude is told to the first point, along the slope."""

    first: First

    def take(self, rows: IntArray) -> _Shape:
        """The same for chosen curves."""
        return _Shape(
            sums=self.sums.take(rows),
            looks=[look.take(rows) for look in self.looks],
            start=self.start[rows],
            lever=self.lever[rows],
            first=self.first.take(rows),
        )

    def log_density(
        self, offset: FloatArray, variance: FloatArray, slope_sigma: float, slow: bool, model: Photometry
    ) -> FloatArray:
        """Log density of the points, and probability of the looks, of what is first seen after nothing was."""
        variance = variance + (slope_sigma * self.lever) ** 2
        its = log_evidence(self.sums, offset, variance, slope_sigma, self.looks)
        found = log_slow if slow else log_sudden
        return its + found(self.first, offset + self.start, variance, model)


@lru_cache(maxsize=16)
def background_magnitude(limit_mag: float, luminosity: Luminosity) -> tuple[float, float]:
    """Mean and standard deviation of the apparent magnitudes of background transients that a survey sees.

    The population of ``distance.background``: at each distance a mixture of normals in magnitude, cut at the limit.
    """
    model = background(limit_mag, luminosity)
    mpc = np.exp(model.log_mpc)
    sort = np.exp(log_seen(limit_mag, mpc, luminosity))
    share = sort / np.maximum(sort.sum(axis=0), 1e-300)
    weight = share * model.density * np.gradient(mpc)
    peak, sigma = (np.array(column)[:, None] for column in list(zip(*luminosity, strict=True))[1:])
    at = 5.0 * np.log10(mpc) + 25.0 + peak
    cut = np.maximum((limit_mag - at) / sigma, -30.0)
    hazard = np.exp(-0.5 * cut**2 - 0.5 * np.log(2.0 * np.pi) - log_ndtr(cut))
    mean = at - sigma * hazard
    variance = sigma**2 * np.maximum(1.0 - cut * hazard - hazard**2, 0.0)
    average = float(np.average(mean, weights=weight))
    return average, float(np.sqrt(np.average(variance + (mean - average) ** 2, weights=weight)))


def photometry(
    seen: Points, objects: IntArray, event_s: FloatArray, places: Places, names: Iterable[str], parameters: Parameters
) -> dict[str, FloatArray]:
    """Log Bayes factor of light curves, for each class: class against background, over all possible hosts.

    ``ln sum_j w_j R_j [(1 - n) p_j + n q_j] - ln sum_j w_j q_j - ln sum_j w_j R_j``, with the densities p of the class
    and q of the background at host j's distance, the distance ratios R, and the floor n. Unlogged its
    mean over the background is exactly 1, and added to the distance term it is the ratio of both together.

    Parameters
    ----------
    seen
        Points of light curves, ``curve.object`` counted in the batch.
    objects
        Object of each pair, with at least one point. Shape (n,).
    event_s
        Time of each pair's event, Unix seconds. Shape (n,).
    names
        Classes wanted; those without a light curve of their own are left out.

    Returns
    -------
    :
        For each class natural logs of shape (n,).
    """
    model = parameters.photometry
    shapes = {name: light for name, m in parameters.classes.items() if (light := m.light).shape in EVENTS_OWN}
    curves = _shapes(seen, objects, event_s, shapes, parameters)
    spread = {name: shape.take(places.pair) for name, shape in curves.items()}
    unrelated = _background(spread, places, shapes, parameters)
    total = _over_hosts(places, unrelated, np.zeros(len(places.pair)), len(objects))
    with np.errstate(divide="ignore"):
        ratio = np.log(places.ratio)
    base = _over_hosts(places, np.zeros(len(places.pair)), ratio, len(objects))
    found = {}
    for name in names:
        light = parameters.classes[name].light
        if light.shape == "flat" or light.shape in EVENTS_OWN:
            curve = spread[name if name in shapes else ""]
            offset, variance = _class_offset(light, curve.start, places, parameters)
            its = curve.log_density(offset, variance, light.slope_sigma, light.shape == "flat", model)
            floored = np.logaddexp(np.log1p(-model.floor) + its, np.log(model.floor) + unrelated)
            found[name] = _over_hosts(places, floored, ratio, len(objects)) - total - base
    return found


def _over_hosts(places: Places, log_density: FloatArray, log_ratio: FloatArray, n: int) -> FloatArray:
    """``ln sum_j w_j R_j p_j`` for each pair. Shape (n,)."""
    with np.errstate(divide="ignore"):
        value = np.log(places.weight) + log_ratio + log_density
    top = np.full(n, -np.inf)
    np.maximum.at(top, places.pair, value)
    top = np.maximum(top, -1e300)
    with np.errstate(divide="ignore"):
        return np.asarray(top + np.log(np.bincount(places.pair, np.exp(value - top[places.pair]), minlength=n)))


def _shapes(
    seen: Points, objects: IntArray, event_s: FloatArray, lights: dict[str, Light], parameters: Parameters
) -> dict[str, _Shape]:
    """Sums of each pair's points under each mean light curve; ``""`` is the constant one."""
    n = len(objects)
    owner, point = seen.curve.spread(objects)
    first = np.searchsorted(owner, np.arange(n))
    days = (seen.curve.time[point] - event_s[owner]) / DAY_S
    band, mag, variance = seen.band[point], seen.mag[point], seen.variance[point]
    last, limit, _ = seen.before.of(objects)
    start = seen.curve.time[point][first]
    begin = First(mag=mag[first], variance=variance[first], limit=limit, gap_d=(start - last) / DAY_S)
    looks = [look.of(objects) for look in seen.after]
    rising = np.where(begin.just_found(parameters.photometry), parameters.photometry.rise_slope_mag_d, 0.0)
    found = {}
    for name, light in {"": Light(shape="flat"), **lights}.items():
        x, template = _along(light, days), parameters.templates.get(name)
        mean = mean_mag(light, template, days, band)
        # slopes turn about the first detection: that does not hang on whether the last look saw something
        began, trend = x[first], rising if light.shape == "flat" else np.zeros(n)
        x = x - began[owner]
        found[name] = _Shape(
            sums=sums(owner, n, x, mean + trend[owner] * x, mag, variance),
            looks=[_look(look, light, template, event_s, began, trend, parameters) for look in looks],
            start=mean[first],
            lever=began - _along(light, np.ones(n)) if light.shape in EVENTS_OWN else np.zeros(n),
            first=begin,
        )
    return found


def _look(
    look: tuple[FloatArray, FloatArray, IntArray],
    light: Light,
    template: Template | None,
    event_s: FloatArray,
    began: FloatArray,
    trend: FloatArray,
    parameters: Parameters,
) -> Look:
    """A look that saw nothing, at time, depth and in band, held against a mean light curve; none before the event."""
    time, limit, band = look
    days = (time - event_s) / DAY_S
    noise = parameters.photometry.model_error_mag**2 + parameters.photometry.limit_softness_mag**2
    x = _along(light, days) - began
    mean = mean_mag(light, template, days, band) + trend * x
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


def _usual(start: FloatArray, parameters: Parameters) -> tuple[FloatArray, float]:
    """Offset and variance of what is, when first seen, as bright as the background is: no distance is known."""
    mean, sigma = background_magnitude(parameters.background_limit_mag, parameters.luminosity)
    return mean - start, sigma**2


def _class_offset(
    light: Light, start: FloatArray, places: Places, parameters: Parameters
) -> tuple[FloatArray, FloatArray]:
    """Mean apparent offset of a class from its mean light curve, and its variance, for each row of places."""
    value = light.mag + places.event_modulus
    variance = light.mag_sigma**2 + places.event_modulus_sigma**2
    if light.apparent_mag is not None:
        without = ~places.event_knows[places.pair]
        value = np.where(without, light.apparent_mag, value)
        variance = np.where(without, light.apparent_mag_sigma**2, variance)
    usual, usual_variance = _usual(start, parameters)
    unknown = ~np.isfinite(value + variance)
    return np.where(unknown, usual, value), np.where(unknown, usual_variance, variance)


def _background(
    curves: dict[str, _Shape], places: Places, lights: dict[str, Light], parameters: Parameters
) -> FloatArray:
    """Log density of each row's light curve if it is unrelated: supernovae, and a small part of anything else."""
    model = parameters.photometry
    unseen = np.isnan(places.modulus)

    def one(name: str, mag: float, mag_sigma: float, slope_sigma: float, wider: float, slow: bool) -> FloatArray:
        curve = curves[name]
        usual, usual_variance = _usual(curve.start, parameters)
        offset = np.where(unseen, usual, mag + places.modulus)
        variance = np.where(unseen, wider**2 * usual_variance, mag_sigma**2 + places.modulus_sigma**2)
        return curve.log_density(offset, variance, slope_sigma, slow, model)

    stretch, share = model.other_stretch, model.other_fraction / (2.0 if lights else 1.0)
    parts = [
        np.log1p(-model.other_fraction) + one("", model.mag, model.mag_sigma, model.slope_sigma, 1.0, True),
        np.log(share) + one("", model.other_mag, model.other_mag_sigma, model.other_slope_sigma, stretch, False),
    ]
    for name, light in lights.items():
        its = one(name, light.mag, stretch * light.mag_sigma, stretch * light.slope_sigma, stretch, False)
        parts.append(np.log(share / len(lights)) + its)
    return np.asarray(logsumexp(np.stack(parts), axis=0), dtype=np.float64)
