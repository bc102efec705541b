"""Forgetting old nights, beside the loop, once a day."""

from __future__ import annotations

import logging
import time
from threading import Thread

from ..errors import ConfigError, OutageError
from ..store import NIGHT_S, Store, forget
from ..streams import Troubles

log = logging.getLogger(__name__)


class Pruning:
    """Begins at the worker's start, and once a day after that. Of several workers whichever comes first does it."""

    def __init__(self, store: Store, keep_nights: float, troubles: Troubles) -> None:
        self._store = store
        self._troubles = troubles
        self._keep_nights = keep_nights
        self._next = time.monotonic()

    def step(self) -> None:
        """Begin where it is time."""
        if self._keep_nights > 0 and time.monotonic() >= self._next:
            self._next = time.monotonic() + NIGHT_S
            Thread(target=self._prune, name="pruning", daemon=True).start()

    def _prune(self) -> None:
        try:
            gone = forget(self._store, self._keep_nights, time.time())
        except (ConfigError, OutageError) as error:
            self._troubles.add("old nights", f"not forgotten: {error}")
        else:
            self._troubles.clear("old nights")
            log.info("old nights forgotten: %s", ", ".join(f"{n} {name}" for name, n in gone.items()))
