"""The sets: nights drawn, scored by all rules, judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import adapter, bursts, events, lists, measures, ratios, schedule, sides
from . import night as nights
from .measures import Judged
from .night import Night

OURS = "mma"
Told = dict[str, Any]
Tell = Callable[[str], None]


def judged(night: Night, answer: adapter.Answer) -> Judged:
    """Our list; a counterpart outside of the region is none of it."""
    true = np.flatnonzero((night.objects.id == night.true) & answer.listed) if night.true else []
    return Judged(probability=answer.probability, true=int(true[0]) if len(true) else None, mpc=night.mpc)


class Ledger:
    """What all rules said of the nights of a set."""

    def __init__(self, tell: Tell) -> None:
        self.ours: list[Judged] = []
        self.values: dict[str, list[Any]] = {name: [] for name in sides.NAMES}
        self.is_true: list[np.ndarray] = []
        self.what: Counter[str] = Counter()
        self.claimed: dict[str, float] = {}
        self.each: list[dict[str, Any]] = []
        self.tell = tell

    def add(self, night: Night, judged: Judged, sorts: np.ndarray) -> None:
        """One night: our list, and which sort each of its rows is."""
        self.ours.append(judged)
        found = sides.scores(night).values
        for name in sides.NAMES:
            self.values[name].append(found[name])
        self.is_true.append(night.objects.id == night.true)
        there = night.what != "none"
        self.what[f"{night.what}, {'seen' if night.true else 'not seen'}" if there else "none"] += 1
        for sort in np.unique(sorts.astype(str)):
            self.claimed[sort] = self.claimed.get(sort, 0.0) + float(np.nansum(judged.probability[sorts == sort]))
        self.each.append(_line(night, judged, sorts))
        if len(self.ours) % 20 == 0:
            self.tell(f"{len(self.ours)} events, log loss {np.mean([j.log_loss for j in self.ours]):.3f}")

    def told(self) -> Told:
        """Numbers of all rules; of the two ways to make a list of a side's probabilities the better one."""
        rules = {OURS: measures.summary(self.ours)}
        for name in sides.NAMES:
            ways = [self._side(name, by_odds=by_odds) for by_odds in (True, False)]
            rules[name] = min(ways, key=lambda way: way["log_loss"])
        claimed = sorted(self.claimed.items(), key=lambda pair: -pair[1])
        return {
            "rules": rules,
            "events": dict(self.what),
            "claimed": {name: round(p, 2) for name, p in claimed if p > 0.005},
            "each": self.each,
        }

    def _side(self, name: str, *, by_odds: bool) -> Told:
        p = sides.crossed(self.values[name], self.is_true, by_odds=by_odds)
        rows = zip(p, self.is_true, self.ours, strict=True)
        return measures.summary([Judged(probability=q, true=_place(t & np.isfinite(q)), mpc=o.mpc) for q, t, o in rows])


def _line(night: Night, judged: Judged, sorts: np.ndarray) -> dict[str, Any]:
    """One event, for those who want to know where P was wrong."""
    p = np.nan_to_num(judged.probability)
    others = np.where(np.arange(len(p)) == judged.true, -1.0, p) if len(p) else np.array([-1.0])
    worst = int(np.argmax(others))
    return {
        "event": night.name,
        "map": night.map_name,
        "mpc": round(night.mpc, 1),
        "age_d": round(night.age_d, 2),
        "what": night.what,
        "seen": judged.true is not None,
        "p_true": None if judged.true is None else round(float(p[judged.true]), 4),
        "rank": None if judged.true is None or not np.isfinite(judged.rank) else judged.rank,
        "p_none": round(judged.none, 4),
        "log_loss": round(judged.log_loss, 4),
        "candidates": int(np.isfinite(judged.probability).sum()),
        "best_other": str(sorts[worst]) if others[worst] > 0 else None,
        "p_best_other": round(float(max(others[worst], 0.0)), 4),
    }


def _place(true: np.ndarray) -> int | None:
    rows = np.flatnonzero(true)
    return int(rows[0]) if len(rows) else None


