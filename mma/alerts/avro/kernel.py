"""The machine that runs a ``Program`` over many packets: compiled, and it never reads outside a packet.

Imported only when the first Avro packet comes: numba takes half a second.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .bytecode import (
    ARRAY,
    BOOL,
    DOUBLE,
    END,
    FIXED,
    FLOAT,
    INDEX,
    JUMP,
    LONG,
    LOOP_STEPS,
    MAX_ITEMS,
    MAX_LOOPS,
    MAX_WORD,
    MAYBE,
    NEXT,
    PASS,
    ROW,
    SIZED,
    TEXT,
    TEXT_BITS,
    UNION,
    WORD,
)
from .jit import Array, bytes_at, compiled

MAX_SHIFT = 63
"""Of the tenth byte of a variable-length integer only the lowest bit counts."""

FULL = -2
"""Where a packet ends for which there is no room."""


@compiled
def run(code: Array, data: Array, bounds: Array, tags: Array, bits: Array, ok: Array) -> None:
    """Run a program over packets that lie one after another.

    Parameters
    ----------
    code
        ``Program.code``.
    data
        Bytes of all packets' beginnings.
    bounds
        Where each begins, and after the last. Shape (n + 1,).
    tags
        Filled: which operation wrote each field, 0 none (null). Shape (slots, n).
    bits
        Filled: an integer, the bits of a real number, or a text's place and length (``TEXT_BITS``). Shape (slots, n).
    ok
        Filled: whether the packet was what the schema says, as far as it was read. Shape (n,).
    """
    ends, left = np.zeros((ok.size + 1, 0), dtype=np.int64), np.zeros(0, dtype=np.int64)
    for row in range(ok.size):
        ok[row] = _packet(code, data, bounds[row], bounds[row + 1], row, ends, left, tags, bits) >= 0


@compiled
def read(
    code: Array, own: Array, at: Array, span: Array, is_exact: Array, row: int, first: int, ends: Array, tags: Array,
    bits: Array, is_read: Array,
) -> tuple[int, int]:  # fmt: skip
    """Run a program of whole packets over packets that lie anywhere, as far as there is room.

    Parameters
    ----------
    code, own
        Of the ``Program``.
    at
        Addresses of the bytes that hold the packets. Shape (n,).
    span
        Where each packet lies in them: first byte, and after the last. Shape (2, n).
    is_exact
        No byte may be left over. Shape (n,).
    row
        Rows that are filled: packets that were read.
    first
        The packet to begin with.
    ends
        One past the last row of each table, after each packet that was read. Shape (n + 1, tables).
    tags, bits
        Filled, as ``run`` does, from the row of the packet or the item. Shape (slots, room).
    is_read
        Filled: whether the packet is what the schema says. Shape (n,).

    Returns
    -------
    :
        The packet there was no room for, or n; and the rows that are filled.
    """
    left = np.zeros(MAX_LOOPS, dtype=np.int64)
    for i in range(first, at.size):
        data = bytes_at(at[i], span[1, i])
        ends[row + 1] = ends[row]
        for slot in own:
            tags[slot, row] = 0
        end = _packet(code, data, span[0, i], span[1, i], row, ends, left, tags, bits)
        if end == FULL:
            return i, row
        is_read[i] = end >= 0 and not (is_exact[i] and end < span[1, i])
        row += is_read[i]
    return at.size, row


@compiled
def _packet(
    code: Array, data: Array, at: int, end: int, row: int, ends: Array, left: Array, tags: Array, bits: Array
) -> int:
    """Where a packet ends; negative where its bytes cannot be what the schema says, or end too early."""
    step, place = 0, row
    while at >= 0:
        op, operand = code[step], code[step + 1]
        step += 2
        if op == PASS:
            at = _pass_over(code, step, operand, data, at, end)
            step += operand
        elif op == MAYBE:
            if at >= end or (data[at] != 0 and data[at] != 2):
                return -1
            step = code[step] if data[at] >> 1 == operand else step + 1
            at += 1
        elif op == UNION:
            branch, at = _long(data, at, end)
            if not 0 <= branch < operand:
                return -1
            step = code[step + branch]
        elif op == JUMP:
            step = operand
        elif op == ARRAY:
            left[operand], at = _block(data, at, end)
            place, at = _room(code, step, left[operand], row, ends, tags, place, at)
            step = step + LOOP_STEPS - 2 if left[operand] else code[step]
        elif op == NEXT:
            left[operand] -= 1
            step = code[step] + (LOOP_STEPS if left[operand] else 0)
        elif op == ROW:
            place += 1
            ends[row + 1, operand - 1] = place
        elif op == END:
            return at
        else:
            value, at = _value(op, operand, data, at, end)
            if at >= 0 and operand >= 0 and (op <= BOOL or op == WORD):
                bits[operand, place], tags[operand, place] = value, op
    return at


@compiled
def _block(data: Array, at: int, end: int) -> tuple[int, int]:
    """Number of items in an array's next block (0: it ends), and where the first begins."""
    count, at = _long(data, at, end)
    if at >= 0 and count < 0:  # then the block's size in bytes follows
        count = -count
        _, at = _long(data, at, end)
    if at < 0 or not 0 <= count <= end - at:
        return 0, -1
    return count, at


