"""What the compiled loops have in common. Imported only when the first Avro packet comes: numba takes half a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic

Array = np.ndarray[Any, Any]
F = TypeVar("F", bound=Callable[..., Any])
_carray: Any = numba.carray  # type: ignore[attr-defined, unused-ignore]


def compiled(function: F) -> F:
    """The function as machine code, kept on disk where there is a place for it."""
    try:
        return cast(F, numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # neither this folder nor the user's cache can be written
        return cast(F, numba.njit(nogil=True)(function))


def _as_pointer(_context: Any, address: Any) -> Any:
    """An address as the pointer that it is."""

    def generate(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.inttoptr(given[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


_pointer: Any = intrinsic(_as_pointer)


@compiled
def bytes_at(address: int, size: int) -> Array:
    """Bytes that lie there. Somebody has to hold them meanwhile."""
    return _carray(_pointer(address), (size,), np.uint8)  # type: ignore[no-any-return, unused-ignore]


@compiled
def distinct(values: Array, is_told: Array, code: Array, found: Array) -> int:
    """Number the different values, of which there are few; how many, -1 where they are more than ``found`` can hold.

    Parameters
    ----------
    values, is_told
        Integers, and which of them count. Shape (n,).
    code
        Filled: the number of each value, 0 where it does not count. Shape (n,).
    found
        Filled: the values by number.
    """
    n = last = 0
    for i in range(values.size):
        if is_told[i]:
            if last >= n or found[last] != values[i]:
                last = 0
                while last < n and found[last] != values[i]:
                    last += 1
                if last == found.size:
                    return -1
                if last == n:
                    found[last] = values[i]
                    n += 1
            code[i] = last
    return n
