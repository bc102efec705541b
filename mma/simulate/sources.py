"""The optical sky of a simulated night: transients with hosts, variable stars, asteroids, artefacts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from skymaps import FloatArray
from skymaps.units import DAY_S

LIMIT_MAG = 20.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """The piece of sky that is watched."""

    ra: tuple[float, float] = (150.0, 250.0)
    dec: tuple[float, float] = (0.0, 55.0)
    cadence_d: float = 1.0
    """Each place is looked at once in this time, at an hour of its own."""

    @property
    def area_deg2(self) -> float:
        """Square degrees."""
        low, high = np.sin(np.radians(self.dec))
        return float((self.ra[1] - self.ra[0]) * np.degrees(high - low))

    def positions(self, n: int, random: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Places drawn evenly over the field, degrees."""
        low, high = np.sin(np.radians(self.dec))
        return random.uniform(*self.ra, n), np.degrees(np.arcsin(random.uniform(low, high, n)))

    def contains(self, ra: float, dec: float, margin_deg: float = 0.0) -> bool:
        """Whether a place lies in the field, this far from its edges."""
        return (
            self.ra[0] + margin_deg < ra < self.ra[1] - margin_deg
            and self.dec[0] + margin_deg < dec < self.dec[1] - margin_deg
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something that changes on the sky; times in Unix seconds."""

    id: str
    kind: str
    ra: float
    dec: float
    onset: float
    peak_mag: float
    rise_d: float = 5.0
    fade_mag_d: float = 0.05
    """Magnitudes a day, after the peak."""

    redshift: float | None = None
    drb: float = 0.95
    star: tuple[float, float] | None = None
    """Star score and distance in arcseconds of the catalogued source underneath."""

    asteroid_arcsec: float | None = None
    visits: tuple[float, ...] = field(default=())
    """Extra exposures, beside the regular ones."""

    def mag(self, time: float) -> float:
        """AB magnitude; infinite before the onset."""
        age = (time - self.onset) / DAY_S
        if age < 0:
            return float("inf")
        return self.peak_mag + 2.0 * max(0.0, 1.0 - age / self.rise_d) + self.fade_mag_d * max(0.0, age - self.rise_d)


@dataclass(frozen=True, slots=True, kw_only=True)
class Galaxy:
    """A galaxy of the catalogue."""

    name: str
    ra: float
    dec: float
    distance_mpc: float


def galaxies(field: Field, n: int, random: np.random.Generator, farthest_mpc: float = 600.0) -> list[Galaxy]:
    """Galaxies spread evenly over the volume behind the field."""
    ra, dec = field.positions(n, random)
    mpc = farthest_mpc * np.cbrt(random.uniform(0.0, 1.0, n))
    return [Galaxy(name=f"G{i:06d}", ra=float(ra[i]), dec=float(dec[i]), distance_mpc=float(mpc[i])) for i in range(n)]


def beside(galaxy: Galaxy, random: np.random.Generator) -> tuple[float, float]:
    """A place a few kiloparsec from a galaxy, degrees."""
    offset = np.degrees(random.exponential(3.0) * 1e-3 / galaxy.distance_mpc)
    angle = random.uniform(0, 2 * np.pi)
    dec = galaxy.dec + offset * np.cos(angle)
    return galaxy.ra + offset * np.sin(angle) / np.cos(np.radians(dec)), float(dec)


def background(
    field: Field,
    hosts: list[Galaxy],
    start: float,
    days: float,
    rate_per_deg2_day: float,
    random: np.random.Generator,
) -> list[Source]:
    """Unrelated transients: supernovae, half of them in catalogued galaxies, with onsets even in time."""
    n = random.poisson(rate_per_deg2_day * field.area_deg2 * days)
    ra, dec = field.positions(n, random)
    sources = []
    for i in range(n):
        place = (float(ra[i]), float(dec[i]))
        mag = float(random.uniform(17.5, 20.2))
        if random.uniform() < 0.5:
            host = hosts[random.integers(len(hosts))]
            place = beside(host, random)
            mag = -19.0 + random.normal(0.0, 1.0) + 5.0 * np.log10(host.distance_mpc) + 25.0
        sources.append(
            Source(
                id=f"ZTF26a{_letters(i)}",
                kind="supernova",
                ra=place[0] % 360.0,
                dec=place[1],
                onset=start + random.uniform(0.0, days) * DAY_S,
                peak_mag=mag,
                rise_d=float(random.uniform(8.0, 18.0)),
            )
        )
    return sources


def contaminants(field: Field, n: int, start: float, days: float, random: np.random.Generator) -> list[Source]:
    """Variable stars with a long history, asteroids seen once, artefacts: a third of each."""
    ra, dec = field.positions(n, random)
    kinds = (
        {"kind": "star", "star": (0.98, 0.3)},
        {"kind": "asteroid", "asteroid_arcsec": 1.0, "fade_mag_d": 1e3, "rise_d": 0.5},
        {"kind": "artefact", "drb": 0.1, "fade_mag_d": 1e3, "rise_d": 0.5},
    )
    return [
        Source(
            id=f"ZTF26b{_letters(i)}",
            ra=float(ra[i]),
            dec=float(dec[i]),
            onset=start - 400 * DAY_S if i % 3 == 0 else start + random.uniform(0.0, days) * DAY_S,
            peak_mag=float(random.uniform(16.0, 20.0)),
            **({"rise_d": 5.0, "fade_mag_d": 0.0} | kinds[i % 3]),
        )
        for i in range(n)
    ]


def _letters(i: int) -> str:
    """Six letters for a number, as ZTF counts its objects."""
    out = ""
    for _ in range(6):
        i, rest = divmod(i, 26)
        out = chr(ord("a") + rest) + out
    return out
