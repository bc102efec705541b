"""The scorecard as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from mma.errors import ConfigError

from .scorecard import Judged, pp


def draw(folder: Path, judged: Sequence[Judged], summary: dict[str, Any]) -> list[Path]:
    """Write reliability, levels and ranks as PNG files.

    Raises
    ------
    ConfigError
        Without matplotlib; the message says how to get it.
    """
    plt = _pyplot()
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, picture in (("reliability", _reliability), ("levels", _levels), ("ranks", _ranks)):
        figure, axes = plt.subplots(figsize=(5.0, 5.0), layout="constrained")
        picture(axes, judged, summary)
        written.append(folder / f"{name}.png")
        figure.savefig(written[-1], dpi=120)
        plt.close(figure)
    return written


def levels(path: Path, told: Mapping[str, Sequence[float]]) -> None:
    """Write one picture of credible levels of true places: each name's levels must be even."""
    plt = _pyplot()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(figsize=(5.0, 5.0), layout="constrained")
    _even(axes, {name: (values, pp(values)) for name, values in told.items()})
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _pyplot() -> Any:
    try:
        import_module("matplotlib").use("Agg")
        return import_module("matplotlib.pyplot")
    except ImportError as error:
        raise ConfigError("plots need matplotlib: pip install 'mma-coincidence[plots]'") from error


def _even(axes: Any, told: Mapping[str, tuple[Sequence[float], Mapping[str, Any]]]) -> None:
    """Cumulative levels against the diagonal, with the band that 99 % of even ones stay in."""
    grid = np.linspace(0.0, 1.0, 101)
    axes.plot([0, 1], [0, 1], color="0.6", lw=1)
    n = max((len(values) for values, _ in told.values()), default=0)
    if n:
        width = 1.63 / np.sqrt(n)  # Kolmogorov's distribution at 99 %
        axes.fill_between(grid, grid - width, grid + width, color="0.9", lw=0)
    for name, (values, answer) in told.items():
        if len(values):
            steps = np.arange(1, len(values) + 1) / len(values)
            axes.plot(np.sort(values), steps, label=f"{name}: n {answer['n']}, KS p {answer['p']:.2g}")
    axes.legend(loc="lower right")
    axes.set(xlabel="credible level", ylabel="part of the true positions within", xlim=(0, 1), ylim=(0, 1))


def _reliability(axes: Any, judged: Sequence[Judged], summary: dict[str, Any]) -> None:
    rows = [row for row in summary["reliability"] if row["n"]]
    full = [row["occupied"] for row in rows]
    x, y = [row["claimed"] for row in rows], [row["true"] for row in rows]
    axes.plot([0, 1], [0, 1], color="0.6", lw=1)
    axes.errorbar(x, y, [row["error"] for row in rows], fmt="none", ecolor="0.6")
    axes.scatter(x, y, c=["C0" if f else "white" for f in full], edgecolors="C0", zorder=3)
    for row in rows:
        axes.annotate(f"{row['n']}", (row["claimed"], row["true"]), xytext=(5, -10), textcoords="offset points", size=7)
    axes.set(xlabel="claimed probability P", ylabel="part that is the counterpart", xlim=(0, 1), ylim=(-0.02, 1.02))
    axes.set_title(f"{summary['events']} events; filled: enough candidates", size=9)


def _levels(axes: Any, judged: Sequence[Judged], summary: dict[str, Any]) -> None:
    own = list({(j.level, j.volume): j for j in judged}.values())
    volumes = [j.volume for j in own if j.volume is not None]
    told = {"sky": [j.level for j in own], "volume": volumes}
    _even(axes, {name: (values, summary["pp"][name]) for name, values in told.items()})


def _ranks(axes: Any, judged: Sequence[Judged], summary: dict[str, Any]) -> None:
    there = [j for j in judged if j.counterpart is not None]
    ranks = np.sort([j.rank if j.rank is not None else 1e6 for j in there])
    if len(ranks):
        axes.step(ranks, np.arange(1, len(ranks) + 1) / len(ranks), where="post")
    axes.set(xscale="log", xlim=(0.9, 2e3), ylim=(0, 1.02))
    axes.set(xlabel="rank of the true counterpart", ylabel="part of the events up to it")
