"""Which kinds of events belong together, within which times, and how often one source shows both."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from skymaps.units import DAY_S

from ..event import Event, Kind


class Role(StrEnum):
    """What an event is in a pair. Their order decides which of two is the first."""

    CBC = "cbc"
    BURST = "burst"
    GRB = "grb"
    SUB_FERMI = "sub_fermi"
    """A burst of the targeted search in Fermi-GBM's data, below the threshold of a trigger."""

    SUB_SWIFT = "sub_swift"
    """... of Swift-BAT GUANO."""

    FRB = "frb"
    NEUTRINO = "neutrino"
    SUPERNOVA = "supernova"
    FLARE = "flare"
    """A gamma-ray flare, and whatever a Cherenkov telescope sees."""


RANK = {role: i for i, role in enumerate(Role)}
SUB_THRESHOLD = frozenset({Role.SUB_FERMI, Role.SUB_SWIFT})
GW = frozenset({Role.CBC, Role.BURST})
BURSTS = (Role.GRB, Role.SUB_FERMI, Role.SUB_SWIFT)

_SUB_THRESHOLD_WORDS = (("GUANO", Role.SUB_SWIFT), ("TARGETED", Role.SUB_FERMI), ("SUBTHRESHOLD", Role.SUB_FERMI))
_ROLES = {
    Kind.CBC: Role.CBC,
    Kind.BURST: Role.BURST,
    Kind.GRB: Role.GRB,
    Kind.NEUTRINO: Role.NEUTRINO,
    Kind.SUPERNOVA: Role.SUPERNOVA,
    Kind.FLARE: Role.FLARE,
    Kind.FRB: Role.FRB,
}


def role_of(event: Event) -> Role | None:
    """What an event is in a pair; None for one that is in none (an X-ray transient)."""
    if event.field_of_view_deg is not None:
        return Role.FLARE
    if event.kind is Kind.GRB:
        names = " ".join(event.instruments).upper()
        return next((role for word, role in _SUB_THRESHOLD_WORDS if word in names), Role.GRB)
    return _ROLES.get(event.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """How two roles belong together: always time of the second minus time of the first."""

    start_s: float
    end_s: float
    joint_per_year: float
    """Sources per year that are seen as both: the numerator of the prior odds."""

    needs_matter: bool = False
    """Only a merger with a neutron star can be both."""

    time_only: bool = False
    """Told by time alone, and always: no false-alarm rate."""

    same_source: bool = False
    """Two instruments' triggers of one burst: no coincidence of two messengers, and no false-alarm rate."""

    far_max_hz: tuple[float, float] | None = None
    """Of a search below both thresholds: the largest rates that the first and the second are told with."""

    @property
    def length_s(self) -> float:
        """Length of the window in seconds."""
        return self.end_s - self.start_s


def _bursts() -> dict[tuple[Role, Role], Pairing]:
    """Triggers of two instruments within a minute: ours. A third of all bursts triggers two: ours."""
    same = Pairing(start_s=-60, end_s=60, joint_per_year=100, same_source=True)
    return {(a, b): same for i, a in enumerate(BURSTS) for b in BURSTS[i:]}


PAIRINGS: dict[tuple[Role, Role], Pairing] = {
    # windows of the LVK low-latency search (gwcelery), turned to second minus first;
    # 0.3 joint detections with GBM per year: Mogushi et al. 2019 (ApJ 880 55), the lower end at design sensitivity
    (Role.CBC, Role.GRB): Pairing(start_s=-1, end_s=5, joint_per_year=0.3, needs_matter=True),
    # largest rates told: RAVEN's for the targeted searches
    (Role.CBC, Role.SUB_FERMI): Pairing(
        start_s=-1, end_s=11, joint_per_year=0.3, needs_matter=True, far_max_hz=(1 / DAY_S, 1e-4)
    ),
    (Role.CBC, Role.SUB_SWIFT): Pairing(
        start_s=-10, end_s=20, joint_per_year=0.3, needs_matter=True, far_max_hz=(2 / DAY_S, 1e-3)
    ),
    (Role.BURST, Role.GRB): Pairing(start_s=-60, end_s=600, joint_per_year=0.01),
    (Role.BURST, Role.SUB_FERMI): Pairing(start_s=-60, end_s=600, joint_per_year=0.01, far_max_hz=(1 / DAY_S, 1e-4)),
    (Role.BURST, Role.SUB_SWIFT): Pairing(start_s=-60, end_s=600, joint_per_year=0.01, far_max_hz=(2 / DAY_S, 1e-3)),
    # a supernova in the Galaxy: one or two per century
    (Role.CBC, Role.SUPERNOVA): Pairing(start_s=-10, end_s=10, joint_per_year=0.01, time_only=True),
    (Role.BURST, Role.SUPERNOVA): Pairing(start_s=-10, end_s=10, joint_per_year=0.01, time_only=True),
    (Role.CBC, Role.FRB): Pairing(start_s=-2, end_s=10, joint_per_year=0.01, needs_matter=True),
    (Role.BURST, Role.FRB): Pairing(start_s=-120, end_s=600, joint_per_year=0.01),
    # +-500 s: Baret et al. 2011 (Astropart. Phys. 35 1); no joint source is known yet: the rates are ours
    (Role.CBC, Role.NEUTRINO): Pairing(start_s=-500, end_s=500, joint_per_year=0.01),
    (Role.BURST, Role.NEUTRINO): Pairing(start_s=-500, end_s=500, joint_per_year=0.01),
    (Role.GRB, Role.NEUTRINO): Pairing(start_s=-500, end_s=500, joint_per_year=0.1),
    **_bursts(),
    # very-high-energy alerts: ours, no published standard
    (Role.GRB, Role.FLARE): Pairing(start_s=0, end_s=0.5 * DAY_S, joint_per_year=1.0),
    (Role.NEUTRINO, Role.FLARE): Pairing(start_s=-7 * DAY_S, end_s=7 * DAY_S, joint_per_year=0.2),
    (Role.CBC, Role.FLARE): Pairing(start_s=0, end_s=3 * DAY_S, joint_per_year=0.05, needs_matter=True),
}

LONGEST_S = max(max(-p.start_s, p.end_s) for p in PAIRINGS.values())
"""No pair is farther apart than this, seconds."""

_KINDS = {role: {kind} for kind, role in _ROLES.items()} | {role: {Kind.GRB} for role in SUB_THRESHOLD}
_KINDS[Role.FLARE] = {Kind.FLARE, Kind.GRB, Kind.TRANSIENT}  # whatever a pointed telescope calls it


def could_pair(kind: str, time: float, other_kind: str, other_time: float) -> bool:
    """Whether two events of these kinds and Unix times are close enough to be looked at: never too few."""
    one, other, delay = Kind(kind), Kind(other_kind), other_time - time
    for (first, second), pairing in PAIRINGS.items():
        if one in _KINDS[first] and other in _KINDS[second] and pairing.start_s <= delay <= pairing.end_s:
            return True
        if other in _KINDS[first] and one in _KINDS[second] and pairing.start_s <= -delay <= pairing.end_s:
            return True
    return False
