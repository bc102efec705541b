"""Colours that everybody can tell apart (Okabe & Ito 2008, jfly.uni-koeln.de/color), and one look."""

from __future__ import annotations

from typing import Any

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
GREY, LIGHT = "#6b6b6b", "#c8c8c8"
DENSITY = ("#ffffff", "#d6e6f4", "#9dc6e3", "#5aa2cf", "#2474b4", "#08306b")
"""From no probability to the most: one hue, so that lightness alone tells."""

TERMS = {
    "prior": GREY,
    "sky": BLUE,
    "distance": GREEN,
    "time": ORANGE,
    "photometry": VERMILION,
    "context": PURPLE,
    "classifier": SKY,
    "verdict": YELLOW,
}
"""A colour for each term of the score."""

BANDS: dict[str, tuple[str, str]] = {
    "u": (PURPLE, "v"),
    "g": (GREEN, "o"),
    "r": (VERMILION, "s"),
    "i": (ORANGE, "D"),
    "z": (BLUE, "^"),
    "y": (BLACK, "P"),
}
"""A colour and a marker for each band."""

OTHER_BAND = (GREY, "X")
SIZES: Any = {
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.labelsize": 9.0,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 8.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "mma",
    "pdf.fonttype": 42,
}
"""Matplotlib's settings; letters in a PDF stay letters."""


def band(name: str | None) -> tuple[str, str]:
    """Colour and marker of a band, whatever the survey writes before it: ``r``, ``ztfr``, ``lsst_r``."""
    return BANDS.get((name or "?")[-1], OTHER_BAND)
