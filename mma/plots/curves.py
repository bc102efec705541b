"""Light curves of the best candidates, days since the event."""

from __future__ import annotations

from typing import Any

import numpy as np

from skymaps.units import AB_ZERO_MAG

from ..client import Candidate, Object
from .content import Content
from .style import GREY, band

MAG_PER_FRACTION = 2.5 / np.log(10.0)
LEAST_SIGNAL = 3.0
"""Errors below zero from which on a source is below its reference."""

COLUMNS = 3
TICKS = 6
UNTOLD = "?"
LIMIT: Any = {"marker": 7, "alpha": 0.4}
BELOW: Any = {"markerfacecolor": "none", "alpha": 0.6}


def draw(figure: Any, place: Any, content: Content) -> list[Any]:
    """A panel for each object."""
    if not content.objects:
        axes = figure.add_subplot(place)
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no candidates", ha="center", color=GREY, transform=axes.transAxes)
        return [axes]
    columns = min(COLUMNS, len(content.objects))
    rows = -(-len(content.objects) // columns)
    grid = place.subgridspec(rows, columns, hspace=0.6, wspace=0.28)
    origin = content.event["time"]
    panels = []
    for i, (candidate, found) in enumerate(zip(content.candidates, content.objects, strict=False)):
        axes = figure.add_subplot(grid[i // columns, i % columns])
        _panel(axes, candidate, found, origin)
        if i % columns == 0:
            axes.set_ylabel("AB magnitude")
        if i + columns >= len(content.objects):
            axes.set_xlabel("days since the event" if origin else "days since the first point")
        panels.append(axes)
    return panels


def _panel(axes: Any, candidate: Candidate, found: Object, origin: str | None) -> None:
    curve = found.light_curve
    p = "-" if candidate.probability is None else f"{candidate.probability:.3g}"
    axes.set_title(f"{candidate.rank}  {found.id}   P {p}", fontsize=8, loc="left")
    if not len(curve):
        return
    from matplotlib.ticker import MaxNLocator

    from ..client import as_time

    begin = as_time(origin) or curve.time.min()
    days = np.asarray((curve.time - begin).to_value("day"), dtype=np.float64)
    flux, error = _plain(curve["flux"], "nJy"), _plain(curve["flux_error"], "nJy")
    limit, bands = _plain(curve["limit"], None), [str(name) for name in curve["band"].filled(UNTOLD)]
    positive, below = flux > 0.0, flux < -LEAST_SIGNAL * np.nan_to_num(error)
    for name in sorted(set(bands)):
        colour, marker = band(name)
        mine = np.array([one == name for one in bands])
        style: dict[str, Any] = {"fmt": marker, "color": colour, "markersize": 4, "linewidth": 0.9}
        _measured(axes, days, flux, error, mine & positive, **style)
        _measured(axes, days, flux, error, mine & below, **style | BELOW)
        unseen = mine & ~positive & ~below & np.isfinite(limit)
        axes.plot(days[unseen], limit[unseen], linestyle="", color=colour, markersize=4, **LIMIT)
    lost = int((~positive & ~below & ~np.isfinite(limit)).sum())
    if lost:
        axes.text(0.98, 0.02, f"{lost} not positive", ha="right", fontsize=7, color=GREY, transform=axes.transAxes)
    if origin:
        axes.axvline(0.0, color=GREY, linewidth=0.8, linestyle="--", zorder=0)
    axes.invert_yaxis()
    axes.margins(x=0.06, y=0.18)
    axes.xaxis.set_major_locator(MaxNLocator(TICKS))


def legend(figure: Any, content: Content, **place: Any) -> None:
    """What the marks of all panels are, beside these: within them it would pass for data."""
    from matplotlib.lines import Line2D

    found = [_what(curve) for one in content.objects if len(curve := one.light_curve)]
    handles: list[Any] = []
    for name in sorted(set().union(*(bands for bands, _, _ in found))):
        colour, marker = band(name)
        label = "band not told" if name == UNTOLD else name
        handles.append(Line2D([], [], color=colour, marker=marker, linestyle="", markersize=4, label=label))
    grey: Any = {"color": GREY, "linestyle": "", "markersize": 5}
    if any(limits for _, limits, _ in found):
        handles.append(Line2D([], [], label="upper limit", **grey | LIMIT))
    if any(low for _, _, low in found):
        handles.append(Line2D([], [], marker="o", label="below its reference, by this much", **grey | BELOW))
    if content.event["time"] and found:
        handles.append(Line2D([], [], color=GREY, linewidth=0.8, linestyle="--", label="the event"))
    if handles:
        figure.legend(handles=handles, ncols=len(handles), frameon=False, **place)


def _what(curve: Any) -> tuple[set[str], bool, bool]:
    """Bands, whether there are limits, and whether anything is below its reference."""
    flux, error = _plain(curve["flux"], "nJy"), _plain(curve["flux_error"], "nJy")
    low = flux < -LEAST_SIGNAL * np.nan_to_num(error)
    limits = ~(flux > 0.0) & ~low & np.isfinite(_plain(curve["limit"], None))
    return {str(name) for name in curve["band"].filled(UNTOLD)}, bool(limits.any()), bool(low.any())


def _measured(axes: Any, days: Any, flux: Any, error: Any, rows: Any, **style: Any) -> None:
    """Points with their errors, at the magnitude of the flux, or of what is missing."""
    size = np.abs(flux[rows])
    spread = np.nan_to_num(MAG_PER_FRACTION * error[rows] / size)
    axes.errorbar(days[rows], AB_ZERO_MAG - 2.5 * np.log10(size), yerr=spread, **style)


def _plain(column: Any, unit: str | None) -> Any:
    """Floats in this unit, NaN where not known. Shape (n,)."""
    values = column.to_value(unit) if unit else column.value
    filled = values.filled(np.nan) if hasattr(values, "filled") else values
    return np.asarray(filled, dtype=np.float64)
