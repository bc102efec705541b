"""What a map works out once from its cells: the order of descent, credible levels, distance fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import distance, healpix
from .errors import RegionError
from .region import FloatArray, IntArray


def descending(lower: IntArray, order: npt.NDArray[np.int8], density: npt.NDArray[Any]) -> IntArray:
    """Cells by descending density and, where equal, by descending UNIQ: crossmatch's order."""
    rank = np.argsort(-density)
    dense = density[rank]
    equal = dense[1:] == dense[:-1]
    if equal.any():
        tied = np.concatenate([[False], equal]) | np.concatenate([equal, [False]])
        cells = rank[tied]
        rank[tied] = cells[np.lexsort((-healpix.to_uniq(lower[cells], order[cells]), -density[cells]))]
    return rank


def levels(lower: IntArray, order: npt.NDArray[np.int8], density: npt.NDArray[Any]) -> FloatArray:
    """Cumulative probability in that order. Shape (n,)."""
    rank = descending(lower, order, density)
    level = np.empty(lower.size)
    level[rank] = np.cumsum((density * healpix.area_sr(order))[rank])
    return level


def distance_fields(
    order: npt.NDArray[np.int8],
    density: FloatArray,
    layers: Sequence[npt.NDArray[Any] | None],
    meta: Mapping[str, Any],
) -> dict[str, Any]:
    """The fields of a map that come from its distance layers."""
    mu, sigma, norm = layers
    if mu is None or sigma is None or norm is None:
        return {"distance_mpc": meta.get("distance_mpc")}
    if not mu.shape == sigma.shape == norm.shape == density.shape:
        raise RegionError("DISTMU, DISTSIGMA, DISTNORM and PROBDENSITY differ in length")
    with np.errstate(over="ignore"):
        mu32, sigma32 = mu.astype(np.float32), sigma.astype(np.float32)
    wide = norm.astype(np.float64)
    bad = ~distance.is_good(mu32.astype(np.float64), sigma32.astype(np.float64), wide)
    return {
        "distmu": mu32,
        "distsigma": sigma32,
        "distnorm": wide,
        "distance_mpc": known_distance(order, density, mu32, sigma32, meta),
        "n_bad_distance": int(bad.sum()),
        "prob_bad_distance": float((density * healpix.area_sr(order))[bad].sum()),
    }


def known_distance(
    order: npt.NDArray[np.int8],
    density: FloatArray,
    mu: npt.NDArray[np.float32],
    sigma: npt.NDArray[np.float32],
    meta: Mapping[str, Any],
) -> tuple[float, float] | None:
    """Mean and standard deviation over the whole sky in Mpc: as told, else worked out."""
    if (told := meta.get("distance_mpc")) is not None:
        return (float(told[0]), float(told[1]))
    prob = density * healpix.area_sr(order)
    return distance.marginal_moments(prob, mu.astype(np.float64), sigma.astype(np.float64))
