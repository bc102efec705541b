"""Events that may be one source, more than two: agglomerated from pairs, the strongest first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from skymaps import AllSky, Region, overlap
from skymaps import product as joint_map
from skymaps.errors import RegionError

from ..event import Event
from .pair import Association
from .pairings import GW, RANK, Role, role_of
from .pointing import FIELD_OF_VIEW_DEG, footprint_overlap
from .pvalues import fisher, product

ROUNDING = 1e-6
"""Of log overlaps that are sums in another order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Events that may be one source."""

    id: str
    anchor: str
    """The member that gives the group its id: first by role, then by id."""

    members: tuple[str, ...]
    """Ids, the anchor first, by role and id."""

    kind: str
    """Roles of the members: ``cbc+grb+flare``."""

    links: tuple[tuple[str, str], ...]
    """Pairs that hold it together, one fewer than members, the strongest first."""

    log_overlap: float | None
    """``ln [(4 pi)^(n-1) integral p_1 ... p_n]``; a pointed telescope's factor is relative to its field of view.
    None where fewer than two have a position."""

    log_odds: float | None
    """One source against all unrelated: overlap, times, distances and priors of the links. Natural log.
    What was found by pointing adds nothing to it, nor does a second trigger of one burst, but for its place.
    None where no link has prior odds."""

    p_values: tuple[float, ...]
    """Of the links: in time, on the sky (a bound), of a pointed observation alone."""

    p_product: float | None
    """Their bare product, no p-value itself; None without any."""

    p_fisher: float | None
    """The p-value of all of them together, by Fisher's method."""

    is_test: bool


def group_id(anchor: str) -> str:
    """Id of the group that an event anchors: it stays when others join or leave.

    Examples
    --------
    >>> group_id("S170817a")
    'MM-S170817a'
    """
    return f"MM-{anchor}"


@dataclass(frozen=True, slots=True)
class _Cluster:
    """Members by rank, and the pairs that brought them together."""

    events: tuple[Event, ...]
    links: tuple[Association, ...] = ()


def form(events: Mapping[str, Event], pairs: Iterable[Association]) -> list[Group]:
    """Groups of events, each event in one at most; a function of the set alone, not of the order of arrival.

    The strongest pair is joined first. Two clusters become one where a pair links them, where no two triggers of
    one instrument and no two gravitational-wave events would meet, and where the maps of all have more in common
    together than the two clusters have each for itself.

    Parameters
    ----------
    events
        Newest state of every event that a pair names, by id.
    pairs
        Standing associations of these events.
    """
    clusters = {name: _Cluster((event,)) for name, event in events.items()}
    shared = _Shared()
    for pair in sorted((p for p in pairs if _agrees(p)), key=strength):
        one, other = clusters[pair.first], clusters[pair.second]
        if one is other:
            continue
        both = _Cluster(tuple(sorted(one.events + other.events, key=_rank)), (*one.links, *other.links, pair))
        if _may_meet(both.events) and shared.gains(one, other, both):
            clusters |= dict.fromkeys((e.id for e in both.events), both)
    found = {c.events[0].id: c for c in clusters.values() if len(c.events) > 1}
    return [_group(found[anchor], shared) for anchor in sorted(found)]


def _rank(event: Event) -> tuple[int, str]:
    role = role_of(event)
    return (RANK[role] if role is not None else len(RANK), event.id)


def _agrees(pair: Association) -> bool:
    """Sky and distance together do not speak against one source."""
    return (pair.sky or 0.0) + (pair.distance or 0.0) >= 0.0


def strength(pair: Association) -> tuple[int, float, str, str]:
    """To sort by, the strongest first: triggers of one burst, then by odds, then what has none, by sky."""
    kind = 0 if pair.same_source else 1 if pair.log_odds is not None else 2
    by = pair.sky if pair.log_odds is None else pair.log_odds
    return kind, -(by or 0.0), pair.first, pair.second


