"""The score: the log odds that an object is the counterpart of an event, term by term."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skymaps import FloatArray, IntArray, SkyMap, distance
from skymaps.units import DAY_S

from . import hosts, terms, vetoes
from .alert import AlertBatch, StrArray
from .event import Event, unix
from .evidence import Evidence
from .odds import Known, odds
from .pairs import Pairs
from .parameters import Parameters
from .rates import Surroundings
from .terms import verdict
from .terms.sky import sky


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
    per_deg2_day: FloatArray
    """Rate of unrelated transients where and how each object was found."""


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
    events: Sequence[Event], alerts: AlertBatch, pairs: Pairs, evidence: Evidence, parameters: Parameters
) -> Scores:
    """Score pairs of object and event, whether the one is inside the other's region or not.

    Parameters
    ----------
    events
        With region and time; ``pairs.event`` counts in them.
    alerts
        One row an object, in its latest state; ``pairs.alert`` counts in them.
    evidence
        What else is known of the objects, its rows counted in ``alerts``.
    """
    known = _known(events, alerts, pairs, evidence, parameters)
    found = known.hosts.spread(pairs.alert)
    ratio, told = hosts.distance_ratio(found, known.layers, parameters)
    judged = verdict.judge(events, alerts, pairs, evidence.verdicts, parameters.verdict_error)
    parts = {
        "sky": sky(pairs.probdensity, parameters.sky_floor),
        "distance": np.where(told, np.log(ratio), np.nan),
        "verdict": judged.term,
    }
    total = odds(known, sum(np.nan_to_num(part) for part in parts.values()), judged.spectral_class)
    veto = vetoes.of_pairs(known.objects, judged, known.delay_s / DAY_S, total.in_time, total.possible, parameters)
    ruled_out = np.array([v is not None for v in veto], dtype=np.bool_)
    return Scores(
        log_odds=np.where(ruled_out, -np.inf, total.total),
        counterpart=total.best,
        by_class=total.by_class,
        terms={name: (total.terms | parts)[name] for name in terms.TERMS},
        veto=veto,
        credible_level=pairs.credible_level,
        credible_volume=_credible_volume(events, known.objects, pairs, found),
        probdensity=pairs.probdensity,
        delay_s=known.delay_s,
        earliest_s=known.earliest_s,
        event_mpc=known.moments[0],
        event_error_mpc=known.moments[1],
        host=_best_host(found, len(pairs)),
        per_deg2_day=known.per_deg2_day,
    )


def _known(
    events: Sequence[Event], alerts: AlertBatch, pairs: Pairs, evidence: Evidence, parameters: Parameters
) -> Known:
    """What the terms are computed from."""
    objects = alerts.take(pairs.alert)
    layers, moments = _layers(events, objects, pairs)
    at = np.array([unix(event) for event in events])[pairs.event]
    where = Surroundings.of(alerts, evidence.curves, parameters)
    return Known(
        events=events,
        alerts=alerts,
        objects=objects,
        pairs=pairs,
        evidence=evidence,
        hosts=hosts.associate(alerts, evidence.galaxies, parameters, where.depth),
        where=where,
        layers=layers,
        moments=moments,
        delay_s=first_seen(objects) - at,
        earliest_s=objects.last_unseen - at,
        parameters=parameters,
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
