"""Framings and cut schemas: the same values as a whole decode, and only DecodeError from broken bytes."""

import io
import json
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mma.alerts import SchemaStore, decode, decode_whole, kind_of
from mma.alerts.avro.codecs import MAX_BYTES
from mma.alerts.avro.framing import container, records
from mma.alerts.avro.schema import WriterSchema, checked, writer_schema
from mma.errors import DecodeError, MmaError
from tests.mma.alerts import make

NEEDS = ("objectId", "candid", "candidate")
LONG_SCHEMA = {"type": "record", "name": "r", "fields": [{"name": "a", "type": "long"}]}


def cut_points(payload: bytes, many: int = 150) -> list[int]:
    return sorted({*range(0, len(payload), max(len(payload) // many, 1)), len(payload) - 1})


def raw_container(schema: Any, block: bytes, codec: bytes = b"null", count: bytes = b"\x02") -> bytes:
    """A container around a block, right or wrong."""

    def sized(data: bytes) -> bytes:
        return varint(len(data)) + data

    text = json.dumps(schema).encode()
    head = b"Obj\x01\x04" + sized(b"avro.codec") + sized(codec) + sized(b"avro.schema") + sized(text) + b"\x00"
    return head + bytes(16) + count + sized(block) + bytes(16)


def varint(number: int) -> bytes:
    out, rest = bytearray(), number << 1
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*out, rest])


def refusal(payload: bytes, **given: Any) -> str:
    decoded = decode([make.message(payload, **given)], "ztf")
    assert len(decoded.batch) == 0
    assert [i for i, _ in decoded.refused] == [0]
    return str(decoded.refused[0][1])


def test_leading_fields_are_the_whole_packets() -> None:
    payload = make.ztf(prv_candidates=[{"jd": make.JD - 1, "fid": 1}])
    framed = container(make.message(payload), SchemaStore(""))
    (leading, is_whole), (whole,) = next(records(framed, NEEDS)), make.read_whole(payload)
    assert not is_whole
    assert leading == {k: whole[k] for k in ("schemavsn", "publisher", *NEEDS)}


@pytest.mark.parametrize("codec", ["null", "deflate"])
def test_containers_of_many_records(codec: str) -> None:
    """Three in one block, or each in its own: all come, and the same."""
    whole = make.read_whole(make.ztf())[0]
    schema = fastavro.reader(io.BytesIO(make.ztf())).writer_schema
    packets = [whole | {"candid": i} for i in range(1, 4)]
    for interval in (1, 1_000_000):
        decoded = decode([make.message(make.container(schema, packets, codec, interval))])
        assert list(decoded.batch.id) == ["1", "2", "3"]
        assert decoded.n_whole == (0 if interval == 1 else 3)


def test_an_empty_block_is_skipped() -> None:
    payload = make.ztf()
    with_empty = payload + b"\x00\x00" + payload[-16:]
    assert len(decode([make.message(with_empty)]).batch) == 1


def test_field_order_that_forbids_the_short_way_is_decoded_whole_and_counted() -> None:
    whole = make.read_whole(make.ztf())[0]
    schema = json.loads(fastavro.reader(io.BytesIO(make.ztf())).metadata["avro.schema"])
    schema["fields"] = schema["fields"][::-1]
    decoded = decode([make.message(make.container(schema, [whole]))])
    assert (list(decoded.batch.object_id), decoded.n_whole) == (["ZTF26aaaaaaa"], 1)


def test_schema_in_the_message_key() -> None:
    """Fink: the key is the schema as JSON, the payload has no framing."""
    reader = fastavro.reader(io.BytesIO(make.ztf()))
    body = io.BytesIO()
    fastavro.schemaless_writer(body, reader.writer_schema, next(reader))
    sent = make.message(body.getvalue(), key=json.dumps(reader.writer_schema).encode())
    assert kind_of(sent) == "ztf"
    assert list(decode([sent]).batch.id) == ["3367463101415010117"]
    assert refusal(body.getvalue(), key=b'{"type": "re').startswith("Avro schema")


def test_truncated_anywhere_is_a_refusal(tmp_path: Path) -> None:
    store = SchemaStore(make.schema_folder(tmp_path))
    framed = make.confluent(make.lsst_body(make.dia_source(), prvDiaSources=[make.dia_source()]))
    needed = 5 + len(make.lsst_body(make.dia_source())) - 104  # what the leading fields take, at most
    for payload, kind in ((make.ztf(), "ztf"), (framed[:needed], "lsst")):
        for cut in cut_points(payload)[1:]:
            sent = make.message(payload[:cut])
            with pytest.raises(DecodeError):
                decode_whole(sent, {"x"}, kind, schemas=store)
            if kind == "ztf":
                assert len(decode([sent], kind).refused) == 1


@given(st.data())
def test_changed_bytes_never_raise(data: st.DataObject) -> None:
    payload = bytearray(make.ztf(prv_candidates=[{"jd": make.JD - 1, "fid": 1}]))
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    sent = make.message(bytes(payload))
    decoded = decode([sent])
    assert len(decoded.refused) + len(decoded.ignored) + len(decoded.batch) == 1
    with suppress(MmaError):
        decode_whole(sent, {"ZTF26aaaaaaa"})


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"Obj\x01", b"\x00\x00\x00\x03\x84", b"{", b"<VOEvent", b"ra,dec,mjd\n"]),
)
def test_any_bytes_are_rows_or_a_reason(tail: bytes, head: bytes) -> None:
    decoded = decode([make.message(head + tail)])
    assert len(decoded.batch) + len(decoded.refused) + len(decoded.ignored) >= (1 if head != b"ra,dec,mjd\n" else 0)


