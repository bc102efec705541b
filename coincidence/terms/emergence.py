"""How bright a thing is when first seen, knowing that a look shortly before saw nothing.

A survey finds what grows slowly close to its limit, however bright it will be; what is well above the limit a day or
two after nothing was there has risen fast, or is on its way to be very bright: a supernova in a near galaxy.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri

from skymaps import FloatArray, IntArray

from ..models import Photometry
from .colours import ALONG, Colour

LEAST = -12.0
"""Log of the least chance of being seen at all that is taken at its word."""

PEAKS = 8
"""Peak magnitudes that stand for a normal of them."""

GROUPS = 2
"""The brighter and the fainter half of the peaks: the one will rise on, the other is nearly there."""

PER_MAG = np.log(10.0) / 5.0
"""A flux grows as t^2: ln of time for each magnitude."""

SOONEST_D = 0.05
"""Nothing that rises slowly was first seen so shortly after its explosion: days."""

NOT_RISING_D = 1e6
"""So long after the explosion nothing rises any more: days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """The first detection of each curve and the look before it; each of shape (n curves,)."""

    mag: FloatArray
    variance: FloatArray
    """Of measurement and model, mag^2."""

    depth: FloatArray
    """Limiting magnitude of the exposure that detected it."""

    limit: FloatArray
    """Limiting magnitude of the look before; NaN where there is none."""

    gap_d: FloatArray
    """How long before that was."""

    band: IntArray
    """Column of the templates, and that of the look before."""

    limit_band: IntArray

    def take(self, rows: IntArray | np.ndarray[tuple[int], np.dtype[np.bool_]]) -> First:
        """The same for chosen curves."""
        return First(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def as_red(self, colour: Colour) -> First:
        """The same with magnitudes as they would be in r, if the colour were the mean one."""
        own = colour.mag(self.band)
        return replace(self, mag=self.mag - own, depth=self.depth - own, limit=self.limit - colour.mag(self.limit_band))

    def just_found(self, model: Photometry) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether nothing was seen so shortly before that a slow riser is still rising. Shape (n curves,)."""
        return np.asarray(np.isfinite(self.limit) & (self.gap_d <= model.rise_d))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """A slow riser when first seen, for each group of peaks; each of shape (n curves, GROUPS)."""

    value: FloatArray
    """What to add to the log density of a curve's points; the sum over groups is the density."""

    age_d: FloatArray
    """Since the explosion, ``NOT_RISING_D`` where it was not just found."""

    slope_sigma: FloatArray
    """How uncertain its further rise is, mag per day of ``age ln(1 + t / age)``."""

    width_d: FloatArray
    """From which stretch of explosions a look finds what the one before did not: days, of shape (n curves,). It is the
    gap between looks of one depth, more after a shallow one, less before one. NaN where no look was before."""


def log_slow(first: First, peak: FloatArray, variance: FloatArray, model: Photometry) -> Rise:
    """What to add to the log density of a curve's points if it rises slowly, and how old it is when first seen.

    A flux that grows as t^2, to a peak m_p at ``rise_d``, reaches a magnitude m at ``t(m) = rise_d 10^((m_p - m) / 5)``
    after the explosion. Found at the depth L', and not at L a gap g before, it is between t(L') and t(L) + g old, at
    all ages alike. So its first magnitude is y above L', ``0 < y < W = 5 log10[(t(L) + g) / t(L')]``, with a density as
    ``10^(y / 5)``; softened by its error, cut at a soft L', and averaged over the normal of m_p, as far as that is
    brighter than L'. It takes the place of that normal, which is taken away.

    Where it was not just found, it is as ``log_sudden``, and 0 where no look was before.

    Parameters
    ----------
    peak, variance
        Mean of m_p and its variance, mag and mag^2. Shape (n,).
    """
    shape = len(peak), GROUPS
    value = np.repeat(log_sudden(first, peak, variance, model)[:, None] - np.log(GROUPS), GROUPS, axis=1)
    age, slope = np.full(shape, NOT_RISING_D), np.zeros(shape)
    width = np.where(np.isfinite(first.limit), np.maximum(first.gap_d, SOONEST_D), np.nan)
    rows = np.flatnonzero(first.just_found(model))
    its, mean, sigma = first.take(rows), peak[rows], np.sqrt(variance[rows])
    density, age[rows], slope[rows], width[rows] = _rising(its, mean, sigma, model)
    total = sigma**2 + its.variance
    usual = -0.5 * ((its.mag - mean) ** 2 / total + np.log(2.0 * np.pi * total))
    value[rows] = np.log(np.maximum(density, 1e-300)) - usual[:, None]
    return Rise(value=value, age_d=age, slope_sigma=slope, width_d=width)


def _rising(
    first: First, mean: FloatArray, sigma: FloatArray, model: Photometry
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Density of the first magnitudes of slow risers, per mag; their age then, days; and the scatter of their slopes.

    Shape (n, GROUPS) each. At last the mean stretch of ages that there can be, days, of shape (n,).
    """
    above, limit, gap = (first.depth - first.mag)[:, None], first.limit[:, None], np.maximum(first.gap_d, 0.0)[:, None]
    depth, error = first.depth[:, None], np.sqrt(first.variance)[:, None]
    part = (np.arange(PEAKS) + 0.5) / PEAKS
    seen = ndtr(np.maximum((first.depth - mean) / sigma, LEAST / 2.0))[:, None]
    peak = np.minimum(mean[:, None] + sigma[:, None] * ndtri(part * seen), depth - 0.05)
    begun, then = (model.rise_d * np.exp(PER_MAG * (peak - m)) for m in (depth, np.maximum(limit, peak)))
    width = np.clip(np.log((then + gap) / begun) / PER_MAG, 0.05, depth - peak)
    apart = model.colour_sigma * (ALONG[first.limit_band] - ALONG[first.band])[:, None]
    ages = np.maximum(_stretch(begun, then, gap, apart, model), SOONEST_D)
    density, chance = _tilted(above, width, error, model.limit_softness_mag)
    weight = ages * density
    total = np.maximum((ages * chance).sum(axis=1), 1e-300)[:, None]
    to_come = depth - peak - np.clip(above, 0.0, width)
    grouped = (len(mean), GROUPS, PEAKS // GROUPS)
    weight, to_come = weight.reshape(grouped), to_come.reshape(grouped)
    its = weight.sum(axis=2) / total
    weight = weight + 1e-300  # too bright for all of them
    rise = (weight * to_come).sum(axis=2) / weight.sum(axis=2)
    scatter = np.sqrt((weight * (to_come - rise[:, :, None]) ** 2).sum(axis=2) / weight.sum(axis=2))
    age = np.maximum(model.rise_d * np.exp(-PER_MAG * rise), SOONEST_D)
    way = np.maximum(age * np.log(model.rise_d / age), 1.0)
    return its, age, np.hypot(model.rise_scatter_mag / age, scatter / way), ages.mean(axis=1)


def _stretch(
    begun: FloatArray, then: FloatArray, gap: FloatArray, apart_mag: FloatArray, model: Photometry
) -> FloatArray:
    """Ages at which a slow riser is found by a look and not by the one before: ``(t(L) + g - t(L'))_+``, on average.

    What passes the limits is blurred: ln t(L') by a normal of the limit's softness, ln of t(L) + g by that and the
    error of the model, as bands and bumps make it. The mean of the positive difference of two such has a closed form
    (Margrabe 1978, J. Finance 33 177, as an option to exchange): it stays above zero where two looks of one depth
    follow each other within minutes, for which of them finds a source at the limit is chance.

    Parameters
    ----------
    begun, then
        t(L') and t(L), days.
    gap
        Between the looks, days.
    apart_mag
        Scatter of the colour between their bands.
    """
    soft, until = PER_MAG * model.limit_softness_mag, then + gap
    error = np.hypot(model.limit_softness_mag, np.hypot(model.model_error_mag, apart_mag))
    blur = PER_MAG * error * then / until
    apart, both = np.log(until / begun), np.hypot(soft, blur)
    late = until * np.exp(0.5 * blur**2) * ndtr((apart + blur**2) / both)
    return np.asarray(late - begun * np.exp(0.5 * soft**2) * ndtr((apart - soft**2) / both), dtype=np.float64)


def _tilted(above: FloatArray, width: FloatArray, error: FloatArray, soft: float) -> tuple[FloatArray, FloatArray]:
    """Density at ``above`` of ``k e^(k u) / (e^(k W) - 1)`` for 0 < u < W, blurred by an error and cut by
    ``Phi(above / soft)``; and its integral, by parts. Any shape."""
    k, norm = PER_MAG, np.expm1(PER_MAG * width)
    shift = k * error**2
    blurred = ndtr((width - above - shift) / error) - ndtr((-above - shift) / error)
    density = k / norm * np.exp(k * above + 0.5 * k * shift) * np.maximum(blurred, 0.0) * ndtr(above / soft)
    both = np.hypot(error, soft)
    tail = np.exp(0.5 * (k * both) ** 2) * (ndtr(width / both - k * both) - ndtr(-k * both))
    return density, (np.exp(k * width) * ndtr(width / both) - 0.5 - tail) / norm


def log_sudden(first: First, mean: FloatArray, variance: FloatArray, model: Photometry) -> FloatArray:
    """The same for what appears at once: only that it is above the limit, ``D(m) / int N D`` with a soft step D.

    Parameters
    ----------
    mean, variance
        What the class's brightness says of the first magnitude, without the point's own variance. Shape (n,).
    """
    soft = model.limit_softness_mag
    with np.errstate(invalid="ignore"):
        here = log_ndtr((first.depth - first.mag) / soft)
        chance = log_ndtr((first.depth - mean) / np.sqrt(variance + first.variance + soft**2))
    return np.where(np.isfinite(first.limit), here - np.maximum(chance, LEAST), 0.0)
