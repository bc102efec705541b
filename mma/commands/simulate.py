"""Simulated nights with known truth: make maps, write a campaign, score it."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .replay import bar
from .show import as_json, console, number, settings_of, table

if TYPE_CHECKING:
    from ..simulate import Judged, Merger, Plan

USAGE = "mma simulate FOLDER, mma simulate maps FOLDER, mma simulate score FOLDER, mma simulate score --direct"


def simulate(options: Namespace) -> None:
    """Do what the first word says: ``maps`` or ``score``; any other is the folder of a new campaign."""
    action, *rest = options.words
    if action not in ("maps", "score"):
        action, rest = "write", options.words
    if action == "score" and options.direct and not rest:
        _score(options, None)
        return
    if len(rest) != 1:
        raise ConfigError(f"one FOLDER is wanted; write {USAGE}")
    {"write": _write, "maps": _maps, "score": _score}[action](options, Path(rest[0]))


def _plan(options: Namespace) -> Plan:
    from ..simulate import KINDS, Mix, Plan

    kinds = tuple(options.kinds.split(","))
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise ConfigError(f"--kinds: no kind {', '.join(unknown)}; there are {', '.join(KINDS)}")
    if options.photo < 0 or options.hostless < 0 or options.photo + options.hostless > 1:
        raise ConfigError("--photo and --hostless are parts of the hosts, together 0 to 1")
    if options.events < 1 or options.nights < 1 or (options.background or 0) < 0:
        raise ConfigError("--events and --nights are 1 at least, --background is not negative")
    return Plan(
        kinds=kinds,
        nights=options.nights,
        survey=options.survey,
        per_deg2_14d=options.background,
        mix=Mix(photo=options.photo, hostless=options.hostless),
        always=options.always,
        redraw=options.redraw,
    )


def _mergers(options: Namespace, plan: Plan) -> tuple[Path | None, list[Merger]]:
    """Maps for the mergers of a plan: those of ``--maps``, or of the cache, where missing ones are made."""
    if "cbc" not in plan.kinds:
        return None, []
    from ..simulate import maps

    if options.maps:
        return Path(options.maps), maps.mergers(Path(options.maps))
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "mma-maps" / options.network
    return cache, _filled(cache, -(-options.events // len(plan.kinds)), options.network, 1)


def _filled(folder: Path, n: int, network: str, seed: int) -> list[Merger]:
    from ..simulate import maps

    with bar() as progress:
        task = progress.add_task("localising mergers (10 s each)", total=n)
        return maps.make(folder, n, network=network, seed=seed, progress=lambda k: progress.advance(task, k))


def _maps(options: Namespace, folder: Path) -> None:
    found = _filled(folder, options.n, options.network, options.seed)
    if options.json:
        as_json({"folder": str(folder), "maps": len(found)})
        return
    console().print(f"{len(found)} maps in {folder}: 'mma simulate NIGHTS --kinds cbc --maps {folder}' uses them")


def _write(options: Namespace, folder: Path) -> None:
    from ..simulate import sky, writing

    plan = _plan(options)
    if (folder / writing.TRUTH).exists():
        raise ConfigError(f"{folder} holds a campaign already: take another folder")
    map_folder, mergers = _mergers(options, plan)
    with bar() as progress:
        drawing = progress.add_task("simulating", total=options.events)
        campaign = sky.simulate(
            plan,
            options.events,
            options.seed,
            map_folder=map_folder,
            mergers=mergers,
            progress=lambda n: progress.advance(drawing, n),
        )
        task = progress.add_task("writing", total=len(campaign.sources))
        packets = writing.write(folder, campaign, lambda n: progress.advance(task, n))
    there = sum(source.is_counterpart for source in campaign.sources)
    if options.json:
        counts = {"events": len(campaign.triggers), "counterparts": there, "sources": len(campaign.sources)}
        as_json({"folder": str(folder), **counts, "packets": packets, "galaxies": len(campaign.galaxies)})
        return
    console().print(
        f"{len(campaign.triggers)} events, {there} with a counterpart; {len(campaign.sources)} sources in {packets} "
        f"packets; {len(campaign.galaxies)} galaxies. Next: mma simulate score {folder}"
    )


def _score(options: Namespace, folder: Path | None) -> None:
    judged, nights, lost = _judged(options, folder)
    from ..simulate import summary

    answer = summary(judged, nights, lost)
    if options.plots:
        from ..simulate import plots

        answer["plots"] = [str(path) for path in plots.draw(Path(options.plots), judged, answer)]
    if options.json:
        as_json(answer)
        return
    show(answer)


def _judged(options: Namespace, folder: Path | None) -> tuple[list[Judged], int, int]:
    """Events against their truth; nights; and counterparts that could not be made visible."""
    settings = settings_of(options)
    if folder is not None:
        from ..simulate import scoring

        judged, document = scoring.replayed(folder, settings)
        return judged, int(document["plan"]["nights"]), int(document["unobservable"])
    from ..simulate import calibration

    plan = _plan(options)
    map_folder, mergers = _mergers(options, plan)
    with bar() as progress:
        task = progress.add_task("scoring", total=options.events)
        judged, lost = calibration.run(
            plan,
            options.events,
            options.seed,
            map_folder=map_folder,
            mergers=mergers,
            parameters=plan.parameters(settings.score),
            progress=lambda n: progress.advance(task, n),
        )
    return judged, plan.nights, lost


def show(answer: dict[str, Any]) -> None:
    """The scorecard as tables."""
    out = console()
    rank, chance, false, moved = (answer[name] for name in ("rank", "chance", "false_candidates", "stability"))
    pp = answer["pp"]
    rows = [
        ("events, with a counterpart", f"{answer['events']}, {answer['with_counterpart']}"),
        ("rank of the counterpart: median, 90 %", f"{number(rank['median'], '.0f')}, {number(rank['p90'], '.0f')}"),
        ("recall at 1, at 10", f"{number(rank['recall_at_1'], '.3f')}, {number(rank['recall_at_10'], '.3f')}"),
        ("largest error of P in a decile", number(answer["reliability_worst"], ".3f")),
        ("Brier score: all candidates, best of each event", _pair(answer["brier"], answer["brier_of_events"], ".2g")),
        ("sum of P, counterparts among candidates", _sums(answer)),
        ("levels on the sky: n, KS p", f"{pp['sky']['n']}, {number(pp['sky']['p'], '.3g')}"),
        ("levels in volume: n, KS p", f"{pp['volume']['n']}, {number(pp['volume']['p'], '.3g')}"),
        ("chance count: counted / claimed", f"{chance['counted']} / {chance['claimed']:.1f} = {_ratio(chance)}"),
        (f"false candidates a night, P from {false['from_probability']}", f"{false['per_night']:.2f}"),
        ("first map to last: Kendall tau, top 10 kept", _pair(moved["kendall_tau"], moved["top10_overlap"], ".2f")),
    ]
    out.print(table("", [("scorecard", "left"), ("", "left")], rows))
    cells = [
        (f"{r['from']:.1f}", r["n"], number(r["claimed"], ".3f"), number(r["true"], ".3f"), number(r["error"], ".3f"))
        for r in answer["reliability"]
    ]
    columns = [("P from", "right"), ("candidates", "right"), ("mean P", "right"), ("true", "right"), ("+-", "right")]
    out.print()
    out.print(table("", columns, cells))


def _pair(a: float | None, b: float | None, form: str) -> str:
    return f"{number(a, form)}, {number(b, form)}"


def _sums(answer: dict[str, Any]) -> str:
    return f"{answer['sum_of_probabilities']:.1f}, {answer['true_among_candidates']}"


def _ratio(chance: dict[str, Any]) -> str:
    return number(chance["ratio"])
