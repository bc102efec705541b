"""The score: the log odds that an object is the counterpart of an event, term by term."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from skymaps import FloatArray, IntArray, SkyMap, distance
from skymaps.region import SKY_DEG2

from . import hosts, vetoes
from .alert import AlertBatch, StrArray
from .event import Event, unix
from .pairs import Pairs
from .parameters import Parameters
from .terms import context
from .terms.sky import sky
from .terms.time import time

DAY_S = 86400.0
TERMS = ("prior", "sky", "distance", "time", "context")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The likeliest host of an object."""

    name: str | None
    catalog: str
    kind: str
    distance_mpc: float
    distance_error_mpc: float
    separation_arcsec: float
    p_host: float
    """Probability that this galaxy is the host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Scores of n pairs of object and event, as columns of shape (n,) unless said otherwise."""

    log_odds: FloatArray
    """Natural log of the sum of the odds over classes; minus infinity for a vetoed object."""

    counterpart: StrArray
    """The class with the best odds."""

    by_class: dict[str, FloatArray]
    """Log odds for each class: minus infinity where it is impossible, NaN where the event's kind has no such class."""

    terms: dict[str, FloatArray]
    """Terms of the best class, they add up to its log odds; NaN where the term knows nothing (it counts 0)."""

    veto: list[str | None]
    credible_level: FloatArray
    credible_volume: FloatArray
    """NaN where the region or the object has no distance."""

    probdensity: FloatArray
    delay_s: FloatArray
    """First detection minus event, seconds."""

    earliest_s: FloatArray
    """Last non-detection minus event, seconds: the onset is later. NaN unknown."""

    event_mpc: FloatArray
    event_error_mpc: FloatArray
    host: list[Host | None]


def window(event: Event, parameters: Parameters) -> tuple[float, float]:
    """First and last onset that any counterpart class of the event allows, Unix seconds."""
    start, end = parameters.window_d(event.kind)
    t = unix(event)
    return t + start * DAY_S, t + end * DAY_S


def in_window(event: Event, alerts: AlertBatch, parameters: Parameters) -> npt.NDArray[np.bool_]:
    """Objects seen within the event's window, and not active long before it."""
    start, end = window(event, parameters)
    return in_interval(first_seen(alerts), alerts.time, start, end, parameters)


def in_interval(
    first: FloatArray,
    last: FloatArray,
    start: float | FloatArray,
    end: float | FloatArray,
    parameters: Parameters,
) -> npt.NDArray[np.bool_]:
    """First seen before the end and not long before the start, last seen after the start; Unix seconds. Shape (n,)."""
    kept = first >= start - parameters.active_kept_d * DAY_S
    return np.asarray(kept & (first <= end) & (last >= start))


def first_seen(alerts: AlertBatch) -> FloatArray:
    """First detection, Unix seconds; the detection itself where nothing earlier is known."""
    return np.asarray(np.fmin(alerts.first_seen, alerts.time), dtype=np.float64)


def score_pairs(
    events: Sequence[Event], alerts: AlertBatch, pairs: Pairs, galaxies: hosts.Galaxies, parameters: Parameters
) -> Scores:
    """Score pairs of object and event, whether the one is inside the other's region or not.

    Parameters
    ----------
    events
        With region and time; ``pairs.event`` counts in them.
    alerts
        One row an object, in its latest state; ``pairs.alert`` counts in them.
    galaxies
        Possible hosts.
    """
    objects = alerts.take(pairs.alert)
    found = hosts.associate(alerts, galaxies, parameters).spread(pairs.alert)
    layers, moments = _layers(events, objects, pairs)
    ratio, known = hosts.distance_ratio(found, layers, parameters)
    parts = {
        "sky": sky(pairs.probdensity, parameters.sky_floor),
        "distance": np.where(known, np.log(ratio), np.nan),
        "context": context.star(objects.star_score, objects.star_distance_arcsec, parameters.star_radius_arcsec),
    }
    at = np.array([unix(event) for event in events])[pairs.event]
    delay = first_seen(objects) - at
    odds = _odds(events, pairs, parts, delay, objects.last_unseen - at, parameters)
    veto = [
        reason or (None if possible else vetoes.of_time(late / DAY_S))
        for reason, possible, late in zip(
            vetoes.of_object(objects, parameters), odds.possible.tolist(), delay.tolist(), strict=True
        )
    ]
    ruled_out = np.array([v is not None for v in veto], dtype=np.bool_)
    return Scores(
        log_odds=np.where(ruled_out, -np.inf, odds.total),
        counterpart=odds.best,
        by_class=odds.by_class,
        terms={name: ({"prior": odds.prior, "time": odds.time} | parts)[name] for name in TERMS},
        veto=veto,
        credible_level=pairs.credible_level,
        credible_volume=_credible_volume(events, objects, pairs, found),
        probdensity=pairs.probdensity,
        delay_s=delay,
        earliest_s=objects.last_unseen - at,
        event_mpc=moments[0],
        event_error_mpc=moments[1],
        host=_best_host(found, len(pairs)),
    )


def _with_distance(events: Sequence[Event], pairs: Pairs) -> Iterator[tuple[SkyMap, IntArray]]:
    """The maps that tell distances, each with its rows."""
    order = np.argsort(pairs.event, kind="stable")
    ends = np.searchsorted(pairs.event[order], np.arange(len(events) + 1))
    for i, event in enumerate(events):
        rows = order[ends[i] : ends[i + 1]]
        if len(rows) and isinstance(event.region, SkyMap) and event.region.has_distance:
            yield event.region, rows


