"""Codecs of Avro's blocks. A block is never unpacked beyond the limits of a message."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import NamedTuple

from mma.errors import DecodeError
from mma.sandbox import budget

MAX_BYTES = 64_000_000
"""Largest payload, and largest sum of decompressed blocks: a bomb stops here."""

XZ_MEMORY = 128 << 20
"""Bytes that unpacking xz may take; its highest level asks for 65 MB."""

MOST_STREAMS = 100
"""Of bzip2 or xz in a block; writers make one."""


class Block(NamedTuple):
    """Records one after another, without framing."""

    data: bytes
    start: int
    end: int
    n_records: int


def most() -> int:
    """Bytes that blocks may be unpacked to here."""
    return min(MAX_BYTES, budget.now().unpacked)


def too_large(codec: str) -> Exception:
    return budget.refuse(f"Avro container: {codec} blocks of more than {most() // 1_000_000} MB unpacked")


def _null(payload: bytes, at: int, size: int, count: int) -> Block:
    return Block(payload, at, at + size, count)


def _deflate(payload: bytes, at: int, size: int, count: int) -> Block:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflater.decompress(payload[at : at + size], most() + 1)
    except zlib.error as error:
        raise DecodeError(f"Avro container: deflate: {error}") from error
    if len(data) > most():
        raise too_large("deflate")
    if not inflater.eof:
        raise DecodeError("Avro container: a deflate block is cut off")
    return Block(data, 0, len(data), count)


def _bzip2(payload: bytes, at: int, size: int, count: int) -> Block:
    return _streams("bzip2", payload[at : at + size], bz2.BZ2Decompressor, count)


def _xz(payload: bytes, at: int, size: int, count: int) -> Block:
    return _streams("xz", payload[at : at + size], lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY), count)


def _streams(
    codec: str, packed: bytes, begin: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor], count: int
) -> Block:
    """What one stream after another holds, as their command lines write them; never unpacked beyond the limit."""
    parts, left = [], most() + 1
    try:
        while packed and left > 0:
            stream = begin()
            part = stream.decompress(packed, left)
            left -= len(part)
            parts.append(part)
            if left > 0 and not stream.eof:
                raise DecodeError(f"Avro container: a {codec} block is cut off")
            packed = stream.unused_data
            if len(parts) > MOST_STREAMS:
                raise DecodeError(f"Avro container: a {codec} block of more than {MOST_STREAMS} streams")
    except (OSError, ValueError, lzma.LZMAError) as error:
        raise DecodeError(f"Avro container: {codec}: {error}") from error
    if left <= 0:
        raise too_large(codec)
    data = b"".join(parts)
    return Block(data, 0, len(data), count)


def _snappy(payload: bytes, at: int, size: int, count: int) -> Block:
    try:
        from cramjam import snappy  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise DecodeError("Avro container: codec snappy needs the package cramjam") from error
    packed = payload[at : at + size - 4]  # the last 4 bytes are a checksum
    if _snappy_size(packed) > most():
        raise too_large("snappy")
    try:
        data = bytes(snappy.decompress_raw(packed))
    except Exception as error:
        raise DecodeError(f"Avro container: snappy: {error}") from error
    return Block(data, 0, len(data), count)


def _snappy_size(packed: bytes) -> int:
    size = 0
    for i, byte in enumerate(packed[:5]):
        size |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return size
    return MAX_BYTES + 1


CODECS: dict[str, Callable[[bytes, int, int, int], Block]] = {
    "null": _null,
    "deflate": _deflate,
    "snappy": _snappy,
    "bzip2": _bzip2,
    "xz": _xz,
}
