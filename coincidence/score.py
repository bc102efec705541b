"""The score: the log odds that an object is the counterpart of an event, term by term."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from skymaps import FloatArray, Region, SkyMap
from skymaps.region import SKY_DEG2

from . import hosts, vetoes
from .alert import AlertBatch, StrArray
from .event import Event
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
    """Scores of n objects against one event, as columns of shape (n,) unless said otherwise."""

    log_odds: FloatArray
    """Natural log of the sum of the odds over classes; minus infinity for a vetoed object."""

    counterpart: StrArray
    """The class with the best odds."""

    by_class: dict[str, FloatArray]
    """Log odds for each class."""

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


def located(event: Event) -> Region:
    """The event's region; an error where it has none, or no time."""
    if event.region is None or event.time is None:
        raise ValueError(f"event {event.id} has no region or no time to score against")
    return event.region


def window(event: Event, parameters: Parameters) -> tuple[float, float]:
    """First and last onset that any counterpart class of the event allows, Unix seconds."""
    if event.time is None:
        raise ValueError(f"event {event.id} has no time")
    start, end = parameters.window_d(event.kind)
    t = event.time.timestamp()
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


def score_columns(event: Event, alerts: AlertBatch, galaxies: hosts.Galaxies, parameters: Parameters) -> Scores:
    """Score objects against one event, whether inside its region or not."""
    region = located(event)
    found = hosts.associate(alerts, galaxies, parameters)
    layers, moments = _layers(region, alerts)
    probdensity = region.probdensity_at(alerts.ra, alerts.dec)
    ratio, known = hosts.distance_ratio(found, layers, parameters)
    parts = {
        "sky": sky(probdensity, parameters.sky_floor),
        "distance": np.where(known, np.log(ratio), np.nan),
        "context": context.star(alerts.star_score, alerts.star_distance_arcsec, parameters.star_radius_arcsec),
    }
    by_class, times = _by_class(event, alerts, parts, parameters)
    names = np.array(list(by_class), dtype=object)
    stacked = np.stack(list(by_class.values())) if len(alerts) else np.empty((len(names), 0))
    best = np.argmax(stacked, axis=0) if len(alerts) else np.empty(0, dtype=np.int64)
    rows = np.arange(len(alerts))
    delay = first_seen(alerts) - _unix(event)
    veto = [
        reason or (None if np.isfinite(top) else vetoes.of_time(d / DAY_S))
        for reason, top, d in zip(
            vetoes.of_object(alerts, parameters), stacked.max(axis=0, initial=-np.inf), delay, strict=True
        )
    ]
    ruled_out = np.array([v is not None for v in veto], dtype=np.bool_)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = logsumexp(stacked, axis=0) if len(alerts) else np.empty(0)
    priors = np.array([_prior(event, str(name), parameters) for name in names])
    terms = {"prior": priors[best], **parts, "time": np.stack(list(times.values()))[best, rows]}
    return Scores(
        log_odds=np.where(ruled_out, -np.inf, total),
        counterpart=names[best],
        by_class=by_class,
        terms={name: terms[name] for name in TERMS},
        veto=veto,
        credible_level=region.credible_level_at(alerts.ra, alerts.dec),
        credible_volume=_credible_volume(region, alerts, found),
        probdensity=probdensity,
        delay_s=delay,
        earliest_s=alerts.last_unseen - _unix(event),
        event_mpc=moments[0],
        event_error_mpc=moments[1],
        host=_best_host(found, len(alerts)),
    )


def _unix(event: Event) -> float:
    if event.time is None:
        raise ValueError(f"event {event.id} has no time")
    return event.time.timestamp()


def _layers(
    region: Region, alerts: AlertBatch
) -> tuple[tuple[FloatArray, FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """Distance layers and moments at each object; NaN where the region has none."""
    nothing = np.full(len(alerts), np.nan)
    if not isinstance(region, SkyMap) or not region.has_distance:
        return (nothing, nothing, nothing), (nothing, nothing)
    return (
        region.distance_parameters_at(alerts.ra, alerts.dec),
        region.distance_moments_at(alerts.ra, alerts.dec),
    )


def _by_class(
    event: Event, alerts: AlertBatch, parts: dict[str, FloatArray], parameters: Parameters
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Log odds and time term of each counterpart class that the event's kind allows."""
    t = _unix(event)
    first_d = (first_seen(alerts) - t) / DAY_S
    unseen_d = (alerts.last_unseen - t) / DAY_S
    shared = parts["sky"] + np.nan_to_num(parts["distance"]) + parts["context"]
    odds, times = {}, {}
    for name in parameters.kinds[event.kind]:
        model = parameters.classes[name]
        term = time(model.onset, first_d, unseen_d, parameters.unseen_gap_d)
        term[vetoes.active_before(first_d, model.active_before_d)] = -np.inf
        times[name] = term
        odds[name] = _prior(event, name, parameters) + shared + term
    return odds, times


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


def _credible_volume(region: Region, alerts: AlertBatch, found: hosts.Hosts) -> FloatArray:
    """Credible volume at each object's likeliest host; NaN without one."""
    out = np.full(len(alerts), np.nan)
    if isinstance(region, SkyMap) and region.has_distance and len(found.alert):
        pair = _best_pair(found)
        row = found.alert[pair]
        out[row] = region.credible_volume_at(alerts.ra[row], alerts.dec[row], found.distance_mpc[pair])
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