def test_a_bad_message_costs_that_message() -> None:
    sent = [
        make.message(p) for p in (make.ztf(candid=1), make.ztf()[:200], b"", make.ztf(ra=400.0), make.ztf(candid=2))
    ]
    decoded = decode(sent)
    assert list(decoded.batch.id) == ["1", "2"]
    assert list(decoded.batch.message) == [0, 4]
    assert [i for i, _ in decoded.refused] == [1, 3]
    assert [i for i, _ in decoded.ignored] == [2]


def test_a_deflate_bomb_is_refused() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(MAX_BYTES // 1_000_000 + 2)) + packer.flush()
    assert "64 MB" in refusal(raw_container(LONG_SCHEMA, bomb, b"deflate"))


@pytest.mark.parametrize(
    ("block", "codec", "count", "reason"),
    [
        (b"\x02", b"null", b"\x01", "block of -1 records"),
        (b"\x02", b"null", varint(2**40), "records in 1 bytes"),
        (b"\x02", b"snappy", b"\x02", "snappy"),
        (b"\x02", b"zstandard", b"\x02", "codec 'zstandard' is not supported"),
        (b"\x07nonsense", b"deflate", b"\x02", "deflate"),
        (b"\xff" * 12, b"null", b"\x02", "Avro record"),
    ],
)
def test_broken_blocks(block: bytes, codec: bytes, count: bytes, reason: str) -> None:
    assert reason in refusal(raw_container(LONG_SCHEMA, block, codec, count))


def test_snappy_without_its_package_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cramjam", None)
    assert "needs the package cramjam" in refusal(raw_container(LONG_SCHEMA, b"\x01\x00\x02aaaa", b"snappy"))


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        ({"type": "array", "items": "null"}, "take no bytes"),
        ({"type": "array", "items": {"type": "record", "name": "e", "fields": []}}, "take no bytes"),
        ({"type": "array", "items": {"type": "fixed", "name": "f", "size": 0}}, "take no bytes"),
        (["null", "r"], "contains itself"),
        ({"type": "nonsense"}, "Avro schema"),
        (17, "Avro schema"),
    ],
)
def test_schemas_made_to_hang_or_break_are_refused(inner: Any, reason: str) -> None:
    schema = {"type": "record", "name": "r", "fields": [{"name": "a", "type": inner}]}
    assert reason in refusal(raw_container(schema, varint(2**60) * 3))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b'"long"', b'{"type":"record"}', b"[" * 100_000])
def test_what_is_no_schema_is_refused(text: bytes) -> None:
    with pytest.raises(DecodeError):
        writer_schema(text)


def test_a_schema_nested_too_deeply_is_refused() -> None:
    inner: Any = "long"
    for i in range(60):
        inner = {"type": "record", "name": f"r{i}", "fields": [{"name": "a", "type": inner}]}
    with pytest.raises(DecodeError, match="nested too deeply"):
        checked(inner)


def test_names_look_into_records_and_unions() -> None:
    schema: WriterSchema = checked(fastavro.reader(io.BytesIO(make.ztf())).writer_schema)
    assert {"objectId", "candidate", "candidate.jd"} <= schema.names
    assert "prv_candidates.jd" not in schema.names
