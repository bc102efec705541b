"""Programs and their kernel: what fastavro wrote is what they read, and bad bytes are given up."""

import io
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mma.alerts import DECODERS, SchemaStore
from mma.alerts.avro.batch import Batch
from mma.alerts.avro.bytecode import Asked, compiled
from mma.alerts.avro.framing import container
from mma.alerts.avro.read_fields import _run
from mma.alerts.avro.schema import checked
from mma.alerts.packet import PacketDecoder
from tests.mma.alerts import make

PLAIN = ["double", "float", "long", "int", "string", "boolean"]
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "double": st.floats(allow_nan=False),
    "float": st.floats(width=32, allow_nan=False),
    "long": st.integers(-(2**63), 2**63 - 1),
    "int": st.integers(-(2**31), 2**31 - 1),
    "string": st.text(alphabet=st.characters(max_codepoint=127), max_size=5),
    "boolean": st.booleans(),
    "bytes": st.binary(max_size=5),
}


@st.composite
def schemas(draw: st.DrawFn, depth: int = 0, space: str = "r") -> dict[str, Any]:
    """A record of plain fields, unions, enums, fixed bytes and records, some of them named a second time."""
    listed: list[dict[str, Any]] = []
    for i in range(draw(st.integers(1, 6))):
        name = f"{space}{i}"
        kinds: list[Any] = [*PLAIN, "bytes", "null"]
        kinds += [{"type": "enum", "name": f"E{name}", "symbols": ["a", "b", "c"]}]
        kinds += [{"type": "fixed", "name": f"F{name}", "size": 3}]
        kinds += [draw(schemas(depth=depth + 1, space=f"{name}_"))] if depth < 2 and i % 2 else []
        kinds += [f["type"]["name"] for f in listed if isinstance(f["type"], dict)]
        kind = draw(st.sampled_from(kinds))
        if kind != "null" and draw(st.booleans()):
            kind = draw(st.permutations(["null", kind]))
        elif draw(st.integers(0, 5)) == 0:
            kind = draw(st.permutations(["null", "long", "string"]))
        listed.append({"name": name, "type": kind})
    return {"type": "record", "name": f"R{space}", "fields": listed}


def value_of(draw: Any, schema: Any, path: str, named: dict[str, Any], leaves: dict[str, Any]) -> Any:
    """A value; ``leaves`` gets those that a program can tell."""
    kind = draw(st.sampled_from(schema)) if isinstance(schema, list) else schema
    kind = named.get(kind, kind) if isinstance(kind, str) else kind
    if isinstance(kind, dict):
        named[kind["name"]] = kind
        if kind["type"] == "enum":
            return draw(st.sampled_from(kind["symbols"]))
        if kind["type"] == "fixed":
            return draw(st.binary(min_size=3, max_size=3))
        inner = kind["fields"]
        return {f["name"]: value_of(draw, f["type"], f"{path}{f['name']}.", named, leaves) for f in inner}
    leaves[path.rstrip(".")] = value = draw(VALUES[kind])
    return value


def readable(schema: Any, path: str, named: dict[str, Any]) -> set[str]:
    """Paths of fields that hold numbers, texts or truth values, or null, and nothing else."""
    if isinstance(schema, str) and schema in named:
        schema = named[schema]
    if isinstance(schema, dict):
        named[schema["name"]] = schema
        inner = schema.get("fields", [])
        return set().union(*(readable(f["type"], f"{path}{f['name']}.", named) for f in inner), set())
    if isinstance(schema, list):
        found = [readable(option, path, named) for option in schema]
        return set().union(*found) if all(isinstance(o, str) and o in [*PLAIN, "null"] for o in schema) else (
            set().union(*(f for o, f in zip(schema, found, strict=True) if not isinstance(o, str) or o in named))
        )  # fmt: skip
    return {path.rstrip(".")} if schema in PLAIN else set()


@given(st.data())
def test_programs_read_what_fastavro_wrote(data: st.DataObject) -> None:
    schema = data.draw(schemas())
    out, leaves, named = io.BytesIO(), dict[str, Any](), dict[str, Any]()
    record = value_of(data.draw, schema, "", named, leaves)
    try:
        parsed = fastavro.parse_schema(schema)
    except fastavro.schema.UnknownType:  # a name that only an unused union would have told
        return
    paths = readable(schema, "", {})
    fastavro.schemaless_writer(out, parsed, record)
    plain: Any = checked(schema).source
    program = compiled(plain, Asked(frozenset(), frozenset(paths), frozenset(), frozenset()))
    assert program is not None
    whole, read = out.getvalue(), fastavro.schemaless_reader(io.BytesIO(out.getvalue()), parsed, None)
    batch, ok = _run(program, [whole, whole + b"more", *(whole[:cut] for cut in range(len(whole)))])
    assert ok[:2].all()
    assert not ok[2:].any()
    for path in paths:
        told: Any = read
        for name in path.split("."):
            told = told.get(name) if isinstance(told, dict) else None
        assert batch.values(path)[:2] == [told, told], path


