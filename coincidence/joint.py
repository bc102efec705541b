"""Event with event: false-alarm rates of a pair, and which pairs to look at."""

from __future__ import annotations

import math
from dataclasses import dataclass

from skymaps import AllSky, overlap

from .event import Event, Kind, Messenger, Stage

YEAR_S = 365.0 * 86400.0
DAY_S = 86400.0


def joint_far(far_hz: float, rate_hz: float, window_s: float, overlap: float | None = None) -> float:
    """False-alarm rate of an event with an unrelated one, in Hz.

    ``window * rate * FAR``, divided by the overlap integral of the two regions where it is known: calibrated
    because the overlap's mean over random rotations is 1 (Urban 2016, PhD thesis; RAVEN, ``coinc_far``).

    Parameters
    ----------
    far_hz
        False-alarm rate of the first event.
    rate_hz
        Rate of events like the second.
    window_s
        Length of the coincidence window.
    overlap
        ``4 pi * integral p_a p_b``; None for time alone. Zero gives infinity: such a pair is never significant.

    Examples
    --------
    >>> f"{joint_far(1e-5, 310 / (365 * 86400), 6.0):.4e}"
    '5.8980e-10'
    """
    temporal = window_s * rate_hz * far_hz
    if overlap is None:
        return temporal
    return math.inf if overlap <= 0 else temporal / overlap


def joint_far_targeted(
    far_hz: float,
    other_far_hz: float,
    window_s: float,
    far_max_hz: float,
    other_far_max_hz: float,
    overlap: float | None = None,
) -> float:
    """False-alarm rate of two sub-threshold events, in Hz: ``Z (1 - ln(Z / Z_max))``.

    ``Z = window * FAR_a * FAR_b``, the distribution of a product of two uniform rates up to their limits.

    Raises
    ------
    ValueError
        Where a rate is above its limit: the formula does not hold there.

    Examples
    --------
    >>> f"{joint_far_targeted(1e-7, 1e-6, 12.0, 1 / 86400, 1e-4):.7e}"
    '1.2427827e-11'
    """
    z, z_max = window_s * far_hz * other_far_hz, window_s * far_max_hz * other_far_max_hz
    if z > z_max:
        raise ValueError(f"FAR {far_hz} x {other_far_hz} Hz above the limits {far_max_hz} x {other_far_max_hz}")
    temporal = z * (1.0 - math.log(z / z_max))
    if overlap is None:
        return temporal
    return math.inf if overlap <= 0 else temporal / overlap


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """How two kinds of events belong together: always time of the second minus time of the first."""

    start_s: float
    end_s: float
    rate_per_year: float | None
    """Rate of events of the second kind; None where no joint rate is defined."""


GRB_RATE_PER_YEAR = 310.0
"""Fermi 236, Swift 65, INTEGRAL 5, AGILE 5 (RAVEN)."""

PAIRINGS: dict[tuple[Kind, Kind], Pairing] = {
    # windows of the LVK low-latency search (gwcelery), turned to second minus first
    (Kind.CBC, Kind.GRB): Pairing(start_s=-1, end_s=5, rate_per_year=GRB_RATE_PER_YEAR),
    (Kind.BURST, Kind.GRB): Pairing(start_s=-60, end_s=600, rate_per_year=GRB_RATE_PER_YEAR),
    (Kind.CBC, Kind.SUPERNOVA): Pairing(start_s=-10, end_s=10, rate_per_year=None),
    (Kind.BURST, Kind.SUPERNOVA): Pairing(start_s=-10, end_s=10, rate_per_year=None),
    (Kind.CBC, Kind.FRB): Pairing(start_s=-2, end_s=10, rate_per_year=485),
    (Kind.BURST, Kind.FRB): Pairing(start_s=-120, end_s=600, rate_per_year=485),
    # +-500 s: Baret et al. 2011 (Astropart. Phys. 35 1)
    (Kind.CBC, Kind.NEUTRINO): Pairing(start_s=-500, end_s=500, rate_per_year=15),
    (Kind.BURST, Kind.NEUTRINO): Pairing(start_s=-500, end_s=500, rate_per_year=15),
    (Kind.GRB, Kind.NEUTRINO): Pairing(start_s=-500, end_s=500, rate_per_year=15),
    # the same burst seen by two instruments
    (Kind.GRB, Kind.GRB): Pairing(start_s=-60, end_s=60, rate_per_year=None),
    # very-high-energy alerts: ours, no published standard
    (Kind.GRB, Kind.FLARE): Pairing(start_s=0, end_s=0.5 * DAY_S, rate_per_year=None),
    (Kind.NEUTRINO, Kind.FLARE): Pairing(start_s=-7 * DAY_S, end_s=7 * DAY_S, rate_per_year=None),
    (Kind.CBC, Kind.FLARE): Pairing(start_s=0, end_s=3 * DAY_S, rate_per_year=None),
}

