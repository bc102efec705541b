"""What alerts' packets tell of the past: by program where there is one, else by fastavro's records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from coincidence import Alert, AlertBatch
from coincidence.names import key
from mma.errors import CostlyError, DecodeError, Ignored
from mma.streams import Message
from skymaps import IntArray

from .avro.read_arrays import Queues, read
from .avro.schema import SchemaStore
from .decode import default_schemas, opened
from .points import Histories, of_alerts
from .wholes import Name, Wholes


def histories(
    messages: Sequence[Message],
    batch: AlertBatch,
    rows: IntArray,
    ids: Sequence[str],
    *,
    schemas: SchemaStore | None = None,
    wholes: Wholes | None = None,
) -> Histories:
    """Histories of some alerts, in the order of their messages. Raises what ``decode`` collects.

    Parameters
    ----------
    messages
        Those that ``batch.message`` counts in.
    batch
        Columns of their alerts, with object ids unique across surveys.
    rows
        The alerts wanted, by row of the batch.
    ids
        The surveys' own object ids of all alerts.
    wholes
        The messages of the batch that are decoded whole.
    """
    store, queues, wholes = schemas or default_schemas(), Queues(), wholes or Wholes()
    by_message: dict[int, list[int]] = {}
    for row, index in zip(rows.tolist(), batch.message[rows].tolist(), strict=True):
        by_message.setdefault(index, []).append(row)
    left = [
        i for i, some in by_message.items() if wholes.has_seen(i) or not _queued(queues, messages[i], some[0], store)
    ]
    parts, sources = [], []
    for queue in queues.waiting():
        found, others = read(queue, batch)
        parts.append(found)
        sources += batch.message[found.row].tolist()
        left += batch.message[others].tolist()
    place = {index: at for at, index in enumerate(by_message)}
    whole, whole_sources = _by_records(
        messages,
        batch,
        {i: [(ids[row], str(batch.id[row])) for row in by_message[i]] for i in sorted(left, key=place.__getitem__)},
        store,
        wholes,
    )
    parts += [whole] if left or not parts else []
    if len(parts) == 1:
        return parts[0]  # in order as it is
    order = np.argsort([place[i] for i in sources + whole_sources], kind="stable")
    return Histories.concatenate(parts).take(order)


def _queued(queues: Queues, message: Message, row: int, store: SchemaStore) -> bool:
    if queues.put_known(row, message):
        return True
    try:
        seen, decoder = opened(message, None, store)
    except (CostlyError, DecodeError, Ignored):
        return False  # where its record is wanted the complaint comes again
    return queues.put(row, message, seen.framed, decoder)


def _by_records(
    messages: Sequence[Message],
    batch: AlertBatch,
    wanted: Mapping[int, Sequence[Name]],
    store: SchemaStore,
    wholes: Wholes,
) -> tuple[Histories, list[int]]:
    """Histories of objects in messages that are decoded whole, and the message of each."""
    alerts: list[Alert] = []
    sources: list[int] = []
    for index, some in wanted.items():
        found = wholes.alerts(index, messages[index], some, store)
        alerts += found
        sources += [index] * len(found)
    rows = _rows(batch, wanted) if alerts else {}
    names = [(i, key(a.survey, a.object_id), a.id) for i, a in zip(sources, alerts, strict=True)]
    return of_alerts(alerts, [rows.get(name, -1) for name in names], len(wanted)), sources


def _rows(batch: AlertBatch, messages: Iterable[int]) -> dict[tuple[int, str, str], int]:
    """Rows of the alerts in some messages, by message, object and alert."""
    ours = np.flatnonzero(np.isin(batch.message, list(messages))).tolist()
    return {(int(batch.message[i]), str(batch.object_id[i]), str(batch.id[i])): i for i in ours}
