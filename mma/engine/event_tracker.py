"""The events as the database has them, whichever worker heard of them first."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

from sqlalchemy import Connection

from coincidence import ActiveEvents, Change, Event, News, Parameters, Stage
from coincidence.score import window
from skymaps import SkyMap

from ..errors import NoRoomError
from ..store import Store, events, maps
from . import held_maps
from .held_maps import Held, tiles_of

log = logging.getLogger(__name__)

LATE_S = 86_400.0
"""An event is searched for so long after its window closed: alerts may come late."""

OUTAGE_S = 30 * 86_400.0
"""After an outage of up to this length, notices that are read first do not close the windows for older alerts."""


class EventTracker:
    """Events in memory, brought up to date by number of notice: what other workers took in is read from the store."""

    def __init__(self, parameters: Parameters) -> None:
        self.active = ActiveEvents(parameters, LATE_S)
        self._parameters = parameters
        self.damaged: dict[str, str] = {}
        """Events without a map, since it is damaged or too large: what is wrong with it, by their ids."""
        self.is_mended = False
        """A damaged map came again, or there is room for one: what is known of events is to be read anew."""
        self._held = Held()
        self._refused: dict[str, dict[str | None, int]] = {}  # by event: sha256 of maps without room, their cells
        self._seq: int | None = None
        self._closed_s = math.inf  # events whose window closed before are not searched

    def catch_up(self, connection: Connection) -> None:
        """Take in the notices that others stored; at first those of every event that is not over."""
        newest = events.newest(connection)
        if newest == self._seq:
            return
        if self._seq is None:
            for event_id in events.by_size(connection, events.open_ones(connection)):  # large ones find no room
                for notice in self._notices(connection, event_id):
                    self.active.update(notice)
        else:
            for event_id, is_over in events.told_since(connection, self._seq):
                for notice in self._notices(connection, event_id):
                    self.active.update(notice, now=math.inf if is_over else None)
                if is_over:
                    self._closed_s = math.inf  # for others, who may be ahead of us
        self._seq = newest

    def unlocated(self) -> dict[str, str]:
        """Events that have no region since their map is damaged or too large: what is wrong with it, by their ids."""
        return {name: why for name, why in self.damaged.items() if self.is_without_its_map(name)}

    def is_without_its_map(self, event_id: str) -> bool:
        """Whether an event lacks the region that its notices gave it: what was found there is neither more nor less."""
        return event_id in self.damaged and event_id in self.active and self._lacks_region(event_id)

    def mark(self, store: Store) -> None:
        """Whoever asks is told which events are without their map, and which have theirs again."""
        without, searching = sorted(self.unlocated()), set(self.active.searching)
        with store.read() as connection:
            again = [name for name in events.unlocated(connection) if name in searching]
        if without or again:
            with store.begin() as connection:
                events.mark_unlocated(connection, without)
                for name in again:
                    its = self.active[name], self.active.revision(name)
                    events.save_event(connection, its[0], revision=its[1], parameters=self._parameters, now=None)

    def _lacks_region(self, event_id: str) -> bool:
        event = self.active[event_id]
        return event.region is None and event.stage is not Stage.RETRACTION

    def take(self, connection: Connection, notice: Event, place: str, received: float, clock: float) -> Change:
        """Take in a notice of our own; it is stored where it is new.

        Parameters
        ----------
        place
            Where it came from: topic, partition and offset.
        received
            Unix seconds.
        clock
            Events whose window closed before are not matched with new alerts, unless older ones are being read.
            Unix seconds.
        """
        clock = min(clock, self._closed_s)
        self.remember(connection, notice.id)
        taken = self._with_room(notice)
        if self._is_wanted(taken) and isinstance(taken.region, SkyMap) and taken.skymap_sha256:
            maps.save(connection, taken.region)
            events.mark_located(connection, taken.skymap_sha256)
            self.is_mended = True
        change = self.active.update(taken, clock)
        if change.news is News.RETRACTED:
            self._see_room([notice.id])
        if change.is_news:
            self._seq = events.save_notice(connection, notice, received=received, place=place)
            events.save_event(
                connection, change.after, revision=change.revision, parameters=self._parameters, now=clock
            )
        return change

    def remember(self, connection: Connection, event_id: str) -> None:
        """Load an event that is over but known: its notices still count."""
        if event_id not in self.active and events.event_row(connection, event_id) is not None:
            for earlier in self._notices(connection, event_id):
                self.active.update(earlier, now=math.inf)

    def _notices(self, connection: Connection, event_id: str) -> list[Event]:
        """An event's stored notices, with the maps that there is room for."""

        def load(sha256: str) -> SkyMap:
            known = self._held.of(event_id, sha256)
            return known if known is not None else self._hold(event_id, maps.read(connection, sha256))

        return events.notices(connection, [event_id], self.damaged, load)

    def _with_room(self, notice: Event) -> Event:
        """A notice with its map, or without where there is no room for it."""
        if not isinstance(notice.region, SkyMap):
            return notice
        try:
            return replace(notice, region=self._hold(notice.id, notice.region))
        except NoRoomError as error:
            self.damaged[notice.id] = str(error)
            return replace(notice, region=None)

    def _hold(self, event_id: str, skymap: SkyMap) -> SkyMap:
        """The map as it is in memory. Raises ``NoRoomError``."""
        known = self._held.of(event_id, skymap.sha256)
        if known is not None:
            return known
        n = tiles_of(skymap)
        if self._held.total + n > held_maps.MAX_TILES:
            self._let_go(event_id)
        if self._held.total + n > held_maps.MAX_TILES:
            self._refused.setdefault(event_id, {})[skymap.sha256] = n
            why = f"its {n} tiles and the {self._held.total} of other maps are more than {held_maps.MAX_TILES}"
            log.warning("event %s: no room for its map: %s", event_id, why)
            raise NoRoomError(f"no room: {why}")
        self._held.add(event_id, skymap)
        return skymap

    def _let_go(self, besides: str) -> None:
        """Forget the events with maps that are not searched for; the store has them."""
        for event_id in set(self._held.events()) - set(self.active.searching) - {besides}:
            self.active.forget(event_id)
            self._held.forget(event_id)

    def _is_wanted(self, notice: Event) -> bool:
        """Whether this may be the notice of a map that could not be had."""
        refused = self._refused.get(notice.id)
        return notice.id in self.damaged and (refused is None or notice.skymap_sha256 in refused)

    def _see_room(self, over: list[str]) -> None:
        """Events are over: one that was refused may have room now."""
        if not any(map(self._held.tiles, over)):
            return
        searched = sum(map(self._held.tiles, self.active.searching))
        smallest = min((n for its in self._refused.values() for n in its.values()), default=math.inf)
        self.is_mended |= searched + smallest <= held_maps.MAX_TILES

    def reach_back(self, connection: Connection, clock: float) -> None:
        """Search events again that were closed, here or by another worker, and were not at this time.

        Partitions are not read in step, least of all after an outage: the alerts of one may be days behind those of
        another that closed a window.
        """
        if clock < self._closed_s:
            for event_id in events.closed_since(connection, clock):
                self.remember(connection, event_id)
                self.active.reopen(clock, [event_id])
            self.active.reopen(clock)
            self._closed_s = clock

    def expire(self, connection: Connection, clock: float) -> list[str]:
        """Close the windows that ended before; the events' ids."""
        self._closed_s = max(self._closed_s, clock)
        over = [*self.active.expire(clock), *self._refused_before(clock)]
        events.expire(connection, over)
        self._see_room(over)
        return over

    def _refused_before(self, clock: float) -> list[str]:
        """Events whose map found no room and whose window closed before: no room is kept for them; their ids."""
        over = []
        for event_id in [name for name in self._refused if name in self.active and self._lacks_region(name)]:
            event = self.active[event_id]
            if event.time is not None and window(event, self._parameters)[1] < clock:
                over.append(event_id)
                del self._refused[event_id]
                self.damaged.pop(event_id, None)
        return over
