"""Numbers beside points: none on top of another, and off what they are about where there is room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray

STEP_PX = 7.0
REACH = 60
"""Steps from a point within which its number stands."""

DIRECTIONS = np.radians(np.arange(16) * 22.5 + 45.0)


Covered = npt.NDArray[np.bool_]


def number(axes: Any, xy: FloatArray, labels: list[str], color: str, covered: Covered | None = None) -> None:
    """Write a label near each point, with a line to it.

    Parameters
    ----------
    xy
        In the axes' own pixels. Shape (n, 2).
    covered
        Pixels of the axes that labels stay off, where there is another place within reach. Shape (ny, nx).
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
        others = [box for box in taken if box is not own]
        place = _place(x, y, half, others, scale, _shut(axes, covered, half)) or _place(x, y, half, others, scale)
        place = place or (x, y)
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
            arrowprops={"arrowstyle": "-", "lw": 0.5, "alpha": 0.8, "color": color, "shrinkA": 4.5, "shrinkB": 2.5},
            zorder=9,
            annotation_clip=False,
            path_effects=[withStroke(linewidth=2.0, foreground="white")],
        )


def _shut(axes: Any, covered: Covered | None, half: tuple[float, float]) -> Callable[[float, float], bool] | None:
    """Whether a label with its middle at a place would lie on covered pixels, or leave the axes."""
    if covered is None:
        return None
    back, (ny, nx) = axes.transData.inverted(), covered.shape
    corners = np.array([(0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)]) * half

    def shut(x: float, y: float) -> bool:
        at = np.round(back.transform(corners + np.array([x, y]))).astype(int)
        inside = (at >= 0).all() and (at < (nx, ny)).all()
        return not inside or bool(covered[at[:, 1], at[:, 0]].any())

    return shut


def _place(
    x: float,
    y: float,
    half: tuple[float, float],
    taken: list[tuple[float, float, float, float]],
    scale: float,
    shut: Callable[[float, float], bool] | None = None,
) -> tuple[float, float] | None:
    """The nearest free place around a point; None where there is none within reach."""
    for step in range(2, REACH):
        for angle in DIRECTIONS:
            at = x + step * STEP_PX * scale * np.cos(angle), y + step * STEP_PX * scale * np.sin(angle)
            free = all(abs(at[0] - a) > half[0] + w or abs(at[1] - b) > half[1] + h for a, b, w, h in taken)
            if free and not (shut and shut(*at)):
                return at
    return None
