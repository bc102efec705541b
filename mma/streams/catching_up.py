"""At the start alerts wait until the group has taken in the notices that are there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from .kafka import KafkaSource

log = logging.getLogger(__name__)

PATIENCE_S = 60.0
"""Without the notices' broker, alerts are scored after so long anyway: a notice that comes late finds them stored."""

ASK_S = 0.5
ABOUT = "notices"
SILENT = ("_TRANSPORT", "_TIMED_OUT", "_ALL_BROKERS_DOWN")
"""What librdkafka calls the error of a broker that does not answer."""


class CatchUp:
    """Holds the alert topics of a worker's sources until no member of the group is behind with the notices.

    What counts is what was there when this worker began, and what the group has committed: whichever member reads
    a notice, it is in the database then, and all of them use it.
    """

    def __init__(
        self, sources: Sequence[KafkaSource], tells_events: Callable[[str], bool], patience_s: float = PATIENCE_S
    ) -> None:
        self._sources = sources
        self._topics = {id(s): [t for t in s.topics if tells_events(t)] for s in sources}
        self._ends: dict[int, dict[tuple[str, int], int]] = {}
        self._began = self._asked = time.monotonic()
        self._patience_s = patience_s
        self.is_over = not any(self._topics.values())
        if not self.is_over:
            for source in sources:
                source.hold([t for t in source.topics if not tells_events(t)], ABOUT)

    def step(self) -> None:
        """Look again, not too often; let the alerts come once nobody is behind, or patience is at an end."""
        if self.is_over or time.monotonic() - self._asked < ASK_S:
            return
        self._asked = time.monotonic()
        behind = [source for source in self._sources if self._is_behind(source)]
        waited = self._asked - self._began
        if behind and waited < self._patience_s:
            return
        self.is_over = True
        for source in self._sources:
            source.troubles.clear(ABOUT)
            source.release(ABOUT)
        if behind:
            names = ", ".join(source.name for source in behind)
            log.warning("alerts are scored without the newest notices: no end of %s after %.0f s", names, waited)

    def _is_behind(self, source: KafkaSource) -> bool:
        topics = self._topics[id(source)]
        if not topics:
            return False
        try:
            ends = self._ends.get(id(source))
            if ends is None:
                ends = self._ends[id(source)] = source.ends(topics)
            behind = source.is_behind(ends)
        except Exception as error:  # noqa: BLE001 - confluent_kafka raises its own types for "not now"
            self._unseen(source, error)
            return True
        source.troubles.clear(ABOUT)
        return behind

    def _unseen(self, source: KafkaSource, error: Exception) -> None:
        """Alerts wait: of a broker that is away, this is told already."""
        if "broker" in source.troubles.now or "token" in source.troubles.now:
            source.troubles.clear(ABOUT)
            return
        inner: Any = error.args[0] if error.args else error
        is_silent = hasattr(inner, "name") and inner.name() in SILENT
        text = "the broker does not answer" if is_silent else str(inner.str() if hasattr(inner, "str") else error)
        source.troubles.add(ABOUT, f"alerts wait until the notices are read: {text}")
