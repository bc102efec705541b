"""The sky around simulated events: counterparts where they are due, unrelated transients at the stated rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

import skymaps
from coincidence import DEFAULT, Event
from coincidence.event import located
from coincidence.priors import possible
from skymaps import FloatArray, IntArray, SkyMap
from skymaps.units import DAY_S

from . import classes, hosts, maps, triggers
from .bayestar import Merger
from .hosts import Galaxy
from .light import SURVEYS, Curve, Seen, Survey, observe
from .triggers import Trigger
from .truth import Campaign, Plan, Source

SEARCHED_LEVEL = 0.995
"""Unrelated transients are put down to this credible level: a little beyond what the score looks at."""
EARLY_D = 8.0
"""Background begins this long before a window: onsets that fall into it by the gaps of the cadence."""

LATE_D = 8.0
"""... and goes on this long after it: deep exposures see a rising source before it is as bright as the stated limit."""

TRIES = 400
PLACES = 200
"""At so many places of a region rates are looked up, for their mean."""


def simulate(
    plan: Plan,
    events: int,
    seed: int,
    *,
    map_folder: Path | None = None,
    mergers: Sequence[Merger] = (),
    field_galaxies: Sequence[Galaxy] | None = None,
    progress: Callable[[int], None] = lambda n: None,
) -> Campaign:
    """Draw a campaign.

    Parameters
    ----------
    events
        How many; the kinds of the plan take turns.
    seed
        The same plan, seed and maps give the same campaign.
    map_folder, mergers
        Maps that mergers use in turn, from ``maps.make``.
    field_galaxies
        Galaxies that host nothing, where they were drawn before.
    progress
        Told after each event.
    """
    random = np.random.default_rng([seed, 0])
    galaxies = list(hosts.others(plan.mix, random) if field_galaxies is None else field_galaxies)
    campaign = Campaign(plan=plan, seed=seed, triggers=[], sources=[], galaxies=galaxies)
    regions: list[tuple[Event, float, float]] = []
    lost = 0
    for i in range(events):
        random = np.random.default_rng([seed, 1 + i])
        trigger = _trigger(plan, i, random, map_folder, mergers)
        lost += _add(campaign, trigger, i, regions, random)
        progress(1)
    return replace(campaign, unobservable=lost)


def _add(
    campaign: Campaign,
    trigger: Trigger,
    number: int,
    regions: list[tuple[Event, float, float]],
    random: np.random.Generator,
) -> bool:
    """Put an event and its sky into a campaign; whether a counterpart was due that no try made visible."""
    around = Sky(plan=campaign.plan, trigger=trigger, event=trigger.events()[-1], number=number, random=random)
    found, wanted = around.counterpart()
    campaign.triggers.append(trigger)
    campaign.sources.extend([found] if found else [])
    campaign.sources.extend(s for s in around.background() if not _taken(s, regions))
    campaign.galaxies.extend(around.galaxies)
    regions.append((around.event, *around.span))
    return wanted and found is None


def _trigger(
    plan: Plan, number: int, random: np.random.Generator, folder: Path | None, mergers: Sequence[Merger]
) -> Trigger:
    kind = plan.kinds[number % len(plan.kinds)]
    night = triggers.START + random.integers(plan.nights) * DAY_S
    if kind != "cbc":
        return triggers.POINTED[kind](number, night, random)
    known = mergers or (maps.mergers(folder) if folder else ())
    turn = number // len(plan.kinds)
    drawn = known[turn % len(known)] if known else None
    return triggers.cbc(number, night, random, folder, drawn, redraw=plan.redraw)


def _taken(source: Source, regions: list[tuple[Event, float, float]]) -> bool:
    """Whether an earlier event's background already covers this place and time: the sky has it only once."""
    first = source.seen.visits.time[source.seen.first]
    place = np.array([source.ra]), np.array([source.dec])
    return any(
        start <= first <= end and located(event).credible_level_at(*place)[0] <= SEARCHED_LEVEL
        for event, start, end in regions
    )


