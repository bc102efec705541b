"""How well candidates agree with the truth: ranks, reliability of probabilities, levels, chance counts, stability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skymaps import FloatArray

OCCUPIED = 100
"""A decile of P with fewer candidates says nothing."""

TOP = 10
FALSE_FROM = 0.1
"""An unrelated candidate from this P on costs somebody telescope time."""

NEGLIGIBLE = 1e-4
"""Candidates below this P are only counted, not kept one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One event's candidates against the truth."""

    event: str
    kind: str
    counterpart: str | None
    """Class of the counterpart that is there; None: there is none."""

    rank: int | None
    """Of the counterpart; None where it is no candidate, or there is none."""

    candidates: int
    probability: FloatArray
    """P of each candidate from ``NEGLIGIBLE`` on, and of the counterpart. Shape (n,)."""

    is_true: np.ndarray[tuple[int], np.dtype[np.bool_]]
    """Which of them is the counterpart. Shape (n,)."""

    level: float
    """Credible level of the true position, 0 to 1."""

    volume: float | None
    """Credible level of the true position and distance; None where the map has no distances."""

    counted: int
    """Unrelated candidates at least as deep inside the region as the true position."""

    claimed: float
    """As many were expected there: the chance count. Both are 0 where the true position is outside of the region that
    is searched."""

    tau: float | None = None
    """Kendall's tau of the order by the first map and by the last, over the last one's first ten; None: one map."""

    overlap: float | None = None
    """Part of the first ten by the first map that are among the first ten by the last."""


def stability(first: Sequence[str], last: Sequence[str]) -> tuple[float | None, float | None]:
    """Kendall's tau over the last order's first ten, and the part of the first tens that is common.

    Parameters
    ----------
    first, last
        Object ids from the best on, by the first map and by the last. One that is missing comes after all others.
    """
    from scipy.stats import kendalltau

    if len(last) < 2 or not first:
        return None, None
    top = list(last[:TOP])
    place = {name: i for i, name in enumerate(first)}
    before = [place.get(name, len(first)) for name in top]
    if len(set(before)) < 2:
        return None, None
    size = min(TOP, len(first), len(last))
    common = len(set(first[:size]) & set(last[:size])) / size
    return float(kendalltau(before, np.arange(len(top))).statistic), common


def reliability(probability: FloatArray, is_true: np.ndarray[Any, np.dtype[np.bool_]]) -> list[dict[str, Any]]:
    """For each tenth of P: candidates, mean P, the part that is true, and its standard error."""
    rows = []
    place = np.minimum((probability * 10).astype(np.int64), 9)
    for k in range(10):
        here = place == k
        n = int(here.sum())
        claimed = float(probability[here].mean()) if n else None
        rows.append(
            {
                "from": k / 10,
                "n": n,
                "claimed": claimed,
                "true": float(is_true[here].mean()) if n else None,
                "error": float(np.sqrt(claimed * (1 - claimed) / n)) if n and claimed is not None else None,
                "occupied": n >= OCCUPIED,
            }
        )
    return rows


def summary(judged: Sequence[Judged], nights: int, unobservable: int = 0) -> dict[str, Any]:
    """The scorecard."""
    p = np.concatenate([j.probability for j in judged]) if judged else np.empty(0)
    true = np.concatenate([j.is_true for j in judged]) if judged else np.empty(0, dtype=np.bool_)
    n_candidates = sum(j.candidates for j in judged)
    rows = reliability(p, true)
    worst = [abs(r["claimed"] - r["true"]) for r in rows if r["occupied"]]
    counted, claimed = sum(j.counted for j in judged), sum(j.claimed for j in judged)
    false = int(np.sum((p >= FALSE_FROM) & ~true))
    own = list({(j.level, j.volume): j for j in judged}.values())  # a map that came several times counts once
    return {
        "events": len(judged),
        "with_counterpart": sum(j.counterpart is not None for j in judged),
        "unobservable": unobservable,
        "candidates": n_candidates,
        "rank": _ranks([j for j in judged if j.counterpart is not None]),
        "reliability": rows,
        "reliability_worst": max(worst) if worst else None,
        "brier": float(np.sum((p - true) ** 2) / n_candidates) if n_candidates else None,
        "brier_of_events": _brier_of_events(judged),
        "sum_of_probabilities": float(p.sum()),
        "true_among_candidates": int(true.sum()),
        "pp": {
            "sky": pp([j.level for j in own]),
            "volume": pp([j.volume for j in own if j.volume is not None]),
        },
        "chance": {"counted": counted, "claimed": claimed, "ratio": counted / claimed if claimed else None},
        "false_candidates": {"from_probability": FALSE_FROM, "n": false, "per_night": false / nights},
        "stability": _stability(judged),
    }


def _ranks(there: Sequence[Judged]) -> dict[str, Any]:
    ranks = np.array([j.rank if j.rank is not None else np.inf for j in there])
    if not len(ranks):
        return {"n": 0, "median": None, "p90": None, "recall_at_1": None, "recall_at_10": None}
    ordered = np.sort(ranks)
    middle, late = (float(ordered[int(np.ceil(q * len(ranks))) - 1]) for q in (0.5, 0.9))
    return {
        "n": len(ranks),
        "median": middle if np.isfinite(middle) else None,
        "p90": late if np.isfinite(late) else None,
        "recall_at_1": float(np.mean(ranks <= 1)),
        "recall_at_10": float(np.mean(ranks <= 10)),
        "found": int(np.isfinite(ranks).sum()),
    }


def _brier_of_events(judged: Sequence[Judged]) -> float | None:
    """Mean squared error of each event's best P: what the many hopeless candidates do not thin."""
    best = [
        (j.probability[k] - j.is_true[k]) ** 2 for j in judged if len(j.probability) for k in [j.probability.argmax()]
    ]
    return float(np.mean(best)) if best else None


def pp(levels: Sequence[float]) -> dict[str, Any]:
    """Whether true positions lie within each credible level as often as it says: Kolmogorov-Smirnov against even."""
    from scipy.stats import kstest

    if not levels:
        return {"n": 0, "ks": None, "p": None}
    test = kstest(levels, "uniform")
    return {"n": len(levels), "ks": float(test.statistic), "p": float(test.pvalue)}


def _stability(judged: Sequence[Judged]) -> dict[str, Any]:
    tau = [j.tau for j in judged if j.tau is not None and np.isfinite(j.tau)]
    overlap = [j.overlap for j in judged if j.overlap is not None]
    return {
        "n": len(tau),
        "kendall_tau": float(np.mean(tau)) if tau else None,
        "top10_overlap": float(np.mean(overlap)) if overlap else None,
    }
