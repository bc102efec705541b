"""The score as a user with all defaults has it. The only file here that imports ``coincidence``."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np

from coincidence import DEFAULT, AlertBatch, Event, Galaxies, Kind, LightCurves, Messenger, Stage, rank, score
from coincidence.completeness import Catalog, Completeness
from coincidence.population import background
from mma.alerts import decode
from mma.catalogs import read
from mma.streams import Message
from skymaps import FloatArray, Region

from . import galaxies, lists, ratios
from .night import Night
from .sources import BANDS, flux_njy

GRID_MPC = (1.0, 20.0, 45.0, 60.0, 80.0, 100.0, 150.0, 200.0, 300.0, 400.0, 600.0, 800.0, 1200.0, 1800.0, 2600.0)
"""Where the catalogues' completeness is told."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Probabilities of the objects of a night. Shape (n,); NaN: no candidate, or a vetoed one."""

    probability: FloatArray
    listed: np.ndarray
    """Inside of the region and window, vetoed or not."""

    none: float
    counterpart: np.ndarray
    """The class each is taken for."""


def _burst(name: str, at: float, region: Region) -> Event:
    """A burst as Fermi GBM's notice tells it."""
    time = datetime.fromtimestamp(at, UTC)
    return Event(
        id=name,
        messenger=Messenger.GAMMA,
        kind=Kind.GRB,
        observatory="Fermi",
        issued=time + timedelta(minutes=10),
        stage=Stage.UPDATE,
        time=time,
        region=region,
        notice="",
        instruments=("GBM",),
    )


def _notice(name: str, at: float, region: Region, classes: Mapping[str, float]) -> Event:
    """An event as LVK's notice tells it."""
    time = datetime.fromtimestamp(at, UTC)
    return Event(
        id=name,
        messenger=Messenger.GW,
        kind=Kind.CBC,
        observatory="LVK",
        issued=time + timedelta(hours=1),
        stage=Stage.INITIAL,
        time=time,
        region=region,
        notice="",
        classes=classes,
        significant=True,
        far_hz=1e-9,
        instruments=("H1", "L1", "V1"),
    )


def alerts(night: Night) -> AlertBatch:
    """Objects in their latest state."""
    points, n = night.points, len(night.objects)
    seen = points.detected & (points.flux_njy > 0)
    rows = np.flatnonzero(seen)
    last = np.zeros(n, dtype=np.int64)
    last[points.object[rows]] = rows  # ordered by time: the last one stays
    first = np.full(n, np.inf)
    np.minimum.at(first, points.object[rows], points.time[rows])
    before = ~points.detected & (points.time < first[points.object])
    unseen = np.full(n, np.nan)
    np.fmax.at(unseen, points.object[before], points.time[before])
    objects = night.objects
    nothing = np.full(n, np.nan)
    return AlertBatch(
        id=np.array([f"{name}-{i}" for name, i in zip(objects.id, last, strict=True)], dtype=object),
        object_id=objects.id,
        survey=np.full(n, night.survey.name, dtype=object),
        ra=objects.ra,
        dec=objects.dec,
        position_error_arcsec=nothing,
        time=points.time[last],
        band=np.array([BANDS[b] for b in points.band[last]], dtype=object),
        flux_njy=points.flux_njy[last],
        flux_error_njy=points.error_njy[last],
        first_seen=first,
        last_unseen=unseen,
        n_detections=np.bincount(points.object[rows], minlength=n).astype(np.float64),
        reliability=objects.reliability,
        star_score=objects.star_score,
        star_distance_arcsec=objects.star_arcsec,
        solar_system_arcsec=objects.solar_system_arcsec,
        redshift=nothing,
        redshift_error=nothing,
        distance_mpc=nothing,
        classification=np.full(n, None, dtype=object),
        message=np.arange(n, dtype=np.int64),
    )


def curves(night: Night) -> LightCurves:
    """All points: detections, and looks that saw nothing."""
    points = night.points
    return LightCurves.of(
        object=points.object,
        time=points.time,
        band=np.array([BANDS[b] for b in points.band], dtype=object),
        flux_njy=points.flux_njy,
        flux_error_njy=points.error_njy,
        limit_mag=points.limit_mag,
    )


def _completeness(limit_mag: float) -> Completeness:
    at = np.array(GRID_MPC)
    held = galaxies.light_held(at, limit_mag)
    return Completeness(mpc=GRID_MPC, fraction=tuple(float(f) for f in np.round(np.where(at <= 45.0, 0.95, held), 4)))


CATALOGS = (
    Catalog(name="spec", priority=0, completeness=_completeness(galaxies.SPEC_MAG)),
    Catalog(name="photo", priority=1, completeness=_completeness(galaxies.PHOTO_MAG)),
)


