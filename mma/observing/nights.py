"""A night over a site, minute by minute: the Sun, the Moon, the zenith, and when it is dark.

All of it is arithmetic on standard formulas (ERFA): no table of Earth's rotation is looked up, and so none fetched.
UTC stands for UT1, from which it differs by less than 0.9 s by its definition: 14 arcsec. Aberration (20 arcsec) and
refraction (1.7 arcmin at 30 degrees, upwards) are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import erfa  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt

from skymaps import FloatArray
from skymaps.units import DAY_S, JD_OF_UNIX_ZERO

from .sites import Site

ASTRONOMICAL_DEG = -18.0
"""The Sun's altitude at the end of astronomical twilight."""

STEP_S = 60.0
"""Grid of a night."""

KM_PER_AU = 149597870.7
TT_MINUS_UTC_S = 69.184
"""Since 2017; a leap second more or less moves the Sun by 0.04 arcsec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """A night's directions, a row for each minute from one local noon to the next."""

    site: Site
    unix: FloatArray
    """Unix seconds. Shape (t,)."""

    zenith: FloatArray
    """Unit vectors in ICRS. Shape (t, 3)."""

    moon: FloatArray
    """Unit vectors in ICRS, as seen from the site. Shape (t, 3)."""

    moon_altitude: FloatArray
    """Degrees. Shape (t,)."""

    moon_lit: float
    """Illuminated fraction at the middle of the night."""

    sun_altitude: FloatArray
    """Degrees. Shape (t,)."""

    @property
    def dark(self) -> npt.NDArray[np.bool_]:
        """Whether the Sun is more than 18 degrees below the horizon. Shape (t,)."""
        return np.asarray(self.sun_altitude <= ASTRONOMICAL_DEG)

    def altitude(self, ra: npt.ArrayLike, dec: npt.ArrayLike) -> FloatArray:
        """Altitudes in degrees. Shape (t, n)."""
        return altitude_deg(self.zenith @ vectors(ra, dec).T)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A time without a break."""

    start: datetime
    end: datetime

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.end - self.start).total_seconds() / 3600.0


def night_of(site: Site, time: datetime) -> date:
    """The night that a time belongs to: the local mean date at the noon before."""
    local = time.astimezone(UTC) + timedelta(hours=site.longitude / 15.0)
    return (local - timedelta(hours=12)).date()


def coming_night(site: Site, now: datetime) -> date:
    """The night that is, or the next one: from the end of darkness on the coming evening counts."""
    night = night_of(site, now)
    dark = _dark(site, night)
    over = now >= dark.end if dark else now.timestamp() >= sky(site, night).unix[-1]
    return night + timedelta(days=1) if over else night


@lru_cache(maxsize=64)
def _dark(site: Site, night: date) -> Spell | None:
    return darkness(sky(site, night))


@lru_cache(maxsize=64)
def sky(site: Site, night: date) -> Sky:
    """The sky over a site from local mean noon of this date to the next.

    Parameters
    ----------
    night
        Local date of the evening.
    """
    noon = datetime(night.year, night.month, night.day, 12, tzinfo=UTC) - timedelta(hours=site.longitude / 15.0)
    unix = noon.timestamp() + np.arange(0.0, DAY_S + STEP_S, STEP_S)
    day = unix / DAY_S
    tt = day + TT_MINUS_UTC_S / DAY_S
    to_icrs = erfa.c2i06a(JD_OF_UNIX_ZERO, tt[len(tt) // 2]).T  # precession and nutation move by 0.2 arcsec in a night
    angle = erfa.era00(JD_OF_UNIX_ZERO, day)
    longitude, latitude = np.radians([site.longitude, site.latitude])
    up = np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])
    zenith = _turned(up, angle) @ to_icrs.T
    place_km = _turned(erfa.gd2gc(1, longitude, latitude, site.height_m) / 1000.0, angle) @ to_icrs.T
    sun_km = -_earth_au(tt) * KM_PER_AU - place_km
    moon_km = erfa.moon98(JD_OF_UNIX_ZERO, tt)["p"] * KM_PER_AU - place_km
    sun, moon = _unit(sun_km), _unit(moon_km)
    middle = len(unix) // 2
    return Sky(
        site=site,
        unix=unix,
        zenith=zenith,
        moon=moon,
        moon_altitude=altitude_deg(np.sum(zenith * moon, axis=1)),
        moon_lit=float(_lit(sun_km[middle], moon_km[middle])),
        sun_altitude=altitude_deg(np.sum(zenith * sun, axis=1)),
    )


def _turned(vector: FloatArray, angle: FloatArray) -> FloatArray:
    """A vector that is fixed to the Earth, after it has turned by these angles in radians. Shape (t, 3)."""
    x, y, z = vector
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([cos * x - sin * y, sin * x + cos * y, np.full(len(angle), z)], axis=1)


def _earth_au(tt: FloatArray) -> FloatArray:
    """The Earth from the Sun, on straight lines between two hours: right to 0.02 arcsec. Shape (t, 3)."""
    hours = np.linspace(tt[0], tt[-1], 25)
    earth, _ = erfa.epv00(JD_OF_UNIX_ZERO, hours)
    return np.stack([np.interp(tt, hours, earth["p"][:, axis]) for axis in range(3)], axis=1)


def darkness(over: Sky) -> Spell | None:
    """From the first to the last dark moment; there is one spell between two noons."""
    found = spells(over, ASTRONOMICAL_DEG - over.sun_altitude)
    return found[0] if found else None


def spells(over: Sky, margin: FloatArray) -> list[Spell]:
    """Times when a margin is not negative; its zeros between two minutes are found on the straight line."""
    good = np.concatenate([[False], margin >= 0.0, [False]])
    starts, ends = np.flatnonzero(good[1:] & ~good[:-1]), np.flatnonzero(good[:-1] & ~good[1:]) - 1
    found = []
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        begin = over.unix[first] - (_before(margin[first - 1], margin[first]) if first else 0.0)
        end = over.unix[last] + (_before(margin[last + 1], margin[last]) if last + 1 < len(margin) else 0.0)
        found.append(Spell(start=utc(begin), end=utc(end)))
    return found


def _before(outside: float, inside: float) -> float:
    """Seconds from the zero to the grid point inside."""
    return float(STEP_S * inside / (inside - outside))


def vectors(ra: npt.ArrayLike, dec: npt.ArrayLike) -> FloatArray:
    """Unit vectors of ICRS degrees. Shape (n, 3)."""
    a, d = np.radians(np.atleast_1d(ra)), np.radians(np.atleast_1d(dec))
    return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=1)


def altitude_deg(sine: FloatArray) -> FloatArray:
    """Altitudes in degrees, of their sines: products of unit vectors with the zenith."""
    return np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))


def _unit(vector: FloatArray) -> FloatArray:
    return np.asarray(vector / np.linalg.norm(vector, axis=-1, keepdims=True))


def _lit(sun_km: FloatArray, moon_km: FloatArray) -> float:
    """Illuminated fraction: (1 + cos i) / 2 with the phase angle i at the Moon (Meeus 1998, ch. 48)."""
    to_sun, to_us = _unit(sun_km - moon_km), _unit(-moon_km)
    return float((1.0 + to_sun @ to_us) / 2.0)


def utc(unix: float) -> datetime:
    """A time in Unix seconds."""
    return datetime.fromtimestamp(float(unix), UTC)
