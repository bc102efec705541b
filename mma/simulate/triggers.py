"""Simulated events: where each truly is, and the notices that tell of it, wrong by as much as they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

import skymaps
from coincidence import Event
from mma.errors import ConfigError
from mma.notices import decode
from mma.streams import Message
from skymaps import SkyMap
from skymaps.units import DAY_S

from . import notices
from .bayestar import Merger
from .maps import path_of
from .skymap import draw

START = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
SIDEREAL_DAY_S = 86164.0905
SOFTER = 0.7
"""A preliminary map is the better one's density to this power: wider, about the same places."""

GBM_STATISTICAL_DEG = (1.0, 5.0)
GBM_GROUND = ((0.804, 3.72), (0.196, 13.7))
"""Core and tail of GBM's ground positions: weight, sigma in degrees (Connaughton et al. 2015, ApJS 216 32)."""

TRACK_R90_DEG = (0.4, 1.2)
CTA_R68_DEG = (0.02, 0.1)
CTA_POINTING_DEG = 30.0 / 3600.0
REAL: Mapping[str, float] = {"BNS": 0.97, "NSBH": 0.02, "BBH": 0.0, "Terrestrial": 0.01}
"""What the notices of mergers say of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """An event: the truth about it, and what was told."""

    id: str
    kind: str
    time: float
    """Unix seconds."""

    ra: float
    dec: float
    distance_mpc: float | None
    messages: tuple[bytes, ...]
    """One a revision."""

    def events(self) -> list[Event]:
        """Its notices, decoded as any other."""
        found = [decode(Message(payload=m, topic="simulated")) for m in self.messages]
        return [event for event in found if isinstance(event, Event)]


def cbc(
    number: int,
    night: float,
    random: np.random.Generator,
    folder: Path | None,
    drawn: Merger | None,
    *,
    redraw: bool = False,
) -> Trigger:
    """A merger with its BAYESTAR map, moved by whole sidereal days: then its place on the sky stays the same.

    With ``redraw`` its place and distance are drawn from the map, instead of the source that the map was made of.
    """
    if folder is None or drawn is None:
        raise ConfigError("mergers need maps: make some with 'mma simulate maps FOLDER --n 20', name it with --maps")
    skymap = skymaps.read(path_of(folder, drawn))
    days = np.ceil((night - drawn.time) / SIDEREAL_DAY_S)
    time = round(drawn.time + days * SIDEREAL_DAY_S, 3)
    when = datetime.fromtimestamp(time, UTC)
    name = f"S{datetime.fromtimestamp(night, UTC):%y%m%d}{letters(number)}"
    better = renamed(skymap, name, when)
    ra, dec, mpc = draw(better, random) if redraw else (drawn.ra, drawn.dec, drawn.distance_mpc)
    first = renamed(softer(skymap), name, when)
    return Trigger(
        id=name,
        kind="cbc",
        time=time,
        ra=ra,
        dec=dec,
        distance_mpc=mpc,
        messages=(
            notices.igwn(first, name, when, "PRELIMINARY", when + timedelta(minutes=5)),
            notices.igwn(better, name, when, "INITIAL", when + timedelta(hours=1)),
        ),
    )


def renamed(skymap: SkyMap, name: str, time: datetime) -> SkyMap:
    """The same map of another event."""
    return _map(skymap, skymap.probdensity, name, time)


def softer(skymap: SkyMap) -> SkyMap:
    """A map less sure of the place: its density to the power of ``SOFTER``, normalised."""
    area = skymaps.healpix.area_sr(skymap.order)
    density = skymap.probdensity**SOFTER
    return _map(skymap, density / np.sum(density * area), skymap.object_id, skymap.time)


def _map(skymap: SkyMap, density: skymaps.FloatArray, name: str | None, time: datetime | None) -> SkyMap:
    return SkyMap.from_tiles(
        skymaps.healpix.to_uniq(skymap.lower, skymap.order),
        density,
        distmu=skymap.distmu,
        distsigma=skymap.distsigma,
        distnorm=skymap.distnorm,
        time=time,
        object_id=name,
        creator=skymap.creator,
        instruments=skymap.instruments,
    )


def grb(number: int, night: float, random: np.random.Generator) -> Trigger:
    """A burst located by Fermi-GBM on the ground: a core and a tail of errors beside the stated one."""
    time, ra, dec = _somewhere(night, random)
    r68 = round(float(random.uniform(*GBM_STATISTICAL_DEG)), 2)
    tail = random.uniform() < GBM_GROUND[1][0]
    sigma = np.hypot(r68 / np.sqrt(-2.0 * np.log(0.32)), GBM_GROUND[tail][1])
    told = displaced(ra, dec, float(sigma), random)
    trigger = str(800000000 + int(time - START) * 10 + number % 10)
    return Trigger(
        id=f"Fermi-GBM-{trigger}",
        kind="grb",
        time=time,
        ra=ra,
        dec=dec,
        distance_mpc=None,
        messages=(notices.fermi_gbm(trigger, _utc(time), *told, r68),),
    )


def neutrino(number: int, night: float, random: np.random.Generator) -> Trigger:
    """An IceCube track: a circle that holds its source in 9 of 10."""
    time, ra, dec = _somewhere(night, random)
    r90 = round(float(random.uniform(*TRACK_R90_DEG)), 2)
    told = displaced(ra, dec, r90 / np.sqrt(-2.0 * np.log(0.1)), random)
    run, event = 142000 + number, 10000000 + number
    return Trigger(
        id=f"IceCube-{run}_{event}",
        kind="neutrino",
        time=time,
        ra=ra,
        dec=dec,
        distance_mpc=None,
        messages=(notices.icecube(run, event, _utc(time), *told, r90),),
    )


def flare(number: int, night: float, random: np.random.Generator) -> Trigger:
    """A CTAO alert: a small circle, and the telescope's pointing."""
    time, ra, dec = _somewhere(night, random)
    r68 = round(float(random.uniform(*CTA_R68_DEG)), 3)
    sigma = np.hypot(r68, CTA_POINTING_DEG) / np.sqrt(-2.0 * np.log(0.32))
    told = displaced(ra, dec, float(sigma), random)
    name = f"SAG-{_utc(time):%Y%m%d}-{number:04d}"
    return Trigger(
        id=f"CTAO-{name}",
        kind="flare",
        time=time,
        ra=ra,
        dec=dec,
        distance_mpc=None,
        messages=(notices.cta(name, _utc(time), *told, r68),),
    )


