"""Rates of unrelated transients as a picture: what is published, and what was learnt with its errors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .style import GREY


def save(rows: Sequence[dict[str, Any]], path: Path, dpi: float = 150.0) -> None:
    """Draw rates, one point a cell, into a file.

    Parameters
    ----------
    rows
        As ``mma rates --json`` has them.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 1.4 + 0.26 * max(len(rows), 1)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    at = np.arange(len(rows))
    if rows:
        rate, low, high, base = (np.array([row[n] for row in rows]) for n in ("rate", "low", "high", "published"))
        axes.plot(base, at, "|", color=GREY, markersize=12, label="published")
        axes.errorbar(rate, at, xerr=[rate - low, high - rate], fmt="o", markersize=4, label="learnt, 68 %")
        axes.set_xscale("log")
        axes.legend(loc="best", fontsize=8)
    axes.set_yticks(at, [_name(row) for row in rows], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("unrelated transients per square degree in 14 d")
    figure.savefig(path, dpi=dpi)


def _name(row: dict[str, Any]) -> str:
    seen = "once" if row["detections"] == 1 else "again"
    return f"{row['survey']} {row['depth_mag']:g} mag, |b| from {row['latitude_deg']:g}, {seen}"
