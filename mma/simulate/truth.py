"""What a simulated campaign holds: events, the sources on the sky, what was seen of each, and which are counterparts.

A counterpart is there and observed with the probability that the score states for its class, else there is only
background; unrelated transients come at the stated rate, even over the sky and in time. Everything else (light curves,
distances, places, cadence, hosts) is drawn by code that shares nothing with the score's terms.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from coincidence import DEFAULT, AlertBatch, Galaxies, Parameters
from coincidence.completeness import sin_latitude
from coincidence.curves import LightCurves
from coincidence.rates import Surroundings, rate
from skymaps import FloatArray
from skymaps.units import AB_ZERO_MAG, DAY_S

from . import hosts, triggers
from .hosts import Galaxy, Mix
from .light import BANDS, SURVEYS, Seen
from .triggers import Trigger

HISTORY_D = {"ztf": 30.0, "lsst": 365.0}
"""Packets reach this far back: days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to simulate."""

    kinds: tuple[str, ...] = triggers.KINDS
    nights: int = 10
    survey: str = "ztf"
    per_deg2_14d: float | None = None
    """Unrelated transients per square degree in 14 d. None: as many as the score states for the survey's depth."""

    contaminants: float = 0.1
    """Asteroids and artefacts, beside each unrelated transient."""

    others: float = 0.05
    """Part of the unrelated transients that are no supernovae: as much as the score takes into account."""

    cooling: float = 0.03
    """Part of them whose shock cools before they rise again. As stated."""

    once: float = 0.01
    """Part of ``per_deg2_14d`` that is seen in a single exposure and passes every veto: asteroids without an orbit. As
    the score states where it is told a rate; without one they come at the rate that it states for them."""

    unusual: float = 0.02
    """Part of the counterparts that look like unrelated transients: the floor of the score's photometry."""

    rough_mag: float = 0.2
    """Bumps of every light curve: independent scatter of each exposure, mag."""

    star_fraction: float = 0.3
    """Part of the unrelated transients that lie on a star: variables that pass for transients."""

    mix: Mix = field(default_factory=Mix)
    redraw: bool = False
    """Mergers are put at places and distances drawn from their maps, not where the maps' own sources were: tests the
    score whatever the maps are worth, and makes a new event of a map that comes again."""

    forced: bool = False
    """Exposures after the last detection are known, as forced photometry of candidates tells; packets do not."""

    always: bool = False
    """Every event has the counterpart that is the most probable for its kind: for ranks, not for probabilities."""

    def parameters(self, base: Parameters = DEFAULT) -> Parameters:
        """The score's parameters for such a sky: its survey's depth and, where told, the rate of its transients."""
        told = base.background_per_deg2_day if self.per_deg2_14d is None else self.per_deg2_14d / 14.0
        limit = SURVEYS[self.survey].limit_mag
        return replace(base, background_per_deg2_day=told, background_limit_mag=limit)

    def per_deg2_day(
        self, ra: FloatArray, dec: FloatArray, base: Parameters = DEFAULT
    ) -> tuple[FloatArray, FloatArray]:
        """Unrelated transients per square degree and day at places in degrees: those seen again, and those seen once.

        Shape (n,) each.
        """
        parameters, n = self.parameters(base), len(ra)
        both = [
            Surroundings(
                survey=np.full(n, self.survey, dtype=object),
                depth=np.full(n, parameters.background_limit_mag),
                sin_latitude=np.abs(sin_latitude(ra, dec)),
                is_once=np.full(n, is_once),
            )
            for is_once in (False, True)
        ]
        if parameters.background_per_deg2_day is not None:
            whole = rate(both[0], parameters)
            return whole * (1.0 - self.once), whole * self.once
        again, all_of_them = (rate(where, parameters) for where in both)
        return again, all_of_them - again


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something on the sky, and what was seen of it."""

    id: str
    what: str
    event: str
    """Event that it was simulated for."""

    is_counterpart: bool
    ra: float
    dec: float
    distance_mpc: float | None
    onset: float
    """First light, Unix seconds."""

    seen: Seen
    reliability: float
    star_score: float | None = None
    star_distance_arcsec: float | None = None
    solar_system_arcsec: float | None = None
    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A simulated stretch of nights with its truth."""

    plan: Plan
    seed: int
    triggers: list[Trigger]
    sources: list[Source]
    galaxies: list[Galaxy]
    unobservable: int = 0
    """Counterparts that the survey could not have seen in any try: their events have none."""

    def counterpart(self, event: str) -> Source | None:
        """The counterpart of an event, where there is one."""
        return next((s for s in self.sources if s.is_counterpart and s.event == event), None)

    def alerts(self) -> AlertBatch:
        """Every source in its latest state, one row each."""
        return AlertBatch.from_rows([_row(source, self.plan.survey) for source in self.sources])

    def curves(self) -> LightCurves:
        """Detections and non-detections of all sources."""
        survey, forced = self.plan.survey, self.plan.forced
        parts = [_points(i, source, survey, forced=forced) for i, source in enumerate(self.sources)]
        columns = [np.concatenate([part[k] for part in parts]) for k in range(6)] if parts else [np.empty(0)] * 6
        names = ("object", "time", "band", "flux_njy", "flux_error_njy", "limit_mag")
        return LightCurves.of(**dict(zip(names, columns, strict=True)))

    def catalog(self) -> Galaxies:
        """The galaxy catalogue as the score takes it."""
        return hosts.columns(self.galaxies, self.plan.mix)


def _row(source: Source, survey: str) -> dict[str, object]:
    seen, first, last = source.seen, source.seen.first, source.seen.last
    return {
        "id": f"{source.id}-{last}",
        "object_id": source.id,
        "survey": survey,
        "ra": source.ra,
        "dec": source.dec,
        "time": seen.visits.time[last],
        "band": BANDS[seen.visits.band[last]],
        "flux_njy": seen.flux_njy[last],
        "flux_error_njy": seen.error_njy[last],
        "first_seen": seen.visits.time[first],
        "last_unseen": seen.last_unseen(HISTORY_D[survey]),
        "n_detections": int(seen.detected.sum()),
        "reliability": source.reliability,
        "star_score": source.star_score if survey == "ztf" else None,
        "star_distance_arcsec": source.star_distance_arcsec if survey == "ztf" else None,
        "solar_system_arcsec": source.solar_system_arcsec if survey == "ztf" or source.what != "asteroid" else 0.0,
    }


def _points(
    row: int, source: Source, survey: str, *, forced: bool
) -> tuple[np.ndarray[tuple[int], np.dtype[np.generic]], ...]:
    """Points of one source as its packets tell them: none after the last detection, unless they are forced."""
    seen = source.seen
    time = seen.visits.time
    until = len(time) if forced else seen.last + 1
    told = np.flatnonzero((time >= time[seen.first] - HISTORY_D[survey] * DAY_S) & (np.arange(len(time)) < until))
    flux = np.where(seen.detected, seen.flux_njy, np.nan)
    error = np.where(seen.detected, seen.error_njy, np.nan)
    band = np.array([BANDS[b] for b in seen.visits.band[told]], dtype=object)
    # Rubin's packets tell no limits, but errors
    limit = seen.visits.limit_mag if survey == "ztf" else AB_ZERO_MAG - 2.5 * np.log10(5.0 * seen.error_njy)
    return np.full(len(told), row), time[told], band, flux[told], error[told], limit[told]
