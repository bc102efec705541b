"""Messages that are decoded whole: at most twice, however often their alerts are asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from coincidence import Alert
from mma.errors import CostlyError
from mma.streams import Message

from .avro.schema import SchemaStore
from .decode import decode_whole

Whole = Callable[[Message, Collection[str] | None], list[Alert]]
"""Decodes a message whole: its alerts on some objects, or all of them."""

Name = tuple[str, str]
"""The survey's own id of an object, and that of an alert."""


class Wholes:
    """The messages of a batch.

    An object may come in a message thousands of times, each of which is handled by itself. For the first of them the
    message is decoded and nothing kept; for the second it is decoded once more, and all others are found there.

    Parameters
    ----------
    apart
        What decodes messages that may cost more than the budget that holds here.
    """

    def __init__(self, apart: Whole = decode_whole) -> None:
        self._apart = apart
        self._seen: set[int] = set()
        self._known: dict[int, dict[Name, list[Alert]]] = {}

    def has_seen(self, index: int) -> bool:
        """Whether a message was decoded whole before."""
        return index in self._seen

    def alerts(self, index: int, message: Message, names: Iterable[Name], store: SchemaStore) -> list[Alert]:
        """The first time all alerts of the message on these objects, from then on these alerts alone.

        Parameters
        ----------
        index
            Of the message in its batch.
        """
        if index not in self._seen:
            found = self._decoded(message, {object_id for object_id, _ in names}, store)
            self._seen.add(index)
            return found
        if index not in self._known:
            known: dict[Name, list[Alert]] = {}
            for alert in self._decoded(message, None, store):
                known.setdefault((alert.object_id, alert.id), []).append(alert)
            self._known[index] = known
        return [alert for name in sorted(set(names)) for alert in self._known[index].get(name, ())]

    def _decoded(self, message: Message, object_ids: set[str] | None, store: SchemaStore) -> list[Alert]:
        try:
            return decode_whole(message, object_ids, schemas=store)
        except CostlyError:
            return self._apart(message, object_ids)