@compiled
def _room(
    code: Array, step: int, count: int, row: int, ends: Array, tags: Array, place: int, at: int
) -> tuple[int, int]:
    """Where the rows of a block go, made empty, and the place in the data; that one is negative if they cannot."""
    table = code[step + 1]
    if at < 0 or table == 0:
        return place, at
    if count == 0:
        return row, at
    place = ends[row + 1, table - 1]
    if place + count - ends[row, table - 1] > MAX_ITEMS:
        return place, -1
    if place + count > tags.shape[1]:
        return place, FULL
    tags[code[step + 2] : code[step + 3], place : place + count] = 0
    return place, at


@compiled
def _value(op: int, operand: int, data: Array, at: int, end: int) -> tuple[Any, int]:
    """One field and where the next begins; -1 for the end, good or bad."""
    if op in (DOUBLE, FLOAT):
        size = 8 if op == DOUBLE else 4
        return (_bits(data, at, size), at + size) if end - at >= size else (0, -1)
    if op == LONG:
        return _long(data, at, end)
    if op in (TEXT, SIZED):
        size, at = _long(data, at, end)
        if at < 0 or not 0 <= size <= end - at or (op == TEXT and not _is_ascii(data, at, size)):
            return 0, -1
        return at << TEXT_BITS | size, at + size
    if op == WORD:
        size, at = _long(data, at, end)
        if at < 0 or not 0 <= size <= min(MAX_WORD, end - at) or not _is_ascii(data, at, size):
            return 0, -1
        return _bits(data, at, size) | size << (8 * MAX_WORD), at + size
    if op == BOOL:
        return (np.int64(data[at]), at + 1) if at < end and data[at] <= 1 else (0, -1)
    if op == INDEX:
        size, at = _long(data, at, end)
        return 0, at if 0 <= size < operand else -1
    if op == FIXED:
        return 0, at + operand if operand <= end - at else -1
    return 0, -1  # END, REFUSE, or none of all


@compiled
def _pass_over(code: Array, step: int, count: int, data: Array, at: int, end: int) -> int:
    """Where the field after several numbers begins; -1 where it cannot.

    Sources next to each other have the same fields null as a rule: a branch that is foreseen costs less than to wait
    for one field's length before the next is looked at.
    """
    for i in range(step, step + count):
        size = code[i] >> 1
        if code[i] & 1:
            if at >= end:
                return -1
            present = data[at]
            at += 1
            if present == 0:
                continue
            if present != 2:
                return -1
        if size > 0:
            at += size
        else:
            _, at = _long(data, at, end)
            if at < 0:
                return -1
    return at if at <= end else -1


@compiled
def _long(data: Array, at: int, end: int) -> tuple[int, int]:
    """A zig-zag variable-length integer and where it ends; -1 where it does not."""
    value: Any = np.uint64(0)
    shift = np.uint64(0)
    while at < end:
        byte = data[at]
        at += 1
        if shift == MAX_SHIFT and byte > 1:
            return 0, -1
        value |= np.uint64(byte & 0x7F) << shift
        if byte < 0x80:
            number: Any = np.int64(value >> np.uint64(1)) ^ -np.int64(value & np.uint64(1))
            return number, at
        shift += np.uint64(7)
    return 0, -1


@compiled
def _bits(data: Array, at: int, size: int) -> int:
    """A little-endian number's bits."""
    value: Any = np.int64(0)
    for i in range(size):
        value |= np.int64(data[at + i]) << np.int64(8 * i)
    return value  # type: ignore[no-any-return]


@compiled
def _is_ascii(data: Array, at: int, size: int) -> bool:
    """Whether text is plain; other text is left to fastavro, which refuses what is not UTF-8."""
    for i in range(at, at + size):  # noqa: SIM110 - numba
        if data[i] >= 0x80:
            return False
    return True
