"""What a counterpart class looks like: when it begins, how bright it is and how it fades, what lies underneath."""

from __future__ import annotations

from dataclasses import dataclass, field

from .fading import COURSES, KILONOVA_COURSES
from .fading import SHOCK_COOLING as SHOCK_COOLING


@dataclass(frozen=True, slots=True, kw_only=True)
class Onset:
    """When a counterpart of a class begins, in days after the event: a density that integrates to 1."""

    shape: str
    """``box``: even; ``plateau_exponential``: even for ``flat_d``, then falling with ``scale_d``;
    ``power_law``: 1 / (x + ``scale_d``); ``event``: it begins with the event and is seen, as soon as somebody looks,
    within ``flat_d``; a part ``late`` only later, falling with ``scale_d``, for looks were too shallow. Where depths
    are known, the looks themselves tell that instead (``terms.photometry``)."""

    start_d: float
    end_d: float
    flat_d: float = 0.0
    scale_d: float = 1.0
    late: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """How bright a class is and how it changes: a mean light curve, a normal offset and a normal slope around it."""

    shape: str = "none"
    """``none``: nothing is known; ``flat``: constant, at any phase; ``template``: the magnitudes of
    ``Parameters.templates``, counted from the event; ``power_law``: flux as t^-``decay`` from the event on;
    ``state``: an active nucleus, judged by its own history."""

    mag: float = 0.0
    """Mean absolute magnitude (``power_law``: at 1 d); for a template what is added to it."""

    mag_sigma: float = 1.0
    """Scatter about it, mag."""

    apparent_mag: float | None = None
    """Mean apparent magnitude at 1 d where the event has no distance. None: as bright as the background is."""

    apparent_mag_sigma: float = 1.0
    slope_sigma: float = 0.1
    """Scatter of the slope about the mean light curve's: mag/d; ``power_law``: mag per factor ten in time."""

    colour: float = 0.0
    """Mean of g - r, mag, over that of a template; other bands change along, as one over the wavelength."""

    colour_sigma: float = 0.3
    """Scatter of it."""

    decay: float = 1.0
    """Index of the power law."""

    courses: tuple[tuple[float, ...], ...] = ()
    """Ways of which a counterpart goes one, each with its share first. ``power_law``: the index, and then, as often as
    it changes, the day of the change and the index from then on; none: ``decay`` for ever. ``template``: how many times
    as slow it is, and until which day its flux grows as t^2 (times as slow, too); none: as told."""

    rank_index: float = 1.0
    """``state``: the rank u of the flux in its history, counted from the brightest, has the density
    ``a u^(a-1)``; 1 tells nothing, smaller is brighter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassModel:
    """One kind of counterpart."""

    onset: Onset
    active_before_d: float | None
    """A detection earlier than this many days before the event rules the class out. None: it does not."""

    star_fraction: float = 0.02
    """Part of the counterparts whose catalogued source underneath looks like a star."""

    agn_fraction: float = 0.05
    """Part of the counterparts that lie on a catalogued active nucleus."""

    below_fraction: float = 1e-4
    """Part of the counterparts that are only ever measured below their reference: subtractions that went wrong."""

    light: Light = field(default_factory=Light)


@dataclass(frozen=True, slots=True, kw_only=True)
class Photometry:
    """Light curves of unrelated transients, and how well any model can be trusted."""

    floor: float = 0.02
    """Part of the counterparts that look like the background whatever their class: bounds what photometry can cost."""

    model_error_mag: float = 0.25
    """Error of every model at every point, mag: bumps and colours that a smooth curve has not."""

    night_share: float = 0.64
    """Part of the variance of that error which all points of a night and band have in common; the rest is each
    point's own."""

    signal_to_noise_min: float = 3.0
    """A flux below this many standard errors is no detection."""

    limit_softness_mag: float = 0.3
    """How sharp a limiting magnitude is: width of the step from seen to unseen, mag."""

    mag: float = -18.0
    """Mean absolute magnitude of ordinary background transients in a host of known distance, and its scatter: type
    Ia supernovae at -19 +- 0.5 and others at -17 +- 1.2, at any phase."""

    mag_sigma: float = 1.5
    slope_sigma: float = 0.1
    """Slopes of ordinary background transients, mag/d: mostly supernovae."""

    colour: float = 0.2
    """Mean of g - r of ordinary background transients, mag, and its scatter: blue when young, then redder for months
    (type II: de Jaeger et al. 2018, MNRAS 476 4592), red where they are far. Ours."""

    colour_sigma: float = 0.4
    rise_d: float = 15.0
    """Days from the explosion of ordinary background transients to their peak: fluxes grow as t^2."""

    rise_scatter_mag: float = 0.5
    """Scatter of that growth, mag for each factor e in age: powers of the time from 1.5 to 2.5."""

    once_fraction: float = 0.01
    """Part of the background that is seen in a single exposure: asteroids without an orbit, artefacts. After vetoes."""

    other_fraction: float = 0.05
    """Part of the background that is something else: novae, flares, fast unknowns, some like the very
    counterparts. It bounds what photometry can give."""

    other_mag: float = -17.0
    """Mean absolute magnitude of those, and its wide scatter."""

    other_mag_sigma: float = 2.5
    other_slope_sigma: float = 0.5
    """Slopes of those, mag/d."""

    other_stretch: float = 3.0
    """Those that look like a counterpart class scatter this many times as much in magnitude and slope."""

    cooling_fraction: float = 0.03
    """Part of the background that cools from its shock before it rises again, and fades as fast as a kilonova: SN IIb,
    a tenth of what collapses, about half of them seen so early. Ours."""

    cooling_mag_sigma: float = 1.0
    """Scatter about the template ``shock_cooling``, mag, and of its slope, mag/d."""

    cooling_slope_sigma: float = 0.2
    below_sigma: float = 5.0
    """A difference flux so many errors below zero is no noise: the source is fainter than its reference."""

    below_number: float = 0.1
    """Unrelated sources only ever measured below their reference, for each of the others: variable stars and nuclei on
    their way down."""

    both_number: float = 0.05
    """Unrelated sources above and below their reference, for each of the others."""

    fault_fraction: float = 0.01
    """Part of all transients with a false negative flux among their measurements."""

    state_apart_d: float = 30.0
    """An active nucleus's history are the points farther than this from the event; its state now is the point
    nearest to the event, which must be nearer than this. Days."""

    state_points_min: float = 5.0
    """Fewer points of history tell nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Underneath:
    """Catalogued sources under unrelated transients."""

    star_fraction: float = 0.3
    """Part of the background whose source underneath is a star: variables that pass for transients."""

    nothing_fraction: float = 0.5
    """Part of what does not lie on a star, counterpart or not, that has no catalogued source that near: hosts are
    larger than that, or too faint."""

    agn_fraction: float = 0.05
    """Part of the background that lies on a catalogued active nucleus."""

    agn_radius_arcsec: float = 2.0
    """A catalogued nucleus this close is the object itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """An external light-curve classifier whose probabilities are calibrated."""

    counterpart: str = ""
    """Our class that it tells of."""

    label: str = ""
    """What the classifier calls it."""

    version: str | None = None
    """Only this version. None: any."""

    prior: float = 0.5
    """Part of the class in the sample for which the classifier is calibrated."""

    floor: float = 0.02
    """Part of the counterparts that it takes for ordinary background."""

    ceiling: float = 0.01
    """Part of the background that looks to it just like the class."""

    replaces_photometry: bool = True
    """Both read the same light curve: then our own photometry of this class is not counted too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contamination:
    """What verdicts said of candidates of one class, against what the score had claimed."""

    confirmed: float = 0.0
    """Number of candidates confirmed."""

    rejected: float = 0.0
    claimed: float = 0.5
    """Mean of 1 - P over the judged ones, as the score without this correction has it."""


def classes() -> dict[str, ClassModel]:
    """The default counterpart classes."""
    return _explosions() | _active_nuclei()


def _explosions() -> dict[str, ClassModel]:
    """What begins once."""
    return {
        # rises within a day, fades within days: Villar et al. 2017 (ApJL 851 L21)
        "kilonova": ClassModel(
            onset=Onset(shape="event", start_d=0.0, end_d=10.0, flat_d=0.5, scale_d=1.0, late=0.2),
            active_before_d=0.1,
            light=Light(shape="template", mag=0.5, mag_sigma=1.2, slope_sigma=0.25, courses=KILONOVA_COURSES),
            agn_fraction=0.001,
        ),
        # brightness falls about as 1/t after the burst, and so does the number that is first seen
        "afterglow": ClassModel(
            onset=Onset(shape="event", start_d=0.0, end_d=3.0, flat_d=0.003, scale_d=1.0, late=0.2),
            active_before_d=10.0 / 86400.0,
            light=Light(
                shape="power_law",
                mag=-19.0,
                mag_sigma=2.5,
                apparent_mag=20.5,
                apparent_mag_sigma=1.8,
                slope_sigma=1.0,
                colour=0.2,  # flux as frequency to the power of -0.7
                colour_sigma=0.2,
                courses=COURSES,
            ),
            agn_fraction=0.001,
        ),
        # a merger within a collapsing star, or a kilonova within a supernova: that of AT2025ulz and S250818k was none
        # (type IIb), but such are searched for (arXiv 2510.17104)
        "superkilonova": ClassModel(
            onset=Onset(shape="event", start_d=0.0, end_d=10.0, flat_d=1.0, scale_d=3.0, late=0.5),
            active_before_d=0.1,
            light=Light(shape="flat", mag=-17.0, mag_sigma=1.2, slope_sigma=0.1),
        ),
        # first light in a survey, from 20 d before a neutrino or burst to 20 d after
        "supernova": ClassModel(
            onset=_box(-20.0, 20.0),
            active_before_d=None,
            light=Light(shape="flat", mag=-18.5, mag_sigma=1.0, slope_sigma=0.1),
        ),
        # AT2019dsg: neutrino ~175 d after discovery (Stein et al. 2021, Nature Astronomy 5, 510)
        "tde": ClassModel(
            onset=_box(-400.0, 30.0),
            active_before_d=None,
            light=Light(shape="flat", mag=-19.5, mag_sigma=1.0, slope_sigma=0.05),
            agn_fraction=0.2,
        ),
    }


def _active_nuclei() -> dict[str, ClassModel]:
    """A state, not an onset: any activity around the event counts."""
    return {
        "blazar": ClassModel(
            onset=_box(-400.0, 30.0),
            active_before_d=None,
            star_fraction=0.7,
            agn_fraction=0.9,
            below_fraction=0.05,
            light=Light(shape="state", rank_index=0.5),
        ),
        # two black holes in an active nucleus's disc: the part of its flares that begins soon (Graham et al. 2020, PRL
        # 124 251102: after 34 d)
        "agn_flare": ClassModel(
            onset=_box(0.0, 10.0),
            active_before_d=None,
            star_fraction=0.5,
            agn_fraction=0.9,
            below_fraction=0.05,
            light=Light(shape="state", rank_index=0.5),
        ),
        "flare": ClassModel(
            onset=_box(-1.0, 7.0),
            active_before_d=None,
            star_fraction=0.3,
            agn_fraction=0.5,
            below_fraction=0.05,
            light=Light(shape="state", rank_index=0.5),
        ),
    }


def _box(start_d: float, end_d: float) -> Onset:
    return Onset(shape="box", start_d=start_d, end_d=end_d)
