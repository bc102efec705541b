"""A night: an event with its real map, and everything that a survey tells until some days after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import skymaps
from skymaps import SkyMap

from . import events, galaxies, kilonovae, known, others, places, schedule, supernovae
from .cosmos import DAY_S, FloatArray
from .galaxies import Catalogued
from .observing import Points, joined, observe
from .schedule import Looks, Survey
from .sources import Sources, StrArray

LEVEL = 0.995
"""Sources are made down to this credible level."""

BEFORE_D = 32.0
"""The survey looks for this long before the event."""

SEEN_D = 1.0
"""Sources first seen earlier than this before the event are left out."""

STARS_DEG2 = 4000.0
"""Stars that Pan-STARRS tells from galaxies, at high latitude."""

POSITION_ARCSEC = {"ztf": 0.3, "lsst": 0.1}


@dataclass(frozen=True, kw_only=True)
class Objects:
    """What alerts tell of objects besides photometry; columns of shape (n,)."""

    id: StrArray
    what: StrArray
    """The truth, which nobody is told."""

    ra: FloatArray
    dec: FloatArray
    mpc: FloatArray
    """True distance, which nobody is told."""

    reliability: FloatArray
    star_score: FloatArray
    star_arcsec: FloatArray
    solar_system_arcsec: FloatArray

    def __len__(self) -> int:
        return len(self.ra)


@dataclass(frozen=True, kw_only=True)
class Night:
    """All inputs of a score, and the truth."""

    name: str
    map_name: str
    skymap: Any
    """A map, or a shape."""

    time: float
    """Of the event, Unix seconds."""

    classes: Mapping[str, float]
    survey: Survey
    age_d: float
    """The survey is followed for so many days after the event."""

    objects: Objects
    points: Points
    looks: Looks
    galaxies: Catalogued
    true: str | None
    """Id of the counterpart; None where there is none, or none that was seen."""

    what: str
    """What there was: ``none``, or the counterpart, seen or not."""

    mpc: float
    """True distance of the event."""


@lru_cache(maxsize=16)
def read(path: Path) -> SkyMap:
    """A real map."""
    return skymaps.read(path)


@lru_cache(maxsize=32)
def cells(path: Path) -> tuple[Any, Any, float]:
    """Its cells down to ``LEVEL``, and their area."""
    return places.searched(read(path), LEVEL)


def draw(data: Path, survey: Survey, settings: tuple[events.Setting, ...], number: int, seed: int) -> Night:
    """One night, by its number: the same seed gives the same night."""
    random = np.random.default_rng([seed, number, survey.field_deg > 5])
    path, classes = events.choose(settings, data, random)
    skymap, region = read(path), cells(path)
    event = _date(skymap, random)
    age = float(random.choice([2.0, 4.0, 7.0, 13.0]))
    place = homed(places.from_map(skymap, random), skymap, data, random)
    kind = events.merged(classes, random)
    start, end = event - BEFORE_D * DAY_S, event + age * DAY_S
    follows = int(random.choice([0, 2, 3]))
    looks = looks_at(survey, region, (start, event, end), follows, random)
    deepest = float(looks.limit_mag.max(initial=20.0))
    patch = supernovae.Patch(area_deg2=region[2], start=event - 12.0 * DAY_S, end=end, deepest_mag=deepest)
    sources = background(data, patch, region, looks, survey, random)
    what = "none"
    if kind is not None:
        sources.insert(0, kilonovae.counterpart(kind, event, place, data, random))
        what = sources[0].what
    objects, points, catalogue = seen(sources, looks, survey, event - SEEN_D * DAY_S, data, random)
    true = [str(o) for o, w in zip(objects.id, objects.what, strict=True) if kind is not None and w == what]
    return Night(
        name=f"{survey.name}-{number}", map_name=path.name, skymap=skymap, time=event, classes=classes, survey=survey,
        age_d=age, objects=objects, points=points, looks=looks, galaxies=catalogue, true=true[0] if true else None,
        what=what, mpc=place[2],
    )  # fmt: skip


def homed(
    place: tuple[float, float, float], skymap: SkyMap, data: Path, random: np.random.Generator
) -> tuple[float, float, float]:
    """Within 45 Mpc, the place and distance of a galaxy of 50MGC: by its light, and the map's probability there."""
    if place[2] >= galaxies.NEAR_MPC:
        return place
    fifty = known.nearby(data / "galaxies" / "50MGC_catalog_short.fits")
    share = np.nan_to_num(skymap.probdensity_at(fifty.ra, fifty.dec))
    offset = np.minimum(kilonovae.offsets(1, random), 30.0)
    ra, dec, mpc = known.settled(fifty, share, np.array([place[2]]), offset, random)
    return place if np.isnan(ra[0]) else (float(ra[0]), float(dec[0]), float(mpc[0]))


def _date(skymap: SkyMap, random: np.random.Generator) -> float:
    """A moment of 2023 to 2025; of two, that with the map's best place farther from the Sun: a merger behind the Sun is
    not followed up."""
    ra = skymap.centre()[0]
    dates = 1672531200.0 + random.uniform(0.0, 1095.0, 2) * DAY_S
    apart = [np.cos(np.radians(ra - schedule.sun_ra_deg(float(date)))) for date in dates]
    return float(dates[int(np.argmin(apart))])


