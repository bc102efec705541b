"""The machine that runs a ``Program`` over many packets: compiled, and it never reads outside a packet.

Imported only when the first Avro packet comes: numba takes half a second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

from .program import BOOL, DOUBLE, END, FIXED, FLOAT, INDEX, JUMP, LONG, MAYBE, PASS, SIZED, TEXT, TEXT_BITS, UNION

Array = np.ndarray[Any, Any]
F = TypeVar("F", bound=Callable[..., Any])

MAX_SHIFT = 63
"""Of the tenth byte of a variable-length integer only the lowest bit counts."""


def compiled(function: F) -> F:
    """The function as machine code, kept on disk where there is a place for it."""
    try:
        return cast(F, njit(cache=True, nogil=True)(function))
    except RuntimeError:  # neither this folder nor the user's cache can be written
        return cast(F, njit(nogil=True)(function))


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
    for row in range(ok.size):
        ok[row] = _packet(code, data, bounds[row], bounds[row + 1], row, tags, bits)


@compiled
def _packet(code: Array, data: Array, at: int, end: int, row: int, tags: Array, bits: Array) -> bool:
    """One packet; False where its bytes cannot be what the schema says, or end too early."""
    step, op = 0, 0
    while at >= 0:
        op, operand = code[step], code[step + 1]
        step += 2
        if op == PASS:
            at = _pass_over(code, step, operand, data, at, end)
            step += operand
        elif op == MAYBE:
            if at >= end or (data[at] != 0 and data[at] != 2):
                return False
            step = code[step] if data[at] >> 1 == operand else step + 1
            at += 1
        elif op == UNION:
            branch, at = _long(data, at, end)
            if not 0 <= branch < operand:
                return False
            step = code[step + branch]
        elif op == JUMP:
            step = operand
        else:
            value, at = _value(op, operand, data, at, end)
            if at >= 0 and operand >= 0 and op <= BOOL:
                bits[operand, row], tags[operand, row] = value, op
    return bool(op == END)


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
    """Where the field after several numbers begins; -1 where it cannot."""
    bad = np.int64(0)
    for i in range(step, step + count):
        size, present = code[i] >> 1, np.int64(1)
        if code[i] & 1:
            if at >= end:
                return -1
            bad |= data[at] & ~2
            present = np.int64(data[at] >> 1)
            at += 1
        if size > 0:
            at += present * size
        elif present:
            _, at = _long(data, at, end)
            if at < 0:
                return -1
    return at if bad == 0 and at <= end else -1


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
