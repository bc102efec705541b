"""Who an alert is of: one source has several names, in several surveys, and comes under any of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from coincidence import AlertBatch, Parameters
from coincidence.names import SECOND_HAND, TABLE, is_iau, rank
from coincidence.objects import in_turn
from skymaps import IntArray

from ..alerts import Histories
from ..answers import separation_deg
from ..store import Row, Stored, identities, names

NAMED_ARCSEC = 10.0
"""Names join objects only if they are this near: the names that a follow-up gives its candidates come again."""

FARTHEST = 1.75
"""Cubes whose edge is that reach are neighbours, corner to corner, where their middles are so many edges apart."""

SIGMAS = 3.0
"""Positions with errors are the same within so many of both together."""

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """Which object each alert belongs to."""

    object_id: Mapping[str, str]
    """Own id to the id of the source, for those that differ."""

    joined: Mapping[str, str]
    """Stored object to the one that it becomes."""

    rows: Sequence[Row]
    """Names to keep."""

    def of(self, ids: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
        """The sources' ids for objects' own. Shape (n,)."""
        out = np.empty(len(ids), dtype=object)
        out[:] = [self.object_id.get(name, name) for name in ids]
        return out

    def histories(self, found: Histories) -> Histories:
        """Histories of the sources."""
        return replace(found, object_id=self.of(found.object_id))


NOTHING = Identities(object_id={}, joined={}, rows=())


def turns(alerts: AlertBatch) -> list[IntArray]:
    """Rows such that what may be one source comes once in every part, in the order of the rows.

    So sources are found alike, however alerts come in batches.
    """
    surveys = set(alerts.survey)
    if len(surveys) < 2 and not surveys & {*SECOND_HAND, TABLE}:
        return in_turn(alerts.object_id)
    return in_turn(_neighbours(alerts).astype(object))


def _neighbours(alerts: AlertBatch) -> IntArray:
    """The same number for alerts of one id, and for those about which names or places could say that. Shape (n,).

    Some up to four times as far apart have the same number, too: they are only taken in other turns.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    radius = NAMED_ARCSEC * identities.ARCSEC
    a, d = np.radians(alerts.ra), np.radians(alerts.dec)
    points = np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=1)
    cubes, cube = np.unique(np.floor(points / radius), axis=0, return_inverse=True)  # thousands at one place are one
    pairs = cKDTree(cubes).query_pairs(FARTHEST, output_type="ndarray")
    _, name = np.unique(alerts.object_id.astype(str), return_inverse=True)
    n_all = len(cubes) + int(name.max(initial=-1)) + 1
    links = np.concatenate([pairs, np.stack([cube.ravel(), len(cubes) + name], axis=1)])
    graph = coo_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(n_all, n_all))
    return np.asarray(connected_components(graph, directed=False)[1][cube.ravel()], dtype=np.int64)


def identify(
    connection: Connection,
    alerts: AlertBatch,
    told: Mapping[str, Sequence[str]],
    known: Iterable[str],
    hits: BoolArray,
    parameters: Parameters,
) -> Identities:
    """Find the sources of alerts among the stored objects.

    Parameters
    ----------
    alerts
        Of objects that differ.
    told
        Other names of objects that their packets tell, by their own.
    known
        Those of the alerts' objects that are stored under their own id.
    hits
        Alerts that hit a region: their places are looked at although they are known. Shape (n,).
    """
    finder = _Finder(alerts=alerts, told=told, known=frozenset(known), parameters=parameters)
    fresh = np.array([name not in finder.known for name in alerts.object_id], dtype=np.bool_)
    if not (fresh.any() or told or hits.any()):
        return NOTHING
    by_name = finder.by_name(connection, fresh)
    by_place = finder.by_place(connection, fresh | hits)
    if not (by_name or by_place):
        return finder.settled({})
    some = {name for found in (by_name, by_place) for ids in found.values() for name in ids}
    facts = identities.stored(connection, some | {str(alerts.object_id[i]) for i in {*by_name, *by_place}})
    return finder.settled(facts, by_name, by_place)


