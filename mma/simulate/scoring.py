"""Candidates of simulated events, straight from the score or through the whole engine, against the truth."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from coincidence import AlertBatch, Candidate, Event, Galaxies, Parameters, rank, score
from coincidence.background import areas, chance_count
from coincidence.curves import LightCurves
from coincidence.event import located
from coincidence.names import key
from mma import catalogs
from mma.answers import queries
from mma.config import Settings
from mma.engine import play
from mma.errors import ConfigError
from mma.notices import decode
from mma.store import Store, galaxies
from mma.streams import Message
from skymaps import SkyMap

from . import hosts, writing
from .scorecard import NEGLIGIBLE, Judged, stability
from .truth import Campaign, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One candidate as it stands: what either path tells."""

    object_id: str
    probability: float
    credible_level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The truth about an event."""

    ra: float
    dec: float
    distance_mpc: float | None
    counterpart: str | None
    what: str | None


def judge(
    event: Event,
    place: Place,
    standing: Sequence[Standing],
    plan: Plan,
    parameters: Parameters,
    before: Sequence[str] | None,
) -> Judged:
    """One event's candidates, from the best on, against its truth; ``before``: object ids by its first map."""
    region = located(event)
    ra, dec = np.array([place.ra]), np.array([place.dec])
    level = float(region.credible_level_at(ra, dec)[0])
    again, once = plan.per_deg2_day(ra, dec, parameters)
    volume = None
    if isinstance(region, SkyMap) and region.has_distance and place.distance_mpc is not None:
        volume = float(region.credible_volume_at(ra, dec, np.array([place.distance_mpc]))[0])
    names = [c.object_id for c in standing]
    at = names.index(place.counterpart) if place.counterpart in names else None
    p = np.array([c.probability for c in standing], dtype=np.float64)
    true = np.array([name == place.counterpart for name in names], dtype=np.bool_)
    kept = (p >= NEGLIGIBLE) | true
    inside = level <= parameters.level
    its = np.zeros(1, dtype=np.int64)
    claimed = chance_count([event.kind], [areas(region)], its, np.array([level]), again + once, parameters)
    tau, overlap = stability(before, names) if before is not None else (None, None)
    return Judged(
        event=event.id,
        kind=event.kind,
        counterpart=place.what,
        rank=None if at is None else at + 1,
        candidates=len(names),
        probability=p[kept],
        is_true=true[kept],
        level=level,
        volume=volume,
        counted=sum(inside and c.credible_level <= level and c.object_id != place.counterpart for c in standing),
        claimed=float(claimed[0]) if inside else 0.0,
        tau=tau,
        overlap=overlap,
    )


def direct(
    campaign: Campaign, parameters: Parameters | None = None, *, photometry: bool = True, revisions: bool = True
) -> list[Judged]:
    """Judge a campaign by ``coincidence.score`` alone: no packets, no store. Without ``revisions``: last maps only."""
    chosen = parameters or campaign.plan.parameters()
    alerts, catalog = campaign.alerts(), campaign.catalog()
    curves = campaign.curves() if photometry else None
    judged = []
    for trigger in campaign.triggers:
        *earlier, event = trigger.events()
        standing = _ranked(event, alerts, catalog, chosen, curves)
        before = None
        if earlier and revisions:
            before = [c.object_id for c in _ranked(earlier[0], alerts, catalog, chosen, curves)]
        found = campaign.counterpart(trigger.id)
        place = Place(
            ra=trigger.ra,
            dec=trigger.dec,
            distance_mpc=trigger.distance_mpc,
            counterpart=found.id if found else None,
            what=found.what if found else None,
        )
        judged.append(judge(event, place, [_standing(c) for c in standing], campaign.plan, chosen, before))
    return judged


def _ranked(
    event: Event, alerts: AlertBatch, catalog: Galaxies, parameters: Parameters, curves: LightCurves | None
) -> list[Candidate]:
    found = rank(score(event, alerts, catalog, parameters, curves=curves))
    return [c for c in found if c.rank is not None]


def _standing(c: Candidate) -> Standing:
    return Standing(object_id=c.object_id, probability=c.probability or 0.0, credible_level=c.credible_level)


def replayed(folder: Path, settings: Settings) -> tuple[list[Judged], dict[str, Any]]:
    """Judge a campaign's folder by playing it through the engine into a scratch store; with the campaign's truth.

    Events with several maps are played a second time with the first map alone, to see how much the order moved.
    """
    plan, document = writing.read(folder)
    parameters = plan.parameters(settings.score)
    first = [folder / event["notices"][0] for event in document["events"]]
    revised = any(len(event["notices"]) > 1 for event in document["events"])
    ids = [event["id"] for event in document["events"]]
    last = _play([folder / "notices"], folder, replace(settings, score=parameters), document, ids)
    before = _play(first, folder, replace(settings, score=parameters), document, ids) if revised else {}
    judged = []
    for told in document["events"]:
        path = folder / told["notices"][-1]
        event = decode(Message(payload=path.read_bytes(), topic="simulated"))
        if not isinstance(event, Event):
            raise ConfigError(f"{path}: not the notice of an event")
        there = told["counterpart"]
        place = Place(
            ra=told["ra"],
            dec=told["dec"],
            distance_mpc=told["distance_mpc"],
            counterpart=key(plan.survey, there["object"]) if there else None,
            what=there["class"] if there else None,
        )
        names = [c.object_id for c in before[event.id]] if len(told["notices"]) > 1 else None
        judged.append(judge(event, place, last[event.id], plan, parameters, names))
    return judged, document


def _play(
    notices: list[Path], folder: Path, settings: Settings, document: dict[str, Any], ids: list[str]
) -> dict[str, list[Standing]]:
    """Candidates of each event after a replay into a scratch store."""

    with tempfile.TemporaryDirectory(prefix="mma-simulate-") as scratch:
        settings = replace(settings, database=str(Path(scratch) / "night.sqlite"))
        store = Store(settings.database)
        found = catalogs.begin(folder / "galaxies.csv", hosts.NAME, completeness=document["completeness"])
        galaxies.load(store, found.catalog, found.parts())
        store.close()
        play([*notices, folder / "alerts"], settings)
        store = Store(settings.database)
        with store.read() as connection:
            known = {row["id"] for row in queries.events(connection)}
            rows = {name: queries.candidates(connection, name) if name in known else [] for name in ids}
        store.close()
    return {
        name: [
            Standing(object_id=r["object"], probability=r["probability"], credible_level=r["credible_level"])
            for r in some
            if r["probability"] is not None
        ]
        for name, some in rows.items()
    }