@dataclass(kw_only=True)
class Sky:
    """The sky around one event."""

    plan: Plan
    trigger: Trigger
    event: Event
    number: int
    random: np.random.Generator
    galaxies: list[Galaxy] = field(default_factory=list)
    count: int = 0

    @property
    def survey(self) -> Survey:
        return SURVEYS[self.plan.survey]

    @property
    def window(self) -> tuple[float, float]:
        """Unix seconds."""
        start, end = DEFAULT.window_d(self.event.kind)
        return self.trigger.time + start * DAY_S, self.trigger.time + end * DAY_S

    @property
    def span(self) -> tuple[float, float]:
        """When unrelated transients begin, Unix seconds."""
        return self.window[0] - EARLY_D * DAY_S, self.window[1]

    def visits_of(self) -> tuple[float, float]:
        """When the survey looks, Unix seconds."""
        return self.span[0] - 12.0 * DAY_S, self.window[1]

    def counterpart(self) -> tuple[Source | None, bool]:
        """The counterpart, None where there is none; and whether there should have been one."""
        name = self._class()
        if name is None:
            return None, False
        # what begins with the event may be too faint, as the score states; of others it states how often they are seen
        tries = 1 if name in classes.FROM_EVENT and not self.plan.always else TRIES
        for _ in range(tries):
            curve = replace(self._light(name), rough_mag=self.plan.rough_mag)
            seen = observe(curve, self.survey.visits(*self.visits_of(), self.random), self.random)
            if seen.detected.any():
                place = (self.trigger.ra, self.trigger.dec)
                return self._source(
                    name, seen, curve.onset, place, self.trigger.distance_mpc, is_counterpart=True
                ), True
        return None, tries > 1

    def _light(self, name: str) -> Curve:
        """Light of a counterpart; a stated part of them looks like anything else."""
        mpc, limit = self.trigger.distance_mpc, self.survey.limit_mag
        onset = self.trigger.time + classes.onset_d(DEFAULT.classes[name].onset, self.random) * DAY_S
        if self.random.uniform() < self.plan.unusual:
            return classes.unrelated(onset, classes.peak(mpc, limit, self.random), limit, self.random)
        begins = self.trigger.time if name in classes.FROM_EVENT else onset
        return classes.COUNTERPARTS[name](begins, mpc, self.random)

    def _class(self) -> str | None:
        """Class of the counterpart, by the stated probabilities; None for none."""
        stated = DEFAULT.kinds[self.event.kind]
        if self.plan.always:
            return max(stated, key=lambda name: stated[name])
        chances = [(name, p * possible(self.event, name)) for name, p in stated.items()]
        u = self.random.uniform()
        for name, p in chances:
            if u < p:
                return name
            u -= p
        return None

    def background(self) -> Iterator[Source]:
        """Unrelated transients over the region and its window; a few asteroids and artefacts."""
        lower, size = searched(located(self.event))
        area = float(size.sum()) / (12 << 58) * 41252.96125
        start, end = self.span[0], self.span[1] + LATE_D * DAY_S
        days = (end - start) / DAY_S
        grid = _places(lower, size, PLACES, self.random)
        again, once = (float(rate.mean()) for rate in self.plan.per_deg2_day(*grid))
        for _ in range(int(self.random.poisson(once * area * days))):
            where = _places(lower, size, 1, self.random)
            moment = self.random.uniform(start, end)
            yield from self._seen("orbitless", self._once(moment), (float(where[0][0]), float(where[1][0])), None)
        n = int(self.random.poisson(again * area * days))
        mpc, mag = classes.background(n, self.survey.limit_mag, self.random)
        ra, dec = _places(lower, size, n, self.random)
        onset = self.random.uniform(start, end, n)
        for i in range(n):
            place = float(ra[i]), float(dec[i])
            u = self.random.uniform()
            if u < self.plan.others:
                curve = classes.other(onset[i], float(mpc[i]), self.survey.limit_mag, self.random)
            elif u < self.plan.others + self.plan.cooling:
                curve = classes.cooling(onset[i], float(mpc[i]), self.survey.limit_mag, self.random)
            else:
                curve = classes.unrelated(onset[i], float(mag[i]), self.survey.limit_mag, self.random)
            curve = replace(curve, rough_mag=self.plan.rough_mag)
            yield from self._seen("supernova", curve, place, float(mpc[i]))
        for _ in range(int(self.random.poisson(n * self.plan.contaminants))):
            where = _places(lower, size, 1, self.random)
            moment = self.random.uniform(start, end)
            what = str(self.random.choice(["asteroid", "artefact"]))
            yield from self._seen(what, self._once(moment), (float(where[0][0]), float(where[1][0])), None)

    def _once(self, moment: float) -> Curve:
        """Something of any brightness, in one exposure."""
        mag = self.random.uniform(self.survey.limit_mag - 4.0, self.survey.limit_mag)
        return Curve(onset=moment, peak_mag=mag, rise_d=0.01, only_once=True)

    def _seen(self, what: str, curve: Curve, place: tuple[float, float], mpc: float | None) -> Iterator[Source]:
        seen = observe(curve, self.survey.visits(*self.visits_of(), self.random), self.random)
        if seen.detected.any():
            yield self._source(what, seen, curve.onset, place, mpc)

    def _source(
        self,
        what: str,
        seen: Seen,
        onset: float,
        place: tuple[float, float],
        mpc: float | None,
        *,
        is_counterpart: bool = False,
    ) -> Source:
        name, self.count = self._name(), self.count + 1
        on_star = self.random.uniform() < (self.plan.star_fraction if what == "supernova" and not is_counterpart else 0)
        host, separation = None, 99.0
        if mpc is not None:
            host, separation = hosts.beside(f"host of {name}", *place, mpc, self.plan.mix, self.random)
        if host is not None:
            self.galaxies.append(host)
        score = self.random.beta(20, 1) if on_star else self.random.beta(1, 20)
        return Source(
            id=name,
            what=what,
            event=self.trigger.id,
            is_counterpart=is_counterpart,
            ra=place[0],
            dec=place[1],
            distance_mpc=mpc,
            onset=onset,
            seen=seen,
            reliability=self.random.beta(2, 12) * 0.8 if what == "artefact" else self.random.beta(20, 1),
            star_score=round(float(score), 3) if on_star or mpc else None,
            star_distance_arcsec=round(0.3 if on_star else separation, 3) if on_star or mpc else None,
            solar_system_arcsec=1.0 if what == "asteroid" else None,
            host=host.name if host else None,
        )

    def _name(self) -> str:
        if self.plan.survey == "lsst":
            return str(313000000000000000 + self.number * 10**7 + self.count)
        return f"ZTF26{_letters(self.number, 3)}{_letters(self.count, 4)}"


def _letters(number: int, n: int) -> str:
    out = ""
    for _ in range(n):
        number, rest = divmod(number, 26)
        out = chr(ord("a") + rest) + out
    return out


def searched(region: skymaps.Region) -> tuple[IntArray, IntArray]:
    """Cells down to ``SEARCHED_LEVEL``: first order-29 pixel and number of pixels. Shape (n,) each."""
    skymap: SkyMap = skymaps.as_skymap(region)
    inside = skymap.level <= SEARCHED_LEVEL
    inside[np.argmin(skymap.level)] = True
    return skymap.lower[inside], (skymap.upper - skymap.lower)[inside]


def _places(lower: IntArray, size: IntArray, n: int, random: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Places even over cells, degrees. Shape (n,) each."""
    cell = random.choice(len(lower), n, p=size / size.sum())
    pixel = lower[cell] + (random.uniform(size=n) * size[cell]).astype(np.int64)
    return skymaps.healpix.pixel_centre(29, pixel)
