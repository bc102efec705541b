"""``python -m benchmarks.yardstick``: is P what it says on nights that the score does not know?"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import workload

from . import adapter, bursts, events, lists, measures, ratios, report, schedule, sides
from . import night as nights
from .measures import Judged
from .night import Night

OURS = "mma"
Told = dict[str, Any]


def judged(night: Night, answer: adapter.Answer) -> Judged:
    """Our list; a counterpart outside of the region is none of it."""
    true = np.flatnonzero((night.objects.id == night.true) & answer.listed) if night.true else []
    return Judged(probability=answer.probability, true=int(true[0]) if len(true) else None, mpc=night.mpc)


def compare(draw: Callable[[int], Night], n: int, tell: Callable[[str], None]) -> Told:
    """Score nights by all rules on the same inputs."""
    ours: list[Judged] = []
    values: dict[str, list[Any]] = {name: [] for name in sides.NAMES}
    is_true: list[np.ndarray] = []
    what: Counter[str] = Counter()
    claimed: Counter[str] = Counter()
    for number in range(n):
        night = draw(number)
        answer = adapter.answer(night)
        ours.append(judged(night, answer))
        found = sides.scores(night).values
        for name in sides.NAMES:
            values[name].append(found[name])
        is_true.append(night.objects.id == night.true)
        what[f"{night.what}, {'seen' if night.true else 'not seen'}" if night.what != "none" else "none"] += 1
        for sort in np.unique(night.objects.what.astype(str)):
            claimed[str(sort)] += float(np.nansum(answer.probability[night.objects.what == sort]))  # type: ignore[assignment]
        if number % 20 == 19:
            tell(f"{number + 1} of {n} nights, log loss {np.mean([j.log_loss for j in ours]):.3f}")
    told = {OURS: measures.summary(ours)}
    for name in sides.NAMES:
        ways = [_side(values[name], is_true, ours, by_odds=by_odds) for by_odds in (True, False)]
        told[name] = min(ways, key=lambda way: way["log_loss"])
    return {"rules": told, "events": dict(what), "claimed": {k: round(v, 2) for k, v in claimed.most_common()}}


def _side(values: list[Any], is_true: list[np.ndarray], ours: list[Judged], *, by_odds: bool) -> Told:
    """A rule's numbers; of the two ways to make a list of its probabilities the better one is kept."""
    p = sides.crossed(values, is_true, by_odds=by_odds)
    rows = zip(p, is_true, ours, strict=True)
    return measures.summary([Judged(probability=q, true=_place(t & np.isfinite(q)), mpc=o.mpc) for q, t, o in rows])


def catalogued(data: Path, n: int, seed: int, tell: Callable[[str], None]) -> Told:
    """Lists of real transients in O3 maps."""
    ours, what = [], Counter[str]()
    for number in range(n):
        night = lists.draw(data, number, seed)
        answer, names = adapter.listed(night, data)
        true = np.flatnonzero((names == night.true) & answer.listed)
        ours.append(Judged(probability=answer.probability, true=int(true[0]) if len(true) else None, mpc=night.mpc))
        what[f"{night.what}, {'listed' if night.true else 'not listed'}" if night.what != "none" else "none"] += 1
        if number % 20 == 19:
            tell(f"{number + 1} of {n} lists, log loss {np.mean([j.log_loss for j in ours]):.3f}")
    return {"rules": {OURS: measures.summary(ours)}, "events": dict(what)}


def afterglows(data: Path, n: int, seed: int, tell: Callable[[str], None]) -> Told:
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