def catalogue(night: Night) -> Galaxies:
    """Galaxies as two catalogues with known completeness tell them: of spectroscopic and of photometric redshifts."""
    its, n = night.galaxies, len(night.galaxies)
    photo = its.kind == "photo"
    density = np.where(
        photo, galaxies.nearer_deg2(its.mpc, galaxies.PHOTO_MAG), galaxies.nearer_deg2(its.mpc, galaxies.SPEC_MAG)
    )
    return Galaxies(
        name=np.array([f"g{i}" for i in range(n)], dtype=object),
        catalog=np.where(photo, "photo", "spec").astype(object),
        ra=its.ra,
        dec=its.dec,
        distance_mpc=its.mpc,
        distance_error_mpc=its.error_mpc,
        kind=its.kind,
        density_deg2=np.maximum(density, 1e-4),
        mag=its.mag,
        band=np.full(n, "r", dtype=object),
        semi_major_arcsec=its.semi_major_arcsec,
        axis_ratio=its.axis_ratio,
        position_angle_deg=its.angle_deg,
        is_agn=its.active.astype(object),
        catalogs=CATALOGS,
    )


def answer(night: Night) -> Answer:
    """Candidates of a night; an event without classes is a burst."""
    if night.classes:
        told = _notice(night.name, night.time, night.skymap, night.classes)
    else:
        told = _burst(night.name, night.time, night.skymap)
    return _asked(told, alerts(night), catalogue(night), curves(night))


def _asked(told: Event, batch: AlertBatch, known: Galaxies, points: LightCurves) -> Answer:
    """The public way: score, then rank, with default parameters."""
    found = rank(score(told, batch, known, DEFAULT, curves=points))
    place = {name: i for i, name in enumerate(batch.object_id)}
    n = len(batch)
    probability, listed = np.full(n, np.nan), np.zeros(n, dtype=np.bool_)
    counterpart = np.full(n, None, dtype=object)
    for candidate in found:
        row = place[candidate.object_id]
        listed[row] = True
        if candidate.probability is not None:
            probability[row] = candidate.probability
            counterpart[row] = candidate.counterpart
    none = float(max(1.0 - np.nansum(probability), 0.0))
    return Answer(probability=probability, listed=listed, none=none, counterpart=counterpart)


def listed(night: lists.Listed, data: Path) -> tuple[Answer, np.ndarray]:
    """A table of transients as a user replays it, with 50MGC imported; and the names of its objects."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(night.rows[0]))
    writer.writeheader()
    writer.writerows(night.rows)
    batch = decode([Message(payload=text.getvalue().encode(), topic="tables", name="table.csv")]).batch
    points = LightCurves.of(
        object=np.arange(len(batch)),
        time=batch.time,
        band=np.array([b or "unknown" for b in batch.band], dtype=object),
        flux_njy=batch.flux_njy,
        flux_error_njy=batch.flux_error_njy,
        limit_mag=np.full(len(batch), np.nan),
    )
    told = _notice(night.name, night.time, night.skymap, night.classes)
    return _asked(told, batch, fifty(data), points), batch.object_id


@lru_cache(maxsize=1)
def fifty(data: Path) -> Galaxies:
    """50MGC, as ``mma catalog import`` reads it."""
    return read(data / "galaxies" / "50MGC_catalog_short.fits", "50MGC")[0]


SURVEY_OF = {20.5: "ztf", 22.5: "decam", 23.8: "lsst"}
"""A survey about as deep as each limit."""


def unrelated(limit_mag: float, edges_mpc: FloatArray, data: Path) -> FloatArray:
    """Probability that an unrelated transient is in each step of distance and its host in 50MGC, by the score."""
    model = background(limit_mag, DEFAULT.luminosity)
    middle = 0.5 * (edges_mpc[1:] + edges_mpc[:-1])
    held = fifty(data).catalogs[0].completeness.at(middle)
    return np.asarray(model.at(middle) * np.diff(edges_mpc) * held, dtype=np.float64)


def ratio(made: ratios.Field, mpc: float, limit_mag: float, data: Path) -> FloatArray:
    """``exp(distance)`` of objects seen twice at these places, under an event so far; 1: it tells nothing."""
    n, event = len(made.ra), 1.7e9
    seen = event + 43200.0
    batch = AlertBatch.from_rows([])
    columns = {f.name: np.full(n, np.nan) for f in fields(batch)}
    names = np.array([f"o{i}" for i in range(n)], dtype=object)
    text = {"survey": SURVEY_OF[limit_mag], "band": "r", "classification": None}
    columns |= {name: np.full(n, value, dtype=object) for name, value in text.items()}
    columns |= {"id": names, "object_id": names, "ra": made.ra, "dec": made.dec, "message": np.arange(n)}
    columns |= {"time": np.full(n, seen), "first_seen": np.full(n, seen), "n_detections": np.full(n, 2.0)}
    columns |= {"flux_njy": np.full(n, flux_njy(limit_mag - 0.5)), "last_unseen": np.full(n, event - 86400.0)}
    told = _notice("ratio", event, ratios.region(mpc), {"BNS": 1.0, "HasRemnant": 1.0})
    points = LightCurves.of(
        object=np.arange(n), time=columns["time"], band=columns["band"], flux_njy=columns["flux_njy"],
        flux_error_njy=columns["flux_njy"] / 8.0, limit_mag=np.full(n, limit_mag),
    )  # fmt: skip
    out = np.ones(n)
    whole = replace(DEFAULT, level=1.0)
    for candidate in score(told, AlertBatch(**columns), fifty(data), whole, curves=points):
        term = candidate.terms["distance"]
        out[int(candidate.object_id[1:])] = 1.0 if term is None else np.exp(term)
    return out
