"""Framings of Avro alerts, and decoding no more of them than is needed.

Three framings are in use: the object container (``Obj`` 1: ZTF, ATLAS, files), the Confluent wire format
(byte 0, 4-byte schema id: LSST), and the schema as JSON in the message key (Fink). fastavro's own container
reader parses the schema anew each time, which costs more than the alert: this one knows a header it has seen.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple

import fastavro

from mma.errors import DecodeError
from mma.sandbox import budget
from mma.streams import Message

from ..packet import Record
from .codecs import CODECS, MAX_BYTES, Block, most, too_large
from .schema import SchemaStore, WriterSchema, writer_schema

MAGIC = b"Obj\x01"
CONFLUENT = b"\x00"
CONFLUENT_HEADER = struct.Struct(">BI")
HEAD = CONFLUENT_HEADER.size
SYNC_BYTES = 16


MOST_BLOCKS = 20_000

KNOWN_HEADERS = 32
MOST_ENTRIES = 1000
"""Of a header; writers make two."""

LONGEST_HEADER = 1_100_000
"""Bytes: a schema and little else."""
BROKEN = (
    EOFError, IndexError, KeyError, ValueError, TypeError, OverflowError, AttributeError, MemoryError,
    RecursionError, StopIteration, AssertionError,
)  # fmt: skip
"""What fastavro raises on bytes that are not what the schema says."""


class Framed(NamedTuple):
    """A message's schema and blocks; nothing is decoded yet."""

    schema: WriterSchema
    blocks: tuple[Block, ...]
    is_exact: bool = False
    """The schema came by an id alone: after a whole decode no byte may be left."""


@dataclass(frozen=True, slots=True)
class Header:
    """A container's header that was seen before."""

    prefix: bytes
    schema: WriterSchema
    codec: str


_headers: list[Header] = []


def framing(message: Message) -> Callable[[Message, SchemaStore], Framed] | None:
    """How the bytes are framed, by their beginning; None: not Avro."""
    payload = message.payload
    if payload.startswith(MAGIC):
        return container
    if message.key is not None and message.key[:1] == b"{" and payload[:1] not in (b"{", b"[", b"<"):
        return keyed
    if payload.startswith(CONFLUENT):
        return confluent
    return None


def is_confluent(message: Message) -> bool:
    """Whether ``framing`` is ``confluent``, and there is a record."""
    payload, key = message.payload, message.key
    is_framed = payload.startswith(CONFLUENT) and HEAD < len(payload) <= MAX_BYTES
    return is_framed and (key is None or not key.startswith(b"{"))


def confluent(message: Message, schemas: SchemaStore) -> Framed:
    """Byte 0, schema id (4 bytes, big-endian), one record: LSST."""
    payload = message.payload
    if len(payload) <= HEAD:
        raise DecodeError(f"Confluent framing: {len(payload)} bytes")
    schema = schemas.get(CONFLUENT_HEADER.unpack_from(payload)[1])
    return Framed(schema, (Block(payload, HEAD, len(payload), 1),), is_exact=True)


def keyed(message: Message, schemas: SchemaStore) -> Framed:
    """Schema as JSON in the key, one record: Fink."""
    return Framed(writer_schema(message.key or b""), (Block(message.payload, 0, len(message.payload), 1),))


def container(message: Message, schemas: SchemaStore) -> Framed:
    """Avro object container file."""
    return contained(message.payload)


