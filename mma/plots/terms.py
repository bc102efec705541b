"""The terms of each candidate's score: what speaks for it to the right, what speaks against it to the left."""

from __future__ import annotations

from typing import Any

from .content import Content
from .style import BLACK, GREY, TERMS

FEWEST = 5
"""Place for so many bars: a single one does not fill the picture."""


def draw(figure: Any, place: Any, content: Content) -> Any:
    """A bar for each candidate, the best at the top; natural logs."""
    axes = figure.add_subplot(place)
    rows = range(len(content.candidates))
    for row, candidate in zip(rows, content.candidates, strict=True):
        for name, left, width in stacked(candidate.terms):
            axes.barh(row, width, left=left, height=0.66, color=TERMS[name], edgecolor="white", linewidth=0.5)
    odds = [candidate.log_odds for candidate in content.candidates]
    known = [(odd, row) for odd, row in zip(odds, rows, strict=True) if odd is not None]
    axes.plot(*zip(*known, strict=True), "D", color=BLACK, markersize=4.5, zorder=5) if known else None
    axes.axvline(0.0, color=BLACK, linewidth=0.8)
    axes.set_yticks(list(rows), [f"{c.rank}  {c.object}" for c in content.candidates])
    axes.set_ylim(max(len(content.candidates), FEWEST) - 0.4, -0.6)
    axes.set_xlabel("natural log of the odds, counterpart : unrelated")
    axes.grid(axis="x", color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    for row, candidate in zip(rows, content.candidates, strict=True):
        p = "" if candidate.probability is None else f"P {candidate.probability:.3g}"
        text = f"{p}  {candidate.counterpart}"
        axes.text(1.01, row, text, va="center", fontsize=8, color=GREY, transform=axes.get_yaxis_transform())
    _legend(axes, content)
    return axes


def stacked(terms: dict[str, float | None]) -> list[tuple[str, float, float]]:
    """Name, beginning and signed width of each bar; those that know nothing have none.

    Examples
    --------
    >>> stacked({"prior": -2.0, "sky": 3.0, "distance": None, "time": 1.0})
    [('prior', 0.0, -2.0), ('sky', 0.0, 3.0), ('time', 3.0, 1.0)]
    """
    right = left = 0.0
    bars = []
    for name, value in terms.items():
        if value:
            bars.append((name, right if value > 0 else left, value))
            right, left = right + max(value, 0.0), left + min(value, 0.0)
    return bars


def _legend(axes: Any, content: Content) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    used = [name for name in TERMS if any(candidate.terms.get(name) for candidate in content.candidates)]
    handles: list[Any] = [Patch(color=TERMS[name], label=name) for name in used]
    handles.append(Line2D([], [], color=BLACK, marker="D", linestyle="", markersize=4.5, label="sum, over all classes"))
    axes.legend(handles=handles, ncols=9, loc="lower left", bbox_to_anchor=(0.0, 1.0), frameon=False)