def looks_at(
    survey: Survey,
    region: tuple[Any, Any, float],
    times: tuple[float, float, float],
    follows: int,
    random: np.random.Generator,
) -> Looks:
    """A survey's exposures of a region from, about an event, to some time; it is a target for so many nights."""
    ra, dec = places.even(region[0], region[1], 20_000, random)
    there = np.unique(schedule.field_of(survey, ra, dec))
    return schedule.looks(survey, there[there >= 0], *times, follows, random)


def no_looks() -> Looks:
    """Nobody tells when it was looked."""
    nothing, none = np.empty(0), np.empty(0, dtype=np.int64)
    return Looks(field=none, ra=nothing, dec=nothing, time=nothing, band=none, limit_mag=nothing)


def background(
    data: Path,
    patch: supernovae.Patch,
    region: tuple[Any, Any, float],
    looks: Looks,
    survey: Survey,
    random: np.random.Generator,
) -> list[Sources]:
    """All unrelated sources of a region."""
    where = region[0], region[1]
    fifty = known.nearby(data / "galaxies" / "50MGC_catalog_short.fits")
    inside = places.within(*where, fifty.ra, fifty.dec).astype(np.float64)
    made: list[Sources] = []
    for batch in supernovae.draw(data / "yardstick", patch, random):
        ra, dec = places.even(*where, len(batch.z), random)
        near = known.settled(fifty, inside, batch.mpc, random.gamma(2.0, 3.0, len(ra)), random)
        ra, dec = (np.where(np.isnan(new), old, new) for new, old in zip(near[:2], (ra, dec), strict=True))
        made.append(batch.at(ra, dec, random))
    made += others.galactic(where, patch, random)
    made += others.fast(where, patch, random)
    made += others.nuclei(where, patch, random)
    made += others.single(where, looks, survey.field_deg, random)
    return [sources for sources in made if len(sources)]


def seen(
    sources: list[Sources], looks: Looks, survey: Survey, since: float, data: Path, random: np.random.Generator
) -> tuple[Objects, Points, Catalogued]:
    """What the survey and the catalogues tell of them, of those first seen since some time."""
    objects, points, around, n = [], [], [], 0
    for some in sources:
        rows, its = observe(some, looks, survey, since, random)
        if not len(rows):
            continue
        told, catalogue = _told(some, rows, survey, data, random, n)
        objects.append(told)
        around.append(catalogue)
        points.append(Points(**{f.name: getattr(its, f.name) for f in fields(its)} | {"object": its.object + n}))
        n += len(rows)
    columns = {f.name: [getattr(o, f.name) for o in objects] for f in fields(Objects)}
    if not objects:
        return empty()
    whole = Objects(**{name: np.concatenate(values) for name, values in columns.items()})
    return whole, joined(points), galaxies.joined(around)


def empty() -> tuple[Objects, Points, Catalogued]:
    """Nothing seen at all."""
    kinds = {"id": object, "what": object, "kind": object, "object": int, "band": int, "detected": bool, "active": bool}

    def nothing(of: Any) -> Any:
        return of(**{f.name: np.empty(0, dtype=kinds.get(f.name, float)) for f in fields(of)})

    return nothing(Objects), nothing(Points), nothing(Catalogued)


def _told(
    some: Sources, rows: np.ndarray, survey: Survey, data: Path, random: np.random.Generator, first: int
) -> tuple[Objects, Catalogued]:
    """Objects of one sort, with the galaxies around them and the catalogued source beneath."""
    ra, dec, mpc = some.ra[rows], some.dec[rows], some.mpc[rows]
    offset, active = some.offset_kpc[rows], some.on_nucleus[rows]
    far = np.isfinite(mpc) & (mpc > galaxies.NEAR_MPC)
    own = galaxies.hosts(ra[far], dec[far], mpc[far], offset[far], active[far], random)
    fifty = known.nearby(data / "galaxies" / "50MGC_catalog_short.fits")
    around = [own, galaxies.field(ra, dec, random), known.near_ones(fifty, ra, dec, random)]
    n, error = len(rows), POSITION_ARCSEC[survey.name] / 3600.0
    beneath = np.degrees(offset * 1e-3 / mpc) * 3600.0
    star = np.sqrt(random.exponential(1.0, n) / (np.pi * STARS_DEG2)) * 3600.0
    on_star = some.on_star[rows]
    is_star = on_star | ~(beneath < star)
    distance = np.where(on_star, np.abs(random.normal(0.0, 0.3, n)), np.fmin(beneath, star))
    score = np.where(is_star, random.beta(8.0, 0.6, n), random.beta(0.5, 6.0, n))
    objects = Objects(
        id=np.array([f"{survey.name}{first + i:06d}" for i in range(n)], dtype=object),
        what=np.full(n, some.what, dtype=object),
        ra=(ra + random.normal(0.0, error, n) / np.cos(np.radians(dec))) % 360.0,
        dec=np.clip(dec + random.normal(0.0, error, n), -90.0, 90.0),
        mpc=mpc,
        reliability=some.reliability[rows],
        star_score=score,
        star_arcsec=distance,
        solar_system_arcsec=some.solar_system_arcsec[rows],
    )
    return objects, galaxies.joined(around)
