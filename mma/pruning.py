"""Forgetting old nights, beside the loop, once a day."""

from __future__ import annotations

import logging
import time
from threading import Thread

from .errors import OutageError
from .store import Store
from .store.retention import NIGHT_S, prune

log = logging.getLogger(__name__)


class Pruning:
    """Begins at the worker's start, and once a day after that. Of several workers whichever comes first does it."""

    def __init__(self, store: Store, keep_nights: float) -> None:
        self._store = store
        self._keep_nights = keep_nights
        self._next = time.monotonic()

    def step(self) -> None:
        """Begin where it is time."""
        if self._keep_nights > 0 and time.monotonic() >= self._next:
            self._next = time.monotonic() + NIGHT_S
            Thread(target=self._prune, name="pruning", daemon=True).start()

    def _prune(self) -> None:
        try:
            gone = prune(self._store, time.time() - self._keep_nights * NIGHT_S)
        except OutageError as error:
            log.warning("old nights were not forgotten: %s", error)
        else:
            log.info("old nights forgotten: %s", ", ".join(f"{n} {name}" for name, n in gone.items()))