LONGEST_S = max(max(-p.start_s, p.end_s) for p in PAIRINGS.values())
"""No pair is farther apart than this, seconds."""


def could_pair(kind: str, time: float, other_kind: str, other_time: float) -> bool:
    """Whether two events of these kinds and Unix times are close enough to be looked at."""
    for first, second, delay in ((kind, other_kind, other_time - time), (other_kind, kind, time - other_time)):
        pairing = PAIRINGS.get((Kind(first), Kind(second)))
        if pairing is not None and pairing.start_s <= delay <= pairing.end_s:
            return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """Two events that may be one."""

    first: str
    second: str
    delay_s: float
    """Time of the second minus time of the first."""

    window_s: tuple[float, float]
    overlap: float | None
    """``4 pi * integral p_a p_b``; None where one of them has no position."""

    far_temporal_hz: float | None
    far_spacetime_hz: float | None
    by_construction: bool
    """One instrument was pointed because of the other event: not an independent coincidence."""

    is_test: bool


def associate(a: Event, b: Event) -> Association | None:
    """The association of two events, or None where they cannot belong together.

    The order of the arguments does not matter. Real and test events never meet.
    """
    if a.id == b.id or a.is_test != b.is_test or Stage.RETRACTION in (a.stage, b.stage):
        return None
    if (a.kind, b.kind) not in PAIRINGS or (a.kind == b.kind and a.id > b.id):
        a, b = b, a
    pairing = PAIRINGS.get((a.kind, b.kind))
    if pairing is None or a.time is None or b.time is None or _same_source(a, b):
        return None
    delay = (b.time - a.time).total_seconds()
    if not pairing.start_s <= delay <= pairing.end_s:
        return None
    shared = _overlap(a, b)
    pointed = b.follows == a.id or a.follows == b.id
    temporal = spacetime = None
    if pairing.rate_per_year is not None and not pointed:
        far = a.far_hz if a.messenger is Messenger.GW else None
        if far is not None:
            length = pairing.end_s - pairing.start_s
            temporal = joint_far(far, pairing.rate_per_year / YEAR_S, length)
            spacetime = joint_far(far, pairing.rate_per_year / YEAR_S, length, shared)
    return Association(
        first=a.id,
        second=b.id,
        delay_s=delay,
        window_s=(pairing.start_s, pairing.end_s),
        overlap=shared,
        far_temporal_hz=temporal,
        far_spacetime_hz=spacetime if shared is not None else None,
        by_construction=pointed,
        is_test=a.is_test,
    )


def _same_source(a: Event, b: Event) -> bool:
    """Two triggers of one instrument are two events, not one seen twice."""
    return a.observatory == b.observatory and a.instruments == b.instruments


def _overlap(a: Event, b: Event) -> float | None:
    """Overlap integral, or None where a position is missing."""
    if a.region is None or b.region is None:
        return None
    if isinstance(a.region, AllSky) or isinstance(b.region, AllSky):
        return None
    return overlap(a.region, b.region)


def temporal_p_value(delay_s: float, rate_hz: float, livetime: float = 1.0) -> float:
    """Chance that an unrelated event falls this close in time, before or after.

    ``2 |dt| R / livetime``: Abbott et al. 2017 (ApJL 848 L13), section 3, for GW170817 and GRB 170817A.

    Parameters
    ----------
    delay_s
        Time between the two.
    rate_hz
        Observed rate of events like the second.
    livetime
        Fraction of the time in which they can be observed.

    Examples
    --------
    >>> f"{temporal_p_value(1.74, 351.2 / (3324 * 86400), 0.85):.1e}"
    '5.0e-06'
    """
    return 2.0 * abs(delay_s) * rate_hz / livetime
