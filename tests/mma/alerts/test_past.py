"""Histories by compiled program: what the packets decoded whole say, bit by bit, for whatever bytes."""

import copy
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import fastavro
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincidence import Alert, AlertBatch
from coincidence.objects import SAME_S, key, with_keys
from mma import whole
from mma.alerts import DECODERS, Histories, Points, SchemaStore, decode, decode_whole, facts, histories
from mma.alerts.avro import container, framing
from mma.alerts.nested import asked
from mma.alerts.packet import PacketDecoder
from mma.alerts.schemas import checked
from mma.errors import DecodeError
from mma.store import Store, objects, tables
from mma.streams.message import Message
from tests.mma.alerts import make, written

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
        assert after.first_seen[row] == (expected.first_seen if expected.first_seen < told - SAME_S else told)
        unseen = columns.last_unseen[row] if expected.last_unseen is None else expected.last_unseen
        np.testing.assert_equal(after.last_unseen[row], unseen)
    return found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SchemaStore:
    return SchemaStore(make.schema_folder(tmp_path_factory.mktemp("schemas")))


SCHEMAS = [rubin(), rubin(["null", "s.source"]), ztf()]


@pytest.mark.parametrize("schema", SCHEMAS, ids=["rubin", "fink", "ztf"])
@given(st.integers(0, 2**32))
def test_random_packets(store: SchemaStore, schema: dict[str, Any], seed: int) -> None:
    random = Random(seed)
    payloads = [written.packet(schema, random) for _ in range(4)]
    for payload in payloads:
        compare([sent(schema, payload)], store)


@pytest.mark.parametrize("schema", SCHEMAS, ids=["rubin", "fink", "ztf"])
@given(st.integers(0, 2**32), st.data())
def test_changed_and_cut_bytes(store: SchemaStore, schema: dict[str, Any], seed: int, data: st.DataObject) -> None:
    payload = bytearray(written.packet(schema, Random(seed)))
    for _ in range(data.draw(st.integers(0, 3))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(payload), data.draw(st.integers(0, len(payload)))]))
    compare([sent(schema, bytes(payload[:cut]))], store)


@pytest.mark.parametrize("schema", SCHEMAS, ids=["rubin", "fink", "ztf"])
def test_packets_that_are_in_order_are_not_decoded_whole(store: SchemaStore, schema: dict[str, Any]) -> None:
    messages = [sent(schema, written.packet(schema, Random(i), odd=0.0)) for i in range(60)]
    found = compare(messages, store)
    assert found is not None
    assert (len(found), found.n_whole) == (60, 0)
    assert len(found.points) > 300
    assert {"g", "r"} <= set(found.points.band)


def test_good_and_bad_together_in_the_order_of_the_messages(store: SchemaStore) -> None:
    """Programs of two schemas, a table-like array too long for them, names that are not plain, JSON."""
    random = Random(5)
    messages = []
    for i in range(12):
        schema = SCHEMAS[i % 3]
        messages.append(sent(schema, written.packet(schema, random, odd=0.0)))
    many = [{"jd": make.JD - 1 - i / 1000, "fid": 2, "diffmaglim": 20.0} for i in range(5000)]
    messages.insert(3, make.message(make.ztf(prv_candidates=many)))
    messages.insert(5, make.message(make.ztf(object_id="ü", candid=4)))
    as_json = make.read_whole(make.ztf(candid=6, prv_candidates=many[:3]))[0]
    messages.insert(7, make.message(json.dumps(as_json).encode()))
    found = compare(messages, store)
    assert found is not None
    assert found.n_whole == 3
    assert list(np.unique(found.row)) == list(range(15))
    assert np.all(np.diff(found.points.owner) >= 0)


def test_room_is_made_where_it_is_wanted(store: SchemaStore) -> None:
    many = [{"jd": make.JD - 1 - i / 1000, "fid": 1 + i % 3, "diffmaglim": 20.0} for i in range(4000)]
    messages = [make.message(make.ztf(candid=i, prv_candidates=many[: 500 * i])) for i in range(9)]
    found = compare(messages, store)
    assert found is not None
    assert found.n_whole == 0
    assert len(found.points) == 500 * sum(range(9))


def test_more_bands_than_there_are(store: SchemaStore) -> None:
    """Short texts are told apart one by one as long as they are few."""
    source = {"diaSourceId": 1, "diaObjectId": 10**12, "midpointMjdTai": 61000.5, "ra": 1.0, "flags": [], "dec": 2.0}
    source |= {"psfFlux": 1e4, "psfFluxErr": 10.0, "timeWithdrawnMjdTai": None, "band": "g"}
    for n in (60, 63, 64, 65, 300):
        earlier = [source | {"midpointMjdTai": 61000.0 - i, "band": f"b{i:03d}"} for i in range(n)]
        record = {"diaSourceId": 1, "diaSource": source, "prvDiaSources": earlier, "prvDiaForcedSources": []}
        record |= {"prvDiaNondetectionLimits": None, "cats": {}, "diaObject": None, "cutoutDifference": None}
        out = io.BytesIO()
        fastavro.schemaless_writer(out, fastavro.parse_schema(rubin()), record)
        found = compare([sent(rubin(), out.getvalue())], store)
        assert found is not None
        assert (found.n_whole, len(set(found.points.band))) == (0, n)


