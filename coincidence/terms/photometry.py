"""How it shines: a light curve under each counterpart class, against that of unrelated transients.

See docs/explanation/score.md for the models, and ``gaussian`` for the arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from skymaps import FloatArray, IntArray
from skymaps.units import DAY_S

from ..fading import Template
from ..models import Light, Onset
from ..parameters import Parameters
from . import rising
from .emergence import First, log_sudden
from .gaussian import log_total
from .places import Places, Usual, unrelated_magnitudes, usual_magnitudes
from .points import Points, held
from .rising import Risers
from .shapes import EVENTS_OWN, Shape, first_of, shapes

STRETCHES = (0.6, 1.0, 1.6)
"""How fast shocks cool, against the template: all alike, as envelopes differ."""

LEAST_CHANCE = 1e-6
"""No chance of a discovery is taken for less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """What is known of a class's discovery before its light is looked at; each of shape (n pairs,)."""

    onset: Onset
    first_d: FloatArray
    """First detection, days after the event."""

    mass: FloatArray
    """Probability that its onset lies between the last look that saw nothing and the first that saw it, by the class's
    onset density alone."""

    evenly: FloatArray
    """The same if it began at any time in its window."""

    visible: FloatArray
    """Probability that it is found at all: the prior counts only those."""

    may_rise_again: bool
    """Whether a supernova may take over, as it does after bursts, but not after mergers."""

    @property
    def length_d(self) -> float:
        """Of the class's window."""
        return self.onset.end_d - self.onset.start_d

    @property
    def begun(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether it was first seen within the window."""
        return np.asarray((self.first_d > self.onset.start_d) & (self.first_d < self.onset.end_d))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What light curves say of a class; natural logs of shape (n pairs,)."""

    photometry: FloatArray
    time: FloatArray
    """Of being found by that look and none before, minus infinity where it was first seen outside of the window; NaN
    where only the onset density tells."""


def photometry(
    seen: Points,
    objects: IntArray,
    event_s: FloatArray,
    places: Places,
    chances: Mapping[str, Chance],
    parameters: Parameters,
) -> dict[str, Told]:
    """Log Bayes factor of light curves, for each class: class against background, over all possible hosts.

    ``ln sum_j w_j R_j [(1 - n) p_j + n q_j] - ln sum_j w_j q_j - ln sum_j w_j R_j``, with the densities p of the class
    and q of the background at host j's distance, the distance ratios R, and the floor n. Unlogged its
    mean over the background is exactly 1, and added to the distance term it is the ratio of both together.

    What begins with the event is found by the first look that is deep enough: of its density p the probability Z that
    the looks since the event saw nothing, and the next one saw it, goes to the time term; S is that to be found at all.
    Unrelated ones that are found then exploded within W days, the gap between looks of one depth, and so did the part n
    that looks like them: ``(T / W) [(1 - n) Z / S + n W / T]`` is the time term.

    Parameters
    ----------
    seen
        Points of light curves, ``curve.object`` counted in the batch.
    objects
        Object of each pair, with at least one point. Shape (n,).
    event_s
        Time of each pair's event, Unix seconds. Shape (n,).
    chances
        Of the classes wanted; those without a light curve of their own are left out.
    """
    lights = {name: light for name, m in parameters.classes.items() if (light := m.light).shape in EVENTS_OWN}
    here = _Here.of(seen, objects, event_s, lights, places, parameters)
    unrelated, floor = here.background(lights), parameters.photometry.floor
    total = here.over_hosts(unrelated, related=False)
    found = {}
    for name, chance in chances.items():
        light = parameters.classes[name].light
        if light.shape == "flat":
            its = np.logaddexp(np.log1p(-floor) + here.flat(light), np.log(floor) + unrelated)
            found[name] = Told(photometry=here.over_hosts(its) - total, time=np.full(len(objects), np.nan))
        elif light.shape in EVENTS_OWN:
            both, first = here.discovered(name, light, chance, unrelated)
            marginal = here.over_hosts(first)
            time = np.where(chance.begun, marginal - np.log(here.evenly(chance)), np.where(here.known, -np.inf, np.nan))
            found[name] = Told(photometry=here.over_hosts(both) - total - marginal, time=time)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """Light curves at all the places where they may be; arrays have a row for each place."""

    known: np.ndarray[tuple[int], np.dtype[np.bool_]]
    """Pairs of which the last look before the first detection, and its depth, are known. Shape (n pairs,)."""

    is_once: np.ndarray[tuple[int], np.dtype[np.bool_]]
    """Detected in one exposure."""

    first: First
    courses: dict[str, list[Shape]]
    """Under all mean curves of each class whose light is counted from the event, and under the constant one, ``""``."""

    cooling: list[Shape]
    """Under that of a supernova whose shock cools, from shortly before the first detection on."""

    usual: Usual
    slow: tuple[FloatArray, FloatArray]
    """Mean and variance of the peak magnitudes of unrelated transients."""

    risers: Risers
    places: Places
    parameters: Parameters

    @classmethod
    def of(
        cls,
        seen: Points,
        objects: IntArray,
        event_s: FloatArray,
        lights: dict[str, Light],
        places: Places,
        parameters: Parameters,
    ) -> _Here:
        """Each pair's light curve, at each of its places."""
        model, first, points = parameters.photometry, first_of(seen, objects), held(seen, objects)

        def under(light: Light, template: Template | None, since: FloatArray = event_s) -> list[Shape]:
            its = shapes(seen, points, objects, since, light, template, first, model)
            return [shape.take(places.pair) for shape in its]

        usual = usual_magnitudes(places, parameters)
        slow = unrelated_magnitudes(places, usual, 0.0, model.mag, model.mag_sigma, 1.0)
        exploded = points.time[points.begin] - DAY_S * np.clip(np.nan_to_num(first.gap_d / 2.0, nan=0.5), 0.1, 0.5)
        cools = parameters.templates.get("shock_cooling")
        cooling = (
            []
            if cools is None
            else [under(Light(shape="template"), cools.stretched(k), exploded)[0] for k in STRETCHES]
        )
        ordinary = Light(shape="flat", colour=model.colour, colour_sigma=model.colour_sigma)
        known, there, own = np.isfinite(first.limit), first.take(places.pair), objects[places.pair]
        return cls(
            known=known,
            is_once=seen.times[own] == 1,
            first=there,
            cooling=cooling,
            courses={
                name: under(light, parameters.templates.get(name)) for name, light in ({"": ordinary} | lights).items()
            },
            usual=usual,
            slow=slow,
            risers=rising.risers(seen, held(seen, own), own, event_s[places.pair], there, slow, model),
            places=places,
            parameters=parameters,
        )

    def over_hosts(self, log_density: FloatArray, *, related: bool = True) -> FloatArray:
        """Mean over the possible hosts, as these are if the object is the event's, or unrelated. Shape (n pairs,)."""
        places, n = self.places, len(self.known)
        if not related:
            return _over_hosts(places, log_density, np.zeros(len(places.pair)), n)
        with np.errstate(divide="ignore"):
            ratio = np.log(places.ratio)
        return _over_hosts(places, log_density, ratio, n) - _over_hosts(places, np.zeros(len(ratio)), ratio, n)

    @property
    def width_d(self) -> FloatArray:
        """From which stretch of explosions the look found unrelated ones, days; 1 where not known. Shape (n pairs,)."""
        width = np.bincount(self.places.pair, self.places.weight * self.risers.width_d, minlength=len(self.known))
        return np.where(self.known, width, 1.0)

    def evenly(self, chance: Chance) -> FloatArray:
        """Part of a class's window from which the look found unrelated ones. Shape (n pairs,)."""
        return np.where(self.known, self.width_d / chance.length_d, chance.evenly)

    def flat(self, light: Light) -> FloatArray:
        """Log density of each light curve if it is of a class that is constant by and large."""
        return self.risers.log_density(*self._of_class(light, np.zeros(len(self.slow[0]))), light.slope_sigma)

    def discovered(
        self, name: str, light: Light, chance: Chance, unrelated: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Log density of each light curve if it is of a class that begins with the event; and of its discovery."""
        model, pair = self.parameters.photometry, self.places.pair
        courses = [its for its in self.courses[name] if chance.may_rise_again or not its.rises_again]
        parts, whole = [], sum(shape.share for shape in courses)
        for shape in courses:
            told = shape.from_event(*self._of_class(light, shape.start), light.slope_sigma, model)
            parts.append(np.log(shape.share / whole) + np.stack(told))
        its, first = log_total(parts) if len(parts) > 1 else parts[0]
        mass, visible = (np.log(np.maximum(v, LEAST_CHANCE))[pair] for v in (chance.mass, chance.visible))
        # of unknown depth, looks tell no more than the onset
        scale = np.log1p(-model.floor) + np.where(self.known[pair], -visible, mass)
        like = np.log(model.floor) + np.log(self.evenly(chance))[pair]
        return np.logaddexp(its + scale, unrelated + like), np.logaddexp(first + scale, like)

    def background(self, lights: dict[str, Light]) -> FloatArray:
        """Log density of each light curve if it is unrelated: supernovae, a small part of anything else, what is seen
        only once."""
        model = self.parameters.photometry
        once, other, cooling = self.places.once[self.places.pair], model.other_fraction, model.cooling_fraction
        share = (1.0 - once) * other / (2.0 if lights else 1.0)
        parts = [
            np.log((1.0 - once) * (1.0 - other - cooling)) + self.risers.log_density(*self.slow, model.slope_sigma),
            np.log(share) + self._like("", model.other_mag, model.other_mag_sigma, model.other_slope_sigma),
            np.log(once) + self._once(),
        ]
        if self.cooling:
            its = self._over(self.cooling, 0.0, model.cooling_mag_sigma, model.cooling_slope_sigma, 1.0)
            parts.append(np.log((1.0 - once) * cooling / len(self.cooling)) + its)
        for name, light in lights.items():
            wider = model.other_stretch * light.mag_sigma, model.other_stretch * light.slope_sigma
            parts.append(np.log(share / len(lights)) + self._like(name, light.mag, *wider))
        return log_total(parts)

    def _like(self, name: str, mag: float, mag_sigma: float, slope_sigma: float) -> FloatArray:
        """What is unrelated, but changes as a class does."""
        return self._over(self.courses[name], mag, mag_sigma, slope_sigma, self.parameters.photometry.other_stretch)

    def _over(self, courses: list[Shape], mag: float, mag_sigma: float, slope_sigma: float, wider: float) -> FloatArray:
        """Log density of what is unrelated and goes one of some courses."""
        parts = []
        for shape in courses:
            offset, variance = unrelated_magnitudes(self.places, self.usual, shape.start, mag, mag_sigma, wider)
            its = shape.log_density(offset, variance, slope_sigma, self.parameters.photometry)
            parts.append(np.log(shape.share) + its)
        return log_total(parts) if len(parts) > 1 else parts[0]

    def _once(self) -> FloatArray:
        """What is seen in a single exposure, of any brightness; impossible with more detections, or in a galaxy.

        It never has a host, so that it is more of what has none than of all.
        """
        usual, narrow = self.usual
        variance = self.parameters.photometry.other_stretch**2 * narrow
        total = variance + self.first.variance
        density = -0.5 * ((self.first.mag - usual) ** 2 / total + np.log(2.0 * np.pi * total))
        density += log_sudden(self.first, usual, variance, self.parameters.photometry)
        possible = self.is_once & np.isnan(self.places.modulus)
        return np.where(possible, density - np.log(self.places.hostless[self.places.pair]), -np.inf)

    def _of_class(self, light: Light, start: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The same for a class."""
        places = self.places
        value = light.mag + places.event_modulus
        variance = light.mag_sigma**2 + places.event_modulus_sigma**2
        if light.apparent_mag is not None:
            without = ~places.event_knows[places.pair]
            value = np.where(without, light.apparent_mag, value)
            variance = np.where(without, light.apparent_mag_sigma**2, variance)
        usual, usual_variance = self.usual
        unknown = ~np.isfinite(value + variance)
        return np.where(unknown, usual - start, value), np.where(unknown, usual_variance, variance)