POINTED: Mapping[str, Callable[[int, float, np.random.Generator], Trigger]] = {
    "grb": grb,
    "neutrino": neutrino,
    "flare": flare,
}
KINDS = ("cbc", *POINTED)


def _somewhere(night: float, random: np.random.Generator) -> tuple[float, float, float]:
    time = round(night + random.uniform(0.0, DAY_S), 3)
    return time, float(random.uniform(0.0, 360.0)), float(np.degrees(np.arcsin(random.uniform(-1.0, 1.0))))


def displaced(ra: float, dec: float, sigma_deg: float, random: np.random.Generator) -> tuple[float, float]:
    """A place drawn from a von Mises-Fisher distribution about another (Fisher 1953), degrees."""
    kappa = 1.0 / np.radians(sigma_deg) ** 2
    u, angle = random.uniform(), random.uniform(0.0, 2.0 * np.pi)
    versine = min(-np.log1p(u * np.expm1(-2.0 * kappa)) / kappa, 2.0)
    theta = 2.0 * np.arcsin(np.sqrt(versine / 2.0))
    d = np.radians(dec)
    sin_new = np.sin(d) * np.cos(theta) + np.cos(d) * np.sin(theta) * np.cos(angle)
    east = np.arctan2(np.sin(angle) * np.sin(theta) * np.cos(d), np.cos(theta) - np.sin(d) * sin_new)
    new = float(np.degrees(np.arcsin(np.clip(sin_new, -1.0, 1.0))))
    return float((ra + np.degrees(east)) % 360.0), new


def letters(number: int) -> str:
    """LVK's letters of a day: a to z, aa and on."""
    out = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        out = chr(ord("a") + rest) + out
    return out


def _utc(time: float) -> datetime:
    return datetime.fromtimestamp(time, UTC)