Links = Mapping[int, set[str]]
"""Row of an alert to the ids of stored objects that it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finder:
    """The alerts whose sources are looked for."""

    alerts: AlertBatch
    told: Mapping[str, Sequence[str]]
    known: frozenset[str]
    parameters: Parameters

    def by_name(self, connection: Connection, fresh: BoolArray) -> Links:
        """Objects that have a name of an alert's object."""
        own = {name: i for i, name in enumerate(self.alerts.object_id) if fresh[i]}
        rows = {name: i for i, name in enumerate(self.alerts.object_id) if name in self.told} if self.told else {}
        others = {i: self.told[name] for name, i in rows.items()}
        found = identities.named(connection, own, {name for some in others.values() for name in some})
        if not found:
            return {}
        links = {i: set(found.get(name, ())) for name, i in own.items() if name in found}
        for i, some in others.items():
            if ids := set().union(*(found.get(name, ()) for name in some)):
                links[i] = links.get(i, set()) | ids
        return links

    def by_place(self, connection: Connection, looked: BoolArray) -> Links:
        """Objects that may be in the same place."""
        radius = self.parameters.same_source_arcsec
        rows = np.flatnonzero(looked & ~self._moves())
        if radius <= 0.0 or not len(rows):
            return {}
        ra, dec, error = (getattr(self.alerts, name)[rows] for name in ("ra", "dec", "position_error_arcsec"))
        pairs = identities.near(connection, ra, dec, radius)
        pairs += identities.near_uncertain(connection, ra, dec, NAMED_ARCSEC)
        if (wide := np.flatnonzero(error > 0.0)).size:
            more = identities.near(connection, ra[wide], dec[wide], NAMED_ARCSEC)
            pairs += [(int(wide[at]), name) for at, name in more]
        links: dict[int, set[str]] = {}
        for at, name in pairs:
            if name != self.alerts.object_id[rows[at]]:
                links.setdefault(int(rows[at]), set()).add(name)
        return links

    def _moves(self) -> BoolArray:
        return np.asarray(self.alerts.solar_system_arcsec <= self.parameters.moving_arcsec, dtype=np.bool_)

    def settled(
        self, facts: Mapping[str, Stored], by_name: Links | None = None, by_place: Links | None = None
    ) -> Identities:
        """Which alerts and stored objects are one source, and under which id."""
        groups = _Groups()
        for i, ids in (by_name or {}).items():
            for name in ids & facts.keys():
                if self._apart(i, facts[name]) <= NAMED_ARCSEC:
                    groups.join(str(self.alerts.object_id[i]), name)
        for i, ids in (by_place or {}).items():
            near = self._nearest(i, [facts[name] for name in ids & facts.keys()], facts)
            if near is not None:
                groups.join(str(self.alerts.object_id[i]), near)
        own = dict(zip(self.alerts.object_id, self.alerts.survey, strict=True))
        survey = {name: fact.survey for name, fact in facts.items()} | {n: s for n, s in own.items() if n not in facts}
        best = {name: min(group, key=lambda n: rank(n, survey[n])) for group in groups.sets() for name in group}
        return Identities(
            object_id={name: best[name] for name in own if best.get(name, name) != name},
            joined={name: best[name] for name in facts if best.get(name, name) != name},
            rows=self._rows(best, survey),
        )

    def _apart(self, i: int, fact: Stored) -> float:
        return float(3600.0 * separation_deg(self.alerts.ra[i], self.alerts.dec[i], fact.ra, fact.dec))

    def _nearest(self, i: int, some: Sequence[Stored], facts: Mapping[str, Stored]) -> str | None:
        """The nearest object that is the same by its place, of those without a name of this alert's survey."""
        survey = str(self.alerts.survey[i])
        ours = facts.get(str(self.alerts.object_id[i]))
        mine = ours.surveys if ours is not None else frozenset({survey})
        error = np.nan_to_num(self.alerts.position_error_arcsec[i])
        near = []
        for fact in some:
            if fact.moves or (mine & fact.surveys) - {TABLE}:
                continue
            reach = max(self.parameters.same_source_arcsec, SIGMAS * float(np.hypot(error, fact.error_arcsec)))
            if (apart := self._apart(i, fact)) <= min(reach, NAMED_ARCSEC):
                near.append((apart, fact.id))
        return min(near)[1] if near else None

    def _rows(self, best: Mapping[str, str], survey: Mapping[str, str]) -> list[Row]:
        """Names to keep: of what became one, what packets tell, and names that TNS may write otherwise."""
        rows = [names.row_of(name, its, names.OBJECT, survey[name]) for name, its in best.items() if name != its]
        for name, s in zip(self.alerts.object_id, self.alerts.survey, strict=True):
            its = best.get(name, name)
            if name not in self.known and is_iau(name):
                rows.append(names.row_of(name, its, names.OBJECT, s))
            rows += [names.row_of(other, its, names.OBJECT) for other in self.told.get(name, ()) if other != its]
        return list({(row["alias"], row["id"]): row for row in reversed(rows)}.values())


class _Groups:
    """Sets of names that grow together."""

    def __init__(self) -> None:
        self._of: dict[str, set[str]] = {}

    def join(self, a: str, b: str) -> None:
        """These two are one."""
        both = self._of.get(a, {a}) | self._of.get(b, {b})
        for name in both:
            self._of[name] = both

    def sets(self) -> list[set[str]]:
        """Each once."""
        return list({id(group): group for group in self._of.values()}.values())