def test_a_block_that_claims_more_than_there_is(store: SchemaStore) -> None:
    """Counts of 2^62, -2^63 and the like are given up at once."""
    schema = ztf()
    alone = record("alert", *((f["name"], f["type"]) for f in schema["fields"][:4]))
    begin = written.packet(record("alert", *((f["name"], f["type"]) for f in schema["fields"][:3])), Random(1), odd=0)
    for count in (2**62, -(2**63), 5, -5, 0):
        found = compare([sent(alone, begin + written.long(1) + written.long(count) + b"\2\0\0")], store)
        assert (found is None) == (count not in (0, -(2**63)))  # fastavro takes the latter for no items


def changed(schema: dict[str, Any], where: str, kind: Any) -> dict[str, Any]:
    other = copy.deepcopy(schema)
    next(f for f in other["fields"] if f["name"] == where)["type"] = kind
    return other


def has_program(schema: dict[str, Any]) -> bool:
    decoder = DECODERS["ztf"]
    assert isinstance(decoder, PacketDecoder)
    assert decoder.points is not None
    return checked(schema).program_of_whole(asked(decoder.points)) is not None


def test_schemas_that_programs_cannot_read() -> None:
    """Items that are no records, that may take no bytes, fields that are missing, or of another type."""
    without = record("x", ("jd", "double"))
    texts = record("x", ("jd", "string"), ("fid", "int"))
    inner = record("x", ("jd", {"type": "array", "items": "double"}), ("fid", "int"))
    good = record("x", ("jd", "double"), ("fid", "int"))
    assert has_program(ztf())
    assert has_program(changed(ztf(), "fp_hists", {"type": "array", "items": good}))
    for items in ("double", without, texts, inner, {"type": "array", "items": good}):
        assert not has_program(changed(ztf(), "fp_hists", {"type": "array", "items": items}))
    assert has_program(changed(ztf(), "cutoutScience", {"type": "map", "values": good}))
    for kind in (good, "string", {"type": "map", "values": good}):
        assert not has_program(changed(ztf(), "fp_hists", kind))
    nothing = record("x", ("a", "null"), ("b", record("y", ("c", "null"))))
    assert not has_program(changed(ztf(), "cutoutScience", {"type": "array", "items": nothing}))
    deep: Any = "int"
    for _ in range(9):
        deep = {"type": "array", "items": deep}
    assert not has_program(changed(ztf(), "cutoutScience", deep))


def test_what_is_kept_of_a_history(store: SchemaStore, tmp_path: Path) -> None:
    """The database holds the rows of the records, the first of each key."""
    random = Random(3)
    messages = [sent(s, written.packet(s, random, odd=0.0)) for s in SCHEMAS for _ in range(10)]
    batch = decode(messages, schemas=store).batch
    expected: dict[tuple[str, str], tuple[Any, ...]] = {}
    for row in rows_of(reference(messages, batch, store)):
        expected.setdefault(row[:2], row)
    found = histories(messages, with_keys(batch), np.arange(len(batch)), list(batch.object_id), schemas=store)
    database = Store(f"{tmp_path}/x.sqlite")
    with database.begin() as connection:
        objects.add_history(connection, found)
        objects.add_history(connection, found)
        kept = [tuple(row) for row in connection.execute(tables.detections.select())]
    database.close()
    assert sorted(kept, key=str) == sorted(expected.values(), key=str)


@pytest.mark.realdata
def test_every_real_packet(data: Path) -> None:
    store = SchemaStore(data / "optical/rubin/schema")
    paths = sorted((data / "optical").rglob("*avro"))
    messages = [make.message(p.read_bytes()) for p in paths if {"ztf", "rubin"} & {*p.parts}]
    found = compare(messages, store)
    assert found is not None
    assert found.n_whole == 0
    assert len(found) >= 18
    assert len(found.points) > 400
    two = make.message((data / "optical/fink/ztf-part-3-305711.avro").read_bytes())
    both = compare([two, *messages], store)
    assert both is not None
    assert both.n_whole == 1


@pytest.mark.realdata
def test_packets_that_brokers_pass_on(data: Path) -> None:
    """Each packet of their files by itself, as Kafka brings them."""
    messages = []
    for path in sorted((data / "optical").glob("fink/*.avro")) + sorted((data / "optical").glob("elasticc/*.avro")):
        message = make.message(path.read_bytes())
        assert framing(message) is container
        framed = container(message, SchemaStore(""))
        text = json.dumps(framed.schema.source).encode()
        messages += [make.message(b.data[b.start : b.end], key=text) for b in framed.blocks]
    found = compare(messages, SchemaStore(""))
    assert found is not None
    assert len(found) > 40
    assert found.n_whole == 0
    assert len(found.points) > 4000


@pytest.mark.realdata
@pytest.mark.parametrize("number", [400, 704, 800, 900, 1000, 1100])
def test_every_real_schema(data: Path, number: int) -> None:
    store = SchemaStore(data / "optical/rubin/schema")
    random = Random(number)
    bodies = [written.packet(store.get(number).source, random, odd=0.0) for _ in range(20)]
    messages = [make.message(make.confluent(body, number)) for body in bodies]
    found = compare(messages, store)
    assert found is not None
    assert found.n_whole == 0
    assert len(found.points) > 100
    for message in messages[:3]:  # nothing may be left over, nothing missing
        compare([replace(message, payload=message.payload + b"\0")], store)
        compare([replace(message, payload=message.payload[:-1])], store)
