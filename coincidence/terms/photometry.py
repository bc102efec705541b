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

from ..models import Light, Template
from ..parameters import Luminosity, Parameters
from .distance import background, log_seen
from .gaussian import Look, Sums, log_evidence, sums
from .points import DAY_S, Points

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
    """Distance modulus of a host, mag; NaN for an unseen one."""

    modulus_sigma: FloatArray
    event_modulus: FloatArray
    """The same for an unseen host that is the event's, from the region's distance; NaN unknown."""

    event_modulus_sigma: FloatArray
    event_knows: np.ndarray[tuple[int], np.dtype[np.bool_]]
    """Pairs whose region tells a distance there. Shape (n pairs,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """Sums of every pair's curve under one mean light curve."""

    sums: Sums
    look: Look
    start: FloatArray
    """The mean light curve at the first point: offsets that do not know a distance are counted from there."""

    def take(self, rows: IntArray) -> _Shape:
        """The same for chosen curves."""
        return _Shape(sums=self.sums.take(rows), look=self.look.take(rows), start=self.start[rows])


def modulus(mpc: FloatArray, error_mpc: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Distance modulus and its error, mag, to first order in the distance's. Shape (n,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value = 5.0 * np.log10(mpc) + 25.0
        return np.asarray(value, dtype=np.float64), np.asarray(5.0 / np.log(10.0) * error_mpc / mpc, dtype=np.float64)


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
            its = log_evidence(curve.sums, offset, variance, light.slope_sigma, curve.look)
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
    look = np.searchsorted(seen.unseen.object, objects)
    has = look < len(seen.unseen)
    has[has] = seen.unseen.object[look[has]] == objects[has]
    look = np.where(has, look, 0)
    look_days, limit, look_band = np.zeros(n), np.full(n, np.nan), np.zeros(n, dtype=np.int64)
    look_days[has] = (seen.unseen.time[look[has]] - event_s[has]) / DAY_S
    limit[has], look_band[has] = seen.unseen.limit_mag[look[has]], seen.unseen_band[look[has]]
    limit[look_days <= 0.0] = np.nan
    noise = parameters.photometry.model_error_mag**2 + parameters.photometry.limit_softness_mag**2
    found = {}
    for name, light in {"": Light(shape="flat"), **lights}.items():
        x, look_x = (_along(light, t) for t in (days, look_days))
        template = parameters.templates.get(name)
        mean = mean_mag(light, template, days, band)
        # slopes turn about the first detection: that does not hang on whether the last look saw something
        began = x[first]
        found[name] = _Shape(
            sums=sums(owner, n, x - began[owner], mean, mag, variance),
            look=Look(
                limit=limit, x=look_x - began, mean=mean_mag(light, template, look_days, look_band), variance=noise
            ),
            start=mean[first],
        )
    return found


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
    unseen = np.isnan(places.modulus)
    value = light.mag + np.where(unseen, places.event_modulus, places.modulus)
    variance = light.mag_sigma**2 + np.where(unseen, places.event_modulus_sigma, places.modulus_sigma) ** 2
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

    def one(name: str, mag: float, mag_sigma: float, slope_sigma: float, wider: float) -> FloatArray:
        curve = curves[name]
        usual, usual_variance = _usual(curve.start, parameters)
        offset = np.where(unseen, usual, mag + places.modulus)
        variance = np.where(unseen, wider**2 * usual_variance, mag_sigma**2 + places.modulus_sigma**2)
        return log_evidence(curve.sums, offset, variance, slope_sigma, curve.look)

    stretch, share = model.other_stretch, model.other_fraction / (2.0 if lights else 1.0)
    parts = [
        np.log1p(-model.other_fraction) + one("", model.mag, model.mag_sigma, model.slope_sigma, 1.0),
        np.log(share) + one("", model.other_mag, model.other_mag_sigma, model.other_slope_sigma, stretch),
    ]
    for name, light in lights.items():
        its = one(name, light.mag, stretch * light.mag_sigma, stretch * light.slope_sigma, stretch)
        parts.append(np.log(share / len(lights)) + its)
    return np.asarray(logsumexp(np.stack(parts), axis=0), dtype=np.float64)