ANY = Asked(frozenset({"a"}), frozenset({"b"}), frozenset(), frozenset())


def run_one(field_type: Any, data: bytes, name: str = "a") -> tuple[Batch, bool]:
    source: Any = {"type": "record", "name": "r", "fields": [{"name": name, "type": field_type}]}
    program = compiled(source, ANY)
    assert program is not None
    batch, ok = _run(program, [data])
    return batch, bool(ok[0])


@pytest.mark.parametrize(
    ("field_type", "data"),
    [
        ("long", b"\xff" * 9 + b"\x02"),  # over 64 bits
        ("long", b"\xff" * 20),
        (["null", "long"], b"\x04\x02"),  # there is no third branch
        (["null", "double"], b"\x01" + bytes(8)),  # branch -1
        (["long", "null", "double"], b"\x06\x00"),
        (["null", {"type": "enum", "name": "e", "symbols": ["x"]}], b"\x02\x02"),
    ],
)
def test_hostile_bytes_are_given_up(field_type: Any, data: bytes) -> None:
    assert not run_one(field_type, data, "a" if "enum" not in str(field_type) else "passed over")[1]


@pytest.mark.parametrize("size", [b"\x01", b"\xff" * 9 + b"\x01", b"\xfe" * 9 + b"\x01", b"\x80\x80\x80\x80\x80\x20"])
@pytest.mark.parametrize("kind", ["string", "bytes"])
def test_hostile_lengths_are_given_up(kind: str, size: bytes) -> None:
    """Minus 1, -2^63, 2^63 - 1, 2^39: passed over, not followed."""
    assert not run_one(kind, size + b"abc\x02", "passed over")[1]


def test_the_longest_integers() -> None:
    for value, data in ((2**63 - 1, b"\xfe" + b"\xff" * 8 + b"\x01"), (-(2**63), b"\xff" * 9 + b"\x01")):
        batch, ok = run_one("long", data)
        assert (ok, int(batch.bits[0, 0])) == (True, value)


@pytest.mark.parametrize(
    "field_type",
    [
        {"type": "array", "items": "long"},
        {"type": "map", "values": "long"},
        "string",  # wanted as a number
        {"type": "fixed", "name": "f", "size": 8},
        {"type": "enum", "name": "e", "symbols": ["x"]},
    ],
)
def test_there_is_no_program_for_what_it_cannot_read(field_type: Any) -> None:
    source: Any = {"type": "record", "name": "r", "fields": [{"name": "a", "type": field_type}]}
    assert compiled(source, ANY) is None


@pytest.mark.parametrize("leaf", ["long", "null"])
def test_a_schema_that_grows_without_end_has_no_program(leaf: str) -> None:
    """Forty records, each of which holds the one before it twice."""
    listed = [{"type": "record", "name": "r0", "fields": [{"name": "x", "type": leaf}]}]
    for i in range(1, 40):
        twice = [{"name": name, "type": f"r{i - 1}"} for name in "ab"]
        listed.append({"type": "record", "name": f"r{i}", "fields": twice})
    source: Any = {
        "type": "record",
        "name": "all",
        "fields": [{"name": r["name"], "type": ["null", r]} for r in listed],
    }
    assert compiled(source, ANY) is None


def test_a_long_chain_of_records_has_no_program() -> None:
    chain: list[Any] = [{"type": "record", "name": "r0", "fields": [{"name": "x", "type": "long"}]}]
    for i in range(1, 2000):
        chain.append({"type": "record", "name": f"r{i}", "fields": [{"name": "x", "type": f"r{i - 1}"}]})
    source: Any = {"type": "record", "name": "all", "fields": [{"name": r["name"], "type": r} for r in chain]}
    assert compiled(source, ANY) is None


def test_a_packet_step_by_step() -> None:
    """The framing of one packet, its program, and its columns, step by step."""
    decoder = DECODERS["ztf"]
    assert isinstance(decoder, PacketDecoder)
    assert decoder.columns is not None
    assert decoder.needs is not None
    framed = container(make.message(make.ztf()), SchemaStore(""))
    program = framed.schema.program(decoder.columns, decoder.needs)
    assert program is not None
    block = framed.blocks[0]
    batch, ok = _run(program, [block.data[block.start : block.start + program.window]])
    assert ok.all()
    assert batch.number("candidate.ra").tolist() == [150.25]
    assert batch.values("candidate.fid") == [2]
    assert batch.values("candidate.nonsense") == [None]
    assert (batch.has("candidate"), batch.has("prv_candidates")) == (True, False)