def distances(data: Path, n: int, seed: int, tell: Callable[[str], None]) -> Told:
    """Mean ratios of distance over unrelated transients; n places anywhere."""
    made, rows = ratios.field(data, n, seed), []
    edges = np.arange(0.0, ratios.FARTHEST_MPC + 0.5 * ratios.STEP_MPC, ratios.STEP_MPC)
    for mpc in ratios.DISTANCES_MPC:
        for limit in ratios.LIMITS_MAG:
            weight = ratios.weights(made, edges, adapter.unrelated(limit, edges, data))
            ratio = adapter.ratio(made, mpc, limit, data)
            near = np.isfinite(made.mpc)
            parts = [float(np.sum(weight[some] * ratio[some])) for some in (near, ~near)]
            error = np.std(ratio[~near]) / np.sqrt((~near).sum())
            rows.append((f"{mpc:.0f}", f"{limit}", f"{sum(parts):.3f}", f"{error:.3f}", *(f"{p:.3f}" for p in parts)))
            tell(f"{mpc:.0f} Mpc, {limit} mag: {sum(parts):.3f}")
    heads = ("event, Mpc", "limit, mag", "mean ratio", "+-", "of it in its galaxies", "anywhere")
    worst = max(abs(float(row[2]) - 1.0) for row in rows)
    return {"tables": {"mean ratio of distances, real 50MGC": (heads, rows)}, "numbers": {"worst, off 1 by": worst}}


def _place(true: np.ndarray) -> int | None:
    rows = np.flatnonzero(true)
    return int(rows[0]) if len(rows) else None


def survey_nights(survey: schedule.Survey, data: Path, n: int, seed: int, tell: Callable[[str], None]) -> Told:
    """Nights of one survey in real maps."""
    return compare(lambda number: nights.draw(data, survey, events.MAPS_OF[survey.name], number, seed), n, tell)


SETS: dict[str, tuple[int, int, Callable[[Path, int, int, Callable[[str], None]], Told]]] = {
    "ztf": (400, 60, lambda data, n, seed, tell: survey_nights(schedule.ZTF, data, n, seed, tell)),
    "rubin": (150, 12, lambda data, n, seed, tell: survey_nights(schedule.RUBIN, data, n, seed, tell)),
    "lists": (240, 60, catalogued),
    "afterglows": (1, 1, afterglows),
    "ratios": (30_000, 6_000, distances),
}
"""Nights by default, nights of a quick run, and what plays them."""


def main(arguments: Sequence[str] | None = None) -> dict[str, Told]:
    """Run, print, and write ``yardstick.md``, ``yardstick.json`` and plots."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.yardstick", description=__doc__)
    parser.add_argument("--sets", default=",".join(SETS), help=f"of {', '.join(SETS)} (all)")
    parser.add_argument("--nights", type=int, help="nights of each set, in place of the usual number")
    parser.add_argument("--quick", action="store_true", help="fewer nights: about a minute")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, default=workload.DATA.parents[0], help="recorded data (MMA_DATA)")
    parser.add_argument("--out", type=Path, default=Path("yardstick"), help="folder of table and plots (yardstick)")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    answers: dict[str, Told] = {}
    pages: list[str] = []
    for name in options.sets.split(","):
        usual, quick, play = SETS[name]
        n = options.nights or (quick if options.quick else usual)
        start = time.monotonic()
        answers[name] = play(
            options.data, n, options.seed, lambda line, name=name: print(f"{name}: {line}", file=sys.stderr)
        )
        pages.append(page(name, answers[name], time.monotonic() - start))
        print(pages[-1])
        if "rules" in answers[name]:
            report.plot(options.out / f"{name}.png", name, answers[name]["rules"])
    (options.out / "yardstick.md").write_text("\n".join(pages))
    (options.out / "yardstick.json").write_text(json.dumps(answers, indent=1) + "\n")
    return answers


def page(name: str, answer: Told, seconds: float) -> str:
    """What one set says, as markdown."""
    if "tables" in answer:
        parts = [f"### {name}", ""] + [report.plain(title, *table) for title, table in answer["tables"].items()]
        parts += [", ".join(f"{key} {value:.3g}" for key, value in answer["numbers"].items())]
        return "\n".join([*parts, f"{seconds:.0f} s\n"])
    parts = [report.comparison(name, answer["rules"]), report.reliability(answer["rules"][OURS])]
    parts += [
        f"{key}: " + ", ".join(f"{k} {v}" for k, v in answer[key].items())
        for key in ("events", "claimed")
        if key in answer
    ]
    return "\n".join([*parts, f"{seconds:.0f} s\n"])


if __name__ == "__main__":
    main()
