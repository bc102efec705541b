"""Every number of the score that is a choice, in one place, with its unit, reason and source.

A parameter set has an id made of its name and its content; the id is stamped on every
score, so that two scores can be compared only when they mean the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from .event import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Onset:
    """When a counterpart of a class begins, in days after the event: a density that integrates to 1."""

    shape: str
    """``box``: even; ``plateau_exponential``: even for ``flat_d``, then falling with ``scale_d``;
    ``power_law``: 1 / (x + ``scale_d``)."""

    start_d: float
    end_d: float
    flat_d: float = 0.0
    scale_d: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassModel:
    """One kind of counterpart."""

    onset: Onset
    active_before_d: float | None
    """A detection earlier than this many days before the event rules the class out. None: it does not."""


def _classes() -> dict[str, ClassModel]:
    def box(start_d: float, end_d: float) -> ClassModel:
        onset = Onset(shape="box", start_d=start_d, end_d=end_d)
        return ClassModel(onset=onset, active_before_d=None)

    return {
        # rises within a day, fades within days: Villar et al. 2017 (ApJL 851 L21)
        "kilonova": ClassModel(
            onset=Onset(shape="plateau_exponential", start_d=0.0, end_d=10.0, flat_d=1.0, scale_d=2.0),
            active_before_d=0.1,
        ),
        # brightness falls about as 1/t after the burst, and so does the number that is first seen
        "afterglow": ClassModel(
            onset=Onset(shape="power_law", start_d=0.0, end_d=3.0, scale_d=0.02), active_before_d=10.0 / 86400.0
        ),
        # first light in a survey, from 20 d before a neutrino or burst to 20 d after
        "supernova": box(-20.0, 20.0),
        # AT2019dsg: neutrino ~175 d after discovery (Stein et al. 2021, Nature Astronomy 5, 510)
        "tde": box(-400.0, 30.0),
        # a state, not an onset: any activity around the event counts
        "blazar": box(-400.0, 30.0),
        "flare": box(-1.0, 7.0),
    }


def _kinds() -> dict[str, dict[str, float]]:
    return {
        # few mergers point their jet at us
        Kind.CBC: {"kilonova": 0.5, "afterglow": 0.02},
        Kind.BURST: {"supernova": 0.1, "afterglow": 0.02},
        Kind.GRB: {"afterglow": 0.5, "supernova": 0.05, "kilonova": 0.02},
        Kind.NEUTRINO: {"blazar": 0.1, "supernova": 0.02, "tde": 0.02},
        Kind.SUPERNOVA: {"supernova": 0.5},
        Kind.FLARE: {"flare": 0.3, "afterglow": 0.02},
        Kind.FRB: {"afterglow": 0.02, "supernova": 0.01},
        Kind.TRANSIENT: {"flare": 0.3},
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """A parameter set; ``id`` names it and its content."""

    name: str = "default"
    level: float = 0.99
    """Credible level down to which an alert is a candidate of a region."""

    sky_floor: float = 1e-3
    """Probability that a region is wrong altogether: bounds how much the sky term can cost."""

    distance_floor: float = 1e-3
    """Probability that a host's or region's distance is wrong altogether."""

    background_per_deg2_day: float = 1.79 / 14.0
    """Unrelated new transients per square degree and day: 1.79 per deg2 (Cowperthwaite et al. 2018,
    ApJ 858 18) spread over a search of 14 d."""

    background_limit_mag: float = 20.5
    """Depth of the survey that sets how far background transients are seen (ZTF, 30 s)."""

    background_peak_mag: float = -19.0
    """Mean absolute magnitude of a background transient, most are type Ia supernovae."""

    background_peak_sigma_mag: float = 1.0
    peculiar_velocity_km_s: float = 300.0
    """Scatter of galaxies about the Hubble flow: 4.4 Mpc."""

    unseen_gap_d: float = 3.0
    """Time since the survey's previous look, where the last non-detection is unknown: days."""

    host_offset_kpc: float = 60.0
    """Largest projected distance from a host that is considered."""

    host_radius_arcmin: float = 15.0
    """Largest angular distance from a host that is considered."""

    reliability_min: float = 0.3
    """Real/bogus score below which a detection is taken for an artefact (nuztf's limit)."""

    active_kept_d: float = 30.0
    """An object that was active longer than this before an event's window is no candidate at all, not even a
    vetoed one: most of what a survey sees is variable stars and galaxies. Days."""

    moving_arcsec: float = 5.0
    """An object never seen farther than this from a known solar-system body is that body."""

    star_radius_arcsec: float = 1.5
    """The catalogued source is taken for the object itself within this distance."""

    tell_from_log_odds: float = -100.0
    """A candidate is published once its log odds reach this: natural log, -7 is a chance of one in a thousand."""

    tell_log_odds: float = 1.0
    """A published candidate is told again when its log odds moved by more than this."""

    classes: Mapping[str, ClassModel] = field(default_factory=_classes)
    kinds: Mapping[str, Mapping[str, float]] = field(default_factory=_kinds)
    """For each kind of event the classes that are looked for, with the probability that a real event has
    such a counterpart, bright enough and observed. Choices of ours, to be learnt from verdicts."""

    @property
    def id(self) -> str:
        """Name and a short hash of the content, e.g. ``default-1f0c2a9b``."""
        content = json.dumps(asdict(self), sort_keys=True, default=str)
        return f"{self.name}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"

    def window_d(self, kind: str) -> tuple[float, float]:
        """First and last onset, in days after an event of this kind, that any class allows."""
        models = [self.classes[name] for name in self.kinds[kind]]
        return min(m.onset.start_d for m in models), max(m.onset.end_d for m in models)


DEFAULT = Parameters()
