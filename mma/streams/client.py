"""What our Kafka clients share: settings, and how they tell that something is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from .troubles import Troubles

TOKEN_S = 600.0
"""That a token cannot be had is told once; the old one lasts on. Without a new connection it is over after this."""

TOO_LATE = "not valid in current SASL state"
"""A token was renewed while its connection was being closed. librdkafka connects again by itself: no trouble, and where
that fails it says so in other words."""

AWAY = re.compile(r"refused|resolve|unreachable|timed out", re.IGNORECASE)
"""What a broker that is not there sounds like. One that is there and wants a login only hangs up."""

SHARED = {
    "log_level": 0,  # what librdkafka would print, our callbacks hear
    "reconnect.backoff.max.ms": 10_000,
    "statistics.interval.ms": 5_000,
}

Client = Callable[[dict[str, Any]], Any]
"""Makes a consumer or a producer out of settings: confluent-kafka's, or gcn-kafka's."""


class Connection:
    """What librdkafka says about a connection, as troubles."""

    def __init__(self, name: str, hint: str = "") -> None:
        self.name = name
        self._hint = hint
        self.troubles = Troubles(name)
        self.is_lost = False
        """The client cannot go on, and says so once: a new one is needed."""

        self._was_up = self._was_down = False

    def hears(self) -> dict[str, Any]:
        """Settings by which a client tells us."""
        return {"error_cb": self._complains, "stats_cb": self._is_up}

    def _complains(self, error: Any) -> None:
        self.is_lost |= is_fatal(error)
        text = error.str()
        if TOO_LATE in text:
            return
        if error.name() == "_ALL_BROKERS_DOWN":  # why, was told before
            text = self.troubles.now.get("broker", text)
        if self._hint and not self._was_up and self._hint not in text and not AWAY.search(text):
            text = f"{text}; {self._hint}"
        self.troubles.add("token" if "OAUTHBEARER token" in text else "broker", text)

    def _is_up(self, statistics: str) -> None:
        up = any(b["state"] == "UP" for b in json.loads(statistics).get("brokers", {}).values())
        self._was_up |= up
        if up:
            self.troubles.settle("broker")
            self.troubles.settle("token", 0.0 if self._was_down else TOKEN_S)
        self._was_down = not up


def is_fatal(error: Any) -> bool:
    """Whether the client is at its end; callbacks get the fatal error by name alone."""
    return bool(error.fatal() or error.name() == "_FATAL")
