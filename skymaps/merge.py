"""Two sorted lists of cells in step, as machine code. Import it inside functions, as `machine`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .machine import compiled
from .region import FloatArray, IntArray


@compiled
def common(lower_a: IntArray, upper_a: IntArray, lower_b: IntArray, upper_b: IntArray) -> tuple[IntArray, IntArray]:
    """Rows of all pairs of cells, one of each list, that overlap; ascending. Cells of one list do not overlap."""
    in_a = np.empty(lower_a.size + lower_b.size, np.int64)
    in_b = np.empty(lower_a.size + lower_b.size, np.int64)
    n, i, j = 0, 0, 0
    while i < lower_a.size and j < lower_b.size:
        if lower_a[i] < upper_b[j] and lower_b[j] < upper_a[i]:
            in_a[n], in_b[n] = i, j
            n += 1
        if upper_a[i] <= upper_b[j]:
            i += 1
        else:
            j += 1
    return in_a[:n], in_b[:n]


@compiled
def integral(
    lower_a: IntArray,
    order_a: npt.NDArray[np.int8],
    density_a: FloatArray,
    lower_b: IntArray,
    order_b: npt.NDArray[np.int8],
    density_b: FloatArray,
) -> float:
    """Sum over all common cells of both densities and the number of order-29 pixels, with Neumaier's correction.

    The same to the last bit when a and b are swapped: cells come in the order of the sky.
    """
    total, correction, i, j = 0.0, 0.0, 0, 0
    while i < lower_a.size and j < lower_b.size:
        upper_a = lower_a[i] + (1 << (2 * (29 - order_a[i])))
        upper_b = lower_b[j] + (1 << (2 * (29 - order_b[j])))
        width = min(upper_a, upper_b) - max(lower_a[i], lower_b[j])
        if width > 0:
            part = density_a[i] * density_b[j] * width
            bigger = total + part
            correction += (total - bigger) + part if total >= part else (part - bigger) + total
            total = bigger
        if upper_a <= upper_b:
            i += 1
        else:
            j += 1
    return total + correction
