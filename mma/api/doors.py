"""Who may stay: connections that say nothing, send slowly or do not read are closed, and nobody takes all places."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_S = 10.0
"""From a connection's beginning, or a request's, to the end of its header."""

BODY_S = 20.0
"""Nothing more of a body comes for so long."""

UPLOAD_S = 600.0
"""From a body's beginning to its end."""

WRITE_S = 30.0
"""Nothing of an answer is taken for so long."""

MOST = 4000
"""Connections; fewer where the system lets a process open fewer files."""

OF_ONE = 256
"""Connections of one address; of a proxy as many as there are."""

SPARE = 200
"""Files that are open for other things than connections."""


class Doors:
    """The connections of one server, by address, the oldest first."""

    def __init__(self, proxies: tuple[str, ...] = (), most: int | None = None) -> None:
        self.most = min(MOST, _files() - SPARE) if most is None else most
        self._inside: dict[Guarded, str] = {}
        self._of: dict[str, dict[Guarded, None]] = {}
        self._proxies = frozenset(proxies)

    def enter(self, guarded: Guarded, address: str) -> bool:
        """Whether there is a place; the oldest of those that ask nothing has to go for it."""
        its = self._of.setdefault(address, {})
        if len(its) >= OF_ONE and address not in self._proxies and not _one_goes(its):
            return False
        if len(self._inside) >= self.most and not _one_goes(self._inside):
            return False
        self._of.setdefault(address, {})[guarded] = None
        self._inside[guarded] = address
        return True

    def leave(self, guarded: Guarded) -> None:
        """It is gone."""
        address = self._inside.pop(guarded, None)
        if address is not None:
            its = self._of[address]
            del its[guarded]
            if not its:
                del self._of[address]

    def protocol(self) -> type[asyncio.Protocol]:
        """The class that uvicorn makes one of for each connection."""
        return type("AtTheDoor", (Guarded,), {"doors": self})


def _one_goes(among: Iterable[Guarded]) -> bool:
    """Close the first that asks nothing; False where all do."""
    idle = next((one for one in among if one.is_idle()), None)
    if idle is not None:
        idle.abort()
    return idle is not None


def _files() -> int:
    """Files that this process may open, after asking for as many as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + SPARE if hard == resource.RLIM_INFINITY else min(hard, MOST + SPARE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return MOST + SPARE if soft == resource.RLIM_INFINITY else max(soft, SPARE + 1)


class Guarded(H11Protocol):
    """uvicorn's HTTP/1.1 with limits of time."""

    doors: Doors
    _is_refused = False
    _waits_for: str | None = None
    _timer: asyncio.TimerHandle | None = None
    _writes: asyncio.TimerHandle | None = None
    _begun = 0.0

    def connection_made(self, transport: Any) -> None:
        """Somebody came."""
        super().connection_made(transport)
        if not self.doors.enter(self, self.client[0] if self.client else "unknown"):
            self._is_refused = True
            transport.abort()
            return
        self._wait_for("header", HEADER_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Somebody went."""
        self.doors.leave(self)
        for timer in (self._timer, self._writes):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something came: of a header, of a body, or a whole request."""
        if self._is_refused:
            return
        super().data_received(data)
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            if self._waits_for != "body":
                self._begun = self.loop.time()
            self._wait_for("body", BODY_S)
        elif state is h11.IDLE and (self.cycle is None or self.cycle.response_complete):
            if self._waits_for != "header":  # what comes bit by bit gets no more time
                self._wait_for("header", HEADER_S)
        else:
            self._wait_for(None, 0.0)

    def is_idle(self) -> bool:
        """Whether nothing is asked."""
        return self.cycle is None or self.cycle.response_complete

    def abort(self) -> None:
        """Close it at once."""
        self.doors.leave(self)
        self.transport.abort()

    def pause_writing(self) -> None:
        """What was answered is not taken."""
        super().pause_writing()
        if self._writes is None:
            self._writes = self.loop.call_later(WRITE_S, self.abort)

    def resume_writing(self) -> None:
        """It is taken again."""
        super().resume_writing()
        if self._writes is not None:
            self._writes.cancel()
            self._writes = None

    def _wait_for(self, what: str | None, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._waits_for = what
        self._timer = None if what is None else self.loop.call_later(seconds, self._over)

    def _over(self) -> None:
        """The time is over, unless we ourselves do not read on."""
        in_time = self.loop.time() - self._begun < UPLOAD_S
        if self._waits_for == "body" and self.flow.read_paused and in_time:
            self._wait_for("body", BODY_S)
        else:
            self.abort()
