"""Candidates: objects as counterparts of an event, for those who have a handful of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .alert import AlertBatch
from .curves import LightCurves
from .event import Event
from .evidence import Classified, Evidence, Verdicts
from .hosts import Galaxies
from .pairs import all_of
from .parameters import DEFAULT, Parameters
from .score import Host, Scores, in_window, score_pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An object as a counterpart of an event. Key: ``(event_id, object_id)``."""

    event_id: str
    object_id: str
    ra: float
    dec: float
    log_odds: float
    """Natural log odds; minus infinity when vetoed."""

    counterpart: str
    terms: dict[str, float | None]
    by_class: dict[str, float]
    veto: str | None
    credible_level: float
    credible_volume: float | None
    probdensity: float
    delay_s: float
    host: Host | None
    parameters: str
    """Id of the parameter set."""

    probability: float | None = None
    rank: int | None = None
    of: int | None = None
    flags: tuple[str, ...] = field(default=())


def score(
    event: Event,
    alerts: AlertBatch,
    galaxies: Galaxies | None = None,
    parameters: Parameters = DEFAULT,
    *,
    curves: LightCurves | None = None,
    classified: Classified | None = None,
    verdicts: Verdicts | None = None,
) -> list[Candidate]:
    """Candidates of an event, unranked: alerts inside its region and time window, each scored.

    Parameters
    ----------
    event
        With a region and a time.
    alerts
        One row an object, in its latest state.
    galaxies
        Possible hosts; none means that hosts are unknown, which is neutral.
    curves, classified
        Light curves and outputs of classifiers, their ``object`` the row in ``alerts``; what is not given is neutral.
    verdicts
        What people judged of candidates.
    """
    pairs = all_of(event, alerts)
    inside = (pairs.credible_level <= parameters.level) & in_window(event, alerts, parameters)
    pairs = pairs.take(np.flatnonzero(inside))
    galaxies = Galaxies.empty() if galaxies is None else galaxies
    evidence = Evidence(
        galaxies=galaxies,
        curves=LightCurves.none() if curves is None else curves,
        classified=classified or Classified.none(),
        verdicts=Verdicts.none() if verdicts is None else verdicts,
        agn_known=any(flag is not None for flag in galaxies.is_agn),
    )
    columns = score_pairs([event], alerts, pairs, evidence, parameters)
    objects = alerts.take(pairs.alert)
    name = parameters.id
    return [_candidate(event, objects, columns, i, name) for i in range(len(objects))]


def _candidate(event: Event, alerts: AlertBatch, columns: Scores, i: int, parameters: str) -> Candidate:
    volume = float(columns.credible_volume[i])
    return Candidate(
        event_id=event.id,
        object_id=str(alerts.object_id[i]),
        ra=float(alerts.ra[i]),
        dec=float(alerts.dec[i]),
        log_odds=float(columns.log_odds[i]),
        counterpart=columns.counterpart[i],
        terms={name: _known(values[i]) for name, values in columns.terms.items()},
        by_class={name: float(values[i]) for name, values in columns.by_class.items()},
        veto=columns.veto[i],
        credible_level=float(columns.credible_level[i]),
        credible_volume=None if np.isnan(volume) else volume,
        probdensity=float(columns.probdensity[i]),
        delay_s=float(columns.delay_s[i]),
        host=columns.host[i],
        parameters=parameters,
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
