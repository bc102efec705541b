"""Tonight at a telescope: when it is dark, and what is high. Closed formulas: no table of the Earth's rotation is
fetched, and a page asks in a millisecond. Sun to 0.01, Moon to 0.3, sidereal time to 0.01 degrees (1950 to 2050)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mma.sites import CTAO_N, CTAO_S
from skymaps import FloatArray, Region

from .outline import vectors

DAY_S = 86400.0
J2000_S = 946728000.0
"""2000-01-01 12:00 UTC, Unix seconds: the minute between it and terrestrial time does not matter here."""

DARK_DEG = -18.0
"""Altitude of the Sun below which it is astronomical night."""

HIGH_DEG = 30.0
"""Altitude from which on a position counts as observable: a zenith angle of 60 degrees."""

STEP_S = 600.0
CELLS = 800
"""A region is looked at by no more cells than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A telescope's place."""

    name: str
    where: str
    longitude_deg: float
    """To the east."""

    latitude_deg: float


SITES = tuple(
    Site(name=site.name, where=where, longitude_deg=site.longitude, latitude_deg=site.latitude)
    for site, where in ((CTAO_N, "La Palma"), (CTAO_S, "Paranal"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """The night at a site that is on, or the next one."""

    site: Site
    time: FloatArray
    """Unix seconds, from sunset to sunrise, a row every ten minutes. Shape (n,)."""

    is_dark: FloatArray
    """Weight of each row: 1 in astronomical night, else 0. Shape (n,)."""

    moon_lit: float
    """Lit fraction of the Moon at midnight, 0 to 1."""

    moon: tuple[float, float]
    """Its right ascension and declination then, degrees."""

    @property
    def dark(self) -> tuple[float, float] | None:
        """Begin and end of astronomical night, Unix seconds; None where there is none."""
        rows = np.flatnonzero(self.is_dark)
        return (float(self.time[rows[0]]), float(self.time[rows[-1]])) if len(rows) else None

    @property
    def dark_h(self) -> float:
        """Hours of astronomical night."""
        return float(self.is_dark.sum()) * STEP_S / 3600.0

    def altitude(self, ra: FloatArray, dec: FloatArray) -> FloatArray:
        """Degrees above the horizon, without refraction. Shape (positions, rows)."""
        return altitude_deg(self.site, self.time, ra, dec)

    def high(self, ra: FloatArray, dec: FloatArray) -> FloatArray:
        """Hours of darkness with each position 30 degrees high or more. Shape (positions,)."""
        up = self.altitude(ra, dec) >= HIGH_DEG
        return np.asarray((up * self.is_dark).sum(axis=1) * STEP_S / 3600.0)


def tonight(site: Site, now: float) -> Night:
    """The night that is on at a Unix time, or else the next one."""
    noon = now - (now / DAY_S + site.longitude_deg / 360.0 - 0.5) % 1.0 * DAY_S  # the last mean local noon
    for start in (noon, noon + DAY_S):
        time = start + np.arange(0.0, DAY_S, STEP_S)
        sun = altitude_deg(site, time, *sun_radec(time), paired=True)
        rows = np.flatnonzero(sun < -0.833)
        if not len(rows) or time[rows[-1]] >= now:
            break
    time, sun = (time[rows], sun[rows]) if len(rows) else (time[:0], sun[:0])
    midnight = np.array([start + 0.5 * DAY_S])
    (ra,), (dec,) = moon_radec(midnight)
    lit = lit_fraction(midnight)
    return Night(
        site=site,
        time=time,
        is_dark=(sun < DARK_DEG).astype(np.float64),
        moon_lit=float(lit[0]),
        moon=(float(ra), float(dec)),
    )


def sidereal_deg(time: FloatArray) -> FloatArray:
    """Greenwich mean sidereal time in degrees (Meeus 1998, Astronomical Algorithms, eq. 12.4), UT1 taken as UTC."""
    days = (time - J2000_S) / DAY_S
    return np.asarray((280.46061837 + 360.98564736629 * days) % 360.0)


def altitude_deg(site: Site, time: FloatArray, ra: FloatArray, dec: FloatArray, *, paired: bool = False) -> FloatArray:
    """Altitude of positions in degrees at each time: shape (positions, times), or (times,) where they are paired.

    Positions are of J2000; precession since then, 0.4 degrees by 2027, is put into the sidereal time and the
    declination to first order (Meeus 1998, chapter 21).
    """
    years = (time - J2000_S) / (365.25 * DAY_S)
    ra, dec = np.asarray(ra), np.asarray(dec)
    if not paired:
        ra, dec = ra[:, None], dec[:, None]
        years = np.full_like(time, years.mean() if len(years) else 0.0)
        pole = np.radians(np.clip(dec, -89.9, 89.9))
        a = np.radians(ra)
        ra = ra + years * (46.1244 + 20.0431 * np.sin(a) * np.tan(pole)) / 3600.0
        dec = np.clip(dec + years * 20.0431 * np.cos(a) / 3600.0, -90.0, 90.0)
    hour = np.radians(sidereal_deg(time) + site.longitude_deg - ra)
    phi, d = np.radians(site.latitude_deg), np.radians(dec)
    sine = np.sin(phi) * np.sin(d) + np.cos(phi) * np.cos(d) * np.cos(hour)
    return np.asarray(np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))))


