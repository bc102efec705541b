"""When and how deep surveys look: nights, weather, Moon, fields, filters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .cosmos import DAY_S, FloatArray
from .sources import BANDS, IntArray

J2000 = 946728000.0
"""Unix seconds of 2000-01-01 12:00 UTC."""

SYNODIC_D = 29.530589
NEW_MOON = 947182440.0
"""Unix seconds of the new Moon of 2000-01-06 18:14 UTC (Meeus, Astronomical Algorithms, ch. 49)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A survey as published."""

    name: str
    longitude_deg: float
    latitude_deg: float
    dec_min: float
    dec_max: float
    field_deg: float
    """Side of a field, degrees."""

    every_nights: int
    """A field's turn comes every so many nights."""

    filters: tuple[str, ...]
    """Each turn has a pair of visits; the pairs take turns."""

    limit_mag: dict[str, float]
    """Median five-sigma depth of a visit."""

    moon_mag: dict[str, float]
    """Depth lost at full Moon."""

    scatter_mag: float
    """Of depth from night to night."""

    clear: float
    """Part of the nights that are clear."""

    done: float
    """Part of a clear night's fields that are reached."""

    deeper_mag: float
    """What target-of-opportunity exposures are deeper by."""

    forced: bool
    """Whether its packets tell forced photometry, and not only limits."""


