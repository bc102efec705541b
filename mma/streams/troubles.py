"""What is wrong with a connection now, for the log and for ``mma status``."""

from __future__ import annotations

import logging
import time

log = logging.getLogger(__name__)

SAY_AGAIN_S = 60.0
"""A trouble that stays, or that comes and goes, is logged once in this time."""

QUIET_S = 12.0
"""What nobody complained of for so long, while the connection is up, is over."""


class Troubles:
    """What is wrong with a connection now; each thing is logged when it comes and once a minute while it stays."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.now: dict[str, str] = {}
        """What it is about (a topic, or ``broker``) to what is wrong."""
        self._told: dict[str, float] = {}
        self._logged: dict[str, float] = {}
        self._open: set[str] = set()

    def add(self, about: str, text: str, hope: str = "") -> None:
        """Something is wrong; of hope, which is no part of it, only the log tells."""
        now = time.monotonic()
        self.now[about] = text
        self._told[about] = now
        if now - self._logged.get(about, -SAY_AGAIN_S) >= SAY_AGAIN_S:
            self._logged[about] = now
            self._open.add(about)
            log.warning("%s: %s: %s", self.name, about, f"{text}; {hope}" if hope else text)

    def clear(self, about: str) -> None:
        """It is well again."""
        if self.now.pop(about, None) is not None and about in self._open:
            self._open.discard(about)
            log.info("%s: %s: well again", self.name, about)

    def settle(self, about: str, quiet_s: float = QUIET_S) -> None:
        """The connection is up: what nobody complained of for so long is over."""
        if about in self.now and time.monotonic() - self._told[about] > quiet_s:
            self.clear(about)
