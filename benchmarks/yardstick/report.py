"""Tables and plots of the yardstick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from . import measures

COLUMNS = (
    ("events", "events", "d"), ("true", "true", "d"), ("log_loss", "log loss", ".3f"), ("log_loss_error", "+-", ".3f"),
    ("sum_p", "sum of P", ".1f"), ("ratio", "/ true", ".2f"), ("worst", "worst tenth", ".2f"),
    ("recall_1", "first", ".2f"), ("recall_10", "in ten", ".2f"), ("recall_1_near", "first < 200 Mpc", ".2f"),
    ("false", "false >= 0.1", ".3f"), ("candidates", "candidates", ".0f"), ("none_true", "P(none), none", ".3f"),
    ("none_false", "P(none), seen", ".3f"),
)  # fmt: skip
"""Key, heading and form of each column."""


def _cell(value: Any, form: str) -> str:
    return "-" if value is None else format(value, form)


def comparison(name: str, told: Mapping[str, Mapping[str, Any]]) -> str:
    """One set as a markdown table: a line a rule."""
    lines = [
        f"### {name}", "", "| rule | " + " | ".join(head for _, head, _ in COLUMNS) + " |",
        "|---|" + "---|" * len(COLUMNS),
    ]  # fmt: skip
    for rule, numbers in told.items():
        lines.append(f"| {rule} | " + " | ".join(_cell(numbers[key], form) for key, _, form in COLUMNS) + " |")
    return "\n".join(lines) + "\n"


def plain(title: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Any rows as a markdown table."""
    lines = [title, "", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def reliability(numbers: Mapping[str, Any]) -> str:
    """Tenths of P as a markdown table."""
    lines = ["| P from | candidates | mean P | true | error |", "|---|---|---|---|---|"]
    for row in numbers["tenths"]:
        cells = [_cell(row[key], ".3f") for key in ("claimed", "true", "error")]
        lines.append(f"| {row['from']:.1f} | {row['n']} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def plot(path: Path, name: str, told: Mapping[str, Mapping[str, Any]]) -> None:
    """Reliability of every rule beside each other, with bars of one error."""
    import_module("matplotlib").use("Agg")
    plt = import_module("matplotlib.pyplot")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(figsize=(5.5, 5.0), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.6", lw=1)
    for k, (rule, numbers) in enumerate(told.items()):
        rows = [r for r in numbers["tenths"] if r["n"] >= (5 if k == 0 else measures.OCCUPIED)]
        axes.errorbar(
            [r["claimed"] for r in rows], [r["true"] for r in rows], yerr=[r["error"] for r in rows],
            marker="o" if k == 0 else ".", lw=1.6 if k == 0 else 0.8, label=rule, capsize=2,
        )  # fmt: skip
    axes.set(xlabel="mean P", ylabel="part that is true", title=name, xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)
