"""A figure for each kind of picture, and all of them on one page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..text import did_you_mean
from . import curves, sky, terms
from .content import Content
from .style import GREY, SIZES

FORMATS = ("png", "pdf", "svg")


def _sky(figure: Any, content: Content) -> None:
    sky.all_sky(figure, _whole(figure, 0.05, 0.13, 0.95, 0.87), content)
    sky.legend(figure, content, loc="lower center", bbox_to_anchor=(0.5, 0.01))


def _zoom(figure: Any, content: Content) -> None:
    sky.zoom(figure, _whole(figure, 0.13, 0.14, 0.96, 0.86), content)
    sky.legend(figure, content, plane=False, loc="lower center", bbox_to_anchor=(0.5, 0.01))


def _curves(figure: Any, content: Content) -> None:
    curves.draw(figure, _whole(figure, 0.07, 0.17, 0.98, 0.84), content)
    curves.legend(figure, content, loc="lower center", bbox_to_anchor=(0.5, 0.01))


def _terms(figure: Any, content: Content) -> None:
    terms.draw(figure, _whole(figure, 0.2, 0.12, 0.8, 0.78), content)


def _all(figure: Any, content: Content) -> None:
    top = figure.add_gridspec(1, 2, left=0.05, right=0.97, bottom=0.675, top=0.95, width_ratios=[1.75, 1.0], wspace=0.2)
    sky.all_sky(figure, top[0, 0], content, numbered=False)  # the closer look beside it has the numbers
    sky.zoom(figure, top[0, 1], content)
    sky.legend(figure, content, loc="center", bbox_to_anchor=(0.5, 0.64))
    curves.draw(figure, _whole(figure, 0.06, 0.375, 0.97, 0.605), content)
    curves.legend(figure, content, loc="center", bbox_to_anchor=(0.5, 0.325))
    terms.draw(figure, _whole(figure, 0.16, 0.045, 0.83, 0.27), content)


KINDS: dict[str, tuple[Callable[[Any, Content], None], tuple[float, float]]] = {
    "sky": (_sky, (10.0, 6.2)),
    "zoom": (_zoom, (7.5, 7.5)),
    "curves": (_curves, (11.0, 6.0)),
    "terms": (_terms, (10.0, 5.2)),
    "all": (_all, (12.0, 15.0)),
}
"""Kind of picture to what draws it, and its size in inches."""


def draw(content: Content, kind: str = "all") -> Any:
    """A matplotlib Figure.

    Raises
    ------
    ConfigError
        No such kind; or matplotlib is missing: the message says how to get it.
    """
    if kind not in KINDS:
        raise ConfigError(f"no kind of plot {kind!r}; {did_you_mean(kind, KINDS)}")
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError("plots need matplotlib: pip install 'mma-coincidence[plots]'") from error
    paint, size = KINDS[kind]
    with rc_context(SIZES):
        figure = Figure(figsize=size, dpi=100)
        paint(figure, content)
        inch = 1.0 / size[1]
        figure.text(0.03, 1.0 - 0.25 * inch, content.title, fontsize=12, fontweight="bold", va="center")
        figure.text(0.03, 1.0 - 0.5 * inch, content.state, fontsize=9, color=GREY, va="center")
    return figure


def save(figure: Any, path: Path, dpi: float = 150.0) -> None:
    """Write a figure; the ending says how: png, pdf or svg.

    Raises
    ------
    ConfigError
        Another ending, or a place that cannot be written to.
    """
    from matplotlib import rc_context

    kind = path.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise ConfigError(f"{path.name}: end it with {', '.join('.' + name for name in FORMATS)}")
    dates = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}  # the same picture is the same file
    try:
        with rc_context(SIZES):
            figure.savefig(path, dpi=dpi, facecolor="white", metadata=dates.get(kind))
    except OSError as error:
        raise ConfigError(f"cannot write to {path}: {error.strerror}") from error


def _whole(figure: Any, left: float, bottom: float, right: float, top: float) -> Any:
    return figure.add_gridspec(1, 1, left=left, bottom=bottom, right=right, top=top)[0, 0]
