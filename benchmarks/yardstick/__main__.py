"""``python -m benchmarks.yardstick``: is P what it says on nights that the score does not know?"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import workload

from . import plays, report, schedule
from .plays import OURS, Tell, Told

SETS: dict[str, tuple[int, int, Callable[[Path, int, int, Tell], Told]]] = {
    "ztf": (400, 60, lambda data, n, seed, tell: plays.survey_nights(schedule.ZTF, data, n, seed, tell)),
    "rubin": (100, 12, lambda data, n, seed, tell: plays.survey_nights(schedule.RUBIN, data, n, seed, tell)),
    "lists": (240, 60, plays.catalogued),
    "afterglows": (1, 1, plays.afterglows),
    "ratios": (30_000, 6_000, plays.distances),
}
"""Nights by default, nights of a quick run, and what plays them."""


def main(arguments: Sequence[str] | None = None) -> dict[str, Told]:
    """Run, print, and write ``yardstick.md``, ``yardstick.json``, a line an event as CSV, and plots."""
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
            events(options.out / f"{name}.csv", answers[name].pop("each"))
    (options.out / "yardstick.md").write_text("\n".join(pages))
    (options.out / "yardstick.json").write_text(json.dumps(answers, indent=1) + "\n")
    return answers


def events(path: Path, each: list[Told]) -> None:
    """A line an event."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(each[0]) if each else [])
        writer.writeheader()
        writer.writerows(each)


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
