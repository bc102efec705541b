"""Rubin alert packets of our own making.

The schema is ours: names, order and types of ``lsst.v10_0.alert`` for the fields that we read, no others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from typing import Any

import fastavro

from .packets import SYNC


def _field(name: str, kind: Any, *, is_optional: bool = False) -> dict[str, Any]:
    return {"name": name, "type": ["null", kind], "default": None} if is_optional else {"name": name, "type": kind}


def _record(name: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "record", "name": name, "namespace": "lsst.v10_0", "fields": fields}


_SOURCE = [
    _field("diaSourceId", "long"),
    _field("diaObjectId", "long", is_optional=True),
    _field("ssObjectId", "long", is_optional=True),
    _field("midpointMjdTai", "double"),
    _field("ra", "double"),
    _field("dec", "double"),
    _field("psfFlux", "float", is_optional=True),
    _field("psfFluxErr", "float", is_optional=True),
    _field("band", "string", is_optional=True),
    _field("reliability", "float", is_optional=True),
]
_FORCED = [
    _field("diaForcedSourceId", "long"),
    _field("midpointMjdTai", "double"),
    _field("psfFlux", "float", is_optional=True),
    _field("psfFluxErr", "float", is_optional=True),
    _field("band", "string", is_optional=True),
]
_OBJECT = [
    _field("diaObjectId", "long"),
    _field("ra", "double"),
    _field("dec", "double"),
    _field("firstDiaSourceMjdTai", "double", is_optional=True),
    _field("nDiaSources", "int"),
]
SCHEMA = _record(
    "alert",
    [
        _field("diaSourceId", "long"),
        _field("diaSource", _record("diaSource", _SOURCE)),
        _field("prvDiaSources", {"type": "array", "items": "diaSource"}, is_optional=True),
        _field(
            "prvDiaForcedSources",
            {"type": "array", "items": _record("diaForcedSource", _FORCED)},
            is_optional=True,
        ),
        _field("diaObject", _record("diaObject", _OBJECT), is_optional=True),
    ],
)


def lsst_packet(
    source: Mapping[str, Any],
    earlier: Sequence[Mapping[str, Any]],
    forced: Sequence[Mapping[str, Any]],
    dia_object: Mapping[str, Any],
) -> bytes:
    """An Avro object container with one packet, readable by anything that reads Rubin's.

    Parameters
    ----------
    source, earlier
        This detection and those before it, by Rubin's names; times MJD TAI, fluxes nJy.
    forced
        Exposures that did not see it: forced photometry.
    dia_object
        What is known of the object as a whole.
    """
    body = BytesIO()
    record = {
        "diaSourceId": source["diaSourceId"],
        "diaSource": source,
        "prvDiaSources": earlier,
        "prvDiaForcedSources": forced,
        "diaObject": dia_object,
    }
    fastavro.writer(body, _schema(), [record], sync_marker=SYNC)
    return body.getvalue()


@cache
def _schema() -> Any:
    return fastavro.parse_schema(SCHEMA)
