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

from . import adapter, lists, measures, report, schedule, sides
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


def _place(true: np.ndarray) -> int | None:
    rows = np.flatnonzero(true)
    return int(rows[0]) if len(rows) else None


def survey_nights(survey: schedule.Survey, data: Path, n: int, seed: int, tell: Callable[[str], None]) -> Told:
    """Nights of one survey in real maps."""
    return compare(lambda number: nights.draw(data, survey, nights.MAPS_OF[survey.name], number, seed), n, tell)


SETS: dict[str, tuple[int, int, Callable[[Path, int, int, Callable[[str], None]], Told]]] = {
    "ztf": (400, 60, lambda data, n, seed, tell: survey_nights(schedule.ZTF, data, n, seed, tell)),
    "rubin": (150, 12, lambda data, n, seed, tell: survey_nights(schedule.RUBIN, data, n, seed, tell)),
    "lists": (400, 100, catalogued),
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
    parts = [report.comparison(name, answer["rules"]), report.reliability(answer["rules"][OURS])]
    parts += [
        f"{key}: " + ", ".join(f"{k} {v}" for k, v in answer[key].items())
        for key in ("events", "claimed")
        if key in answer
    ]
    return "\n".join([*parts, f"{seconds:.0f} s\n"])


if __name__ == "__main__":
    main()
