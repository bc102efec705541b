"""All events that can still have counterparts: the newest word of each, and one index of their regions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

import numpy as np

from skymaps import AllSky, FloatArray, IntArray, Region, SkyIndex

from .alert import AlertBatch
from .background import LEVELS, areas
from .event import Event, Kind, Stage
from .gamma import together
from .pairs import Pairs
from .parameters import DEFAULT, Parameters
from .score import first_seen, in_interval, window

T = TypeVar("T")
STAGES = list(Stage)


class News(StrEnum):
    """What a notice changed."""

    NEW = "new"
    REVISED = "revised"
    RETRACTED = "retracted"
    OLDER = "older"
    """A newer notice had come before; nothing that it said is still open."""

    REPEATED = "repeated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An event before and after a notice."""

    news: News
    before: Event | None
    after: Event
    revision: int
    """How many notices speak for the event so far."""

    @property
    def is_news(self) -> bool:
        """Whether the notice had not come before."""
        return self.news is not News.REPEATED


def fold(notices: Sequence[Event]) -> Event:
    """What all notices of one event say together: the newest speaks, and keeps what only earlier ones told.

    Independent of the order of arrival; which is the newest says ``in_order``.

    Parameters
    ----------
    notices
        Of one event id, at least one.
    """
    ordered = in_order(notices)
    newest = ordered[-1]
    earlier = ordered[-2::-1]
    region, source = _region(ordered)
    aliases = dict.fromkeys(alias for notice in ordered for alias in notice.aliases)
    return replace(
        newest,
        kind=_kind(newest, earlier),
        gamma=together([n.gamma for n in (newest, *earlier) if n.gamma is not None]),
        time=_newest([n.time for n in (newest, *earlier)]),
        region=region,
        is_guess=source.is_guess,
        skymap_sha256=source.skymap_sha256,
        skymap_url=source.skymap_url,
        aliases=tuple(aliases),
        far_hz=_newest([n.far_hz for n in (newest, *earlier)]),
        classes=newest.classes or next((n.classes for n in earlier if n.classes), {}),
        instruments=newest.instruments or next((n.instruments for n in earlier if n.instruments), ()),
        external=newest.external or next((n.external for n in earlier if n.external), ()),
        follows=_newest([n.follows for n in (newest, *earlier)]),
        field_of_view_deg=_newest([n.field_of_view_deg for n in (newest, *earlier)]),
        tiles=_newest([n.tiles for n in (newest, *earlier)]),
        redshift=_newest([n.redshift for n in (newest, *earlier)]),
        url=_newest([n.url for n in (newest, *earlier)]),
        remarks=tuple(dict.fromkeys((*newest.remarks, *source.remarks))),
        is_test=any(n.is_test for n in ordered),
    )


def in_order(notices: Iterable[Event]) -> list[Event]:
    """Notices of one event from the oldest to the newest, whatever order they come in.

    A sender's clock may be wrong; two things are surer. Numbers that the sender gives its notices decide between those
    of one series. And a retraction takes back what was there: one that was issued before all others, by its clock, is
    the last word nevertheless. Between notices of the same second the later stage counts, then the one that tells of an
    external coincidence.
    """
    known = list(notices)
    series: dict[str, list[Event]] = {}
    for notice in known:
        if notice.series is not None and notice.number is not None:
            series.setdefault(notice.series, []).append(notice)
    ages = [(_age(n, series.get(n.series or "", ())), n) for n in known]
    stands = [age for age, n in ages if n.stage is not Stage.RETRACTION]
    first = min(stands, default=None)

    def key(pair: tuple[Age, Event]) -> tuple[bool, Age]:
        age, notice = pair
        return notice.stage is Stage.RETRACTION and first is not None and age < first, age

    return [notice for _, notice in sorted(ages, key=key)]


Age = tuple[float, int, int, bool, str]


