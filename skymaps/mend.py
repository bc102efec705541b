"""Maps with flaws that leave their meaning clear: mended, with a remark that says how much."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import healpix
from .errors import RegionError
from .region import FloatArray

SUM_TOLERANCE = 1e-3
"""A map whose probability differs from 1 by no more than this keeps its values as they are."""

SUM_FACTOR = 2.0
"""A sum that is further from 1 by this factor is of something else than a probability."""

Remarks = tuple[str, ...]


def mended(order: npt.NDArray[np.int8], density: npt.NDArray[Any]) -> tuple[FloatArray, Remarks]:
    """Densities that are finite, not negative, and integrate to 1.

    Cells without a value (NaN, infinite, negative, or HEALPix's UNSEEN) hold no probability.

    Parameters
    ----------
    order
        HEALPix order of each cell. Shape (n,).
    density
        Probability per sr, as told. Shape (n,).

    Raises
    ------
    RegionError
        Where nothing is left, or what is left is no probability.
    """
    area = healpix.area_sr(order)
    with np.errstate(invalid="ignore"):
        is_bad = ~(np.isfinite(density) & (density >= 0))
    remarks: list[str] = []
    if is_bad.any():
        bad = density[is_bad]
        density = np.where(is_bad, 0.0, density)
        remarks.append(_left_out(bad, int(is_bad.size), float(area[is_bad].sum())))
    total = float((density * area).sum())
    least = 0.0 if remarks else 1.0 / SUM_FACTOR
    if not (total > 0.0 and least <= total <= SUM_FACTOR):
        raise RegionError("; ".join([*remarks, f"probabilities sum to {total:.6g}, not 1"]))
    values = density.astype(np.float64, copy=False)
    if abs(total - 1.0) > SUM_TOLERANCE:
        remarks.append(f"map's probabilities sum to {total:.6g}: divided by that")
        values = values / total
    return values, tuple(remarks)


def _left_out(bad: npt.NDArray[Any], n: int, area_sr: float) -> str:
    kinds = {
        "NaN": np.isnan(bad),
        "infinite": np.isinf(bad),
        "negative or UNSEEN": np.isfinite(bad),
    }
    told = ", ".join(f"{int(found.sum())} {kind}" for kind, found in kinds.items() if found.any())
    return (
        f"map: {bad.size} of {n} cells, {area_sr / (4 * np.pi):.3g} of the sky, have no value ({told}): taken as zero"
    )
