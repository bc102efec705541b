"""Chance counts on a scrambled sky: the same event, turned about the pole and put at another time.

What a survey shows of unrelated transients, in every way that a score can see, is what it has shown already. An
event is moved to where and when it was not, and everything stored there is scored as if it were there. Turning in
right ascension keeps declination, and with it what a survey's site can see.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

from skymaps import FloatArray, IntArray, Region, healpix

from .alert import AlertBatch
from .event import Event, located
from .evidence import Evidence, Verdicts
from .pairs import all_of
from .parameters import Parameters
from .score import in_window, score_pairs, window

COVER_ORDER = 4
"""Cells of 3.7 deg in which a survey was, or was not."""

LEAST_COVER = 0.5
"""A place counts where at least so much of what the survey covers of the region itself is covered too."""

TRIES = 20
"""So many places are drawn for each one that counts, at most."""

MIN_TRIALS = 10
LOW, HIGH, UPPER_LIMIT = 0.158655, 0.841345, 0.9
"""Probabilities at the ends of a 68 % interval, and of an upper limit."""

ROWS = 500
"""Points of a curve that are kept, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """How many unrelated objects are expected to score as high."""

    log_odds: FloatArray
    """Falling. Shape (m,)."""

    counts: FloatArray
    """Objects expected with these log odds or more, rising. Shape (m,)."""

    trials: int

    covers_sky: float = 1.0
    """Part of the region's probability that lies where anything is stored."""

    covers_time: float = 1.0
    """Part of the event's window that is stored."""

    def between(self, log_odds: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Errors of the expected numbers: 68 % intervals of Poisson counts; NaN where the log odds are not finite.

        Where nothing was counted the lower end is 0, and the upper one is an upper limit of 90 %
        (N. Gehrels, ApJ 303, 336 (1986), equations 7 and 11, in their closed form). Shape (n,) each.

        Examples
        --------
        >>> found = Chances(log_odds=np.array([2.0]), counts=np.array([0.01]), trials=100)
        >>> [round(float(end[0]), 4) for end in found.between(np.array([3.0]))]  # none in 100 trials
        [0.0, 0.023]
        >>> [round(float(end[0]), 4) for end in found.between(np.array([2.0]))]  # one
        [0.0017, 0.033]
        """
        n, weight = self._counted(log_odds)
        low = np.where(n > 0, gammaincinv(np.maximum(n, 1.0), LOW), 0.0)
        high = gammaincinv(n + 1.0, np.where(n > 0, HIGH, UPPER_LIMIT))
        known = np.isfinite(log_odds)
        return np.where(known, low * weight, np.nan), np.where(known, high * weight, np.nan)

    def _counted(self, log_odds: FloatArray) -> tuple[FloatArray, FloatArray]:
        """How many objects with at least these log odds were met in all trials, and for how many each stands."""
        if not len(self.log_odds):
            return np.zeros(np.shape(log_odds)), np.full(np.shape(log_odds), 1.0 / self.trials)
        every = np.arange(1.0, len(self.counts) + 1.0)
        mean = self.counts[min(ROWS // 2, len(every)) - 1] / min(ROWS // 2, len(every))
        each = (
            every if len(every) <= ROWS // 2 else np.maximum(every, self.counts / mean)
        )  # of the others not all are kept
        row = np.searchsorted(-self.log_odds, -log_odds, side="right") - 1
        n = np.where(row < 0, 0.0, each[np.maximum(row, 0)])
        weight = np.where(row < 0, mean, self.counts[np.maximum(row, 0)] / np.maximum(n, 1.0))
        return n, weight

    def at(self, log_odds: FloatArray) -> FloatArray:
        """Expected number with at least these log odds; NaN where they are not finite. Shape (n,).

        Above the highest that was counted the number falls as ``exp(-log odds)``: under the background, a likelihood
        ratio is above y with a probability of 1/y at most.
        """
        if not len(self.log_odds):
            above = np.full(np.shape(log_odds), 1.0 / self.trials)
        else:
            row = np.searchsorted(-self.log_odds, -log_odds, side="right") - 1
            beyond = np.exp(np.minimum(self.log_odds[0] - log_odds, 0.0)) * self.counts[0]
            above = np.where(row < 0, beyond, self.counts[np.maximum(row, 0)])
        return np.where(np.isfinite(log_odds), above, np.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """What is stored of the sky, or an even sample of it."""

    objects: AlertBatch
    weight: float
    """Objects that each one stands for."""

    start: float
    """Since when the survey is stored, Unix seconds."""

    end: float
    """The newest alert, Unix seconds."""

    evidence: Callable[[AlertBatch], Evidence]
    """What else is known of some of the objects, where they are."""


@dataclass(frozen=True, slots=True)
class _Place:
    angle_deg: float
    shift_s: float
    weight: float
    """Counts are multiplied by this: less of the region is covered there, or more."""


def measure(
    event: Event,
    sky: Sky,
    parameters: Parameters,
    *,
    trials: int = 200,
    seed: int = 0,
    progress: Callable[[int], None] = lambda n: None,
) -> Chances | None:
    """Chance counts of an event; None where too little is stored to count.

    Parameters
    ----------
    event
        With region and time.
    trials
        Places and times that are tried.
    progress
        Told after each.
    """
    places = _places(event, sky, parameters, trials, np.random.default_rng(seed))
    if len(places) < MIN_TRIALS:
        return None
    found, weights = [], []
    for place in places:
        odds = _scored(event, sky, parameters, place)
        found.append(odds)
        weights.append(np.full(len(odds), place.weight * sky.weight))
        progress(1)
    odds, weight = np.concatenate(found), np.concatenate(weights)
    order = np.argsort(-odds, kind="stable")
    counts = np.cumsum(weight[order]) / len(places)
    rows = _thin(len(order))
    return Chances(
        log_odds=odds[order][rows],
        counts=counts[rows],
        trials=len(places),
        covers_sky=_at_home(event, sky, parameters),
        covers_time=_in_time(event, sky, parameters),
    )


def _at_home(event: Event, sky: Sky, parameters: Parameters) -> float:
    """Part of the region's probability in cells where something is stored."""
    ra, dec, mass = _mass(located(event), parameters.level)
    return float(mass[_covered(sky.objects.ra, sky.objects.dec)[_cells(ra, dec)]].sum())


def _in_time(event: Event, sky: Sky, parameters: Parameters) -> float:
    """Part of the event's window between the first and the newest of what is stored."""
    start, end = window(event, parameters)
    return min(max((min(end, sky.end) - max(start, sky.start)) / (end - start), 0.0), 1.0)


def _thin(n: int) -> IntArray:
    """Every row of the highest, and ever fewer of the others."""
    if n <= ROWS:
        return np.arange(n)
    fewer = np.geomspace(ROWS // 2, n, ROWS // 2).astype(np.int64) - 1
    return np.unique(np.concatenate([np.arange(ROWS // 2), fewer]))


def _places(event: Event, sky: Sky, parameters: Parameters, trials: int, random: np.random.Generator) -> list[_Place]:
    """Where and when the event is put: at times when its window does not meet its own, where enough is stored."""
    ra, dec, mass = _mass(located(event), parameters.level)
    shifts = _shifts(event, sky, parameters)
    seen = _covered(sky.objects.ra, sky.objects.dec)
    at_home = float(mass[seen[_cells(ra, dec)]].sum())
    away = seen.copy()
    away[_cells(ra, dec)] = False
    out: list[_Place] = []
    for _ in range(TRIES * trials if at_home > 0 else 0):
        angle = float(random.uniform(0.0, 360.0))
        shift = _drawn(shifts, random)
        cover = float(mass[(seen if shift else away)[_cells(ra + angle, dec)]].sum())
        if cover >= LEAST_COVER * at_home:
            out.append(_Place(angle, shift, at_home / cover))
        if len(out) == trials:
            break
    return out


def _shifts(event: Event, sky: Sky, parameters: Parameters) -> list[tuple[float, float]]:
    """Ranges of seconds by which the event's window, as far as it is over, fits into what is stored elsewhere."""
    start, end = window(event, parameters)
    end = min(end, sky.end)
    ranges = ((sky.start - start, start - end), (end - start, sky.end - end))
    return [(first, last) for first, last in ranges if first < last]


def _drawn(ranges: list[tuple[float, float]], random: np.random.Generator) -> float:
    """An even draw from ranges; 0 where there are none: then the sky is only turned."""
    if not ranges:
        return 0.0
    at = random.uniform(0.0, sum(last - first for first, last in ranges))
    for first, last in ranges:
        if at <= last - first:
            return float(first + at)
        at -= last - first
    return float(ranges[-1][1])


def _mass(region: Region, level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Positions all over a region, and the probability around each: as fine as cells of coverage need."""
    order = COVER_ORDER + 2
    ra, dec = healpix.pixel_centre(order, region.cells(order, level))
    mass = region.probdensity_at(ra, dec)
    total = float(mass.sum())
    return ra, dec, mass / total if total > 0 else np.full(len(mass), 1.0 / max(len(mass), 1))


def _cells(ra: FloatArray, dec: FloatArray) -> IntArray:
    return healpix.pixel_at(ra % 360.0, dec, COVER_ORDER)


def _covered(ra: FloatArray, dec: FloatArray) -> npt.NDArray[np.bool_]:
    seen = np.zeros(12 << (2 * COVER_ORDER), dtype=np.bool_)
    seen[_cells(ra, dec)] = True
    return seen


def _scored(event: Event, sky: Sky, parameters: Parameters, place: _Place) -> FloatArray:
    """Log odds of everything stored that would be a candidate of the event, were it there and then.

    What is stored begins and ends as long before and after the event as it does in truth.
    """
    region = located(event)
    ra = (sky.objects.ra - place.angle_deg) % 360.0
    there = sky.objects.take(region.credible_level_at(ra, sky.objects.dec) <= parameters.level)
    if not place.shift_s:  # in its own window, what is inside the region itself may be the counterpart
        there = there.take(region.credible_level_at(there.ra, there.dec) > parameters.level)
    since, until = sky.start + max(place.shift_s, 0.0), sky.end + min(place.shift_s, 0.0)
    there = there.take((there.first_seen >= since if place.shift_s > 0 else True) & (there.first_seen <= until))
    moved = _moved(there, place, until)
    chosen = np.flatnonzero(in_window(event, moved, parameters))
    if not len(chosen):
        return np.empty(0)
    evidence = _turned(sky.evidence(there.take(chosen)), place, until)
    objects = moved.take(chosen)
    odds = score_pairs([event], objects, all_of(event, objects), evidence, parameters).log_odds
    return np.asarray(odds[np.isfinite(odds)], dtype=np.float64)


def _moved(objects: AlertBatch, place: _Place, until: float) -> AlertBatch:
    """Objects as they would stand, seen from the event and by its clock, when the newest alert came."""
    return replace(
        objects,
        ra=(objects.ra - place.angle_deg) % 360.0,
        time=np.minimum(objects.time, until) - place.shift_s,
        first_seen=objects.first_seen - place.shift_s,
        last_unseen=objects.last_unseen - place.shift_s,
    )


def _turned(evidence: Evidence, place: _Place, until: float) -> Evidence:
    """Hosts and light curves moved with their objects; nobody has judged what is not there."""
    galaxies, curves = evidence.galaxies, evidence.curves.take(evidence.curves.time <= until)
    return replace(
        evidence,
        galaxies=replace(galaxies, ra=(galaxies.ra - place.angle_deg) % 360.0),
        curves=replace(curves, time=curves.time - place.shift_s),
        verdicts=Verdicts.none(),
    )
