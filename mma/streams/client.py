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

AWAY = re.compile(r"refused|resolve|unreachable|no route|timed out", re.IGNORECASE)
"""What a broker that is not there sounds like. One that is there and wants a login only hangs up."""

IN_VAIN = re.compile(r": (?:Connect to \S+ failed|Failed to resolve \S+): (?P<why>[^()]+?)(?: \(.*)?$", re.DOTALL)
"""What librdkafka says of a broker that it does not get through to, among what nobody needs to know."""

AGAIN = "tried again until it is there"

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
        about = "token" if "OAUTHBEARER token" in text else "broker"
        self.troubles.add(about, in_plain_words(text), AGAIN if about == "broker" and AWAY.search(text) else "")

    def _is_up(self, statistics: str) -> None:
        up = any(b["state"] == "UP" for b in json.loads(statistics).get("brokers", {}).values())
        self._was_up |= up
        if up:
            self.troubles.settle("broker")
            self.troubles.settle("token", 0.0 if self._was_down else TOKEN_S)
        self._was_down = not up


def in_plain_words(text: str) -> str:
    """What librdkafka says of a connection, for people.

    Examples
    --------
    >>> in_plain_words("h:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state)")
    'cannot be reached (connection refused)'
    """
    found = IN_VAIN.search(text)
    return f"cannot be reached ({found['why'][:1].lower()}{found['why'][1:]})" if found else text


def is_fatal(error: Any) -> bool:
    """Whether the client is at its end; callbacks get the fatal error by name alone."""
    return bool(error.fatal() or error.name() == "_FATAL")