def _age(event: Event, series: Sequence[Event]) -> Age:
    """When a notice was issued, at the earliest: not before one of its series with a lower number."""
    issued, number = event.issued.timestamp(), event.number or 0
    before = max((n.issued.timestamp() for n in series if (n.number or 0) < number), default=-math.inf)
    place = number if before >= issued else 0
    return max(issued, before), place, STAGES.index(event.stage), bool(event.external), event.notice


def _kind(newest: Event, earlier: Sequence[Event]) -> Kind:
    """That of the newest notice that tells one: a retraction does not, nor does a gamma-ray alert without a class."""
    told = [n for n in (newest, *earlier) if n.stage is not Stage.RETRACTION] or [newest]
    classed = [n for n in told if n.gamma is not None and n.gamma.source_class is not None]
    return (classed or told)[0].kind


def _newest(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def _region(ordered: Sequence[Event]) -> tuple[Region | None, Event]:
    """Newest region; a size that was only taken, or "nowhere in particular", never replaces what was told."""
    told = [n for n in reversed(ordered) if n.region is not None]
    source = min(told, key=lambda n: (isinstance(n.region, AllSky), n.is_guess), default=ordered[-1])
    return source.region, source


class ActiveEvents:
    """The newest state of each event, and the regions of those that can still be matched."""

    def __init__(self, parameters: Parameters = DEFAULT, late_s: float = math.inf) -> None:
        """Follow no event yet.

        Parameters
        ----------
        late_s
            Alerts from later than this after an event's window are not matched with it.
        """
        self.parameters = parameters
        self._late_s = late_s
        self.parameters_id = parameters.id
        self._areas: dict[str, FloatArray] = {}
        self._notices: dict[str, dict[str, Event]] = {}
        self._current: dict[str, Event] = {}
        self._index = SkyIndex()
        self._windows: dict[str, tuple[float, float]] = {}

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._current

    def __getitem__(self, event_id: str) -> Event:
        return self._current[event_id]

    def events(self) -> list[Event]:
        """Newest state of every event known here, retracted ones included."""
        return list(self._current.values())

    def revision(self, event_id: str) -> int:
        """Number of distinct notices of an event."""
        return len(self._notices[event_id])

    @property
    def searching(self) -> list[str]:
        """Ids of the events that alerts are matched with."""
        return list(self._windows)

    def update(self, notice: Event, now: float | None = None) -> Change:
        """Take a notice, old or new, once or twice; the event's newest word decides.

        Parameters
        ----------
        notice
            One decoded notice.
        now
            Unix seconds; an event whose window closed before is not matched with new alerts.
            None: no clock, everything stays open.
        """
        before = self._current.get(notice.id)
        notices = self._notices.setdefault(notice.id, {})
        if notice.notice in notices:
            return self._change(News.REPEATED, before, notice.id)
        notices[notice.notice] = notice
        after = fold(list(notices.values()))
        self._current[notice.id] = after
        self._place(after, now)
        if before is None:
            return self._change(News.RETRACTED if _retracted(after) else News.NEW, before, notice.id)
        if after == before:
            return self._change(News.OLDER, before, notice.id)
        return self._change(News.RETRACTED if _retracted(after) else News.REVISED, before, notice.id)

    def _change(self, news: News, before: Event | None, event_id: str) -> Change:
        return Change(news=news, before=before, after=self._current[event_id], revision=len(self._notices[event_id]))

    def areas(self, event_id: str) -> FloatArray:
        """Areas of an event's region at the levels that chance counts need, worked out once."""
        if event_id not in self._areas:
            region = self._current[event_id].region
            self._areas[event_id] = areas(region) if region is not None else np.full(len(LEVELS), np.nan)
        return self._areas[event_id]

    def _place(self, event: Event, now: float | None) -> None:
        """Put the event's region into the index, or take it out."""
        self._windows.pop(event.id, None)
        self._areas.pop(event.id, None)
        searchable = can_be_matched(event)
        if searchable:
            limits = window(event, self.parameters)
            searchable = now is None or limits[1] >= now
        if not searchable or event.region is None:
            if event.id in self._index:
                self._index.remove(event.id)
            return
        self._windows[event.id] = limits
        self._areas[event.id] = areas(event.region)
        if event.id in self._index:
            self._index.replace(event.id, event.region, self.parameters.level)
        else:
            self._index.add(event.id, event.region, self.parameters.level)

    def expire(self, now: float) -> list[str]:
        """Take events out whose window closed before ``now`` (Unix seconds); their ids."""
        over = [event_id for event_id, limits in self._windows.items() if limits[1] < now]
        for event_id in over:
            del self._windows[event_id]
            self._index.remove(event_id)
        return over

    def reopen(self, now: float, event_ids: Iterable[str] | None = None) -> None:
        """Search those events again that were taken out and whose window was still open at ``now`` (Unix seconds).

        Only those of ``event_ids``, where they are given.
        """
        for event_id in list(self._current) if event_ids is None else event_ids:
            if event_id not in self._windows:
                self._place(self._current[event_id], now)

    def forget(self, event_id: str) -> None:
        """Know an event no more, and keep nothing of it."""
        for known in (self._windows, self._areas, self._notices, self._current):
            known.pop(event_id, None)
        if event_id in self._index:
            self._index.remove(event_id)

    def waits_for(self, event_id: str, time: float) -> bool:
        """Whether alerts of this Unix time are matched with an event."""
        return event_id in self._windows and time <= self._windows[event_id][1] + self._late_s

    def match(self, alerts: AlertBatch) -> Pairs:
        """Every (alert, event) with the alert inside the event's region and time window, in one pass."""
        parts = list(self.match_parts(alerts))
        if not parts:
            return Pairs.none()
        return Pairs(
            alert=np.concatenate([part.alert for part in parts]),
            event=np.concatenate([part.event for part in parts]),
            events=parts[0].events,
            credible_level=np.concatenate([part.credible_level for part in parts]),
            probdensity=np.concatenate([part.probdensity for part in parts]),
        ).met()

    def match_parts(self, alerts: AlertBatch) -> Iterator[Pairs]:
        """What `match` gives, in consecutive parts of bounded size; all count in one list of all open events."""
        events, place, start, end = list(self._windows), None, np.empty(0), np.empty(0)
        first = first_seen(alerts)
        timely = self._timely(first, alerts.time)
        for found in self._index.match_parts(alerts.ra[timely], alerts.dec[timely]) if len(timely) else ():
            if place is None:
                row = {event_id: i for i, event_id in enumerate(events)}
                place = np.array([row.get(key, -1) for key in found.keys.tolist()], dtype=np.int64)
                start, end = np.array([*self._windows.values(), (np.nan, np.nan)])[place].T.copy()
            its, region = timely.take(found.alert), found.region
            seen = alerts.time.take(its)
            keep = in_interval(first.take(its), seen, start.take(region), end.take(region), self.parameters)
            keep &= seen <= end.take(region) + self._late_s
            chosen = slice(None) if keep.all() else keep
            yield Pairs(
                alert=its[chosen],
                event=place.take(region[chosen]),
                events=events,
                credible_level=found.credible_level[chosen],
                probdensity=found.probdensity[chosen],
            )

    def _timely(self, first: FloatArray, last: FloatArray) -> IntArray:
        """Alerts that some window may take: for the others, most of a night's, no region is looked at. Rows."""
        if not self._windows:
            return np.empty(0, dtype=np.int64)
        starts, ends = np.array(list(self._windows.values())).T
        return np.flatnonzero(
            in_interval(first, last, starts.min(), ends.max(), self.parameters) & (last <= ends.max() + self._late_s)
        )


def _retracted(event: Event) -> bool:
    return event.stage is Stage.RETRACTION


def can_be_matched(event: Event) -> bool:
    """Whether alerts can be scored against the event at all: it stands, and tells where and when.

    An event from anywhere on the sky is met by every alert, which says nothing; only a supernova
    neutrino burst is worth that: its star is in the Galaxy, and brighter than all others.
    """
    if _retracted(event) or event.region is None or event.time is None:
        return False
    return event.kind is Kind.SUPERNOVA or not isinstance(event.region, AllSky)
