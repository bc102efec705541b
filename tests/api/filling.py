"""A store of made-up rows: every field known and unknown, ties, the poles, RA 0/360; and plain Python's answers."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import numpy as np

import skymaps
from coincidence import Event, Kind, Messenger, Stage
from coincidence.terms import TERMS
from mma.answers import queries
from mma.messages.message import iso
from mma.store import Store, outbox, tables
from mma.store.bulk import as_json, columns_of, insert_new
from mma.store.codec import event_document
from skymaps import healpix

START = datetime(2027, 3, 1, tzinfo=UTC).timestamp()
DAY_S = 86400.0
STATES = ("active", "vetoed", "withdrawn")


def maybe(random: np.random.Generator, value: Any, part: float = 0.2) -> Any:
    """The value, or now and then none."""
    return None if random.random() < part else value


def event_row(random: np.random.Generator, i: int) -> dict[str, Any]:
    """An event's row."""
    kind, messenger = [("cbc", "gw"), ("grb", "gamma"), ("neutrino", "neutrino")][i % 3]
    time = maybe(random, START + DAY_S * random.integers(0, 20), 0.1)
    classes = {"BNS": round(float(random.random()), 3)} if kind == "cbc" else {}
    return {
        "id": f"{kind.upper()}{i:04d}",
        "messenger": messenger,
        "kind": kind,
        "observatory": "LVK" if kind == "cbc" else "Fermi",
        "time": time,
        "issued": START + DAY_S * random.integers(0, 20),
        "stage": str(random.choice(["preliminary", "initial", "update"])),
        "state": str(random.choice(["active", "expired", "retracted"])),
        "revision": int(random.integers(1, 5)),
        "is_test": bool(random.random() < 0.2),
        "far_hz": maybe(random, 10.0 ** -random.integers(6, 12)),
        "window_start": time,
        "window_end": None if time is None else time + 10 * DAY_S,
        "area50_deg2": 10.0,
        "area90_deg2": maybe(random, float(random.integers(1, 40) * 25)),
        "distance_mpc": maybe(random, float(random.integers(40, 400)), 0.5),
        "distance_error_mpc": None,
        "skymap_sha256": None,
        "notice": f"{i:064x}",
        "n_candidates": 0,
        "log_none": 0.0,
        "document": event_document(
            Event(
                id=f"{kind.upper()}{i:04d}",
                messenger=Messenger(messenger),
                kind=Kind(kind),
                observatory="LVK" if kind == "cbc" else "Fermi",
                issued=datetime.fromtimestamp(START, UTC),
                stage=Stage.INITIAL,
                time=None if time is None else datetime.fromtimestamp(time, UTC),
                region=skymaps.circle(150.0, 20.0, 3.0),
                notice=f"{i:064x}",
                aliases=(f"alias {i}",),
                classes=classes,
            )
        ),
    }


def object_row(random: np.random.Generator, i: int) -> dict[str, Any]:
    """An object's row, somewhere on the sky: many of them near RA 0, the poles and one another."""
    z = random.uniform(-1, 1) if i % 3 else random.choice([-1, 1]) * (1 - 1e-4 * random.random())
    ra = random.uniform(0, 360) if i % 2 else random.uniform(-0.5, 0.5) % 360.0
    dec = float(np.degrees(np.arcsin(z))) if i % 5 else float(random.uniform(-1, 1))
    first = START + DAY_S * random.integers(-5, 20)
    return {
        "id": f"{['ztf', 'lsst'][i % 2]}{i:06d}",
        "survey": ["ztf", "lsst"][i % 2],
        "hpx": int(healpix.pixel_at(np.array([ra]), np.array([dec]))[0]),
        "ra": float(ra),
        "dec": dec,
        "first_seen": first,
        "last_seen": first + DAY_S * random.integers(0, 5),
        "last_unseen": maybe(random, first - DAY_S),
        "n_detections": float(random.integers(1, 9)),
        "alert_id": f"a{i}",
        "band": maybe(random, str(random.choice(["g", "r"]))),
        "flux_njy": maybe(random, float(random.choice([-50.0, 100.0, 1000.0, 3e4]))),
        "flux_error_njy": 5.0,
        "reliability": maybe(random, round(float(random.random()), 2)),
        "star_score": None,
        "star_distance_arcsec": None,
        "solar_system_arcsec": None,
        "redshift": maybe(random, round(float(random.random()), 3), 0.6),
        "redshift_error": None,
        "distance_mpc": None,
        "classification": maybe(random, 'SN "Ia", <odd> & é\n'),
        "told_at": None,
        "whole": False,
        "version": "v",
    }