def sun_radec(time: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The Sun of date in degrees, to 0.01 (Astronomical Almanac, low-precision formulas, page C5)."""
    n = (time - J2000_S) / DAY_S
    g = np.radians(357.528 + 0.9856003 * n)
    longitude = np.radians(280.460 + 0.9856474 * n + 1.915 * np.sin(g) + 0.020 * np.sin(2 * g))
    return _equatorial(longitude, np.zeros_like(n), n)


def moon_radec(time: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The Moon of date in degrees from the Earth's centre, to 0.3 (Astronomical Almanac, page D22)."""
    longitude, latitude = _moon(time)
    return _equatorial(np.radians(longitude), np.radians(latitude), (time - J2000_S) / DAY_S)


def lit_fraction(time: FloatArray) -> FloatArray:
    """Lit fraction of the Moon, 0 to 1: of its elongation from the Sun (Meeus 1998, eq. 48.1), Sun at infinity."""
    x, y = (vectors(*place(time)) for place in (sun_radec, moon_radec))
    return np.asarray((1.0 - (x * y).sum(axis=0)) / 2.0)


def _moon(time: FloatArray) -> tuple[FloatArray, FloatArray]:
    t = (time - J2000_S) / DAY_S / 36525.0

    def sines(rows: tuple[tuple[float, float, float], ...]) -> FloatArray:
        return np.asarray(sum(a * np.sin(np.radians(b + c * t)) for a, b, c in rows))

    longitude = 218.32 + 481267.881 * t + sines(LONGITUDE)
    return np.asarray(longitude), sines(LATITUDE)


LONGITUDE = (
    (6.29, 135.0, 477198.87),
    (-1.27, 259.3, -413335.36),
    (0.66, 235.7, 890534.22),
    (0.21, 269.9, 954397.74),
    (-0.19, 357.5, 35999.05),
    (-0.11, 186.5, 966404.03),
)
LATITUDE = ((5.13, 93.3, 483202.02), (0.28, 228.2, 960400.89), (-0.28, 318.3, 6003.15), (-0.17, 217.6, -407332.21))
"""Degrees; degrees; degrees in a Julian century."""


def _equatorial(longitude: FloatArray, latitude: FloatArray, days: FloatArray) -> tuple[FloatArray, FloatArray]:
    tilt = np.radians(23.439 - 4e-7 * days)
    x = np.cos(latitude) * np.cos(longitude)
    y = np.cos(tilt) * np.cos(latitude) * np.sin(longitude) - np.sin(tilt) * np.sin(latitude)
    z = np.sin(tilt) * np.cos(latitude) * np.sin(longitude) + np.cos(tilt) * np.sin(latitude)
    return np.degrees(np.arctan2(y, x)) % 360.0, np.degrees(np.arcsin(np.clip(z, -1.0, 1.0)))


def sample(region: Region, level: float = 0.9) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Positions all over a credible region, and the share of its probability that each stands for. Each (n,)."""
    from skymaps import healpix

    order = 3
    found = region.cells(order, level)
    while order < 13 and len(finer := region.cells(order + 1, level)) <= CELLS:
        order, found = order + 1, finer
    ra, dec = healpix.pixel_centre(order, found)
    weight = region.probdensity_at(ra, dec)
    total = weight.sum()
    return ra, dec, weight / total if total > 0.0 else np.full(len(ra), 1.0 / max(len(ra), 1))


def in_reach(night: Night, ra: FloatArray, dec: FloatArray, weight: FloatArray) -> float:
    """Share of a region that is 30 degrees high in darkness for some time."""
    return float(weight[night.high(ra, dec) > 0.0].sum())


def separation_deg(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Angle between two positions in degrees."""
    x, y = vectors(*np.array(a)), vectors(*np.array(b))
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(x, y)), x @ y)))
