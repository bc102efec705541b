"""Histories by compiled program: what the packets decoded whole say, bit by bit, for whatever bytes."""

import io
import json
from pathlib import Path
from random import Random
from typing import Any

import fastavro
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincidence.objects import with_keys
from mma.alerts import SchemaStore, decode, histories
from mma.store import Store, objects, tables
from tests.mma.alerts import make, written
from tests.mma.alerts.past import SCHEMAS, compare, record, reference, rows_of, rubin, sent, ztf


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SchemaStore:
    return SchemaStore(make.schema_folder(tmp_path_factory.mktemp("schemas")))


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
