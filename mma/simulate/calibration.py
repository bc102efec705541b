"""Many events one by one, each under its own sky, straight through the score: for calibration, without packets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from coincidence import Parameters

from . import hosts
from .bayestar import Merger
from .scorecard import Judged
from .scoring import direct
from .sky import simulate
from .truth import Plan


def run(
    plan: Plan,
    events: int,
    seed: int,
    *,
    map_folder: Path | None = None,
    mergers: Sequence[Merger] = (),
    parameters: Parameters | None = None,
    photometry: bool = True,
    progress: Callable[[int], None] = lambda n: None,
) -> tuple[list[Judged], int]:
    """Simulate and judge events one at a time; also how many counterparts no try could make visible.

    Parameters
    ----------
    events
        How many; kinds take turns, and maps (a map that comes again has another sky and another counterpart).
    parameters
        Of the score; the plan's own where not given.
    photometry
        Whether the score sees light curves.
    """
    galaxies = hosts.others(plan.mix, np.random.default_rng([seed, 0]))
    judged, lost = [], 0
    for i in range(events):
        kind, turn = plan.kinds[i % len(plan.kinds)], i // len(plan.kinds)
        campaign = simulate(
            _only(plan, kind),
            1,
            seed * 1_000_003 + i,
            map_folder=map_folder,
            mergers=[mergers[turn % len(mergers)]] if mergers else (),
            field_galaxies=galaxies,
        )
        judged += direct(campaign, parameters, photometry=photometry, revisions=False)
        lost += campaign.unobservable
        progress(1)
    return judged, lost


def _only(plan: Plan, kind: str) -> Plan:
    from dataclasses import replace

    return replace(plan, kinds=(kind,))
