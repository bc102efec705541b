"""Lists of real transients (Open Astronomy Catalog, 2018 to 2021) in real O3 maps, counterparts put among them.

As much as such a list tells: names, places, days of discovery, the brightest magnitude, redshifts of some. Types come
from spectra, later than a list is looked at, and are left out.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np

from skymaps import SkyMap

from . import events, galaxies, kilonovae, known, night, places, schedule
from .cosmos import DAY_S, FloatArray, luminosity_mpc, redshift
from .night import Night, Objects
from .observing import Points, observe
from .sources import StrArray, flux_njy, magnitude

BEFORE_D, AFTER_D = 25.0, 10.0
"""Days of discoveries that a list holds, before and after the event."""

CUT = ((2019, 5, 21, 2019, 6, 12), (2019, 8, 28, 2019, 9, 18))
"""Windows that are not in the table."""

FIRST, LAST = datetime(2019, 4, 1, tzinfo=UTC), datetime(2020, 3, 27, tzinfo=UTC)
"""The third observing run."""

BRIGHT = {"BNS": 0.9994, "Terrestrial": 0.0006, "HasRemnant": 1.0}
FAIR = {"BNS": 0.9797, "Terrestrial": 0.0203, "HasRemnant": 1.0}
GAP = {"BBH": 0.963, "NSBH": 0.005, "Terrestrial": 0.0001, "HasRemnant": 0.0}
HOLES = {"BBH": 1.0, "HasRemnant": 0.0}
"""Classes of S190425z, S190510g, S190503bf and S190408an as LVK told them (GraceDB)."""

EVENTS = (
    ("S190425z-LALInference.multiorder.fits", "2019-04-25T08:18:05", BRIGHT),
    ("S190426c-LALInference1.multiorder.fits", "2019-04-26T15:21:55", events.DOUBTFUL),
    ("S190510g-LALInference.multiorder.fits", "2019-05-10T02:59:39", FAIR),
    ("S190814bv-bayestar.multiorder.fits,0", "2019-08-14T21:10:39", events.DARK),
    ("S190814bv-LALInference.v1.fits.gz", "2019-08-14T21:10:39", events.DARK),
    ("S190503bf-bayestar.multiorder.fits", "2019-05-03T18:54:04", GAP),
    ("S190408an-bayestar.multiorder.fits", "2019-04-08T18:18:02", HOLES),
    ("GW170817.fits.gz", "", events.SURE),
    ("userguide-MS181101ab-bayestar.multiorder.fits", "", events.SURE),
    ("MS230518e-TraceT-bayestar.multiorder.fits", "", events.LIKELY),
    ("MS190227n_bayestar.fits.gz", "", events.SURE),
    ("tilepy-927563_lalinference.fits.gz", "", events.SURE),
    ("S190517h-18951_bayestar.fits.gz", "", events.LIKELY),
)  # fmt: skip
"""Map, true time (none: it was no event of that run), classes."""

REAL_DATE = 0.3
"""Part of the events at their own dates, where the table has them; the others are moved within the run."""

WEIGHT = (1.0, 1.0, 1.5, 1.0, 1.0, 0.3, 0.3, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A list of transients and the event that it is searched for."""

    name: str
    map_name: str
    skymap: SkyMap
    time: float
    classes: Mapping[str, float]
    rows: list[dict[str, str]]
    true: str | None
    """Name of the counterpart in the list."""

    what: str
    mpc: float


