"""Messages that could not be handled: kept with the reason, whatever they hold."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import MmaError, OutageError
from ..store import Store, handled, message_log
from ..streams import Message
from .ingest import source_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SettingAside:
    """Keeps messages that could not be handled. It never fails but for an outage."""

    _store: Store
    _clock: Callable[[], float]

    def keep(self, message: Message, error: Exception) -> None:
        """Keep a message with the error that it made."""
        trace = "".join(traceback.format_exception(error))
        log.error("set aside %s: %r", message.place, error)
        source = source_of(message)
        reason = str(error) if isinstance(error, MmaError) else f"{type(error).__name__}: {error}"
        counts = Counter({(source, "read", ""): 1, (source, "set_aside", ""): 1})
        try:
            self._keep(message, (reason, trace), counts)
        except OutageError:
            raise
        except Exception as again:  # noqa: BLE001 - setting aside never fails, whatever a message holds
            log.error("%s cannot be kept: %r", message.place, again)
            bare, told = message_log.bare(message, reason, again)
            self._keep(bare, (told, None), counts)

    def _keep(self, message: Message, reason: tuple[str, str | None], counts: Counter[message_log.Entry]) -> None:
        with self._store.begin() as connection:
            if not handled.again(connection, [message]):
                at = self._clock() if message.timestamp is None else message.timestamp
                message_log.count(connection, counts, {source: at for source, _, _ in counts})
            message_log.set_aside(connection, message, [reason], self._clock())
