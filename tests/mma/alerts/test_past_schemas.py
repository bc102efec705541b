"""Histories by compiled program: schemas that none can read, and those of real packets, which all are."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mma.alerts import DECODERS, SchemaStore
from mma.alerts.avro.framing import container, framing
from mma.alerts.avro.read_arrays import asked
from mma.alerts.avro.schema import checked
from mma.alerts.packet import PacketDecoder
from mma.errors import DecodeError
from tests.mma.alerts import make, written
from tests.mma.alerts.past import compare, record, ztf


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
    with pytest.raises(DecodeError, match="array of items that take no bytes"):
        has_program(changed(ztf(), "cutoutScience", {"type": "array", "items": nothing}))
    deep: Any = "int"
    for _ in range(9):
        deep = {"type": "array", "items": deep}
    assert not has_program(changed(ztf(), "cutoutScience", deep))


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
