"""How probable it is that an event has a counterpart of a class, and that somebody finds it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from skymaps import FloatArray, SkyMap
from skymaps.region import SKY_DEG2

from . import learning
from .event import Event, Kind
from .parameters import Parameters
from .terms.shapes import EVENTS_OWN
from .terms.visible import visible

LEAST = 1e-9
"""No probability of a class, or of none, is less."""

SOURCES = ("BNS", "NSBH", "BBH", "MassGap", "Terrestrial")
"""Classes of LVK that exclude each other; what a notice leaves out of them has no probability."""


def log_priors(
    events: list[Event], kind: str, depths: FloatArray, parameters: Parameters
) -> dict[str, tuple[FloatArray, FloatArray]]:
    """``ln[P_k S_k / (P_0 N)]`` of each class, and S_k, of pairs of an event and a depth.

    A counterpart of this class that is found, against none, ``P_0 = 1 - sum_k P_k S_k``, among the sky's unrelated
    transients if these come one a day on every square degree. S_k is the probability that it is bright enough.

    Parameters
    ----------
    events
        All of one kind. Those of n pairs.
    depths
        Of the looks that found each pair's object, AB mag. Shape (n,).

    Returns
    -------
    :
        For each class of the kind two arrays of shape (n,).
    """
    told = [_of_pair(event, kind, float(depth), parameters) for event, depth in zip(events, depths, strict=True)]
    found = {}
    for name in parameters.kinds[kind]:
        both = np.array([each[name] for each in told], dtype=np.float64).reshape(-1, 2)
        found[name] = both[:, 0] + learning.shift(name, parameters), both[:, 1]
    return found


def _of_pair(event: Event, kind: str, depth: float, parameters: Parameters) -> dict[str, tuple[float, float]]:
    """Log prior and visibility of each class."""
    stated = parameters.kinds[kind]
    seen = {name: visibility(event, name, depth, parameters) for name in stated}
    expected = {name: possible(event, name) * p * seen[name] for name, p in stated.items()}
    none = max(1.0 - sum(expected.values()), LEAST)
    found = {}
    for name, p in expected.items():
        onset = parameters.classes[name].onset
        unrelated = SKY_DEG2 * (onset.end_d - onset.start_d)
        found[name] = float(np.log(max(p, LEAST) / (none * unrelated))), seen[name]
    return found


def visibility(event: Event, name: str, depth: float, parameters: Parameters) -> float:
    """Probability that a counterpart of a class is bright enough to be found by looks of this depth, AB mag.

    By the event's distance, where it tells one. It is 1 for classes whose light is not counted from the event: their
    ``P_k`` are of those that are seen.
    """
    light = parameters.classes[name].light
    if light.shape not in EVENTS_OWN:
        return 1.0
    region = event.region
    distance = region.distance_mpc if isinstance(region, SkyMap) else None
    rounded = None if distance is None else (float(f"{distance[0]:.2g}"), float(f"{distance[1]:.1g}"))
    template = parameters.templates.get(name)
    return visible(light, template, rounded, round(depth, 1), parameters.cadence_d, parameters.photometry)


def possible(event: Event, name: str) -> float:
    """Probability, by the sender's classes, that the event is real and can have this counterpart."""
    classes = event.classes
    real = 1.0 - classes.get("Terrestrial", 0.0)
    if event.kind == Kind.NEUTRINO:
        return real * classes.get("astrophysical", 1.0)
    if event.kind != Kind.CBC:
        return real
    return _OF_MERGER.get(name, _any)(classes, real)


def _any(classes: Mapping[str, float], real: float) -> float:
    return real


def _matter(classes: Mapping[str, float], real: float) -> float:
    """That matter is left outside: HasRemnant, a question asked of what is real; else by what merged."""
    if (remnant := classes.get("HasRemnant")) is not None:
        return real * remnant
    if any(name in classes for name in SOURCES):
        return classes.get("BNS", 0.0) + NSBH_DISRUPTED * classes.get("NSBH", 0.0)
    return real


def _holes(classes: Mapping[str, float], real: float) -> float:
    """That two black holes merged; those in a mass gap count, and what is not told does not."""
    return classes.get("BBH", 0.0) + classes.get("MassGap", 0.0)


def _collapse(classes: Mapping[str, float], real: float) -> float:
    """That it merged within a collapsing star: so it may be if something lighter than the sun did."""
    return real * max(classes.get("HasSSM", 0.0), ORDINARY_COLLAPSE)


NSBH_DISRUPTED = 0.15
"""Part of the mergers of a neutron star and a black hole that leave matter, where HasRemnant is not told. Ours."""

ORDINARY_COLLAPSE = 0.01
"""Weight of a merger within a supernova where nothing says that a part was lighter than the sun."""

_OF_MERGER = {"kilonova": _matter, "afterglow": _matter, "agn_flare": _holes, "superkilonova": _collapse}
