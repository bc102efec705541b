"""Messages to columns, and one message to whole alerts."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from coincidence import Alert, AlertBatch
from mma.errors import ConfigError, CostlyError, DecodeError, Ignored
from mma.streams import Message

from . import voevent
from .avro.codecs import MAX_BYTES
from .avro.framing import records
from .avro.read_fields import Queues, read
from .avro.schema import ENVIRONMENT, SchemaStore
from .detect_format import Look, look
from .history import merge
from .packet import IncompleteError, PacketDecoder, Record, Row, alert, utc
from .surveys import brokers, rubin, ztf
from .tables import table


@dataclass(frozen=True, slots=True)
class DocumentDecoder:
    """How a document (table, VOEvent) becomes rows; an error among them costs its own row."""

    rows: Callable[[Message], Iterator[Row | DecodeError]]


DECODERS: dict[str, PacketDecoder | DocumentDecoder] = {
    "ztf": ztf.DECODER,
    "fink-ztf": ztf.FINK,
    "lsst": rubin.DECODER,
    "fink-lsst": rubin.FINK,
    "elasticc": rubin.ELASTICC,
    "atlas": brokers.ATLAS,
    "decam": brokers.DECAM,
    "lasair": brokers.LASAIR,
    "lasair-object": brokers.LASAIR_OBJECT,
    "antares": brokers.ANTARES,
    "ampel": brokers.AMPEL,
    "table": DocumentDecoder(table.rows),
    "voevent-optical": DocumentDecoder(voevent.rows),
}

MISFIT = (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError)
"""What a decoder raises on a packet whose fields are not there, or are something else."""

LONGEST_TEXT = 200
"""Characters of a band or an id: columns of text are as wide as the longest."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Columns of all messages that could be used, and the others with their reason."""

    batch: AlertBatch
    refused: list[tuple[int, DecodeError]]
    """Index of the message. A table may appear more than once, and have rows in the batch too."""

    ignored: list[tuple[int, Ignored]]
    n_whole: int = 0
    """Packets of which all had to be decoded: their fields' order, or a missing id, forbade the short way."""

    costly: list[int] = field(default_factory=list)
    """Messages that were left, as they may cost more than the budget that holds here."""


def decode(
    messages: Sequence[Message],
    format: str | None = None,  # noqa: A002
    *,
    schemas: SchemaStore | None = None,
) -> Decoded:
    """Columns for all messages; each row's ``message`` is the index of its message.

    Parameters
    ----------
    messages
        Alert packets, containers, tables, in any mixture.
    format
        Name of a decoder (a key of ``DECODERS``) where the caller knows better than the content.
    schemas
        LSST's schemas; else from ``MMA_LSST_SCHEMAS`` or the package ``lsst-alert-packet``.
    """
    _check(format)
    tally, queues = _Tally(format, schemas or default_schemas()), Queues()
    for index, message in enumerate(messages):
        if not queues.put_known(index, message):
            tally.take(index, message, queues)
    for queue in queues.waiting():
        leading = read(queue)
        tally.batches.append(leading.batch)
        tally.refused += leading.refused
        for index in leading.left:
            tally.take(index, messages[index])
    return tally.decoded()


@dataclass(slots=True)
class _Tally:
    """What the messages were, message by message and batch by batch."""

    format: str | None
    store: SchemaStore
    rows: list[Row] = field(default_factory=list)
    batches: list[AlertBatch] = field(default_factory=list)
    refused: list[tuple[int, DecodeError]] = field(default_factory=list)
    ignored: list[tuple[int, Ignored]] = field(default_factory=list)
    n_whole: int = 0
    costly: list[int] = field(default_factory=list)

    def take(self, index: int, message: Message, queues: Queues | None = None) -> None:
        """Put a message in its queue, or decode it."""
        try:
            seen, decoder = opened(message, self.format, self.store)
            if queues is not None and queues.put(index, message, seen.framed, decoder):
                return
            found, errors, whole = _decode_one(message, seen, decoder)
        except DecodeError as error:
            self.refused.append((index, error))
        except Ignored as reason:
            self.ignored.append((index, reason))
        except CostlyError:
            self.costly.append(index)
        else:
            self.rows += [row | {"message": index} for row in found]
            self.refused += [(index, error) for error in errors]
            self.n_whole += whole

    def decoded(self) -> Decoded:
        """Everything in the order of the messages."""
        batches = [*self.batches, AlertBatch.from_rows(self.rows)] if self.rows or not self.batches else self.batches
        batch = batches[0]
        if len(batches) > 1:
            batch = AlertBatch.concatenate(batches)
            batch = batch.take(np.argsort(batch.message, kind="stable"))
        self.refused.sort(key=lambda entry: entry[0])
        return Decoded(batch, self.refused, self.ignored, self.n_whole, self.costly)