def candidate_row(random: np.random.Generator, event: str, object_id: str) -> dict[str, Any]:
    """A candidate's row; log odds are tied now and then."""
    state = str(random.choice(STATES, p=[0.7, 0.2, 0.1]))
    odds = float(random.integers(-40, 12)) / 4.0
    terms = {name: maybe(random, float(random.integers(-8, 9)) / 2.0) for name in TERMS}
    return {
        "event_id": event,
        "object_id": object_id,
        "state": state,
        "reason": None if state == "active" else "moving",
        "log_odds": None if state == "vetoed" else odds,
        "counterpart": str(random.choice(["kilonova", "afterglow"])),
        **terms,
        "credible_level": round(float(random.random()), 3),
        "credible_volume": maybe(random, round(float(random.random()), 3)),
        "probdensity": 1.0,
        "chance_count": float(random.integers(0, 50)),
        "delay_s": float(random.integers(-10, 100)) * 3600.0,
        "earliest_s": maybe(random, -3600.0),
        "detail": {"by_class": {"kilonova": odds}, "host": None, "event_mpc": None, "event_error_mpc": None},
        "event_notice": "n",
        "skymap_sha256": None,
        "object_version": "v",
        "parameters": "p",
        "scored": START,
        "told_revision": None,
        "told_state": None,
        "told_log_odds": None,
        "told_id": None,
    }


def tag_rows(random: np.random.Generator, candidates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tags on some candidates, several on a few."""
    return [
        {"event_id": c["event_id"], "object_id": c["object_id"], "tag": tag, "who": "ann", "time": START}
        for c in candidates
        for tag in ("followed-up", "interesting", "moving")
        if random.random() < 0.1
    ]


def fill(store: Store, n_events: int = 6, n_objects: int = 120, seed: int = 7) -> None:
    """Events, objects, and candidates of most pairs of the first events and all objects."""
    random = np.random.default_rng(seed)
    found = [event_row(random, i) for i in range(n_events)]
    objects = [object_row(random, i) for i in range(n_objects)]
    candidates = [candidate_row(random, e["id"], o["id"]) for e in found[:3] for o in objects if random.random() < 0.8]
    for event in found:
        odds = [c["log_odds"] for c in candidates if c["event_id"] == event["id"] and c["state"] == "active"]
        event["n_candidates"] = len(odds)
        event["log_none"] = math.log1p(sum(map(math.exp, odds)))
    aliases = [{"alias": e["document"]["aliases"][0], "id": e["id"], "what": "event"} for e in found]
    aliases.append({"alias": "AT 2027abc", "id": objects[0]["id"], "what": "object"})
    with store.begin() as connection:
        for table, rows in (
            (tables.events, found),
            (tables.objects, objects),
            (tables.candidates, candidates),
            (tables.aliases, aliases),
            (tables.tags, tag_rows(random, candidates)),
        ):
            insert_new(connection, table, columns_of(rows))


class Rows(list[dict[str, Any]]):
    """Rows that hypothesis does not print."""

    def __repr__(self) -> str:
        """How many."""
        return f"<{len(self)} rows>"


def shown(store: Store, event: str) -> list[dict[str, Any]]:
    """All of an event's candidates as the store's own plain question gives them, with their objects' facts."""
    with store.read() as connection:
        rows = queries.candidates(connection, event, everything=True)
        objects = {row["id"]: row for row in _objects(connection)}
    facts = ("first_seen", "last_seen", "last_unseen", "n_detections", "reliability", "redshift", "flux_njy")
    return [
        row
        | {name: objects[row["object"]][name] for name in facts}
        | row["terms"]
        | {"tag": min(row["tags"], default=None)}
        for row in rows
    ]


def _objects(connection: Any) -> list[dict[str, Any]]:
    rows = connection.execute(tables.objects.select()).mappings()
    return [queries.as_object(dict(row)) for row in rows]


def all_objects(store: Store) -> list[dict[str, Any]]:
    """Every object as it is shown."""
    with store.read() as connection:
        return _objects(connection)


def message(event: Any = "S1a", kind: str = "candidate", probability: float | None = 0.5, **more: Any) -> str:
    """A message as the outbox keeps it."""
    body: dict[str, Any] = {"schema": f"urn:mma:{kind}:1", "test": False}
    body["event"] = {"id": event, "messenger": "gw"} if isinstance(event, str) else event
    if kind == "candidate":
        body["score"] = None if probability is None else {"probability": probability}
    return as_json(body | more)


def put(store: Store, *payloads: str, name: str = "m") -> None:
    """Messages into the outbox."""
    with store.begin() as connection:
        begin = outbox.counts(connection)
        first = begin["sent"] + begin["waiting"]
        rows = [
            (f"{name}-{first + i}-{json.loads(p).get('n', 0)}", "mma.candidates", "k", p)
            for i, p in enumerate(payloads)
        ]
        outbox.put(connection, rows, START)


def iso_of(unix: float | None) -> str | None:
    """As answers tell times."""
    return iso(unix)
