"""Two events that may be one."""

from __future__ import annotations

from dataclasses import dataclass

from skymaps import AllSky, overlap

from ..event import Event, Stage
from .odds import evidence
from .pairings import GW, PAIRINGS, RANK, Pairing, Role, role_of
from .pointing import FIELD_OF_VIEW_DEG, footprint_overlap, p_in_tiles
from .pvalues import sky_bound, temporal_p_value
from .rates import APART, ELSEWHERE, POINTED, RATES_PER_YEAR, YEAR_S, Search, joint_rate

CLOCK_S = 0.01
"""Two events are never told to be closer in time than this: ours, about what localisation and clocks allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """Two events that may be one."""

    first: str
    second: str
    delay_s: float
    """Time of the second minus time of the first."""

    window_s: tuple[float, float]
    overlap: float | None
    """``4 pi * integral p_a p_b``; relative to the field of view where a telescope was pointed by an event.
    None where one of them has no position."""

    search: Search
    """How the false-alarm rate was made."""

    far_temporal_hz: float | None
    far_spacetime_hz: float | None
    """Before trials. Infinite for regions that do not meet."""

    trials: int
    far_after_trials_hz: float | None
    """The rate with the sky where that is known, times the trials."""

    log_odds: float | None
    """Natural log of the odds, one source against two unrelated: the sum of the terms below that are known."""

    prior: float | None
    sky: float | None
    time: float | None
    distance: float | None
    p_time: float | None
    """Chance of an unrelated event of the second kind as close in time, before or after."""

    p_sky: float | None
    """Bound on the chance of regions that overlap as well."""

    p_alone: float | None
    """Of a pointed observation: chance of its detection in all the tiles observed."""

    by_construction: bool
    """One instrument was pointed because of the other event, or of a third: not an independent coincidence."""

    same_source: bool
    """Two instruments' triggers of one burst: no coincidence of two messengers."""

    reason: str | None
    """Why there is no false-alarm rate, or why it is infinite."""

    is_test: bool


def associate(a: Event, b: Event) -> Association | None:
    """The association of two events, or None where they cannot belong together.

    The order of the arguments does not matter. Real and test events never meet.
    """
    if a.id == b.id or a.is_test != b.is_test or Stage.RETRACTION in (a.stage, b.stage):
        return None
    found = _ordered(a, b)
    if found is None:
        return None
    a, b, roles, pairing = found
    if a.time is None or b.time is None or _same_instrument(a, b):
        return None
    delay = (b.time - a.time).total_seconds()
    if not pairing.start_s <= delay <= pairing.end_s:
        return None
    return _association(a, b, roles, pairing, delay)


def _association(a: Event, b: Event, roles: tuple[Role, Role], pairing: Pairing, delay: float) -> Association:
    """All that is said of a pair; first and second by role."""
    pointed = _is_pointed(a, b, roles)
    shared = _overlap(a, b, pointed=pointed)
    rate = joint_rate(a, b, roles, pairing, None if pointed else shared, pointed=pointed)
    odds = evidence(a, b, roles, pairing, shared, pointed=pointed)
    independent = not (pointed or pairing.same_source)
    return Association(
        first=a.id,
        second=b.id,
        delay_s=delay,
        window_s=(pairing.start_s, pairing.end_s),
        overlap=shared,
        search=rate.search,
        far_temporal_hz=rate.temporal_hz,
        far_spacetime_hz=rate.spacetime_hz,
        trials=rate.trials,
        far_after_trials_hz=rate.after_trials_hz,
        log_odds=odds.log_odds,
        prior=odds.prior,
        sky=odds.sky,
        time=odds.time,
        distance=odds.distance,
        p_time=_p_time(b, roles[1], delay) if independent else None,
        p_sky=sky_bound(shared) if independent and shared is not None else None,
        p_alone=p_in_tiles(b.significance_sigma, b.tiles) if pointed else None,
        by_construction=pointed or _follows(a, b) or _follows(b, a),
        same_source=pairing.same_source,
        reason=_of_pointing(a, b, shared) if rate.reason == POINTED else rate.reason,
        is_test=a.is_test,
    )


def _of_pointing(a: Event, b: Event, shared: float | None) -> str:
    """Why a telescope that was pointed makes no coincidence: of this event, or of a third one that may be elsewhere."""
    if shared == 0.0:
        return APART
    return POINTED if _follows(a, b) or _follows(b, a) else ELSEWHERE


def _ordered(a: Event, b: Event) -> tuple[Event, Event, tuple[Role, Role], Pairing] | None:
    """First and second by role, of one role by id; None where the two roles never belong together."""
    one, other = role_of(a), role_of(b)
    if one is None or other is None:
        return None
    if (RANK[one], a.id) > (RANK[other], b.id):
        a, b, one, other = b, a, other, one
    pairing = PAIRINGS.get((one, other))
    return None if pairing is None else (a, b, (one, other), pairing)


def _same_instrument(a: Event, b: Event) -> bool:
    """Two triggers of one instrument are two events, not one seen twice."""
    return a.observatory == b.observatory and a.instruments == b.instruments


def _follows(event: Event, other: Event) -> bool:
    return event.follows is not None and event.follows in (other.id, *other.aliases)


def _is_pointed(a: Event, b: Event, roles: tuple[Role, Role]) -> bool:
    """Whether the second's place was chosen: by the first, or by a third event that the first may belong to.

    A gravitational-wave network looks everywhere always; so do bursts' monitors whose data are only searched again.
    """
    return (roles[1] is Role.FLARE and b.follows is not None) or (roles[0] not in GW and _follows(a, b))


def _overlap(a: Event, b: Event, *, pointed: bool) -> float | None:
    """Overlap integral, or None where a position is missing."""
    if a.region is None or b.region is None:
        return None
    if isinstance(a.region, AllSky) or isinstance(b.region, AllSky):
        return None
    if pointed and role_of(b) is Role.FLARE:
        return footprint_overlap(a.region, b.region, b.field_of_view_deg or FIELD_OF_VIEW_DEG)
    return overlap(a.region, b.region)


def _p_time(second: Event, role: Role, delay_s: float) -> float:
    """Chance of one of these so close; never above 1."""
    rate = RATES_PER_YEAR[role] / YEAR_S + (second.far_hz or 0.0)
    return min(temporal_p_value(max(abs(delay_s), CLOCK_S), rate), 1.0)
