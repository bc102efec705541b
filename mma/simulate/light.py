"""Light curves of simulated sources, and what a survey sees of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray
from skymaps.units import AB_ZERO_MAG, DAY_S

BANDS = "ugrizy"
NOMINAL = BANDS.index("r")
DEPTH_MARGIN_MAG = 0.3
"""An exposure's 5-sigma depth beyond the magnitude to which the survey is taken to be complete."""

Bands = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Rise as a power of time, then a fade that is linear in magnitudes or a power of time."""

    onset: float
    """First light, Unix seconds."""

    peak_mag: float
    """Apparent AB magnitude at the peak, in r."""

    rise_d: float
    rise_power: float = 2.0
    """Flux grows as this power of the time since onset."""

    fade_mag_d: float = 0.05
    """Magnitudes a day after the peak, in r."""

    bluer_fade_mag_d: float = 0.0
    """Added to the fade for each band to the blue of r, taken away to the red: reddening."""

    bluer_mag: float = 0.0
    """Colour at peak: added for each band to the blue of r."""

    decay: float = 0.0
    """Flux falls as this power of the time since onset, beside the linear fade."""

    turns: tuple[tuple[float, float], ...] = ()
    """Days on which that power changes, each with the power from then on."""

    rough_mag: float = 0.0
    """Bumps that no smooth curve has: independent scatter of each exposure."""

    again: Curve | None = None
    """Another light beside it, as the supernova after its cooling shock."""

    only_once: bool = False
    """Seen in one exposure alone, as what moves or is no source at all."""

    def mag(self, time: FloatArray, band: Bands) -> FloatArray:
        """AB magnitude at Unix times in bands (indices into ``BANDS``); infinite before the onset. Shape (n,)."""
        age = (time - self.onset) / DAY_S
        bluer = NOMINAL - band
        ratio = np.maximum(age, 1e-9) / self.rise_d
        late = np.maximum(age - self.rise_d, 0.0)
        rise = 2.5 * self.rise_power * np.maximum(-np.log10(ratio), 0.0)
        fade = np.maximum(self.fade_mag_d + self.bluer_fade_mag_d * bluer, 0.02 * (self.fade_mag_d > 0)) * late
        power = 2.5 * self.decay * np.maximum(np.log10(ratio), 0.0)
        before = self.decay
        for day, later in self.turns:
            power = power + 2.5 * (later - before) * np.log10(np.maximum(age, day) / day)
            before = later
        own = np.where(time > self.onset, self.peak_mag + self.bluer_mag * bluer + rise + fade + power, np.inf)
        if self.again is None:
            return np.asarray(own)
        with np.errstate(divide="ignore"):
            flux = 10.0 ** (-0.4 * own) + 10.0 ** (-0.4 * self.again.mag(time, band))
            return np.asarray(-2.5 * np.log10(flux))

    def crossing_d(self, limit_mag: float) -> float:
        """Days from the onset until it is as bright as the limit, in r; 0 where it never is."""
        return float(self.rise_d * 10.0 ** (-(limit_mag - self.peak_mag) / 2.5 / self.rise_power))


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """How a survey looks at every place of its sky."""

    name: str
    limit_mag: float
    """Magnitude to which it is complete: the depth that the score is told."""

    cadence_d: float
    bands: str
    loss: float = 0.15
    """Part of the exposures lost to clouds."""

    scatter_mag: float = 0.15
    """Of the depths."""

    def visits(self, start: float, end: float, random: np.random.Generator) -> Visits:
        """Exposures of one place between two Unix times, at an hour of the place's own."""
        step = self.cadence_d * DAY_S
        time = np.arange(start + random.uniform(0.0, step), end, step)
        time = time + random.normal(0.0, 0.03 * DAY_S, len(time))
        time = np.sort(time[random.uniform(size=len(time)) >= self.loss])
        indices = np.array([BANDS.index(b) for b in self.bands])
        return Visits(
            time=np.round(time, 3),
            band=indices[random.integers(len(indices), size=len(time))],
            limit_mag=self.limit_mag + DEPTH_MARGIN_MAG + random.normal(0.0, self.scatter_mag, len(time)),
        )


SURVEYS = {
    "ztf": Survey(name="ztf", limit_mag=20.5, cadence_d=2.0, bands="gr"),
    "lsst": Survey(name="lsst", limit_mag=23.8, cadence_d=3.0, bands="ugrizy"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """Exposures of one place; arrays of shape (n,)."""

    time: FloatArray
    """Middle of the exposure, Unix seconds."""

    band: Bands
    """Index into ``BANDS``."""

    limit_mag: FloatArray
    """5-sigma AB limiting magnitude."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the exposures show of one source; arrays of shape (n,)."""

    visits: Visits
    flux_njy: FloatArray
    error_njy: FloatArray
    detected: Bools

    @property
    def first(self) -> int:
        """Exposure of the first detection; there must be one."""
        return int(np.argmax(self.detected))

    @property
    def last(self) -> int:
        """Exposure of the last detection."""
        return int(len(self.detected) - 1 - np.argmax(self.detected[::-1]))

    def last_unseen(self, reach_d: float) -> float | None:
        """Last exposure before the first detection, no further back than a packet's history; Unix seconds."""
        if self.first == 0:
            return None
        time = float(self.visits.time[self.first - 1])
        return time if self.visits.time[self.first] - time < reach_d * DAY_S else None


def observe(curve: Curve, visits: Visits, random: np.random.Generator) -> Seen:
    """Fluxes with noise; a detection is 5 times the sky's noise."""
    sky = 10.0 ** (0.4 * (AB_ZERO_MAG - visits.limit_mag)) / 5.0
    bumps = curve.rough_mag * random.standard_normal(len(sky))
    flux = 10.0 ** (0.4 * (AB_ZERO_MAG - bumps - curve.mag(visits.time, visits.band)))
    error = np.hypot(sky, 0.02 * flux)
    measured = flux + random.standard_normal(len(flux)) * error
    detected = (measured > 5.0 * sky) & (visits.time >= curve.onset)
    if curve.only_once:
        detected &= np.cumsum(visits.time >= curve.onset) == 1
    return Seen(visits=visits, flux_njy=measured, error_njy=error, detected=detected)