ZTF = Survey(
    # Bellm et al. 2019, PASP 131 018002: 47 deg2, medians 20.8 (g), 20.6 (r), dec > -31; the public survey looks every
    # second night in g and r (since 2020-12). Clear: about 70 % of Palomar's nights; the Moon: ours
    name="ztf", longitude_deg=-116.863, latitude_deg=33.356, dec_min=-31.0, dec_max=88.0, field_deg=6.86,
    every_nights=2, filters=("gr",), limit_mag={"g": 20.8, "r": 20.6},
    moon_mag={"g": 1.0, "r": 0.6}, scatter_mag=0.25, clear=0.7, done=0.85,
    deeper_mag=0.8, # 120 to 300 s (Kasliwal et al. 2020, ApJ 905 145)
    forced=False,
)  # fmt: skip
RUBIN = Survey(
    # Ivezic et al. 2019, ApJ 873 111: 9.6 deg2, a field about every third night in two filters; depths of table 2 less
    # 0.3 mag for air mass and seeing (ours). Targets of opportunity: Andreoni et al. 2024, arXiv:2411.04793
    name="lsst", longitude_deg=-70.749, latitude_deg=-30.245, dec_min=-72.0, dec_max=12.0, field_deg=3.1,
    every_nights=3, filters=("gr", "ri", "iz"), limit_mag={"g": 24.5, "r": 24.05, "i": 23.6, "z": 23.0},
    moon_mag={"g": 1.0, "r": 0.6, "i": 0.35, "z": 0.2}, scatter_mag=0.2, clear=0.8, done=0.9,
    deeper_mag=0.5, forced=True,
)  # fmt: skip
SURVEYS = {"ztf": ZTF, "rubin": RUBIN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Exposures ordered by field and time; columns of shape (n,)."""

    field: IntArray
    ra: FloatArray
    dec: FloatArray
    time: FloatArray
    """Unix seconds."""

    band: IntArray
    limit_mag: FloatArray
    """Five-sigma depth."""


def sun_ra_deg(time: float) -> float:
    """Right ascension of the Sun, to a degree."""
    days = (time - J2000) / DAY_S
    mean, anomaly = np.radians(280.46 + 0.9856474 * days), np.radians(357.528 + 0.9856003 * days)
    lon = mean + np.radians(1.915) * np.sin(anomaly)
    return float(np.degrees(np.arctan2(0.917482 * np.sin(lon), np.cos(lon))) % 360.0)


def moonlight(time: float) -> float:
    """Illuminated part of the Moon, 0 to 1."""
    return float(0.5 * (1.0 - np.cos(2.0 * np.pi * (time - NEW_MOON) / DAY_S / SYNODIC_D)))


def field_of(survey: Survey, ra: FloatArray, dec: FloatArray) -> IntArray:
    """Number of the field that holds a place; -1 outside of the survey."""
    strip = np.floor((dec - survey.dec_min) / survey.field_deg).astype(np.int64)
    middle = survey.dec_min + (strip + 0.5) * survey.field_deg
    around = np.maximum(np.round(360.0 * np.cos(np.radians(np.clip(middle, -89, 89))) / survey.field_deg), 1.0)
    number = strip * 1000 + np.floor(np.mod(ra, 360.0) / 360.0 * around).astype(np.int64)
    return np.where((dec >= survey.dec_min) & (dec < survey.dec_max), number, -1)


def _centre(survey: Survey, number: IntArray) -> tuple[FloatArray, FloatArray]:
    strip, cell = number // 1000, number % 1000
    dec = survey.dec_min + (strip + 0.5) * survey.field_deg
    around = np.maximum(np.round(360.0 * np.cos(np.radians(np.clip(dec, -89, 89))) / survey.field_deg), 1.0)
    return (cell + 0.5) / around * 360.0, dec


def looks(
    survey: Survey, fields: IntArray, start: float, event: float, end: float, follows: int, random: np.random.Generator
) -> Looks:
    """A survey's exposures of some fields.

    Parameters
    ----------
    fields
        Numbers of fields.
    start, end
        Unix seconds.
    event
        When the event was.
    follows
        On so many nights after the event the fields are targets of opportunity as well.
    """
    ra, dec = _centre(survey, fields)
    turn = random.integers(0, survey.every_nights, len(fields))
    parts: list[tuple[IntArray, FloatArray, IntArray, FloatArray]] = []
    clear, followed = True, 0
    first_midnight = np.floor(start / DAY_S) * DAY_S - survey.longitude_deg / 360.0 * DAY_S
    for night in range(int((end - start) / DAY_S) + 2):
        midnight = first_midnight + night * DAY_S
        if random.uniform() < 0.6:  # weather stays for some nights
            clear = bool(random.uniform() < survey.clear)
        loss, offset = moonlight(midnight), random.normal(0.0, survey.scatter_mag)
        if not clear:
            continue
        low, high = _window(survey, ra, dec, midnight)
        up = high - low > 0.05
        mine = up & ((night + turn) % survey.every_nights == 0) & (random.uniform(size=len(fields)) < survey.done)
        pair = survey.filters[(night // survey.every_nights) % len(survey.filters)]
        parts += _pair(survey, np.flatnonzero(mine), (low, high), midnight, pair, loss, offset, random)
        dusk = midnight + DAY_S * (low.min(initial=0.0))
        if follows > followed and midnight + 0.45 * DAY_S > event and dusk > event - 0.5 * DAY_S:
            followed += 1
            pair = survey.filters[0]
            deep = offset + survey.deeper_mag
            parts += _pair(survey, np.flatnonzero(up), (low, high), midnight, pair, loss, deep, random)
    return _ordered(parts, fields, (ra, dec), (start, end))


def _ordered(
    parts: list[tuple[IntArray, FloatArray, IntArray, FloatArray]],
    fields: IntArray,
    centres: tuple[FloatArray, FloatArray],
    span: tuple[float, float],
) -> Looks:
    """Exposures within a span of time, by field and time."""
    nothing, none = np.empty(0), np.empty(0, dtype=np.int64)
    empty = (none, nothing, none, nothing)
    row, time, band, limit = (np.concatenate(column) for column in zip(empty, *parts, strict=True))
    kept = (time >= span[0]) & (time <= span[1])
    row, time, band, limit = row[kept], time[kept], band[kept], limit[kept]
    order = np.lexsort((time, fields[row]))
    row = row[order]
    return Looks(
        field=fields[row],
        ra=centres[0][row],
        dec=centres[1][row],
        time=time[order],
        band=band[order],
        limit_mag=limit[order],
    )


def _window(survey: Survey, ra: FloatArray, dec: FloatArray, midnight: float) -> tuple[FloatArray, FloatArray]:
    """When each field is above 30 deg (air mass 2) on a night of 10 h: begin and end, days from midnight."""
    lat, lon = np.radians(survey.latitude_deg), np.radians(dec)
    cosine = (0.5 - np.sin(lat) * np.sin(lon)) / (np.cos(lat) * np.cos(lon))
    reach = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))) / 360.0
    transit = ((ra - sun_ra_deg(midnight) - 180.0 + 180.0) % 360.0 - 180.0) / 360.0
    return np.maximum(transit - reach, -0.21), np.minimum(transit + reach, 0.21)


def _pair(
    survey: Survey,
    rows: IntArray,
    window: tuple[FloatArray, FloatArray],
    midnight: float,
    pair: str,
    moon: float,
    offset: float,
    random: np.random.Generator,
) -> list[tuple[IntArray, FloatArray, IntArray, FloatArray]]:
    """Two visits of each field at least half an hour apart, where its window allows."""
    low, high = window[0][rows], window[1][rows]
    first = low + random.uniform(size=len(rows)) * np.maximum(high - low - 0.04, 0.0)
    order = pair if random.uniform() < 0.5 else pair[::-1]
    out = []
    for k, name in enumerate(order):
        at = first + k * np.minimum(random.uniform(0.021, 0.04, len(rows)), high - low)
        usual = survey.limit_mag[name] + survey.moon_mag[name] * (0.4 - moon) + offset
        limit = usual + random.normal(0.0, 0.1, len(rows))
        out.append((rows, midnight + at * DAY_S, np.full(len(rows), BANDS.index(name)), limit))
    return out