def _layers(
    events: Sequence[Event], objects: AlertBatch, pairs: Pairs
) -> tuple[tuple[FloatArray, FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """Distance layers and moments at each object; NaN where the region has none."""
    layers, moments = (np.full((n, len(pairs)), np.nan) for n in (3, 2))
    for region, rows in _with_distance(events, pairs):
        layers[:, rows] = region.distance_parameters_at(objects.ra[rows], objects.dec[rows])
    known = np.flatnonzero(np.isfinite(layers[0]))
    moments[:, known] = distance.moments(layers[0, known], layers[1, known])
    return (layers[0], layers[1], layers[2]), (moments[0], moments[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Odds:
    """What the classes say together; every array has one row a pair."""

    total: FloatArray
    best: StrArray
    prior: FloatArray
    time: FloatArray
    by_class: dict[str, FloatArray]
    possible: npt.NDArray[np.bool_]


def _odds(
    events: Sequence[Event],
    pairs: Pairs,
    parts: dict[str, FloatArray],
    delay_s: FloatArray,
    earliest_s: FloatArray,
    parameters: Parameters,
) -> _Odds:
    """Log odds over the counterpart classes that each event's kind allows; NaN for a class that it does not."""
    n = len(pairs)
    total, prior, times = (np.full(n, np.nan) for _ in range(3))
    best, possible = np.full(n, None, dtype=object), np.zeros(n, dtype=np.bool_)
    by_class: dict[str, FloatArray] = {}
    shared = parts["sky"] + np.nan_to_num(parts["distance"]) + parts["context"]
    kinds = np.array([event.kind for event in events], dtype=object)[pairs.event]
    for kind in dict.fromkeys(event.kind for event in events):
        rows, names = np.flatnonzero(kinds == kind), list(parameters.kinds[kind])
        priors = np.array([[_prior(e, name, parameters) for e in events if e.kind == kind] for name in names])
        place = np.cumsum([event.kind == kind for event in events]) - 1
        priors = priors[:, place[pairs.event[rows]]]
        terms = np.stack([_time(name, delay_s[rows], earliest_s[rows], parameters) for name in names])
        odds = priors + shared[rows] + terms
        top = np.argmax(odds, axis=0)
        columns = np.arange(len(rows))
        with np.errstate(invalid="ignore", divide="ignore"):
            total[rows] = logsumexp(odds, axis=0) if len(rows) else 0.0
        best[rows] = np.array(names, dtype=object)[top]
        prior[rows], times[rows] = priors[top, columns], terms[top, columns]
        possible[rows] = np.isfinite(odds.max(axis=0, initial=-np.inf))
        for name, values in zip(names, odds, strict=True):
            by_class.setdefault(name, np.full(n, np.nan))[rows] = values
    return _Odds(total=total, best=best, prior=prior, time=times, by_class=by_class, possible=possible)


def _time(name: str, delay_s: FloatArray, earliest_s: FloatArray, parameters: Parameters) -> FloatArray:
    """Time term of a class; minus infinity for what was active before it can be."""
    model = parameters.classes[name]
    term = time(model.onset, delay_s / DAY_S, earliest_s / DAY_S, parameters.unseen_gap_d)
    term[vetoes.active_before(delay_s / DAY_S, model.active_before_d)] = -np.inf
    return term


def _prior(event: Event, name: str, parameters: Parameters) -> float:
    """``ln(P_k / N_bg)``: one counterpart, with its probability, among the sky's unrelated transients."""
    model = parameters.classes[name]
    days = model.onset.end_d - model.onset.start_d
    unrelated = parameters.background_per_deg2_day * SKY_DEG2 * days
    return float(np.log(max(_real(event, name) * parameters.kinds[event.kind][name], 1e-9) / unrelated))


def _real(event: Event, name: str) -> float:
    """Probability, by the sender's classes, that the event is real and can have this counterpart."""
    classes = event.classes
    real = 1.0 - classes.get("Terrestrial", 0.0)
    if name == "kilonova" and "BNS" in classes:
        matter = classes["BNS"] + classes.get("NSBH", 0.0)
        remnant = classes.get("HasRemnant")
        return matter if remnant is None else matter * remnant
    return real


def _credible_volume(events: Sequence[Event], objects: AlertBatch, pairs: Pairs, found: hosts.Hosts) -> FloatArray:
    """Credible volume at each object's likeliest host; NaN without one."""
    mpc = np.full(len(pairs), np.nan)
    pair = _best_pair(found)
    mpc[found.alert[pair]] = found.distance_mpc[pair]
    out = np.full(len(pairs), np.nan)
    for region, rows in _with_distance(events, pairs):
        known = rows[np.isfinite(mpc[rows])]
        if len(known):
            out[known] = region.credible_volume_at(objects.ra[known], objects.dec[known], mpc[known])
    return out


def _best_pair(found: hosts.Hosts) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """For each alert with hosts, the index of its likeliest pair."""
    order = np.lexsort((-found.weight, found.alert))
    first = np.r_[True, np.diff(found.alert[order]) != 0] if len(order) else np.empty(0, dtype=np.bool_)
    return np.asarray(order[first], dtype=np.int64)


def _best_host(found: hosts.Hosts, n: int) -> list[Host | None]:
    out: list[Host | None] = [None] * n
    for pair in _best_pair(found).tolist():
        out[int(found.alert[pair])] = Host(
            name=found.name[pair],
            catalog=found.catalog[pair],
            kind=found.kind[pair],
            distance_mpc=float(found.distance_mpc[pair]),
            distance_error_mpc=float(found.distance_error_mpc[pair]),
            separation_arcsec=float(found.separation_arcsec[pair]),
            p_host=float(found.weight[pair]),
        )
    return out
