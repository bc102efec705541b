"""Real afterglows in circles like those of Fermi GBM: alone, as they grow, and among unrelated sources."""

from __future__ import annotations

import csv
import gzip
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import skymaps

from . import galaxies, night, observing, places, schedule, supernovae
from .cosmos import DAY_S, FloatArray
from .night import Night, Objects
from .observing import Points
from .sources import BANDS, flux_njy, magnitude

RADIUS_DEG = 3.0
"""Statistical error of a weak burst's position, 68 % (von Kienlin et al. 2020, ApJ 893 46, fig. 4)."""

SYSTEMATIC = skymaps.GBM_SYSTEMATIC["final"]
BEFORE_D, BEFORE_MAG = 1.0, 20.5
"""When the survey last looked before the burst, and how deep."""

LATEST_D = 0.4
KNOWN_BEFORE = ((2.0, "r", 20.6), (1.0, "g", 20.8))
"""Looks before the burst that saw nothing: days before, band, depth."""

GRB_211211A = datetime(2021, 12, 11, 13, 9, 59, tzinfo=UTC).timestamp()
GRB_211211A_POINTS = """\
0.27 g 20.34 0.20
0.27 r 20.26 0.10
0.27 i 20.37 0.30
0.43 r 20.25 0.07
0.45 z 19.88 0.30
0.46 r 20.26 0.13
0.68 i 20.75 0.08
0.69 g 21.00 0.04
0.69 r 20.81 0.05
0.70 i 20.89 0.06
0.70 r 21.00 0.09
1.40 r 21.96 -
1.41 r 21.83 0.07
1.68 i 22.56 0.13
2.56 r 23.06 -
2.68 i 24.56 0.34
"""
"""Days after, band, AB magnitude, error (none: a limit): Rastinejad et al. 2022, Nature 612 223, as nmma has it."""

GRB_211211A_DAYS = (0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 2.7, 3.0)

GRB_230812B = datetime(2023, 8, 12, 18, 58, 12, tzinfo=UTC).timestamp()
GRB_230812B_PLACE = (249.1312, 47.8590)
GRB_230812B_CIRCLE = (250.1, 46.2, 1.0)
"""GBM's ground position and its statistical error (GCN 34386); the afterglow's place (GCN 34396)."""

GRB_230812B_POINTS = """\
0.0954 clear 17.45 0.02
0.190 clear 18.21 0.03
1.053 r 20.32 0.06
1.453 g 21.38 0.07
1.453 r 20.81 0.04
1.453 i 20.71 0.07
"""
"""GCN 34398 (GOTO L, 400 to 700 nm), 34418, 34416."""

UNRELATED = 40
"""About as many sources did ZTF find in time and place (GCN 34397)."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Photometry of one burst; columns of shape (n,)."""

    name: str
    days: FloatArray
    band: np.ndarray
    mag: FloatArray
    error: FloatArray
    """NaN: a limit."""


def read(path: Path) -> list[Curve]:
    """The bursts with points before ``LATEST_D``, cut there."""
    made: dict[str, list[tuple[float, float, float]]] = {}
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            days, error = float(row["days_after"]), float(row["mag_error"] or 0.1)
            if 0.0 < days <= LATEST_D:
                made.setdefault(row["burst"], []).append((days, float(row["r_mag_ab"]), max(error, 0.01)))
    curves = []
    for name, rows in sorted(made.items()):
        days, mag, error = np.array(sorted(rows)).T
        curves.append(Curve(name=name, days=days, band=np.full(len(days), 2), mag=mag, error=error))
    return curves


def written(name: str, text: str) -> Curve:
    """One of those above."""
    rows = [line.split() for line in text.splitlines()]
    return Curve(
        name=name,
        days=np.array([float(r[0]) for r in rows]),
        band=np.array([BANDS.index({"clear": "r"}.get(r[1], r[1])) for r in rows]),
        mag=np.array([float(r[2]) for r in rows]),
        error=np.array([np.nan if r[3] == "-" else float(r[3]) for r in rows]),
    )


def points(curve: Curve, burst: float, number: int = 0) -> Points:
    """As a survey tells them, with two looks before."""
    before = [BANDS.index(band) for _, band, _ in KNOWN_BEFORE]
    days = np.concatenate([[-d for d, _, _ in KNOWN_BEFORE], curve.days])
    seen = np.concatenate([np.zeros(len(before), dtype=np.bool_), np.isfinite(curve.error)])
    flux = np.where(seen, flux_njy(np.concatenate([[30.0] * len(before), curve.mag])), np.nan)
    error = flux * np.concatenate([[np.nan] * len(before), np.nan_to_num(curve.error)]) * np.log(10.0) / 2.5
    depth = np.where(np.isfinite(curve.error), magnitude(5.0 * np.nan_to_num(error[len(before) :], nan=1.0)), curve.mag)
    return Points(
        object=np.full(len(days), number),
        time=burst + days * DAY_S,
        band=np.concatenate([before, curve.band]).astype(np.int64),
        flux_njy=flux,
        error_njy=error,
        limit_mag=np.concatenate([[mag for _, _, mag in KNOWN_BEFORE], depth]),
        detected=seen,
    )