def decode_whole(
    message: Message,
    object_ids: Collection[str] | None,
    format: str | None = None,  # noqa: A002
    *,
    schemas: SchemaStore | None = None,
) -> list[Alert]:
    """The message's alerts on these objects, or on all, with all their history. Raises what ``decode`` collects."""
    _check(format)
    seen, decoder = opened(message, format, schemas or default_schemas())
    alerts: list[Alert] = []
    if isinstance(decoder, DocumentDecoder):
        found = [r for r in decoder.rows(message) if isinstance(r, dict) and _is_of(r, object_ids)]
        return [alert(r, aliases=r.get("aliases") or ()) for r in found]
    for record, _ in _records(seen, None):
        try:
            row = decoder.row(record)
        except (DecodeError, *MISFIT):
            continue  # ``decode`` has told of it
        if not _is_of(row, object_ids):
            continue
        try:
            past = merge(utc(row["time"]), decoder.history(record))
            if any(len(d.band) > LONGEST_TEXT or len(d.alert_id or "") > LONGEST_TEXT for d in past):
                raise DecodeError(
                    f"{seen.kind or format} packet's history: text of more than {LONGEST_TEXT} characters"
                )
            alerts.append(alert(row, past, decoder.aliases(record)))
        except MISFIT as error:
            raise DecodeError(f"{seen.kind or format} packet's history: {error!r}") from error
    return alerts


def _is_of(row: Row, object_ids: Collection[str] | None) -> bool:
    return object_ids is None or row["object_id"] in object_ids


def _decode_one(
    message: Message, seen: Look, decoder: PacketDecoder | DocumentDecoder
) -> tuple[list[Row], list[DecodeError], int]:
    if isinstance(decoder, DocumentDecoder):
        found = list(decoder.rows(message))
        rows, errors = (
            [r for r in found if isinstance(r, dict)],
            [r for r in found if not isinstance(r, dict)],
        )
        return rows, errors, 0
    try:
        return _packets(seen, decoder, decoder.needs)
    except IncompleteError:
        return _packets(seen, decoder, None)


def _packets(
    seen: Look, decoder: PacketDecoder, needs: tuple[str, ...] | None
) -> tuple[list[Row], list[DecodeError], int]:
    rows: list[Row] = []
    errors: list[DecodeError] = []
    n_whole = 0
    for record, is_whole in _records(seen, needs):
        n_whole += is_whole
        try:
            rows.append(decoder.row(record))
        except IncompleteError as error:
            if needs is not None:
                raise
            errors.append(error)
        except DecodeError as error:
            errors.append(error)
        except MISFIT as error:
            errors.append(DecodeError(f"{seen.kind} packet: {error!r}"))
    return rows, errors, n_whole


def _records(seen: Look, needs: tuple[str, ...] | None) -> Iterable[tuple[Record, bool]]:
    if seen.framed is not None:
        return records(seen.framed, needs)
    if seen.records is not None:
        return ((record, False) for record in seen.records)
    raise DecodeError("neither Avro nor JSON")


def opened(message: Message, name: str | None, store: SchemaStore) -> tuple[Look, PacketDecoder | DocumentDecoder]:
    """What a message holds, as far as it is read to tell, and its decoder."""
    if not message.payload:
        raise Ignored("empty message")
    if len(message.payload) > MAX_BYTES:
        raise DecodeError(f"message of {len(message.payload)} bytes, over {MAX_BYTES}")
    is_document = name is not None and isinstance(DECODERS[name], DocumentDecoder)
    seen = Look(None) if is_document else look(message, store)
    kind = name or seen.kind
    if kind is None:
        raise Ignored("not an optical alert")
    return seen, DECODERS[kind]


def _check(name: str | None) -> None:
    if name is not None and name not in DECODERS:
        raise ConfigError(f"unknown alert format {name}: one of {', '.join(DECODERS)}")


def default_schemas() -> SchemaStore:
    """LSST's schemas from where the environment or an installed package has them."""
    return _schemas(os.environ.get(ENVIRONMENT))


@lru_cache(maxsize=4)
def _schemas(folder: str | None) -> SchemaStore:
    return SchemaStore(folder)
