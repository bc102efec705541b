"""Numbers beside points, none on top of another."""

from __future__ import annotations

from typing import Any

import numpy as np

from skymaps import FloatArray

STEP_PX = 7.0
DIRECTIONS = np.radians(np.arange(16) * 22.5 + 45.0)


def number(axes: Any, xy: FloatArray, labels: list[str], color: str) -> None:
    """Write a label near each point, with a line to it.

    Parameters
    ----------
    xy
        In the axes' own pixels. Shape (n, 2).
    """
    if not len(xy):
        return
    from matplotlib.patheffects import withStroke

    points = 72.0 / axes.figure.dpi
    axes.apply_aspect()  # else done when it is drawn, and the places are not final before
    shown = axes.transData.transform(xy)
    scale = axes.figure.dpi / 100.0
    taken = [(x, y, 5.0 * scale, 5.0 * scale) for x, y in shown]
    for at, (x, y), label, own in zip(xy, shown, labels, list(taken), strict=True):
        half = (3.6 * scale * len(label) + 2.0, 6.5 * scale)
        place = _place(x, y, half, [box for box in taken if box is not own], scale)
        taken.append((*place, *half))
        axes.annotate(
            label,
            xy=at,
            xytext=((place[0] - x) * points, (place[1] - y) * points),
            textcoords="offset points",  # which stay right when the figure is saved at another resolution
            ha="center",
            va="center",
            fontsize=8,
            fontweight="bold",
            color=color,
            arrowprops={"arrowstyle": "-", "lw": 0.6, "color": color, "shrinkA": 4.5, "shrinkB": 2.5},
            zorder=9,
            annotation_clip=False,
            path_effects=[withStroke(linewidth=2.0, foreground="white")],
        )


def _place(
    x: float, y: float, half: tuple[float, float], taken: list[tuple[float, float, float, float]], scale: float
) -> tuple[float, float]:
    """The nearest free place around a point."""
    for step in range(2, 30):
        for angle in DIRECTIONS:
            at = x + step * STEP_PX * scale * np.cos(angle), y + step * STEP_PX * scale * np.sin(angle)
            if all(abs(at[0] - a) > half[0] + w or abs(at[1] - b) > half[1] + h for a, b, w, h in taken):
                return at
    return x, y
