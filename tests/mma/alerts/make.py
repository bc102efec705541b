"""Packets of our own making: few fields, with the surveys' names, types and order."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import fastavro

from mma.simulate.packets import ztf_packet
from mma.streams.message import Message

JD = 2461000.75
MJD_TAI = 61000.25


def message(payload: bytes, **given: Any) -> Message:
    return Message(payload=payload, topic="test", **given)


def ztf(**given: Any) -> bytes:
    """A ZTF packet; every field may be given."""
    usual: dict[str, Any] = {
        "object_id": "ZTF26aaaaaaa",
        "candid": 3367463101415010117,
        "jd": JD,
        "ra": 150.25,
        "dec": -12.5,
        "magpsf": 19.0,
        "sigmapsf": 0.1,
        "fid": 2,
        "drb": 0.9,
        "sgscore1": 0.25,
        "distpsnr1": 4.5,
        "ssdistnr": -999.0,
        "jdstarthist": JD - 1.0,
        "ndethist": 3,
    }
    return ztf_packet(**usual | given)


def lsst_schemas(version: str = "9_0") -> dict[str, dict[str, Any]]:
    """Alert, diaSource, diaForcedSource and diaObject as separate schemas that name each other."""
    space = f"lsst.v{version}"

    def record(name: str, *fields: tuple[str, Any]) -> dict[str, Any]:
        listed = [{"name": n, "type": t} for n, t in fields]
        return {"type": "record", "namespace": space, "name": name, "fields": listed}

    maybe = ["null", "double"]
    return {
        "diaSource": record(
            "diaSource",
            ("diaSourceId", "long"),
            ("diaObjectId", ["null", "long"]),
            ("ssObjectId", ["null", "long"]),
            ("midpointMjdTai", "double"),
            ("ra", "double"),
            ("dec", "double"),
            ("psfFlux", maybe),
            ("psfFluxErr", maybe),
            ("reliability", maybe),
            ("band", ["null", "string"]),
        ),
        "diaForcedSource": record(
            "diaForcedSource",
            ("midpointMjdTai", "double"),
            ("psfFlux", maybe),
            ("psfFluxErr", maybe),
            ("band", ["null", "string"]),
        ),
        "diaObject": record(
            "diaObject", ("diaObjectId", "long"), ("firstDiaSourceMjdTai", maybe), ("nDiaSources", "int")
        ),
        "alert": record(
            "alert",
            ("diaSourceId", "long"),
            ("diaSource", f"{space}.diaSource"),
            ("prvDiaSources", ["null", {"type": "array", "items": f"{space}.diaSource"}]),
            ("prvDiaForcedSources", ["null", {"type": "array", "items": f"{space}.diaForcedSource"}]),
            ("diaObject", ["null", f"{space}.diaObject"]),
            ("cutoutDifference", ["null", "bytes"]),
        ),
    }


def schema_folder(folder: Path, version: str = "9_0", layout: str = "v9.0") -> Path:
    """A folder of LSST-like schemas, as ``MMA_LSST_SCHEMAS`` names one."""
    (folder / layout).mkdir(parents=True)
    for name, schema in lsst_schemas(version).items():
        (folder / layout / f"lsst.v{version}.{name}.avsc").write_text(json.dumps(schema))
    return folder


def dia_source(**given: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "diaSourceId": 170094456272322680,
        "diaObjectId": 170028485706776685,
        "ssObjectId": None,
        "midpointMjdTai": MJD_TAI,
        "ra": 63.5,
        "dec": -47.25,
        "psfFlux": -1500.5,
        "psfFluxErr": 100.0,
        "reliability": 0.75,
        "band": "i",
    }
    return usual | given


def lsst_body(source: Mapping[str, Any], **given: Any) -> bytes:
    """Schemaless Avro of an LSST-like alert."""
    schemas = lsst_schemas()
    named: dict[str, Any] = {}
    parsed = [fastavro.parse_schema(schemas[n], named_schemas=named) for n in schemas][-1]
    packet = {
        "diaSourceId": source["diaSourceId"],
        "diaSource": source,
        "prvDiaSources": None,
        "prvDiaForcedSources": None,
        "diaObject": None,
        "cutoutDifference": b"x" * 100,
    }
    out = io.BytesIO()
    fastavro.schemaless_writer(out, parsed, packet | given)
    return out.getvalue()


def confluent(body: bytes, schema_id: int = 900) -> bytes:
    return struct.pack(">BI", 0, schema_id) + body


def container(schema: Any, records: Sequence[Any], codec: str = "null", sync_interval: int = 1) -> bytes:
    out = io.BytesIO()
    fastavro.writer(out, schema, records, codec=codec, sync_interval=sync_interval)
    return out.getvalue()


def read_whole(payload: bytes) -> list[Any]:
    """The definition: fastavro's own reader, all fields."""
    return list(fastavro.reader(io.BytesIO(payload)))
