"""Unrelated supernovae at published volumetric rates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import cosmos, shapes
from .cosmos import DAY_S, YEAR_D, FloatArray
from .sources import IntArray, Light, Sources, flux_njy, usual

IA_RATE = 2.35e-5
"""Per Mpc^3 and year (Perley et al. 2020, ApJ 904 35)."""

IA_GROWTH = 1.7
"""Power of (1 + z) (Frohmaier et al. 2019, MNRAS 486 2308)."""

CC_RATE = 1.01e-4
"""Of core collapse, per Mpc^3 and year (Perley et al. 2020)."""

CC_GROWTH = 2.7
"""That of star formation (Madau & Dickinson 2014, ARA&A 52 415)."""

LONGEST_D = 45.0
"""Supernovae that exploded earlier were seen before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """A sort of supernova: part of its kind, absolute magnitude at peak without dust."""

    share: float
    template: str
    mag: float
    sigma: float
    dust: float = 0.3
    """Mean dust of the hosts in r, mag: an exponential."""

    cooling: float = 0.0
    """Part that shines from shock cooling in its first days."""


CORE_COLLAPSE = {
    # shares: Shivvers et al. 2017, PASP 129 054201, rounded; magnitudes: Richardson et al. 2014, AJ 147 118, table 1,
    # type IIn: Li et al. 2011, MNRAS 412 1441, table 6; dust of stripped ones: Stritzinger et al. 2018, A&A 609 A135
    "SN IIP": Sort(share=0.58, template="IIP", mag=-16.75, sigma=0.98),
    "SN IIL": Sort(share=0.08, template="IIP", mag=-17.98, sigma=0.86),
    "SN IIn": Sort(share=0.05, template="IIn", mag=-16.86, sigma=1.61, dust=0.0),
    "SN IIb": Sort(share=0.10, template="IIb", mag=-16.99, sigma=0.92, cooling=0.4),
    "SN Ib": Sort(share=0.11, template="Ib", mag=-17.45, sigma=1.12, dust=0.7, cooling=0.1),
    "SN Ic": Sort(share=0.07, template="Ic", mag=-17.66, sigma=1.18, dust=0.7),
    "SN Ic-BL": Sort(share=0.01, template="IcBL", mag=-18.3, sigma=0.8),
}
"""Parts with cooling are ours, after the early peaks of SN 1993J, 2011dh, 2016gkg and 2025ulz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A part of the sky and a time: how much, and where."""

    area_deg2: float
    start: float
    """Unix seconds."""

    end: float
    deepest_mag: float
    """What is fainter is never seen."""

    @property
    def days(self) -> float:
        return (self.end - self.start) / DAY_S

    @property
    def years_of_sky(self) -> float:
        """Times the part of the sky, years."""
        return self.days / YEAR_D * self.area_deg2 / cosmos.SKY_DEG2


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Supernovae without a place; columns of shape (n,)."""

    what: str
    z: FloatArray
    mpc: FloatArray
    onset: FloatArray
    light: Light

    def at(self, ra: FloatArray, dec: FloatArray, random: np.random.Generator) -> Sources:
        """At these places: how far from the centre goes as the light of an exponential disc of 3 kpc (ours)."""
        n = len(self.z)
        chosen = usual(n, random) | {"mpc": self.mpc, "offset_kpc": random.gamma(2.0, 3.0, n)}
        return Sources(what=self.what, ra=ra, dec=dec, onset=self.onset, light=self.light, **chosen)


def light_of(
    table: shapes.Shapes, shape: IntArray, z: FloatArray, peak: FloatArray, onset: FloatArray, cooling: FloatArray
) -> Light:
    """Light of supernovae.

    Parameters
    ----------
    peak
        Apparent magnitude in r at peak. Shape (n,).
    cooling
        Apparent magnitude in r of the shock cooling half a day after the explosion; NaN none. Shape (n,).
    """

    def light(row: IntArray, time: FloatArray, band: IntArray) -> FloatArray:
        age = (time - onset[row]) / DAY_S / (1.0 + z[row])
        phase = age + table.first[shape[row]]
        flux = flux_njy(table.at(shape[row], z[row], phase, band) + peak[row])
        early = flux_njy(cooling[row] + COOLING_MAG_D * np.maximum(age - 0.5, 0.0) + COOLING_COLOUR[band])
        early *= np.clip(age / 0.3, 0.0, 1.0)
        return np.where(age > 0, flux + np.nan_to_num(early), 0.0)

    return light


COOLING_MAG_D = 0.55
"""How fast shock cooling fades in r: SN 2025ulz faded by 1.5 mag in its first 3 d (Franz et al. 2025)."""

COOLING_COLOUR = np.array([-0.4, -0.2, 0.0, 0.15, 0.25, 0.3])
"""Relative to r, by band: a black body of about 12,000 K."""


def _drawn(
    what: str,
    rate: float,
    growth: float,
    sort: Sort,
    table: shapes.Shapes,
    patch: Patch,
    random: np.random.Generator,
) -> Batch:
    """Supernovae of one sort that could be bright enough."""
    brightest = min(sort.mag, float(np.nanmin(table.peak, initial=0.0))) - 2.2 * sort.sigma
    z_max = float(cosmos.redshift(10.0 ** (0.2 * (patch.deepest_mag + 0.3 - brightest) - 5.0)))
    z_max = min(z_max, 1.2)
    longest = LONGEST_D * (1.0 + z_max)
    years = patch.years_of_sky * (patch.days + longest) / patch.days
    n = int(random.poisson(cosmos.number(rate * sort.share, growth, z_max) * years))
    z = cosmos.redshifts(n, growth, z_max, random)
    shape = random.choice(len(table.weight), n, p=table.weight / table.weight.sum())
    mag = np.where(np.isfinite(table.peak[shape]), table.peak[shape], random.normal(sort.mag, sort.sigma, n))
    dust = np.where(np.isfinite(table.peak[shape]), 0.0, random.exponential(1.0, n) * sort.dust)
    mpc = cosmos.luminosity_mpc(z)
    peak = mag + dust + cosmos.modulus(mpc)
    early = np.where(
        random.uniform(size=n) < sort.cooling, random.normal(-16.6, 0.7, n) + dust + cosmos.modulus(mpc), np.nan
    )
    onset = patch.start + random.uniform(-longest, patch.days, n) * DAY_S
    kept = np.fmin(peak, early) < patch.deepest_mag + 0.3
    z, shape, mpc, peak, early, onset = (v[kept] for v in (z, shape, mpc, peak, early, onset))
    return Batch(what=what, z=z, mpc=mpc, onset=onset, light=light_of(table, shape, z, peak, onset, early))


def draw(folder: Path, patch: Patch, random: np.random.Generator) -> list[Batch]:
    """All supernovae of a patch; half of the type Ia are real ones, half are templates."""
    tables = shapes.templates(folder / "sed-templates.npz")
    half = Sort(share=0.5, template="Ia", mag=-19.25, sigma=0.4, dust=0.2)
    batches = [
        _drawn("SN Ia", IA_RATE, IA_GROWTH, half, shapes.real_ia(folder), patch, random),
        _drawn("SN Ia", IA_RATE, IA_GROWTH, half, tables["Ia"], patch, random),
    ]
    for what, sort in CORE_COLLAPSE.items():
        batches.append(_drawn(what, CC_RATE, CC_GROWTH, sort, tables[sort.template], patch, random))
    return [batch for batch in batches if len(batch.z)]
