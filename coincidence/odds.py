"""Log odds for each counterpart class that an event's kind allows, and for all of them together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from skymaps import FloatArray, IntArray
from skymaps.units import DAY_S

from . import hosts, vetoes
from .alert import AlertBatch, StrArray
from .event import Event, Kind, unix
from .evidence import Evidence
from .pairs import Pairs
from .parameters import Parameters
from .priors import log_priors
from .rates import Surroundings, once_part, rate
from .terms import classifier, context, photometry, state, verdict
from .terms.below import below, log_ratio
from .terms.host_distance import modulus
from .terms.places import Places
from .terms.points import Points, points
from .terms.time import interval, onset_mass, time

ByClass = dict[str, FloatArray]
Layers = tuple[FloatArray, FloatArray, FloatArray]


@dataclass(frozen=True, kw_only=True)
class Known:
    """All that the terms of the classes are computed from; arrays of shape (n pairs,) unless said otherwise."""

    events: Sequence[Event]
    alerts: AlertBatch
    """One row an object: ``pairs.alert`` counts in them."""

    objects: AlertBatch
    """One row a pair."""

    pairs: Pairs
    evidence: Evidence
    hosts: hosts.Hosts
    """Of ``alerts``."""

    where: Surroundings
    """Of ``alerts``."""

    layers: Layers
    """DISTMU, DISTSIGMA, DISTNORM at each pair; NaN where the region has none."""

    moments: tuple[FloatArray, FloatArray]
    """Mean and standard deviation of the region's distance there, Mpc."""

    delay_s: FloatArray
    earliest_s: FloatArray
    parameters: Parameters

    @cached_property
    def per_deg2_day(self) -> FloatArray:
        """Rate of unrelated transients where and how each pair's object was found. Shape (n pairs,)."""
        return rate(self.where, self.parameters)[self.pairs.alert]

    @cached_property
    def points(self) -> Points:
        """Points of the light curves."""
        return points(self.evidence.curves, self.parameters)

    @cached_property
    def on_agn(self) -> npt.NDArray[np.bool_] | None:
        """Whether an active nucleus lies at each object of ``alerts``; None where nobody looked. Shape (n alerts,)."""
        if not self.evidence.agn_known:
            return None
        galaxies = self.evidence.galaxies
        active = np.array([bool(flag) for flag in galaxies.is_agn], dtype=np.bool_)
        radius = self.parameters.underneath.agn_radius_arcsec
        return context.on_agn(self.alerts.ra, self.alerts.dec, galaxies.ra[active], galaxies.dec[active], radius)

    @cached_property
    def classified(self) -> Mapping[str, tuple[FloatArray, bool]]:
        """For each class that a classifier tells of its term, shape (n alerts,), and whether it replaces photometry."""
        told = classifier.classifiers(self.evidence.classified, len(self.alerts), self.parameters)
        return {name: (term, model.replaces_photometry) for name, (term, model) in told.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Odds:
    """What the classes say together; every array has one row a pair."""

    total: FloatArray
    best: StrArray
    terms: dict[str, FloatArray]
    """Of the best class: those terms that differ between classes."""

    by_class: ByClass
    in_time: npt.NDArray[np.bool_]
    """Whether some class can have begun then."""

    possible: npt.NDArray[np.bool_]
    """Whether some such class is not ruled out by a spectrum."""


OF_CLASS = ("prior", "time", "photometry", "context", "classifier")
"""Terms that differ between classes."""


def odds(known: Known, shared: FloatArray, spectral_class: StrArray) -> Odds:
    """Log odds over the counterpart classes that each event's kind allows; NaN for a class that it does not.

    Parameters
    ----------
    shared
        Sum of the terms that are the same for all classes. Shape (n,).
    spectral_class
        Class by a spectrum, None unknown. Shape (n,).
    """
    n = len(known.pairs)
    total, best = np.full(n, np.nan), np.full(n, None, dtype=object)
    terms = {name: np.full(n, np.nan) for name in OF_CLASS}
    in_time, possible = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    by_class: ByClass = {}
    for kind, rows in _kinds(known):
        names = list(known.parameters.kinds[kind])
        parts = _terms(known, kind, names, rows)
        values = shared[rows] + np.stack([_sum(parts, name) for name in names])
        in_time[rows] = np.isfinite(values.max(axis=0, initial=-np.inf))
        for k, name in enumerate(names):
            values[k, verdict.impossible(kind, spectral_class[rows], name)] = -np.inf
        top = np.argmax(values, axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            total[rows] = logsumexp(values, axis=0) if len(rows) else 0.0
        best[rows] = np.array(names, dtype=object)[top]
        possible[rows] = np.isfinite(values.max(axis=0, initial=-np.inf))
        for term, of in parts.items():
            for k, name in enumerate(names):
                if name in of:
                    mine = top == k
                    terms[term][rows[mine]] = of[name][mine]
        for name, its in zip(names, values, strict=True):
            by_class.setdefault(name, np.full(n, np.nan))[rows] = its
    return Odds(total=total, best=best, terms=terms, by_class=by_class, in_time=in_time, possible=possible)


def _kinds(known: Known) -> Iterator[tuple[str, IntArray]]:
    """Each kind of the events, with its pairs."""
    names = dict.fromkeys(event.kind for event in known.events)
    place = {kind: k for k, kind in enumerate(names)}
    of_event = np.array([place[event.kind] for event in known.events], dtype=np.int64)
    of_pair = of_event[known.pairs.event]
    for kind, k in place.items():
        yield kind, np.flatnonzero(of_pair == k)


def _sum(parts: Mapping[str, ByClass], name: str) -> FloatArray:
    """Sum of a class's terms, unknown ones counting 0."""
    total = parts["prior"][name] + parts["time"][name]
    for term in ("photometry", "context", "classifier"):
        if name in parts[term]:
            total = total + np.nan_to_num(parts[term][name])
    return total


def _terms(known: Known, kind: str, names: Sequence[str], rows: IntArray) -> dict[str, ByClass]:
    """For each term its values for each class, over the pairs ``rows``; a term that nobody knows has no values."""
    priors = _priors(known, kind, rows)
    prior = {name: priors[name][0] - np.log(known.per_deg2_day[rows]) for name in names}
    said = {name: known.classified[name][0][known.pairs.alert[rows]] for name in names if name in known.classified}
    light, found = _photometry(known, {name: priors[name][1] for name in names}, rows)
    for name in said.keys() & light.keys():
        if known.classified[name][1]:
            light[name] = np.where(np.isnan(said[name]), light[name], np.nan)
    return {
        "prior": prior,
        "time": {name: _time(known, name, rows, found.get(name)) for name in names},
        "photometry": light,
        "context": _context(known, names, rows),
        "classifier": said,
    }


def _priors(known: Known, kind: str, rows: IntArray) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Of each class of the kind the log prior at unit rate, and the probability to be found at all. Shape (n,) each."""
    depth = np.round(known.where.depth[known.pairs.alert[rows]], 1)
    both, place = np.unique(np.stack([known.pairs.event[rows].astype(np.float64), depth]), axis=1, return_inverse=True)
    events = [known.events[int(k)] for k in both[0]]
    found = log_priors(events, kind, both[1], known.parameters)
    return {name: (prior[place.ravel()], seen[place.ravel()]) for name, (prior, seen) in found.items()}


def _time(known: Known, name: str, rows: IntArray, found: FloatArray | None) -> FloatArray:
    """Time term of a class, by its onset density or, where ``found`` tells, by the looks since the event; minus
    infinity for what was active before it can be."""
    parameters, model = known.parameters, known.parameters.classes[name]
    first, last = known.delay_s[rows] / DAY_S, known.earliest_s[rows] / DAY_S
    term = time(model.onset, first, last, parameters.unseen_gap_d)
    if found is not None:
        term = np.where(np.isnan(found), term, found)
    term[vetoes.active_before(first, model.active_before_d)] = -np.inf
    return term


def _context(known: Known, names: Sequence[str], rows: IntArray) -> ByClass:
    objects, parameters = known.objects, known.parameters
    score, arcsec = objects.star_score[rows], objects.star_distance_arcsec[rows]
    agn = known.on_agn if known.on_agn is None else known.on_agn[known.pairs.alert[rows]]
    if agn is None and not np.isfinite(score).any():
        return {}
    models = {name: parameters.classes[name] for name in names}
    return {name: context.context(score, arcsec, agn, model, parameters) for name, model in models.items()}


def _photometry(known: Known, visible: ByClass, rows: IntArray) -> tuple[ByClass, ByClass]:
    """The photometry term of each class that has one, NaN for pairs without a light curve; and what the looks tell of
    the discovery."""
    curves = known.evidence.curves
    if not len(curves):
        return {}, {}
    at = np.array([unix(event) for event in known.events])[known.pairs.event[rows]]
    objects = known.pairs.alert[rows]
    told, discovered = _light(known, visible, rows, at)
    under = below(curves, objects, at, known.parameters.photometry)
    for name in visible if under.only.any() or under.both.any() else ():
        model = known.parameters.classes[name]
        low = log_ratio(under, model, known.parameters.photometry)
        its = told.get(name, np.full(len(rows), np.nan))
        if model.light.shape == "state":  # its ranks have told already
            told[name] = np.where(np.isnan(its) & (low < 0.0), low, its)
        else:
            told[name] = np.where(low < 0.0, np.nan_to_num(its) + low, its)
    return told, discovered


def _light(known: Known, visible: ByClass, rows: IntArray, at: FloatArray) -> tuple[ByClass, ByClass]:
    """How bright it is and how it changes, for each class that says, and what its looks say of when it was found.

    ``at`` is the time of each pair's event.
    """
    curves, objects, n = known.evidence.curves, known.pairs.alert[rows], len(rows)
    told = {
        name: state.state(curves, objects, at, light.rank_index, known.parameters)
        for name in visible
        if (light := known.parameters.classes[name].light).shape == "state"
    }
    discovered: ByClass = {}
    has = np.flatnonzero(np.diff(known.points.curve.ranges(len(known.alerts)))[objects] > 0)
    if len(has):
        places = _places(known, rows[has])
        chances = {name: _chance(known, name, its[has], rows[has]) for name, its in visible.items()}
        ratios = photometry.photometry(known.points, objects[has], at[has], places, chances, known.parameters)
        for name, its in ratios.items():
            told[name], discovered[name] = np.full(n, np.nan), np.full(n, np.nan)
            told[name][has], discovered[name][has] = its.photometry, its.time
    return told, discovered


def _chance(known: Known, name: str, visible: FloatArray, rows: IntArray) -> photometry.Chance:
    """What is known of a class's discovery, before its light is looked at."""
    first, last = known.delay_s[rows] / DAY_S, known.earliest_s[rows] / DAY_S
    onset = known.parameters.classes[name].onset
    mass = onset_mass(onset, first, last, known.parameters.unseen_gap_d)
    evenly = interval(first, last, known.parameters.unseen_gap_d) / (onset.end_d - onset.start_d)
    again = known.events[known.pairs.event[rows[0]]].kind != Kind.CBC
    return photometry.Chance(
        onset=onset, first_d=first, mass=mass, evenly=evenly, visible=visible, may_rise_again=again
    )


def _places(known: Known, rows: IntArray) -> Places:
    """How far the objects of these pairs may be."""
    n, found = len(rows), known.hosts.spread(known.pairs.alert[rows])
    layers = (known.layers[0][rows], known.layers[1][rows], known.layers[2][rows])
    its, unseen = hosts.host_distances(found, layers, known.parameters)
    event = modulus(known.moments[0][rows], known.moments[1][rows])
    pair, nothing = np.concatenate([np.arange(n), found.alert]), np.full(n, np.nan)
    kept = np.concatenate([found.unseen, found.weight]) > 0
    pair = pair[kept]
    return Places(
        pair=pair,
        weight=np.concatenate([found.unseen, found.weight])[kept],
        ratio=np.concatenate([unseen, its.ratio])[kept],
        modulus=np.concatenate([nothing, its.modulus])[kept],
        modulus_sigma=np.concatenate([nothing, its.modulus_sigma])[kept],
        event_modulus=np.concatenate([event[0], its.event_modulus])[kept],
        event_modulus_sigma=np.concatenate([event[1], its.event_modulus_sigma])[kept],
        event_knows=np.isfinite(layers[0]),
        hostless=hosts.hostless(found, known.parameters),
        depth=found.depth,
        once=once_part(known.where.take(known.pairs.alert[rows]), known.parameters),
    )
