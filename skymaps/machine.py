"""Python into machine code by numba, and the few instructions that Python has no word for.

Import what uses it inside functions: numba takes a third of a second to load. What is compiled is kept in
``__pycache__``; numba compiles anew where the file of a function has changed, but does not notice a change of what
that file imports. So compiled functions call only those of their own file, and what is here, or the constants of
`lookup`, change seldom: then remove ``skymaps/__pycache__``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import carray as _carray  # type: ignore[attr-defined]
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])

carray: Any = _carray
"""Memory behind a pointer as an array."""


def compiled(function: F) -> F:
    """The function as machine code, kept on disk where there is a place for it."""
    try:
        return cast(F, njit(cache=True)(function))
    except RuntimeError:  # neither this folder nor the user's cache can be written
        return cast(F, njit(function))


def instruction(function: Callable[..., Any]) -> Any:
    """A function that says what LLVM shall write where it is called."""
    return intrinsic(function)


@instruction
def pointer(_context: Any, _address: Any) -> Any:
    """An address as a pointer, for ``carray``."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


@instruction
def lowest_bit(_context: Any, _word: Any) -> Any:
    """Number of the lowest bit that is set."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], cgutils.true_bit)

    return types.int64(types.uint64), generate


@instruction
def count_bits(_context: Any, _word: Any) -> Any:
    """Number of bits that are set."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


@instruction
def prefetch(_context: Any, _address: Any) -> Any:
    """Have the memory at an address fetched, without waiting for it."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        number, where = ir.IntType(32), cgutils.voidptr_t
        kind = ir.FunctionType(ir.VoidType(), [where, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [where], kind)
        to_read, keep, data = (ir.Constant(number, value) for value in (0, 3, 1))
        builder.call(function, [builder.inttoptr(arguments[0], where), to_read, keep, data])
        return context.get_dummy_value()

    return types.void(types.int64), generate


@instruction
def move(_context: Any, _to: Any, _source: Any, _n: Any) -> Any:
    """Copy bytes between addresses; the two may overlap."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        to, source = (builder.inttoptr(address, cgutils.voidptr_t) for address in arguments[:2])
        cgutils.raw_memmove(builder, to, source, arguments[2], 1)  # type: ignore[no-untyped-call]
        return _context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate
