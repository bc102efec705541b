"""Bytes to what matching needs: an LVK notice to an Event, Avro packets to columns, with their history or without.

The peers are what people use: json, base64 and astropy; fastavro with the writer's schema already parsed.
"""

from __future__ import annotations

import base64
import io
import json
import os
import struct
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
from astropy.table import Table
from astropy.time import Time

from coincidence import AlertBatch
from mma.alerts import Decoded, Histories, SchemaStore, decode, decode_whole, histories
from mma.alerts.avro.framing import container
from mma.alerts.avro.schema import WriterSchema
from mma.alerts.detect_format import look
from mma.notices import fields, lvk
from mma.streams.message import Message
from skymaps import SkyMap
from skymaps.fits import column, open_table

from .report import Row, cpu, seconds

DATA = Path(os.environ.get("MMA_DATA", Path(__file__).parents[2] / "shared" / "data"))
NOTICE = "lvk-kafka/MS181101ab-initial.json"
REAL_RUBIN = "optical/rubin/boom-lsst-7912941781254298.confluent-avro"
RUBIN_IDS = (400, 704, 800, 900, 1000, 1100)
SHORT_ZTF = "skyportal-541443293415015009.avro"
"""Two previous candidates: a whole decode costs least here."""

BATCH, N_PEER = 500, 100
N_SOURCES, N_FORCED, CUTOUT_BYTES = 12, 20, 50_000
P_NULL = 0.3
MAX_BYTES = 1 << 30


def run() -> list[Row]:
    """Rows 7 and 8 of the table of targets."""
    if not DATA.is_dir():
        print(f"left out: decoding needs the recorded data, not in {DATA} (set MMA_DATA)", file=sys.stderr)
        return []
    store = SchemaStore(DATA / "optical/rubin/schema")
    return [notice_to_arrays(), notice_to_event(), *rubin(store), *ztf(store)]


def _table(payload: bytes) -> Any:
    """The peer: the notice's map as an astropy Table."""
    fits = base64.b64decode(json.loads(payload)["event"]["skymap"])
    return Table.read(io.BytesIO(fits), format="fits")


def _arrays(payload: bytes) -> dict[str, Any]:
    """Our steps as far as the peer goes."""
    event = fields.section(fields.unwrapped(fields.parse_json(payload)), "event")
    table = open_table(fields.decode_base64(event["skymap"], "event.skymap"), MAX_BYTES)
    rows = table.read(table.n_rows)
    return {name: column(rows, table, name) for name in table.names()}


def notice_to_arrays() -> Row:
    """JSON with a base64 map to the map's columns: what the peer does, and no more."""
    payload = (DATA / NOTICE).read_bytes()
    peer, table = cpu(lambda: _table(payload), 20)
    ours, arrays = cpu(lambda: _arrays(payload), 20)
    agrees = all(np.array_equal(arrays[name], table[name]) for name in table.colnames)
    n = f"{len(table)} rows x {len(table.colnames)} columns"
    return _row(7, "IGWN JSON to the map's arrays", ours, peer, "json+base64+Table", 5, agrees, f"{n} equal")