def survey_nights(survey: schedule.Survey, data: Path, n: int, seed: int, tell: Tell) -> Told:
    """Nights of one survey in real maps."""
    ledger = Ledger(tell)
    for number in range(n):
        night = nights.draw(data, survey, events.MAPS_OF[survey.name], number, seed)
        ledger.add(night, judged(night, adapter.answer(night)), night.objects.what)
    return ledger.told()


def catalogued(data: Path, n: int, seed: int, tell: Tell) -> Told:
    """Lists of real transients in O3 maps."""
    ledger = Ledger(tell)
    for number in range(n):
        listed = lists.draw(data, number, seed)
        answer, names = adapter.listed(listed, data)
        true = _place((names == listed.true) & answer.listed) if listed.true else None
        sorts = np.where(names == listed.true, listed.what, "real").astype(object)
        told = Judged(probability=answer.probability, true=true, mpc=listed.mpc)
        ledger.add(lists.as_night(listed, data), told, sorts)
    return ledger.told()


def afterglows(data: Path, n: int, seed: int, tell: Tell) -> Told:
    """Real afterglows: alone to 0.4 d, GRB 211211A as it grows, GRB 230812B among others."""
    burst, rows = 1.70e9, []
    for curve in bursts.read(data / "yardstick" / "afterglows.csv.gz"):
        p = [
            float(np.nan_to_num(adapter.answer(bursts.alone(curve, burst, seed + k)).probability[0])) for k in range(5)
        ]
        rows.append((curve.name, len(curve.days), f"{curve.mag[0]:.1f}", f"{np.median(p):.3f}"))
    whole, grows = bursts.written("GRB211211A", bursts.GRB_211211A_POINTS), []
    for days in bursts.GRB_211211A_DAYS:
        night = bursts.alone(bursts.until(whole, days), bursts.GRB_211211A, seed)
        grows.append((f"{days}", f"{float(np.nan_to_num(adapter.answer(night).probability[0])):.3f}"))
    among = judged(night := bursts.among(data, seed), adapter.answer(night))
    p = float(np.nan_to_num(among.probability[0]))
    others = float(np.nansum(among.probability[1:]))
    return {
        "tables": {
            "real afterglows to 0.4 d, alone in a circle (median of five places)": (
                ("burst", "points", "first r", "P"), rows,
            ),
            "GRB 211211A as its light curve grows": (("days", "P"), grows),
            f"GRB 230812B among {len(night.objects) - 1} unrelated ones": (
                ("rank", "P", "sum of P of the others"), [(f"{among.rank:.0f}", f"{p:.3f}", f"{others:.3f}")],
            ),
        },
        "numbers": {
            "median P": float(np.median([float(row[-1]) for row in rows])),
            "least P of GRB 211211A": min(float(row[-1]) for row in grows),
            "rank of GRB 230812B": among.rank,
        },
    }  # fmt: skip


def distances(data: Path, n: int, seed: int, tell: Tell) -> Told:
    """Mean ratios of distance over unrelated transients; n places anywhere."""
    made, rows = ratios.field(data, n, seed), []
    edges = np.arange(0.0, ratios.FARTHEST_MPC + 0.5 * ratios.STEP_MPC, ratios.STEP_MPC)
    for mpc in ratios.DISTANCES_MPC:
        for limit in ratios.LIMITS_MAG:
            weight = ratios.weights(made, edges, adapter.unrelated(limit, edges, data))
            ratio = adapter.ratio(made, mpc, limit, data)
            near = np.isfinite(made.mpc)
            parts = [float(np.sum(weight[some] * ratio[some])) for some in (near, ~near)]
            count = weight[~near]
            error = np.sqrt(np.sum(count**2 * (ratio[~near] - parts[1] / count.sum()) ** 2))
            rows.append((f"{mpc:.0f}", f"{limit}", f"{sum(parts):.3f}", f"{error:.3f}", *(f"{p:.3f}" for p in parts)))
            tell(f"{mpc:.0f} Mpc, {limit} mag: {sum(parts):.3f}")
    heads = ("event, Mpc", "limit, mag", "mean ratio", "+-", "of it in its galaxies", "anywhere")
    worst = max(abs(float(row[2]) - 1.0) for row in rows)
    return {"tables": {"mean ratio of distances, real 50MGC": (heads, rows)}, "numbers": {"worst, off 1 by": worst}}
