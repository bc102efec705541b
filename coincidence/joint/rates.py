"""False-alarm rates of a pair of events: untargeted, of a confident first, below both thresholds, with the sky."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from skymaps.units import DAY_S

from ..event import Event
from .pairings import GW, SUB_THRESHOLD, Pairing, Role

YEAR_S = 365.0 * DAY_S

RATES_PER_YEAR: dict[Role, float] = {
    # confident mergers per year in the fourth observing run, rounded: ours
    Role.CBC: 100.0,
    # none is known: ours
    Role.BURST: 0.1,
    # Fermi 236, Swift 65, INTEGRAL 5, AGILE 5 (RAVEN)
    Role.GRB: 310.0,
    # with the 65 per year that RAVEN adds for those below threshold
    Role.SUB_FERMI: 375.0,
    Role.SUB_SWIFT: 375.0,
    # CHIME (RAVEN)
    Role.FRB: 485.0,
    # gold 10 and bronze 20: Blaufuss et al. 2019 (PoS ICRC2019 1021)
    Role.NEUTRINO: 30.0,
    # one or two supernovae per century in the Galaxy, as many false coincidences of detectors: ours
    Role.SUPERNOVA: 0.03,
    # two alerts a month: ours, no observatory has told
    Role.FLARE: 24.0,
}
"""Events per year that an unrelated one can be; those of a gravitational-wave event are real ones."""

SEARCHES = {Role.CBC: 5, Role.BURST: 4}
"""Searches whose pairs are published: n (n - 1) trials (gwcelery)."""

APART = "the regions do not meet"
POINTED = "not independent: the telescope was pointed there"
ELSEWHERE = "not independent: the telescope was pointed by another event"
"""Why two events are no coincidence, whatever their times."""


class Search(StrEnum):
    """How a pair's false-alarm rate was made."""

    UNTARGETED = "untargeted"
    """Rate of the second kind, false-alarm rate of the first."""

    SWAPPED = "swapped"
    """Rate of confident events of the first kind, false-alarm rate of the second."""

    TARGETED = "targeted"
    """Both below their thresholds, each with its own rate."""

    NONE = "none"
    """None is defined; the reason says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointRate:
    """The false-alarm rate of a pair, in Hz."""

    search: Search
    temporal_hz: float | None = None
    spacetime_hz: float | None = None
    """Infinite for regions that do not meet; None where the sky says nothing."""

    trials: int = 1
    reason: str | None = None
    """Why there is none, or why it is infinite."""

    @property
    def after_trials_hz(self) -> float | None:
        """The rate with the sky where that is known, times the trials."""
        far = self.temporal_hz if self.spacetime_hz is None else self.spacetime_hz
        return None if far is None else far * self.trials


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
    return _with_sky(window_s * rate_hz * far_hz, overlap)


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
        Where the product of the rates is above that of their limits: the formula does not hold there.

    Examples
    --------
    >>> f"{joint_far_targeted(1e-7, 1e-6, 12.0, 1 / 86400, 1e-4):.7e}"
    '1.2427827e-11'
    """
    z, z_max = window_s * far_hz * other_far_hz, window_s * far_max_hz * other_far_max_hz
    if z > z_max:
        raise ValueError(f"FAR {far_hz} x {other_far_hz} Hz above the limits {far_max_hz} x {other_far_max_hz}")
    return _with_sky(z * (1.0 - math.log(z / z_max)) if z > 0 else 0.0, overlap)


def _with_sky(temporal: float, overlap: float | None) -> float:
    if overlap is None:
        return temporal
    return math.inf if overlap <= 0 else temporal / overlap


def joint_rate(
    a: Event, b: Event, roles: tuple[Role, Role], pairing: Pairing, overlap: float | None, *, pointed: bool
) -> JointRate:
    """The false-alarm rate of a pair, by the search that the two come from; never an error.

    Parameters
    ----------
    a, b
        First and second by role.
    overlap
        Overlap integral relative to the whole sky; None where the sky says nothing.
    pointed
        One was found because of an event: found where and when one looked, it is no coincidence.
    """
    search, temporal, reason = _temporal(a, b, roles, pairing, pointed=pointed)
    if temporal is None:
        return JointRate(search=search, reason=reason)
    spacetime = None if overlap is None else _with_sky(temporal, overlap)
    n = SEARCHES.get(roles[0])
    return JointRate(
        search=search,
        temporal_hz=temporal,
        spacetime_hz=spacetime,
        trials=n * (n - 1) if n else 1,
        reason=APART if spacetime == math.inf else None,
    )


def _temporal(
    a: Event, b: Event, roles: tuple[Role, Role], pairing: Pairing, *, pointed: bool
) -> tuple[Search, float | None, str | None]:
    """How, the rate in time alone, and why there is none."""
    if pairing.time_only:
        return Search.NONE, None, "by time alone: a supernova's neutrinos are always told"
    if pairing.same_source:
        return Search.NONE, None, "one burst seen by two instruments"
    length, first, second = pairing.length_s, *(RATES_PER_YEAR[role] / YEAR_S for role in roles)
    if roles[1] in SUB_THRESHOLD and b.far_hz is not None and a.far_hz is not None and pairing.far_max_hz is not None:
        if a.significant:
            return Search.SWAPPED, joint_far(b.far_hz, first, length), None
        return _targeted(a.far_hz, b.far_hz, pairing)
    if pointed:
        return Search.NONE, None, POINTED
    if a.far_hz is not None:
        return Search.UNTARGETED, joint_far(a.far_hz, second, length), None
    if b.far_hz is not None and (roles[0] not in GW | SUB_THRESHOLD or a.significant):
        return Search.SWAPPED, joint_far(b.far_hz, first, length), None
    return Search.NONE, None, "neither tells a false-alarm rate"


def _targeted(far: float, other: float, pairing: Pairing) -> tuple[Search, float | None, str | None]:
    limits = pairing.far_max_hz or (0.0, 0.0)
    if far > limits[0] or other > limits[1]:
        return Search.TARGETED, None, f"above the search's limits of {limits[0]:.3g} and {limits[1]:.3g} Hz"
    return Search.TARGETED, joint_far_targeted(far, other, pairing.length_s, *limits), None
