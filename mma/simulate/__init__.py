"""Nights and campaigns of our own making, with known truth."""

from . import calibration, maps, night, plots, scoring, sky, writing
from .bayestar import Merger
from .events import Truth
from .hosts import Mix
from .scorecard import Judged, summary
from .triggers import KINDS
from .truth import Plan

__all__ = [
    "KINDS",
    "Judged",
    "Merger",
    "Mix",
    "Plan",
    "Truth",
    "calibration",
    "maps",
    "night",
    "plots",
    "scoring",
    "sky",
    "summary",
    "writing",
]
