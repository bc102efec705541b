"""Is the score's P what it says? Simulated events on BAYESTAR maps, straight through the score; plots and JSON.

``python -m benchmarks.calibration --maps FOLDER --near FOLDER`` wants maps that ``mma simulate maps`` made: several
hundred of ``--network o4`` for the levels, some tens of ``--network near`` for ranks like GW170817's.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import skymaps
from mma.commands.replay import bar
from mma.commands.show import console, number, table
from mma.simulate import calibration, maps, plots
from mma.simulate.hosts import Mix
from mma.simulate.scorecard import pp, summary
from mma.simulate.truth import Plan

IDEAL = Mix()
EVERYWHERE = Mix(in_plane=True)
MIXED = Mix(photo=0.4, hostless=0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question, and the number that answers it."""

    name: str
    plan: Plan
    events: int


def cases(events: int) -> list[Case]:
    """Probabilities need events without a counterpart too; ranks only those with one.

    Mergers are placed anew from the maps, which serve again and again; whether the maps hold their own sources is
    what ``levels`` answers.
    """
    few = max(events // 5, 1)

    def mergers(mix: Mix, **given: bool) -> Plan:
        return Plan(kinds=("cbc",), mix=mix, redraw=True, **{"per_deg2_14d": 1.79} | given)

    return [
        Case(name="P, 40 % photo-z, 20 % hostless, forced photometry", plan=mergers(MIXED, forced=True), events=events),
        Case(name="P, the same by alerts alone", plan=mergers(MIXED), events=events),
        Case(name="P, spectroscopic hosts but in the galactic plane", plan=mergers(IDEAL, forced=True), events=events),
        Case(name="P, neutrinos and flares", plan=Plan(kinds=("neutrino", "flare"), per_deg2_14d=1.79), events=events),
        Case(name="ranks, 40 % photo-z, 20 % hostless", plan=mergers(MIXED, always=True), events=few),
        Case(name="ranks, spectroscopic hosts", plan=mergers(EVERYWHERE, always=True), events=few),
    ]


def levels(folder: Path, out: Path) -> dict[str, Any]:
    """Whether the maps of a folder hold their own sources as often as they say; areas and distances; a plot."""
    sky, volume, area, mpc = [], [], [], []
    for drawn in maps.mergers(folder):
        skymap = skymaps.read(maps.path_of(folder, drawn))
        place = np.array([drawn.ra]), np.array([drawn.dec])
        sky.append(float(skymap.credible_level_at(*place)[0]))
        volume.append(float(skymap.credible_volume_at(*place, np.array([drawn.distance_mpc]))[0]))
        area.append(skymap.area_deg2(0.9))
        mpc.append(drawn.distance_mpc)
    answer = {
        "sky": pp(sky),
        "volume": pp(volume),
        "median_area90_deg2": float(np.median(area)),
        "median_mpc": float(np.median(mpc)),
    }
    plots.levels(out / f"levels-{folder.name}.png", {"sky": sky, "volume": volume})
    return answer


def run(near: Path, events: int, seed: int, folder: Path, wanted: str = "") -> list[dict[str, Any]]:
    """Play the cases that have ``wanted`` in their name; one scorecard each."""
    mergers, answers = maps.mergers(near), []
    with bar() as progress:
        for case in (case for case in cases(events) if wanted in case.name):
            task = progress.add_task(case.name, total=case.events)
            judged, lost = calibration.run(
                case.plan,
                case.events,
                seed,
                map_folder=near,
                mergers=mergers,
                progress=lambda n, task=task: progress.advance(task, n),  # type: ignore[misc]
            )
            answer = summary(judged, case.plan.nights, lost)
            plots.draw(folder / case.name.replace(" ", "_").replace(",", "").replace("%", "pc"), judged, answer)
            answers.append({"case": case.name, "plan": asdict(case.plan)} | answer)
    return answers


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Run, print, and write plots and ``calibration.json``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--maps", type=Path, required=True, help="maps for the levels (network o4)")
    parser.add_argument("--near", type=Path, required=True, help="maps for ranks and probabilities (network near)")
    parser.add_argument("--events", type=int, default=5000, help="of each question about P (5000); about ranks 1 in 5")
    parser.add_argument("--case", default="", help="only cases with this in their name")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("calibration"), help="folder of plots and JSON (calibration)")
    options = parser.parse_args(arguments)
    answer = {"levels": {path.name: levels(path, options.out) for path in (options.maps, options.near)}}
    answer |= {"cases": run(options.near, options.events, options.seed, options.out, options.case)}  # type: ignore[dict-item]
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "calibration.json").write_text(json.dumps(answer, indent=2) + "\n")
    show(answer)
    return answer


def show(answer: dict[str, Any]) -> None:
    """The numbers that count, a line a case."""
    out = console()
    for name, told in answer["levels"].items():
        sky, volume = told["sky"], told["volume"]
        out.print(f"maps in {name}: n {sky['n']}, KS p on the sky {sky['p']:.3g}, in volume {volume['p']:.3g}")
    columns = [(name, "left") for name in ("case", "events", "recall at 1", "median", "worst decile", "chance ratio")]
    rows = [
        (
            case["case"],
            case["events"],
            number(case["rank"]["recall_at_1"], ".3f"),
            number(case["rank"]["median"], ".0f"),
            number(case["reliability_worst"], ".3f"),
            number(case["chance"]["ratio"], ".3f"),
        )
        for case in answer["cases"]
    ]
    out.print(table("", columns, rows))


if __name__ == "__main__":
    main()
