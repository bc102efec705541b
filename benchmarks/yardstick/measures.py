"""How good probabilities are, over events whose candidates and "none" exclude each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .cosmos import FloatArray

LEAST = 1e-6
"""A probability of zero counts as this: one certain mistake costs 13.8."""

OCCUPIED = 30
"""A tenth of P with fewer candidates says little: its own error is 0.09."""

FALSE_FROM = 0.1


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One event's list."""

    probability: FloatArray
    """Of each candidate; NaN: no candidate, or vetoed. Shape (n,)."""

    true: int | None
    """Place of the counterpart; None: it is not among them."""

    mpc: float = np.nan
    """True distance of the event."""

    @property
    def none(self) -> float:
        """Probability that it is none of them."""
        return float(max(1.0 - np.nansum(self.probability), 0.0))

    @property
    def log_loss(self) -> float:
        """Minus the log of the probability of what is true."""
        p = self.none if self.true is None else self.probability[self.true]
        return float(-np.log(max(float(np.nan_to_num(p)), LEAST)))

    @property
    def rank(self) -> float:
        """Of the counterpart, 1 the best, among equals in the middle; infinite where it has no probability."""
        if self.true is None or not np.isfinite(self.probability[self.true]):
            return np.inf
        own = self.probability[self.true]
        return float(np.sum(self.probability > own)) + (float(np.sum(self.probability == own)) + 1.0) / 2.0


def tenths(probability: FloatArray, true: np.ndarray) -> list[dict[str, Any]]:
    """For each tenth of P: candidates, mean P, the part that is true, the error of that."""
    place, rows = np.minimum((probability * 10).astype(np.int64), 9), []
    for k in range(10):
        here = place == k
        n = int(here.sum())
        claimed = float(probability[here].mean()) if n else None
        share = float(true[here].mean()) if n else None
        error = float(np.sqrt(np.sum(probability[here] * (1 - probability[here]))) / n) if n else None
        rows.append({"from": k / 10, "n": n, "claimed": claimed, "true": share, "error": error})
    return rows


def summary(judged: Sequence[Judged], near_mpc: float = 200.0) -> dict[str, Any]:
    """All numbers of one rule on one set."""
    p = np.concatenate([np.empty(0), *(j.probability for j in judged)])
    true = np.concatenate([np.zeros(0, dtype=np.bool_), *(np.arange(len(j.probability)) == j.true for j in judged)])
    finite = np.isfinite(p)
    p, true = p[finite], true[finite]
    there = [j for j in judged if j.true is not None]
    near = [j for j in there if j.mpc <= near_mpc]
    rows = tenths(p, true)
    n_true, n = len(there), max(len(judged), 1)
    return {
        "events": len(judged),
        "true": n_true,
        "log_loss": float(np.mean([j.log_loss for j in judged])) if judged else None,
        "log_loss_error": float(np.std([j.log_loss for j in judged]) / np.sqrt(n)) if judged else None,
        "sum_p": float(p.sum()),
        "ratio": float(p.sum() / n_true) if n_true else None,
        "recall_1": _share(there, 1),
        "recall_10": _share(there, 10),
        "recall_1_near": _share(near, 1),
        "near": len(near),
        "candidates": float(len(p) / n),
        "false": float(np.sum((p >= FALSE_FROM) & ~true) / n),
        "none_true": _mean([j.none for j in judged if j.true is None]),
        "none_false": _mean([j.none for j in there]),
        "tenths": rows,
        "worst": max((abs(r["claimed"] - r["true"]) for r in rows if r["n"] >= OCCUPIED), default=None),
    }


def _share(judged: Sequence[Judged], best: int) -> float | None:
    return float(np.mean([j.rank <= best for j in judged])) if judged else None


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
