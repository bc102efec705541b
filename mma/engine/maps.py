"""Maps that a notice only points to: fetched beside the loop, and then the notice is taken in once more."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import skymaps
from coincidence import Event
from coincidence.event import Stage

from ..errors import FetchError
from ..sandbox import Room
from ..streams import Message
from . import reading

log = logging.getLogger(__name__)

FIRST_WAIT_S = 30.0
TRIES = 8
"""The wait doubles each time: an hour in all."""

KEPT = 1000
"""Notices that wait for a map; of more the oldest are given up."""

MAX_BYTES = 512 << 20
"""Of a fetched map, unpacked."""

Fetch = Callable[[str], bytes]


@dataclass(slots=True)
class _Wanted:
    message: Message
    url: str
    due: float
    wait_s: float
    tries: int = 1
    job: Future[skymaps.SkyMap] | None = None
    skymap: skymaps.SkyMap | None = None


def read_map(content: bytes) -> skymaps.SkyMap:
    """The map in a file of any kind. Raises ``RegionError``."""
    return skymaps.read(content, max_bytes=MAX_BYTES)


class Maps:
    """The maps that notices of this worker wait for.

    A notice without a region whose map has a URL is stored as it is, unlocated. Its message is kept here until the
    map is there, and handed out again; then ``locate`` gives it the region. A map that cannot be had is tried for
    an hour. Whoever stops the worker in that time loses the retry, not the notice.
    """

    def __init__(self, fetch: Fetch, first_wait_s: float = FIRST_WAIT_S, room: Room | None = None) -> None:
        self._fetch = fetch
        self._room = room or reading.room()
        self._first_wait_s = first_wait_s
        self._wanted: dict[str, _Wanted] = {}
        self._pool = ThreadPoolExecutor(2, "maps")

    def locate(self, message: Message, event: Event) -> Event:
        """The event with its map, where the map is there; else as it is, and the map is sent for."""
        if event.region is not None or event.skymap_url is None or event.stage is Stage.RETRACTION:
            return event
        wanted = self._wanted.get(event.notice)
        if wanted is None:
            while len(self._wanted) >= KEPT:
                self._wanted.pop(next(iter(self._wanted)))
            wanted = self._wanted[event.notice] = _Wanted(message, event.skymap_url, 0.0, self._first_wait_s)
            wanted.job = self._pool.submit(self._get, event.skymap_url)
        if wanted.skymap is None:
            return event
        sha256 = wanted.skymap.sha256
        both = hashlib.sha256(f"{event.notice} {sha256}".encode()).hexdigest()  # the notice alone is known already
        remark = f"map fetched from {event.skymap_url}"
        return replace(event, region=wanted.skymap, skymap_sha256=sha256, notice=both, remarks=(*event.remarks, remark))

    def arrived(self) -> list[Message]:
        """Messages whose map came since: to be handled again, and then told ``done``."""
        for notice, wanted in list(self._wanted.items()):
            if wanted.job is not None and wanted.job.done():
                self._ended(notice, wanted, wanted.job)
            elif wanted.job is None and wanted.skymap is None and time.monotonic() >= wanted.due:
                wanted.job = self._pool.submit(self._get, wanted.url)
        return [wanted.message for wanted in self._wanted.values() if wanted.skymap is not None]

    def done(self, messages: list[Message]) -> None:
        """These were handled and stored."""
        for notice in [n for n, wanted in self._wanted.items() if wanted.message in messages]:
            del self._wanted[notice]

    def _get(self, url: str) -> skymaps.SkyMap:
        """The map, read apart: a thread could not be ended."""
        found: skymaps.SkyMap = self._room.call(read_map, self._fetch(url))
        return found

    def _ended(self, notice: str, wanted: _Wanted, job: Future[skymaps.SkyMap]) -> None:
        """A try came to its end: the map is there, or it is tried again later, or given up."""
        wanted.job = None
        error = job.exception()
        if error is None:
            wanted.skymap = job.result()
            return
        again = wanted.tries < TRIES and isinstance(error, FetchError)
        then = f"again in {wanted.wait_s:.0f} s" if again else "given up: the event stays unlocated"
        log.warning("map of %s: %s; %s", wanted.message.place, error, then)
        if not again:
            del self._wanted[notice]
            return
        wanted.due = time.monotonic() + wanted.wait_s
        wanted.wait_s *= 2.0
        wanted.tries += 1

    def close(self) -> None:
        """Wait for no map any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