def notice_to_event() -> Row:
    """The same to an Event: checked, cells sorted, sha256 of notice and map; levels are left to their first use."""
    payload = (DATA / NOTICE).read_bytes()
    peer, table = cpu(lambda: _table(payload), 20)
    ours, event = cpu(lambda: lvk.decode(Message(payload=payload, topic="igwn.gwalert")), 20)
    assert isinstance(event.region, SkyMap)
    order = (np.log2(table["UNIQ"]) // 2 - 1).astype(int)
    lower = (np.asarray(table["UNIQ"]) - (4 << 2 * order)) << 2 * (29 - order)
    sort = np.argsort(lower)
    agrees = np.array_equal(event.region.lower, lower[sort])
    agrees &= np.array_equal(event.region.probdensity, table["PROBDENSITY"][sort])
    agrees &= np.array_equal(event.region.distmu, table["DISTMU"][sort].astype(np.float32))
    return _row(7, "IGWN JSON to Event with region", ours, peer, "json+base64+Table", 5, agrees, "cells equal")


def rubin(store: SchemaStore) -> list[Row]:
    """The one real packet (without history), and typical ones of every schema version; histories of the newest."""
    rng = np.random.default_rng(8)
    real = (DATA / REAL_RUBIN).read_bytes()
    rows = [_rubin("Rubin 9.0, real, no history", [real] * BATCH, store)]
    for number in RUBIN_IDS:
        some = [_rubin_packet(number, store.get(number), rng) for _ in range(BATCH // 5)]
        rows.append(_rubin(f"Rubin {number // 100}.{number % 100}", some * 5, store))
    return [*rows, _histories(f"Rubin, {N_SOURCES} sources and {N_FORCED} forced, with history", some * 5, store)]


def _rubin(name: str, payloads: list[bytes], store: SchemaStore) -> Row:
    schema = store.get(struct.unpack_from(">I", payloads[0], 1)[0]).whole
    unique = list(dict.fromkeys(payloads))
    packets = [_whole(p, 5, schema) for p in unique]
    peer, _ = cpu(lambda: [_whole(p, 5, schema) for p in payloads[:N_PEER]], 5)
    sources = [p["diaSource"] for p in packets]

    def told(*names: str) -> Any:
        values = [next(s[n] for n in names if n in s) for s in sources]
        return np.array(values, dtype=float)

    time = Time(told("midpointMjdTai", "midPointTai"), format="mjd", scale="tai").unix
    expected = {
        "id": [str(s["diaSourceId"]) for s in sources],
        "object_id": [str(s["diaObjectId"]) for s in sources],
        "ra": told("ra"),
        "dec": told("dec", "decl"),
        "time": time,
        "flux_njy": told("psfFlux", "psFlux"),
    }
    return _alerts(name, payloads, store, peer / N_PEER, expected)


def ztf(store: SchemaStore) -> list[Row]:
    """Real ZTF files: all of them, and the one with the shortest history."""
    paths = sorted((DATA / "optical/ztf").rglob("*.avro"))
    short = [p for p in paths if p.name == SHORT_ZTF]
    work = ((f"ZTF, {len(paths)} real files", paths), ("ZTF, real, shortest history", short))
    rows = [_ztf(name, [p.read_bytes() for p in chosen], store) for name, chosen in work]
    files = [p.read_bytes() for p in paths]
    return [*rows, _histories(f"ZTF, {len(paths)} real files, with history", files * (BATCH // len(files)), store)]


def _ztf(name: str, files: list[bytes], store: SchemaStore) -> Row:
    framed = [container(Message(payload=f, topic=""), store) for f in files]
    begun = [(f.blocks[0].data, f.blocks[0].start, f.schema.whole) for f in framed]
    packets, times = [_whole(*b) for b in begun], N_PEER // len(files)
    peer, _ = cpu(lambda: [_whole(*b) for b in begun * times], 5)
    reader, _ = cpu(lambda: [list(fastavro.reader(io.BytesIO(f))) for f in files * times], 5)
    found = [p["candidate"] for p in packets]
    sign = np.array([1 if c["isdiffpos"] in ("t", "1") else -1 for c in found])
    half = np.array([(c.get("exptime") or 0.0) / 2 for c in found])
    expected = {
        "id": [str(p["candid"]) for p in packets],
        "object_id": [p["objectId"] for p in packets],
        "ra": np.array([c["ra"] for c in found]),
        "dec": np.array([c["dec"] for c in found]),
        "time": Time([c["jd"] for c in found], format="jd").unix + half,
        "flux_njy": sign * 3631e9 * 10 ** (-0.4 * np.array([c["magpsf"] for c in found])),
    }
    row = _alerts(name, files * (BATCH // len(files)), store, peer / len(files) / times, expected)
    print(
        f"{name}: fastavro.reader, which parses the schema anew: {seconds(reader / len(files) / times)}",
        file=sys.stderr,
    )
    return row


def _whole(data: bytes, start: int, schema: Any) -> Any:
    """The peer: all of one record, the schema parsed long ago."""
    stream = io.BytesIO(data)
    stream.seek(start)
    return fastavro.schemaless_reader(stream, schema, None)


def _alerts(name: str, payloads: Sequence[bytes], store: SchemaStore, peer: float, expected: dict[str, Any]) -> Row:
    messages = [Message(payload=p, topic="alerts") for p in payloads]
    decode(messages[:1], schemas=store)  # loads the compiled kernel
    ours, decoded = cpu(lambda: decode(messages, schemas=store), 20)
    agrees, worst = _agreement(decoded, expected, len(payloads))
    agreement = (
        f"ids, positions equal; time {worst['time']:.1g} s, flux {worst['flux_njy']:.1g}; whole {decoded.n_whole}"
    )
    return _row(8, name, ours / len(payloads), peer, "fastavro", 10, agrees, agreement)


def _histories(name: str, payloads: Sequence[bytes], store: SchemaStore) -> Row:
    """Columns and light curves, beside fastavro's records alone; both tell the same, to the last bit."""
    messages = [Message(payload=p, topic="alerts") for p in payloads]

    def work() -> tuple[AlertBatch, Histories]:
        batch = decode(messages, schemas=store).batch
        return batch, histories(messages, batch, np.arange(len(batch)), list(batch.object_id), schemas=store)

    work()  # loads the compiled kernel
    ours, (batch, found) = cpu(work, 10)
    framed = [look(m, store).framed for m in messages[:N_PEER]]
    begun = [(f.blocks[0].data, f.blocks[0].start, f.schema.whole) for f in framed if f is not None]
    peer, _ = cpu(lambda: [_whole(*b) for b in begun], 3)
    names = zip(messages, batch.object_id, strict=True)
    alerts = [a for m, o in list(names)[:N_PEER] for a in decode_whole(m, {o}, schemas=store)]
    told, p = [d for a in alerts for d in a.history], found.points
    is_same = [
        np.array_equal(getattr(p, c)[: len(told)], np.array([getattr(d, c) for d in told], dtype=float), equal_nan=True)
        for c in ("flux_njy", "flux_error_njy", "limit_mag")
    ]
    is_same.append([d.time.timestamp() for d in told] == p.time[: len(told)].tolist())
    agreement = f"{len(told) / N_PEER:.0f} points each, equal; whole {found.n_whole}"
    agrees = all(is_same) and len(found) == len(payloads) and not found.n_whole
    return _row(8, name, ours / len(payloads), peer / N_PEER, "fastavro", 10, agrees, agreement)


def _agreement(decoded: Decoded, expected: dict[str, Any], n: int) -> tuple[bool, dict[str, float]]:
    """Whether the columns say what whole packets say; largest differences of time (s) and flux (relative)."""
    batch, n_expected = decoded.batch, len(expected["id"])
    if len(batch) != n or decoded.n_whole:
        return False, {"time": np.inf, "flux_njy": np.inf}
    rows = np.arange(n) % n_expected
    is_same = [
        np.array_equal(getattr(batch, c), np.asarray(expected[c])[rows]) for c in ("id", "object_id", "ra", "dec")
    ]
    time = float(np.abs(batch.time - expected["time"][rows]).max())
    is_unknown = np.isnan(expected["flux_njy"][rows])
    flux = np.abs(batch.flux_njy / expected["flux_njy"][rows] - 1)[~is_unknown]
    worst = float(flux.max(initial=0.0))
    is_same.append(bool(np.array_equal(np.isnan(batch.flux_njy), is_unknown)))
    return all(is_same) and time < 1e-3 and worst < 1e-4, {"time": time, "flux_njy": worst}


def _row(
    number: int, work: str, ours: float, peer: float, who: str, target: float, agrees: bool, agreement: str
) -> Row:
    ratio = peer / ours
    return Row(
        number=number, work=work, ours=seconds(ours), peer=f"{seconds(peer)} {who}", ratio=ratio,
        target=f"{target:g}x", met=ratio >= target, agrees=bool(agrees), agreement=agreement,
    )  # fmt: skip


def _rubin_packet(number: int, schema: WriterSchema, rng: np.random.Generator) -> bytes:
    """A typical packet of one version in the Confluent framing: plausible values, full history, cutouts."""
    n_cutouts = sum(f["name"].startswith("cutout") for f in schema.source["fields"])
    sizes = {"prvDiaSources": N_SOURCES, "prvDiaForcedSources": N_FORCED, "bytes": CUTOUT_BYTES // n_cutouts}
    record = _filled(schema.source, "", "", rng, {}, sizes)
    for s in [record["diaSource"], *record["prvDiaSources"], *record["prvDiaForcedSources"]]:
        s["timeWithdrawnMjdTai"] = None
    record["diaSource"][next(name for name in record["diaSource"] if name in SPANS)] = NEWEST_MJD
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema.whole, record)
    return struct.pack(">BI", 0, number) + out.getvalue()


ALWAYS = frozenset({"diaObjectId", "prvDiaSources", "prvDiaForcedSources", "diaObject"})
SPANS = {
    "midpointMjdTai": (61000, 61400),
    "midPointTai": (61000, 61400),
    "ra": (0, 360),
    "dec": (-90, 90),
    "decl": (-90, 90),
}

NEWEST_MJD = 61400.5
"""Of the alerts: after all that came before."""


def _filled(
    schema: Any, name: str, space: str, rng: np.random.Generator, named: dict[str, Any], sizes: dict[str, int]
) -> Any:
    """A plausible value of a type."""
    inside = partial(_filled, rng=rng, named=named, sizes=sizes)
    if isinstance(schema, list):
        kinds = [kind for kind in schema if kind != "null"]
        is_told = name in ALWAYS or name.startswith("cutout") or rng.random() > P_NULL
        return inside(kinds[0], name, space) if is_told else None
    if isinstance(schema, dict) and schema["type"] == "record":
        space = schema.get("namespace", space)
        named[f"{space}.{schema['name']}"] = schema
        return {f["name"]: inside(f["type"], f["name"], space) for f in schema["fields"]}
    if isinstance(schema, dict):
        return [inside(schema["items"], name, space) for _ in range(sizes.get(name, 1))]
    if schema in ("float", "double"):
        return float(np.float32(rng.normal(0, 1000))) if name not in SPANS else float(rng.uniform(*SPANS[name]))
    simple = {
        "int": lambda: int(rng.integers(0, 200)),
        "long": lambda: int(rng.integers(1, 1 << 60)),
        "boolean": lambda: bool(rng.random() < 0.5),
        "string": lambda: str(rng.choice(list("ugrizy"))),
        "bytes": lambda: rng.bytes(sizes["bytes"]),
    }
    return simple[schema]() if schema in simple else inside(named[schema], name, space)
