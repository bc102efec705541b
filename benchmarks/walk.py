"""Row 9: Rubin packets of 50 kB from files to candidates in SQLite, with 1,000 active regions."""

from __future__ import annotations

import io
import os
import struct
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import fastavro
import numpy as np

import skymaps
from coincidence import DEFAULT, Event, Kind, Messenger, Stage
from mma.alerts import SchemaStore, decode
from mma.answers import queries
from mma.engine.engine import Engine
from mma.simulate.events import START
from mma.store import Store, events
from mma.streams import FileSource, Recorded
from skymaps import SkyMap

from . import decoding, workload
from .report import Row, seconds

N_ALERTS, N_REGIONS, BATCH = 9000, 1000, 1000
OLD = 0.85
"""Share of alerts of objects that Rubin has seen for long: variable stars, active galaxies."""

NIGHT = START + timedelta(days=5)
MJD = NIGHT.timestamp() / 86400.0 + 40587.0
VERSION = 900


def run() -> list[Row]:
    """The whole walk beside reading and decoding alone."""
    schemas = decoding.DATA / "optical/rubin/schema"
    if not schemas.is_dir():
        print("left out: the walk needs Rubin's schemas, in the recorded data (set MMA_DATA)", file=sys.stderr)
        return []
    os.environ["MMA_LSST_SCHEMAS"] = str(schemas)
    among = workload.regions(N_REGIONS)
    with tempfile.TemporaryDirectory(prefix="mma-walk-") as folder:
        recorded = _write(Path(folder), among, SchemaStore(schemas))
        alone = _alone(recorded)
        store = Store(f"{folder}/walk.sqlite")
        engine = _engine(store, among)
        engine.run(FileSource(recorded[:BATCH], BATCH))  # loads compiled kernels and tables, and is not counted
        begun = time.process_time()
        engine.run(FileSource(recorded[BATCH:], BATCH))
        took = time.process_time() - begun
        right, n = _agrees(store, among, recorded)
        store.close()
    n_timed = N_ALERTS - BATCH
    rate = n_timed / took
    return [
        Row(
            number=9,
            work=f"{n_timed:,} Rubin packets (50 kB) from files to SQLite, {N_REGIONS:,} regions",
            ours=f"{rate:,.0f} alerts/s ({seconds(took / n_timed)} each)",
            peer=f"{seconds(alone / N_ALERTS)} reading and prefix-decoding alone",
            ratio=alone / N_ALERTS * n_timed / took,
            target="6,000 alerts/s, or within 2x of reading and decoding alone",
            met=rate >= 6000 or took / n_timed <= 2 * alone / N_ALERTS,
            agrees=right,
            agreement=f"all objects; {n:,} candidates are the new objects inside each region",
        )
    ]


def _write(folder: Path, among: list[skymaps.Region], schemas: SchemaStore) -> list[tuple[Recorded, float]]:
    """Packets in files: most of old objects with twelve earlier sources, the others first seen tonight."""
    rng = np.random.default_rng(9)
    ra, dec = workload.alerts(N_ALERTS, among)
    schema = schemas.get(VERSION)
    sizes = {"prvDiaSources": 12, "prvDiaForcedSources": 20, "bytes": 50_000 // 3}
    template = decoding._filled(schema.source, "", "", rng, {}, sizes)
    for s in [*template["prvDiaSources"], *template["prvDiaForcedSources"]]:
        s["timeWithdrawnMjdTai"] = None  # as in nearly all real packets: what was withdrawn is not stored
    is_old = old_objects()
    out = []
    for i in range(N_ALERTS):
        path = folder / f"{i:06d}.avro"
        path.write_bytes(_packet(template, schema.whole, i, float(ra[i]), float(dec[i]), bool(is_old[i])))
        out.append((Recorded(path), NIGHT.timestamp()))
    return out


def _packet(template: dict[str, Any], schema: Any, i: int, ra: float, dec: float, old: bool) -> bytes:
    mjd = MJD + i * 1e-6
    source = template["diaSource"] | {"diaSourceId": 10**15 + i, "diaObjectId": 10**12 + i, "ra": ra, "dec": dec}
    source |= {"midpointMjdTai": mjd, "reliability": 0.9, "psfFlux": 5e4, "ssObjectId": None, "isNegative": False}
    source |= {name: None for name in ("timeWithdrawnMjdTai", "extendedness") if name in source}
    earlier = [s | {"midpointMjdTai": mjd - 30.0 - 20.0 * k} for k, s in enumerate(template["prvDiaSources"] or ())]
    record = template | {
        "diaSourceId": source["diaSourceId"],
        "diaSource": source,
        "prvDiaSources": earlier if old else None,
        "prvDiaForcedSources": template["prvDiaForcedSources"] if old else None,
    }
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, record)
    return struct.pack(">BI", 0, VERSION) + out.getvalue()


def _alone(recorded: list[tuple[Recorded, float]]) -> float:
    """CPU seconds of reading the files and decoding the leading fields, and no more."""
    best = np.inf
    for _ in range(3):
        begun = time.process_time()
        for batch in FileSource(recorded, BATCH).batches():
            decode(batch)
        best = min(best, time.process_time() - begun)
    return float(best)


def _engine(store: Store, among: list[skymaps.Region]) -> Engine:
    """An engine that follows one event for each region, of kinds with windows open tonight."""
    with store.begin() as connection:
        for i, region in enumerate(among):
            located = skymaps.read(skymaps.write_fits(region)) if isinstance(region, SkyMap) else region
            event = _event(i, located)
            events.save_notice(connection, event, received=0.0, place="")
            events.save_event(connection, event, revision=1, parameters=DEFAULT, now=None)
    return Engine(store)


def _event(i: int, region: skymaps.Region) -> Event:
    kind = Kind.CBC if isinstance(region, SkyMap) and region.has_distance else (Kind.GRB, Kind.FLARE)[i % 2]
    return Event(
        id=f"E{i:04d}",
        messenger=Messenger.GW if kind is Kind.CBC else Messenger.GAMMA,
        kind=kind,
        observatory="bench",
        issued=NIGHT - timedelta(days=1),
        stage=Stage.INITIAL,
        time=NIGHT - timedelta(days=1),
        region=region,
        notice=f"n{i}",
    )


def old_objects() -> np.ndarray:
    """Which alerts are of objects known for long. Shape (N_ALERTS,)."""
    return np.random.default_rng(99).uniform(size=N_ALERTS) < OLD


def _agrees(store: Store, among: list[skymaps.Region], recorded: list[tuple[Recorded, float]]) -> tuple[bool, int]:
    """Whether every object is stored, and the candidates of each event are the new objects inside its region.

    Old objects were first seen 410 d ago: before what the windows of these events, -20 d at the earliest, keep.
    """
    batch = decode([r.message() for r, _ in recorded]).batch
    is_new = ~old_objects()[batch.message]
    right, n = True, 0
    with store.read() as connection:
        status = queries.status(connection)
        for i, region in enumerate(among):
            found = {c["object"] for c in queries.candidates(connection, f"E{i:04d}", everything=True)}
            inside = is_new & (region.credible_level_at(batch.ra, batch.dec) <= DEFAULT.level)
            right &= found == {f"lsst:{name}" for name in batch.object_id[inside]}
            n += len(found)
    right &= status["objects"] == N_ALERTS and status["messages"]["decoded"] == N_ALERTS
    return bool(right), n