def contained(payload: bytes) -> Framed:
    """The blocks of an object container file, unpacked."""
    n_all = len(payload)
    header = _header(payload)
    sync_at = len(header.prefix)
    sync, at = payload[sync_at : sync_at + SYNC_BYTES], sync_at + SYNC_BYTES
    if len(sync) < SYNC_BYTES:
        raise DecodeError("Avro container: truncated header")
    open_block, blocks = CODECS[header.codec], []
    total = n_blocks = 0
    while at < n_all:
        count, at = _long(payload, at)
        size, at = _long(payload, at)
        end = at + size
        if count < 0 or size < 0 or end + SYNC_BYTES > n_all:
            raise DecodeError(f"Avro container: truncated, or a block of {count} records in {size} bytes")
        if not payload.startswith(sync, end):
            raise DecodeError("Avro container: sync marker not found after a block")
        block = open_block(payload, at, size, count)
        n_bytes = block.end - block.start
        total += n_bytes
        if count > n_bytes:
            raise DecodeError(f"Avro container: {count} records in {n_bytes} bytes")
        if total > len(payload) and total > most():
            raise too_large(header.codec)
        if count:
            blocks.append(block)
        n_blocks += 1
        if n_blocks > MOST_BLOCKS:
            raise DecodeError(f"Avro container: more than {MOST_BLOCKS} blocks")
        at = end + SYNC_BYTES
    if not blocks:
        raise DecodeError("Avro container: no records")
    return Framed(header.schema, tuple(blocks))


def records(framed: Framed, needs: tuple[str, ...] | None = None) -> Iterator[tuple[Record, bool]]:
    """Records with at least the needed fields, and whether all of the record was decoded.

    Of several records in a block only the end of one tells where the next begins: then all are decoded whole.
    """
    n_bytes = sum(block.end - block.start for block in framed.blocks)
    n_records = sum(block.n_records for block in framed.blocks)
    budget.values(framed.schema.size.values(n_bytes, n_records), "Avro")
    for block in framed.blocks:
        schema, is_slow = framed.schema.leading(needs if block.n_records == 1 else None)
        stream = BytesIO(block.data)
        stream.seek(block.start)
        try:
            for _ in range(block.n_records):
                record: Any = fastavro.schemaless_reader(stream, schema, None)
                yield record, is_slow
        except BROKEN as error:
            raise DecodeError(f"Avro record: {error!r}") from error
        left = block.end - stream.tell()
        if left < 0 or (left and framed.is_exact and needs is None):
            raise DecodeError(f"Avro record: {left} bytes left over, so the schema is another")


def _header(payload: bytes) -> Header:
    """The container's header up to its sync marker, from memory where the same bytes came before."""
    for known in _headers:
        if payload.startswith(known.prefix):
            return known
    metadata, at = _metadata(payload)
    if at > LONGEST_HEADER:
        raise DecodeError(f"Avro container: a header of {at} bytes")
    codec = metadata.get("avro.codec", b"null").decode("ascii", "replace")
    if codec not in CODECS:
        raise DecodeError(f"Avro container: codec {codec[:20]!r} is not supported")
    header = Header(payload[:at], writer_schema(metadata.get("avro.schema", b"")), codec)
    _headers.insert(0, header)
    del _headers[KNOWN_HEADERS:]
    return header


def _metadata(payload: bytes) -> tuple[dict[str, bytes], int]:
    metadata: dict[str, bytes] = {}
    n_entries = 0
    count, at = _long(payload, len(MAGIC))
    while count:
        if count < 0:  # then the block's size in bytes follows
            count, (_, at) = -count, _long(payload, at)
        n_entries += count
        if n_entries > MOST_ENTRIES:
            raise DecodeError(f"Avro container: {n_entries} metadata entries, more than {MOST_ENTRIES}")
        for _ in range(count):
            key, at = _bytes(payload, at)
            metadata[key.decode("utf-8", "replace")], at = _bytes(payload, at)
        count, at = _long(payload, at)
    return metadata, at


def _bytes(payload: bytes, at: int) -> tuple[bytes, int]:
    size, at = _long(payload, at)
    if size < 0 or at + size > len(payload):
        raise DecodeError("Avro container: truncated header")
    return payload[at : at + size], at + size


def _long(payload: bytes, at: int) -> tuple[int, int]:
    """A zig-zag variable-length integer."""
    value = shift = 0
    while shift < 70:
        if at >= len(payload):
            raise DecodeError("Avro container: truncated")
        byte = payload[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at
        shift += 7
    raise DecodeError("Avro container: an integer of over 64 bits")