@lru_cache(maxsize=2)
def table(path: Path) -> tuple[list[dict[str, str]], FloatArray, StrArray]:
    """Rows in order of discovery, Unix seconds of the noon of that day, names."""
    with gzip.open(path, "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["discoverdate"].count("/") == 2 and row["ra"] and row["dec"]]
    days = np.array([_noon(row["discoverdate"]) for row in rows])
    order = np.argsort(days, kind="stable")
    rows = [rows[i] | {"claimedtype": "Candidate"} for i in order.tolist()]
    return rows, days[order], np.array([row["event"] for row in rows], dtype=object)


def _noon(text: str) -> float:
    year, month, day = text.split("/")
    whole = datetime(int(year), int(month), int(float(day)), tzinfo=UTC).timestamp()
    return whole + (float(day) % 1.0 or 0.5) * DAY_S


def _date(text: str, random: np.random.Generator) -> float:
    if text and random.uniform() < REAL_DATE:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    while True:
        time = FIRST.timestamp() + random.uniform(0.0, (LAST - FIRST).total_seconds())
        if not any(_cut(time, window) for window in CUT):
            return float(time)


def _cut(time: float, window: tuple[int, ...]) -> bool:
    start, end = datetime(*window[:3], tzinfo=UTC), datetime(*window[3:], tzinfo=UTC)  # type: ignore[misc]
    return bool(start.timestamp() - AFTER_D * DAY_S < time < end.timestamp() + BEFORE_D * DAY_S)


def draw(data: Path, number: int, seed: int) -> Listed:
    """One list, by its number."""
    random = np.random.default_rng([seed, number, 77])
    weight = np.array(WEIGHT)
    name, text, classes = EVENTS[int(random.choice(len(EVENTS), p=weight / weight.sum()))]
    skymap = night.read(data / "skymaps" / "gw" / name)
    event = _date(text, random)
    rows, days, _ = table(data / "yardstick" / "oac-2018-2021.csv.gz")
    first, last = np.searchsorted(days, [event - BEFORE_D * DAY_S, event + AFTER_D * DAY_S])
    listed = [row for row in rows[first:last] if row["event"]]
    place = night.homed(places.from_map(skymap, random), skymap, data, random)
    kind, row, what = events.merged(classes, random), None, "none"
    if kind is not None:
        what, row = _counterpart(kind, event, place, data, random)
    if row is not None:
        listed.insert(int(random.integers(len(listed) + 1)), row)
    return Listed(
        name=f"list-{number}", map_name=name, skymap=skymap, time=event, classes=classes, rows=listed,
        true=row["event"] if row else None, what=what, mpc=place[2],
    )  # fmt: skip


def _counterpart(
    kind: kilonovae.Kind, event: float, place: tuple[float, float, float], data: Path, random: np.random.Generator
) -> tuple[str, dict[str, str] | None]:
    """A counterpart as such a list tells it, where a survey like ZTF sees it within the days of the list; those in the
    south are taken to be seen by others as deep."""
    source = kilonovae.counterpart(kind, event, place, data, random)
    survey = schedule.ZTF if place[1] > schedule.ZTF.dec_min + 1 else SOUTH
    number = schedule.field_of(survey, source.ra, source.dec)
    follows = int(random.choice([0, 2, 3]))
    looks = schedule.looks(survey, number, event - 3 * DAY_S, event, event + AFTER_D * DAY_S, follows, random)
    rows, points = observe(source, looks, survey, event, random)
    if not len(rows):
        return source.what, None
    seen = points.detected & (points.flux_njy > 0)
    first = datetime.fromtimestamp(float(points.time[seen].min()), UTC)
    part = (first - first.replace(hour=0, minute=0, second=0, microsecond=0)) / timedelta(days=1)
    z = f"{float(redshift(place[2])):.6f}" if random.uniform() < 0.26 else ""  # as often as in the table
    return source.what, {
        "event": f"AT{first.year}zz{random.integers(1000)}", "alias": "", "claimedtype": "Candidate",
        "ra": sexagesimal(float(source.ra[0]) / 15.0, False), "dec": sexagesimal(float(source.dec[0]), True),
        "discoverdate": f"{first.year}/{first.month:02d}/{first.day + part:08.5f}",
        "maxappmag": f"{float(np.nanmin(magnitude(points.flux_njy[seen]))):.2f}", "redshift": z, "host": "",
    }  # fmt: skip


def as_night(listed: Listed, data: Path) -> Night:
    """The same list as a night with one detection each, for rules that are no engine; redshifts stand for hosts."""
    rows = [row for row in listed.rows if row["maxappmag"]]
    ra = np.array([15.0 * _angle(row["ra"]) for row in rows])
    dec = np.array([_angle(row["dec"]) for row in rows])
    time = np.array([_noon(row["discoverdate"]) for row in rows])
    flux = flux_njy(np.array([float(row["maxappmag"].split(",")[0]) for row in rows]))
    n, nothing = len(rows), np.full(len(rows), np.nan)
    z = np.array([float(row["redshift"].split(",")[0] or "nan") for row in rows])
    told = np.isfinite(z) & (z > 1e-3)
    fifty = known.nearby(data / "galaxies" / "50MGC_catalog_short.fits", 50.0)
    hosts = galaxies.plain(
        np.concatenate([fifty.ra, ra[told]]),
        np.concatenate([fifty.dec, dec[told]]),
        np.concatenate([fifty.mpc, luminosity_mpc(z[told])]),
        np.concatenate([fifty.absolute, np.full(int(told.sum()), -21.0)]),
    )
    objects = Objects(
        id=np.array([row["event"] for row in rows], dtype=object), what=np.full(n, "real", dtype=object),
        ra=ra, dec=dec, mpc=nothing, reliability=np.ones(n), star_score=nothing, star_arcsec=nothing,
        solar_system_arcsec=nothing,
    )  # fmt: skip
    points = Points(
        object=np.arange(n), time=time, band=np.full(n, 2), flux_njy=flux, error_njy=0.1 * flux,
        limit_mag=np.full(n, 20.5), detected=np.ones(n, dtype=np.bool_),
    )  # fmt: skip
    return Night(
        name=listed.name, map_name=listed.map_name, skymap=listed.skymap, time=listed.time, classes=listed.classes,
        survey=schedule.ZTF, age_d=AFTER_D, objects=objects, points=points, looks=night.no_looks(), galaxies=hosts,
        true=listed.true, what=listed.what, mpc=listed.mpc,
    )  # fmt: skip


def _angle(text: str) -> float:
    """Sexagesimal text in its own units; the first of several."""
    first = text.split(",")[0]
    parts = [abs(float(part)) for part in first.split(":")]
    value = sum(part / 60.0**k for k, part in enumerate(parts))
    return -value if first.lstrip().startswith("-") else value


def sexagesimal(value: float, signed: bool) -> str:
    """Hours or degrees, minutes, seconds.

    >>> sexagesimal(-23.5, True)
    '-23:30:00.000'
    """
    sign = "-" if value < 0 else "+" if signed else ""
    total = round(abs(value) * 3600.0, 3)
    minutes, seconds = divmod(total, 60.0)
    return f"{sign}{int(minutes // 60):02d}:{int(minutes % 60):02d}:{seconds:06.3f}"


SOUTH = schedule.Survey(
    name="ztf", longitude_deg=-70.8, latitude_deg=-30.2, dec_min=-90.0, dec_max=88.0, field_deg=6.86,
    every_nights=2, filters=("gr",), limit_mag={"g": 20.8, "r": 20.6}, moon_mag={"g": 1.0, "r": 0.6},
    scatter_mag=0.25, clear=0.7, done=0.6, deeper_mag=0.8, forced=False,
)  # fmt: skip
"""Others together, in the south (ATLAS, DECam, MASTER): as ZTF, fewer fields (ours)."""