def objects(name: str, ra: float, dec: float) -> Objects:
    """One object, certainly real, with nothing catalogued near it."""
    return Objects(
        id=np.array([name], dtype=object),
        what=np.array(["afterglow"], dtype=object),
        ra=np.array([ra]),
        dec=np.array([dec]),
        mpc=np.array([np.nan]),
        reliability=np.array([0.98]),
        star_score=np.array([0.3]),
        star_arcsec=np.array([8.0]),
        solar_system_arcsec=np.array([np.nan]),
    )


def alone(curve: Curve, burst: float, seed: int) -> Night:
    """An afterglow, nothing else there: its place is drawn from the circle, at high galactic latitude."""
    random = np.random.default_rng([seed, zlib.crc32(curve.name.encode())])
    while True:
        ra, dec = float(random.uniform(0, 360)), float(np.degrees(np.arcsin(random.uniform(-0.5, 0.95))))
        if abs(places.galactic_latitude(np.array([ra]), np.array([dec]))[0]) > 20.0:
            break
    width = SYSTEMATIC[int(random.uniform() > SYSTEMATIC[0][0])][1]
    away = np.hypot(RADIUS_DEG / 1.5096, width) * np.sqrt(-2.0 * np.log(random.uniform(size=1)))
    centre = galaxies.beside(np.array([ra]), np.array([dec]), np.minimum(away, 20.0), random)
    circle = skymaps.circle(float(centre[0][0]), float(centre[1][0]), RADIUS_DEG, 0.68, systematic=SYSTEMATIC)
    return Night(
        name=curve.name, map_name="GBM", skymap=circle, time=burst, classes={}, survey=schedule.ZTF,
        age_d=float(curve.days[-1]), objects=objects(curve.name, ra, dec), points=points(curve, burst),
        looks=night.no_looks(), galaxies=galaxies.field(np.array([ra]), np.array([dec]), random), true=curve.name,
        what="afterglow", mpc=np.nan,
    )  # fmt: skip


def until(curve: Curve, days: float) -> Curve:
    """The curve as it is known some days after the burst."""
    known = curve.days <= days
    return Curve(name=curve.name, **{k: getattr(curve, k)[known] for k in ("days", "band", "mag", "error")})


def among(data: Path, seed: int) -> Night:
    """GRB 230812B, and 40 unrelated sources that a survey finds in GBM's circle in the same two nights."""
    random = np.random.default_rng([seed, 230812])
    ra, dec, radius = GRB_230812B_CIRCLE
    circle = skymaps.circle(ra, dec, radius, 0.68, systematic=skymaps.GBM_SYSTEMATIC["ground"])
    region = places.searched(skymaps.as_skymap(circle), 0.97)
    burst, end = GRB_230812B, GRB_230812B + 1.5 * DAY_S
    looks = night.looks_at(schedule.ZTF, region, (burst - 30 * DAY_S, burst, end), 2, random)
    patch = supernovae.Patch(area_deg2=region[2], start=burst - 12 * DAY_S, end=end, deepest_mag=22.2)
    sources = night.background(data, patch, region, looks, schedule.ZTF, random)
    told, curves, around = night.seen(sources, looks, schedule.ZTF, burst, data, random)
    kept = np.sort(random.permutation(len(told))[:UNRELATED])
    place = np.full(len(told), -1)
    place[kept] = np.arange(len(kept))
    curves = curves.take(place[curves.object] >= 0)
    curves = replace(curves, object=place[curves.object] + 1)
    own = points(written("GRB230812B", GRB_230812B_POINTS), burst)
    own_place = objects("GRB230812B", *GRB_230812B_PLACE)
    columns = {
        name: np.concatenate([getattr(own_place, name), getattr(told, name)[kept]])
        for name in Objects.__dataclass_fields__
    }
    return Night(
        name="GRB230812B", map_name="GBM", skymap=circle, time=burst, classes={}, survey=schedule.ZTF, age_d=1.5,
        objects=Objects(**columns), points=observing.joined([own, curves]), looks=looks, galaxies=around,
        true="GRB230812B", what="afterglow", mpc=np.nan,
    )  # fmt: skip
