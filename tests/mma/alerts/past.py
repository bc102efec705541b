"""Histories by compiled program, compared with what the packets decoded whole say; schemas to try it on."""

import json
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np

from coincidence import Alert, AlertBatch
from coincidence.names import key
from coincidence.objects import SAME_S, with_keys
from mma.alerts import Histories, Points, SchemaStore, decode, decode_whole, facts, histories
from mma.engine import histories as whole
from mma.errors import DecodeError
from mma.streams.message import Message
from tests.mma.alerts import make

Result = TypeVar("Result")
MAYBE = ["null", "double"]


def record(name: str, *listed: tuple[str, Any], **given: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": n, "type": t} for n, t in listed], **given}


def rubin(items: Any = "s.source") -> dict[str, Any]:
    """A packet with all that Rubin's of any version have, in their order, and some more."""
    flux = [("psfFlux", MAYBE), ("psfFluxErr", ["float", "null"]), ("timeWithdrawnMjdTai", MAYBE)]
    band: tuple[str, Any] = ("band", ["null", "string"])
    source = record(
        "source", ("diaSourceId", "long"), ("diaObjectId", ["null", "long"]), ("midpointMjdTai", "double"),
        ("ra", "double"), ("flags", {"type": "array", "items": ["int", "null"]}), ("dec", "double"), *flux, band,
        namespace="s",
    )  # fmt: skip
    forced = record("forced", ("visit", "long"), ("midpointMjdTai", MAYBE), *flux, band, ("isBright", "boolean"))
    limit = record("limit", ("ccdVisitId", "long"), ("midpointMjdTai", "double"), band, ("diaNoise", "float"))
    return record(
        "alert",
        ("diaSourceId", "long"),
        ("diaSource", source),
        ("prvDiaSources", ["null", {"type": "array", "items": items}]),
        ("prvDiaForcedSources", {"type": "array", "items": ["null", forced]}),
        ("prvDiaNondetectionLimits", [{"type": "array", "items": limit}, "null"]),
        ("cats", {"type": "map", "values": ["string", "null"]}),
        ("diaObject", ["null", record("object", ("firstDiaSourceMjdTai", MAYBE), ("nDiaSources", ["int", "null"]))]),
        ("cutoutDifference", ["null", "bytes"]),
    )


def ztf() -> dict[str, Any]:
    """The same for ZTF."""
    shared: list[tuple[str, Any]] = [("jd", "double"), ("fid", "int"), ("diffmaglim", ["null", "float"])]
    seen: list[tuple[str, Any]] = [("magpsf", ["null", "float"]), ("sigmapsf", ["float", "null"])]
    sign: tuple[str, Any] = ("isdiffpos", ["null", "string"])
    previous = record("prv", *shared, ("pid", "long"), ("candid", ["null", "long"]), sign, *seen)
    forced: list[tuple[str, Any]] = [(n, MAYBE) for n in ("forcediffimflux", "forcediffimfluxunc", "magzpsci")]
    return record(
        "alert",
        ("objectId", "string"),
        ("candid", "long"),
        ("candidate", record("cand", *shared, ("exptime", MAYBE), ("isdiffpos", "string"), ("ra", "double"),
                             ("dec", "double"), ("magpsf", "float"), ("sigmapsf", "float"))),
        ("prv_candidates", ["null", {"type": "array", "items": previous}]),
        ("fp_hists", ["null", {"type": "array", "items": record("fp", *shared, ("exptime", MAYBE), *forced)}]),
        ("cutoutScience", ["null", record("cutout", ("stampData", "bytes"))]),
    )  # fmt: skip


def sent(schema: dict[str, Any], payload: bytes) -> Message:
    return make.message(payload, key=json.dumps(schema).encode())


def reference(messages: Sequence[Message], batch: AlertBatch, store: SchemaStore) -> list[Alert]:
    """All alerts decoded to records: the definition."""
    found = [decode_whole(messages[m], {o}, schemas=store) for m, o in zip(batch.message, batch.object_id, strict=True)]
    return [replace(a, object_id=key(a.survey, a.object_id)) for some in found for a in some]


def rows_of(alerts: list[Alert]) -> list[tuple[Any, ...]]:
    """What is kept of their histories, in this order."""
    return [
        (
            a.object_id,
            d.alert_id or f"{d.time.timestamp():.0f}/{d.band}/{'-' if d.flux_njy is None else '+'}",
            *(d.time.timestamp(), d.band, d.flux_njy, d.flux_error_njy, d.limit_mag),
        )
        for a in alerts
        for d in a.history
    ]


def told_rows(found: Histories) -> list[tuple[Any, ...]]:
    p = found.points
    plain = [[None if isinstance(v, float) and np.isnan(v) else v for v in getattr(p, f.name)] for f in fields(Points)]
    out = []
    for owner, time, band, flux, error, limit, alert_id in zip(*plain, strict=True):
        name = alert_id or f"{time:.0f}/{band}/{'-' if flux is None else '+'}"
        out.append((found.object_id[owner], name, time, band, flux, error, limit))
    return out


def outcome(work: Callable[[], Result]) -> Result | str:
    """What comes of it, or the complaint; fastavro's own end in an object's address."""
    try:
        return work()
    except DecodeError as error:
        return str(error)[:40]


def compare(messages: list[Message], store: SchemaStore) -> Histories | None:
    """Histories of all alerts that can be decoded are the definition's, or neither can be had."""
    batch = decode(messages, schemas=store).batch
    columns = with_keys(batch)
    alerts = outcome(lambda: reference(messages, batch, store))
    found = outcome(lambda: histories(messages, columns, np.arange(len(batch)), list(batch.object_id), schemas=store))
    if isinstance(alerts, str) or isinstance(found, str):
        assert found == alerts
        return None
    assert list(zip(found.object_id, found.id, found.time, strict=True)) == [
        (a.object_id, a.id, a.time.timestamp()) for a in alerts
    ]
    assert told_rows(found) == rows_of(alerts)
    after = whole.with_history(columns, found)
    assert len(set(found.row)) == len(found)
    for row, alert in zip(found.row, alerts, strict=True):
        told = float(np.fmin(columns.first_seen[row], columns.time[row]))
        expected = facts(alert, told)
        assert after.first_seen[row] == (expected.first_seen if abs(expected.first_seen - told) > SAME_S else told)
        unseen = columns.last_unseen[row] if expected.last_unseen is None else expected.last_unseen
        np.testing.assert_equal(after.last_unseen[row], unseen)
    return found


SCHEMAS = [rubin(), rubin(["null", "s.source"]), ztf()]
