"""ZTF alert packets of our own making, fast enough for a simulated night.

The schema is ours: ZTF's names, order and types (``ztf.alert`` 4.02) of the fields that we read, no others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from typing import Any

import fastavro

SCHEMA_VERSION = "4.02"
PUBLISHER = "mma simulate"
SYNC = bytes(range(16))
"""Any 16 bytes do; always the same, so that the same night gives the same bytes."""

EXPOSURE_S = 30.0


def _field(name: str, kind: str, *, is_optional: bool = True) -> dict[str, Any]:
    if not is_optional:
        return {"name": name, "type": kind}
    return {"name": name, "type": ["null", kind], "default": None}


PREVIOUS_FIELDS = [
    _field("jd", "double", is_optional=False),
    _field("fid", "int", is_optional=False),
    _field("diffmaglim", "float"),
    _field("candid", "long"),
    _field("isdiffpos", "string"),
    _field("ra", "double"),
    _field("dec", "double"),
    _field("magpsf", "float"),
    _field("sigmapsf", "float"),
]
CANDIDATE_FIELDS = [
    _field("jd", "double", is_optional=False),
    _field("fid", "int", is_optional=False),
    _field("diffmaglim", "float"),
    _field("programid", "int", is_optional=False),
    _field("candid", "long", is_optional=False),
    _field("isdiffpos", "string", is_optional=False),
    _field("ra", "double", is_optional=False),
    _field("dec", "double", is_optional=False),
    _field("magpsf", "float", is_optional=False),
    _field("sigmapsf", "float", is_optional=False),
    _field("rb", "float"),
    _field("ssdistnr", "float"),
    _field("sgscore1", "float"),
    _field("distpsnr1", "float"),
    _field("ndethist", "int", is_optional=False),
    _field("jdstarthist", "double"),
    _field("jdendhist", "double"),
    _field("exptime", "float"),
    _field("drb", "float"),
]
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "alert",
    "namespace": "ztf",
    "doc": "Reduced ZTF alert, simulated",
    "fields": [
        _field("schemavsn", "string", is_optional=False),
        _field("publisher", "string", is_optional=False),
        _field("objectId", "string", is_optional=False),
        _field("candid", "long", is_optional=False),
        {
            "name": "candidate",
            "type": {
                "type": "record",
                "name": "candidate",
                "namespace": "ztf.alert",
                "fields": CANDIDATE_FIELDS,
            },
        },
        {
            "name": "prv_candidates",
            "type": [
                "null",
                {
                    "type": "array",
                    "items": {
                        "type": "record",
                        "name": "prv_candidate",
                        "namespace": "ztf.alert",
                        "fields": PREVIOUS_FIELDS,
                    },
                },
            ],
            "default": None,
        },
    ],
}


def ztf_packet(
    *,
    object_id: str,
    candid: int,
    jd: float,
    ra: float,
    dec: float,
    magpsf: float,
    sigmapsf: float,
    fid: int,
    isdiffpos: str = "t",
    drb: float | None = None,
    sgscore1: float | None = None,
    distpsnr1: float | None = None,
    ssdistnr: float | None = None,
    jdstarthist: float | None = None,
    ndethist: int = 1,
    diffmaglim: float | None = 20.5,
    prv_candidates: Sequence[Mapping[str, Any]] | None = None,
) -> bytes:
    """An Avro object container with one packet, readable by anything that reads ZTF's.

    Parameters
    ----------
    jd
        JD UTC of the *start* of the 30 s exposure, as ZTF tells it.
    ra, dec
        ICRS degrees.
    magpsf, sigmapsf
        AB magnitude of the difference's size, and its error.
    fid
        1 g, 2 r, 3 i.
    jdstarthist
        Start of the first detection; this one's where not given.
    prv_candidates
        Earlier exposures by ZTF's names: ``jd`` and ``fid`` at least; without ``candid`` a non-detection.
    """
    candidate = {
        "jd": jd,
        "fid": fid,
        "diffmaglim": diffmaglim,
        "programid": 1,
        "candid": candid,
        "isdiffpos": isdiffpos,
        "ra": ra,
        "dec": dec,
        "magpsf": magpsf,
        "sigmapsf": sigmapsf,
        "rb": drb,
        "ssdistnr": ssdistnr,
        "sgscore1": sgscore1,
        "distpsnr1": distpsnr1,
        "ndethist": ndethist,
        "jdstarthist": jd if jdstarthist is None else jdstarthist,
        "jdendhist": jd,
        "exptime": EXPOSURE_S,
        "drb": drb,
    }
    header, schema = _header()
    body = BytesIO()
    fastavro.schemaless_writer(
        body,
        schema,
        {
            "schemavsn": SCHEMA_VERSION,
            "publisher": PUBLISHER,
            "objectId": object_id,
            "candid": candid,
            "candidate": candidate,
            "prv_candidates": prv_candidates,
        },
    )
    data = body.getvalue()
    return b"".join((header, b"\x02", _varint(len(data)), data, SYNC))


def _varint(number: int) -> bytes:
    """A non-negative number as Avro's zig-zag variable-length integer."""
    rest, out = number << 1, bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


@cache
def _header() -> tuple[bytes, Any]:
    """A container's header up to and with the sync marker, and the schema ready for fastavro."""
    text = json.dumps(SCHEMA, separators=(",", ":")).encode()
    pairs = {b"avro.codec": b"null", b"avro.schema": text}
    metadata = b"".join(_varint(len(k)) + k + _varint(len(v)) + v for k, v in pairs.items())
    header = b"Obj\x01" + _varint(len(pairs)) + metadata + b"\x00" + SYNC
    return header, fastavro.parse_schema(SCHEMA)
