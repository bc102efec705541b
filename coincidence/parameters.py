"""Every number of the score that is a choice, in one place, with its unit, reason and source.

A parameter set has an id made of its name and its content; the id is stamped on every
score, so that two scores can be compared only when they mean the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from . import models
from .event import Kind
from .fading import Template, templates
from .models import Classifier, ClassModel, Contamination, Onset, Photometry, Underneath
from .population import Luminosity

__all__ = ["DEFAULT", "ClassModel", "Onset", "Parameters"]


def _kinds() -> dict[str, dict[str, float]]:
    return {
        # few mergers point their jet at us; where one looks is not known beforehand
        Kind.CBC: {"kilonova": 0.8, "afterglow": 0.02, "superkilonova": 0.01, "agn_flare": 0.002},
        Kind.BURST: {"supernova": 0.1, "afterglow": 0.02},
        # 81 % of long bursts and 57 % of short ones have one, to a 2 m telescope (GROND, arXiv 2410.14441)
        Kind.GRB: {"afterglow": 0.75, "supernova": 0.05, "kilonova": 0.02},
        Kind.NEUTRINO: {"blazar": 0.1, "supernova": 0.02, "tde": 0.02},
        Kind.SUPERNOVA: {"supernova": 0.5},
        Kind.FLARE: {"flare": 0.3, "afterglow": 0.02},
        Kind.FRB: {"afterglow": 0.02, "supernova": 0.01},
        Kind.TRANSIENT: {"flare": 0.3},
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What the sky showed in one cell: new transients there, and how many had been expected."""

    seen: float
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """The published starting values, and what was learnt since."""

    per_mpc3_year: float = 1.006e-4
    """Supernovae of all sorts: type Ia 0.301, Ibc 0.258, II 0.447 in 1e-4 per Mpc3 and year (Li et al. 2011, MNRAS 412
    1473, abstract and table 11)."""

    galactic_per_deg2_day: float = 2.1e-5
    """Outbursts of stars that pass for new, towards the pole at ``galactic_limit_mag``. Ours: about as many
    cataclysmic variables as ZTF found in a year (after Szkody et al. 2020, AJ 159 198), over 20,000 deg2, as
    1 / sin |b|."""

    galactic_limit_mag: float = 20.5
    galactic_slope: float = 0.3
    """How their number grows with depth: log10 of it for each magnitude. Ours: half as steep as in a sphere."""

    once_per_deg2_day: float = 0.04
    """What is seen in a single exposure and passes the vetoes: asteroids without an orbit, flares of M dwarfs,
    artefacts. Ours: ten times as many as supernovae at 20.5 mag; lists differ by far more than that."""

    strength: float = 2.0
    """So many transients expected must have been looked for before what was seen weighs as much as what is published.
    Ours: a relative error of 70 %, a factor two either way."""

    moved: float = 0.2
    """A new set is made once a rate moved by more than this part of it."""

    depth_mag: Mapping[str, float] = field(
        default_factory=lambda: {
            "ztf": 20.5,
            "lsst": 24.0,
            "elasticc": 24.0,
            "decam": 22.5,
            "atlas": 19.5,
            "tns": 19.5,
            "oac": 19.5,
        }
    )
    """Depth of each survey, 5 sigma in r, where a packet tells none: ZTF Bellm et al. 2019 (PASP 131 018002), Rubin
    Ivezic et al. 2019 (ApJ 873 111), DECam as Cowperthwaite et al. 2018 (ApJ 858 18), ATLAS Tonry et al. 2018 (PASP 130
    064505). Lists of names: ours, about what half of their discoveries are brighter than."""

    complete: Mapping[str, float] = field(default_factory=lambda: {"tns": 0.8, "oac": 0.8})
    """Part of what a survey of that depth would see which a list holds; 1 for surveys."""

    learnt: Mapping[str, Learnt] = field(default_factory=dict)
    """By cell, ``SURVEY/DEPTH/LATITUDE/DETECTIONS``: a part of the sky's transients that is learnt together."""


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

    background_per_deg2_day: float | None = None
    """Unrelated new transients per square degree and day, the same for all. None: as ``rates`` says, by survey, depth,
    place and number of detections."""

    background_limit_mag: float | None = None
    """How deep all surveys see unrelated transients, AB mag. None: as each packet or survey tells."""

    background_peak_mag: float = -19.0
    """Mean absolute magnitude of the brighter background transients, type Ia supernovae."""

    background_peak_sigma_mag: float = 0.5
    background_faint_share: float = 0.7
    """Part of all that explode in a volume which are the fainter ones, other supernovae: rates of Li et al. 2011 (MNRAS
    412 1473). A survey sees them nearby, where the counterparts of mergers are."""

    background_faint_mag: float = -17.0
    background_faint_sigma_mag: float = 1.2
    peculiar_velocity_km_s: float = 300.0
    """Scatter of galaxies about the Hubble flow: 4.4 Mpc."""

    cadence_d: float = 2.0
    """Days between looks at one place, for what a survey can have seen of an event (ZTF: Bellm et al. 2019, PASP 131
    068003)."""

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

    same_source_arcsec: float = 1.5
    """Objects of different surveys this close together are one source; so are those within three standard errors of
    their positions, where surveys tell these."""

    star_radius_arcsec: float = 1.5
    """The catalogued source is taken for the object itself within this distance."""

    tell_from_log_odds: float = -7.0
    """A candidate is published once its log odds reach this: natural log, -7 is a chance of one in a thousand."""

    tell_log_odds: float = 1.0
    """A published candidate is told again when its log odds moved by more than this."""

    verdict_error: float = 1e-6
    """Probability that a verdict "confirmed" is wrong."""

    contamination_strength: float = 10.0
    """So many verdicts must speak before they weigh as much as what the score claimed."""

    rates: Rates = field(default_factory=Rates)
    """Rates of unrelated transients: published, and learnt from the sky."""

    photometry: Photometry = field(default_factory=Photometry)
    underneath: Underneath = field(default_factory=Underneath)
    templates: Mapping[str, Template] = field(default_factory=templates)
    """Mean light curves, for the classes whose light has the shape ``template``."""

    classifiers: Mapping[str, Classifier] = field(default_factory=dict)
    """Classifiers that are known to be calibrated, by name; no other is counted."""

    contamination: Mapping[str, Contamination] = field(default_factory=dict)
    """What verdicts taught, by counterpart class; see ``coincidence.learning``."""

    classes: Mapping[str, ClassModel] = field(default_factory=models.classes)
    kinds: Mapping[str, Mapping[str, float]] = field(default_factory=_kinds)
    """For each kind of event the classes that are looked for, with the probability that a real event has such a
    counterpart where somebody looks. Those whose light is counted from the event may be too faint: ``priors``. Choices
    of ours, to be learnt from verdicts."""

    @property
    def id(self) -> str:
        """Name and a short hash of the content, e.g. ``default-1f0c2a9b``."""
        content = json.dumps(asdict(self), sort_keys=True, default=str)
        return f"{self.name}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"

    @property
    def luminosity(self) -> Luminosity:
        """Of background transients: share by volume, mean absolute magnitude and scatter of each sort."""
        faint = self.background_faint_share
        return (
            (1.0 - faint, self.background_peak_mag, self.background_peak_sigma_mag),
            (faint, self.background_faint_mag, self.background_faint_sigma_mag),
        )

    def window_d(self, kind: str) -> tuple[float, float]:
        """First and last onset, in days after an event of this kind, that any class allows."""
        models = [self.classes[name] for name in self.kinds[kind]]
        return min(m.onset.start_d for m in models), max(m.onset.end_d for m in models)


DEFAULT = Parameters()