def _may_meet(events: Sequence[Event]) -> bool:
    """Not two triggers of one instrument, unless they are neutrinos, which may be many; not two mergers."""
    if sum(role_of(e) in GW for e in events) > 1:
        return False
    names = [(e.observatory, e.instruments) for e in events if role_of(e) is not Role.NEUTRINO]
    return len(names) == len(set(names))


class _Shared:
    """Log overlaps of clusters, each worked out once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], float | None] = {}

    def gains(self, one: _Cluster, other: _Cluster, both: _Cluster) -> bool:
        """Whether the regions have at least as much in common together as each cluster for itself."""
        parts = (self.log_overlap(one.events) or 0.0) + (self.log_overlap(other.events) or 0.0)
        return (self.log_overlap(both.events) or 0.0) >= parts - ROUNDING

    def log_overlap(self, events: Sequence[Event]) -> float | None:
        """``ln I`` of all regions at once: one after the other with the product of those before."""
        key = tuple(e.id for e in events)
        if key not in self._known:
            self._known[key] = _log_overlap([e for e in events if _is_somewhere(e)])
        return self._known[key]


def _is_somewhere(event: Event) -> bool:
    return event.region is not None and not isinstance(event.region, AllSky)


def _log_overlap(events: Sequence[Event]) -> float | None:
    """Of events that all have a position; None for fewer than two."""
    if len(events) < 2 or events[0].region is None:
        return None
    so_far, total = events[0].region, 0.0
    for n, event in enumerate(events[1:], start=2):
        if event.region is None:
            continue
        integral = _measure(event, events)(so_far, event.region)
        if integral <= 0.0:
            return -math.inf
        total += math.log(integral)
        if n < len(events):
            try:
                so_far = joint_map(so_far, event.region)
            except RegionError:
                return -math.inf
    return total


def _measure(event: Event, others: Sequence[Event]) -> Callable[[Region, Region], float]:
    """Overlap relative to the whole sky, or to the field that a telescope was pointed at."""
    if role_of(event) is not Role.FLARE or event.follows is None:
        return overlap
    radius = event.field_of_view_deg or FIELD_OF_VIEW_DEG
    followed = next((o.region for o in others if event.follows in (o.id, *o.aliases)), None)
    return lambda before, found: footprint_overlap(before, found, radius, followed)


def _group(cluster: _Cluster, shared: _Shared) -> Group:
    events = cluster.events
    anchor = events[0].id
    p_values = _p_values(cluster.links)
    return Group(
        id=group_id(anchor),
        anchor=anchor,
        members=tuple(e.id for e in events),
        kind="+".join(str(role_of(e)) for e in events),
        links=tuple((pair.first, pair.second) for pair in sorted(cluster.links, key=strength)),
        log_overlap=shared.log_overlap(events),
        log_odds=_log_odds(cluster, shared),
        p_values=p_values,
        p_product=product(p_values) if p_values else None,
        p_fisher=fisher(p_values) if p_values else None,
        is_test=events[0].is_test,
    )


def _log_odds(cluster: _Cluster, shared: _Shared) -> float | None:
    """Prior, time and distance of the links that are independent, with the overlap of all their members at once.

    Triggers of one burst count as one event, with the place that they have in common.
    """
    links = [pair for pair in cluster.links if pair.prior is not None and not pair.same_source]
    bursts = [pair for pair in cluster.links if pair.same_source]
    if not links and not bursts:
        return None
    chosen = links or bursts
    named = {name for pair in (*links, *bursts) for name in (pair.first, pair.second)}
    sky = [shared.log_overlap([e for e in cluster.events if e.id in named])]
    if links and bursts:
        one = {name for pair in bursts for name in (pair.first, pair.second)}
        within = shared.log_overlap([e for e in cluster.events if e.id in one])
        sky.append(None if within is None else -within)
    terms = [term for pair in chosen for term in (pair.prior, pair.time, pair.distance)]
    return math.fsum(term for term in (*terms, *sky) if term is not None)


def _p_values(links: Sequence[Association]) -> tuple[float, ...]:
    every = (p for pair in sorted(links, key=strength) for p in (pair.p_time, pair.p_sky, pair.p_alone))
    return tuple(p for p in every if p is not None)
