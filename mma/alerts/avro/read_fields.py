"""Batches of Avro packets to columns without a record for each: the leading fields only, by a compiled program."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from coincidence import AlertBatch
from mma.errors import DecodeError
from mma.streams import Message

from ..columns import Columns, Survey, told
from ..packet import IncompleteError, PacketDecoder
from .batch import Batch
from .bytecode import Program
from .framing import HEAD, Framed, is_confluent
from .schema import WriterSchema


@dataclass(slots=True)
class Queue:
    """Packets of one schema that wait to be read together."""

    program: Program
    columns: Survey
    window: int
    """Bytes of each that are taken."""

    data: list[bytes] = field(default_factory=list)
    """Their beginnings."""

    messages: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Queues:
    """Packets that a program can read."""

    by_schema: dict[WriterSchema, Queue | None] = field(default_factory=dict)
    """None: only records will do."""

    by_head: dict[bytes, Queue] = field(default_factory=dict)
    """Queues of the schemas that a payload's first bytes name."""

    def put_known(self, index: int, message: Message) -> bool:
        """Take a message whose first bytes came before; False where it must be looked at."""
        payload = message.payload
        queue = self.by_head.get(payload[:HEAD])
        if queue is None or not is_confluent(message):
            return False
        queue.data.append(payload[HEAD : HEAD + queue.window])
        queue.messages.append(index)
        return True

    def put(self, index: int, message: Message, framed: Framed | None, decoder: object) -> bool:
        """Take message ``index``; False where only its records will do."""
        if framed is None:
            return False
        schema, blocks, _ = framed
        data, start, end, count = blocks[0]
        if count > 1 or len(blocks) > 1:
            return False
        try:
            queue = self.by_schema[schema]
        except KeyError:
            queue = self.by_schema[schema] = _queue(schema, decoder)
        if queue is None:
            return False
        stop = start + queue.window
        queue.data.append(data[start : stop if stop < end else end])
        queue.messages.append(index)
        if is_confluent(message):
            self.by_head[message.payload[:HEAD]] = queue
        return True

    def waiting(self) -> list[Queue]:
        """All queues."""
        return [queue for queue in self.by_schema.values() if queue is not None]


def _queue(schema: WriterSchema, decoder: object) -> Queue | None:
    if not isinstance(decoder, PacketDecoder) or decoder.columns is None or decoder.needs is None:
        return None
    program = schema.program(decoder.columns, decoder.needs)
    return None if program is None else Queue(program, decoder.columns, program.window)


@dataclass(frozen=True, slots=True)
class Leading:
    """What a queue held."""

    batch: AlertBatch
    refused: list[tuple[int, DecodeError]]
    """Index of the message."""

    left: list[int]
    """Messages that must be decoded one by one: broken, or with text that is not plain, or without an id."""


def read(queue: Queue) -> Leading:
    """Columns of all packets of a queue."""
    messages = np.array(queue.messages, dtype=np.int64)
    packets, is_read = _run(queue.program, queue.data)
    columns = told(queue.columns, packets)
    good = is_read.copy()
    good[list(packets.refused)] = False
    refused, left = [], messages[~is_read].tolist()
    for i, error in packets.refused.items():
        if not is_read[i]:
            continue
        if isinstance(error, IncompleteError):
            left.append(int(messages[i]))
        else:
            refused.append((int(messages[i]), error))
    batch = _batch(columns, messages)
    return Leading(batch if good.all() else batch.take(good), refused, left)


def _run(program: Program, data: list[bytes]) -> tuple[Batch, Any]:
    """The fields of all packets, and which could be read."""
    from . import kernel

    shape = (len(program.slots), len(data))
    bounds = np.zeros(len(data) + 1, dtype=np.int64)
    np.cumsum([len(d) for d in data], out=bounds[1:])
    joined = b"".join(data)
    tags, bits, is_read = np.zeros(shape, np.uint8), np.zeros(shape, np.int64), np.zeros(len(data), np.bool_)
    kernel.run(program.code, np.frombuffer(joined, dtype=np.uint8), bounds, tags, bits, is_read)
    return Batch(n=len(data), program=program, data=joined, tags=tags, bits=bits), is_read


def _batch(columns: Columns, messages: Any) -> AlertBatch:
    """An AlertBatch of some columns; the others are unknown."""
    n, empty = len(messages), AlertBatch.empty()
    filled: dict[str, Any] = {}
    for f in fields(AlertBatch):
        kind = getattr(empty, f.name).dtype
        unknown = None if kind.hasobject else np.nan
        value = columns.get(f.name, unknown)
        if value is None or isinstance(value, str | float):
            filled[f.name] = np.full(n, value, dtype=kind) if f.name != "message" else messages
        else:
            filled[f.name] = np.array(value, dtype=kind)
    return AlertBatch(**filled)
