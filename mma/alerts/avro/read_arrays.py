"""Histories of many Avro packets without a record for each: their arrays, by a compiled program."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from coincidence import AlertBatch
from mma.streams import Message
from skymaps import FloatArray, IntArray

from ..columns import Asking, BoolArray, Fields
from ..history import SAME_EXPOSURE
from ..packet import PacketDecoder
from ..points import MICROSECONDS, Histories, Readings, microseconds
from .batch import Batch
from .bytecode import Asked, Program
from .framing import HEAD, Framed, is_confluent

ROOM = 32
"""Items of an array in a packet, as a guess: more room is made where it is wanted."""

SAME_EXPOSURE_US = SAME_EXPOSURE.seconds * MICROSECONDS
PointsOf = Callable[[Fields, Callable[[str], Fields]], list[Readings]]


@cache
def asked(points: PointsOf) -> Asked:
    """The fields that a survey's ``points`` reads."""
    nothing = Asking(n=0)
    points(nothing, nothing.items)
    return nothing.asked()


@dataclass(kw_only=True)
class Items(Batch):
    """Items of one array in many packets, one row each."""

    def is_null(self, path: str) -> BoolArray:
        slot = self.program.slots.get(path)
        return np.ones(self.n, dtype=np.bool_) if slot is None else self.tags[slot] == 0

    def first(self, *paths: str) -> FloatArray:
        """The first that is not null: a NaN counts, as in a record. Shape (n,)."""
        value, *others = (self.number(path) for path in paths)
        for path, other in zip(paths, others, strict=False):
            value = np.where(self.is_null(path), other, value)
        return value


@dataclass(slots=True)
class Queue:
    """Packets of one schema, one alert each, that wait to be read together."""

    program: Program
    points: PointsOf
    packets: list[tuple[int, bytes, int, int, bool]] = field(default_factory=list)
    """The alert's row in the batch that is asked about; bytes, and where in them the packet lies; whether no byte
    may be left over."""


@dataclass(slots=True)
class Queues:
    """Packets whose arrays a program can read."""

    by_schema: dict[Any, Queue | None] = field(default_factory=dict)
    """None: only records will do."""

    by_head: dict[bytes, Queue] = field(default_factory=dict)
    """Queues of the schemas that a payload's first bytes name."""

    def put_known(self, row: int, message: Message) -> bool:
        """Take the packet of an alert whose first bytes came before; False where it must be looked at."""
        payload = message.payload
        queue = self.by_head.get(payload[:HEAD])
        if queue is None or not is_confluent(message):
            return False
        queue.packets.append((row, payload, HEAD, len(payload), True))
        return True

    def put(self, row: int, message: Message, framed: Framed | None, decoder: object) -> bool:
        """Take the packet of an alert; False where only its record will do."""
        if framed is None or len(framed.blocks) != 1 or framed.blocks[0].n_records != 1:
            return False
        if not isinstance(decoder, PacketDecoder) or decoder.points is None:
            return False
        name = framed.schema, decoder.points
        if name not in self.by_schema:
            program = framed.schema.program_of_whole(asked(decoder.points))
            self.by_schema[name] = None if program is None else Queue(program, decoder.points)
        queue = self.by_schema[name]
        if queue is None:
            return False
        data, start, end, _ = framed.blocks[0]
        queue.packets.append((row, data, start, end, framed.is_exact))
        if is_confluent(message):
            self.by_head[message.payload[:HEAD]] = queue
        return True

    def waiting(self) -> list[Queue]:
        """All queues."""
        return [queue for queue in self.by_schema.values() if queue is not None]


def read(queue: Queue, batch: AlertBatch) -> tuple[Histories, list[int]]:
    """Histories of a queue's alerts; and rows of those whose packets only fastavro can read, or refuse."""
    arrays = _arrays(queue)
    with np.errstate(all="ignore"):
        readings = Readings.concatenate(queue.points(arrays.packets, arrays.items))
    bad = np.zeros(len(arrays.rows), dtype=np.bool_)
    bad[readings.owner[np.isnan(readings.time)]] = True
    histories = _histories(readings, bad, batch, arrays.rows)
    left: list[int] = []
    if bad.any() or len(bad) < len(queue.packets):
        left = sorted({row for row, *_ in queue.packets} - {*arrays.rows[~bad].tolist()})
    return histories.take(np.flatnonzero(~bad)) if bad.any() else histories, left


def _histories(readings: Readings, bad: BoolArray, batch: AlertBatch, rows: IntArray) -> Histories:
    """The light curves merged; of alerts with a bad point they are anything."""
    from . import exposures

    together = np.argsort(readings.owner, kind="stable")
    time_us = microseconds(np.where(bad[readings.owner], 0.0, readings.time))
    until_us = microseconds(batch.time[rows])
    rank = np.where(readings.alert_id.is_known, 0, np.where(np.isnan(readings.flux_njy), 2, 1))
    starts = np.searchsorted(readings.owner[together], np.arange(len(rows) + 1))
    order, band = np.arange(len(readings)), readings.band.numbers()
    kept = exposures.merge(time_us[together], rank[together], band[together], starts, until_us, SAME_EXPOSURE_US, order)
    readings = replace(readings, time=time_us / MICROSECONDS)
    return Histories(
        object_id=batch.object_id[rows],
        id=batch.id[rows],
        time=until_us / MICROSECONDS,
        row=rows,
        readings=readings.take(together[order[kept[order]]]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrays:
    """What a program read of the packets that it could read."""

    rows: IntArray
    """The packets' alerts."""

    packets: Batch
    tables: dict[str, Items]

    def items(self, name: str) -> Fields:
        """Items of an array; none where the schema does not have it."""
        return self.tables[name]


def _arrays(queue: Queue) -> Arrays:
    """Run the program over all packets of a queue, where they lie."""
    from . import kernel

    rows, data, starts, stops, exact = zip(*queue.packets, strict=True)
    program, n = queue.program, len(rows)
    held: Any = (ctypes.c_char_p * n)(*data)
    at = np.frombuffer(held, dtype=np.int64)  # addresses
    span = np.array([starts, stops], dtype=np.int64)
    is_exact, is_read = np.array(exact, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    tags, bits = _room(program, n * ROOM, None)
    ends, first, n_read = np.zeros((n + 1, len(program.tables)), dtype=np.int64), 0, 0
    while True:
        first, n_read = kernel.read(
            program.code, program.own, at, span, is_exact, n_read, first, ends, tags, bits, is_read
        )
        if first == n:
            break
        tags, bits = _room(program, 2 * tags.shape[1], (tags, bits))
    made: dict[str, Any] = {"program": program, "data": b""}
    tables = {name: Items(n=0, tags=tags[:, :0], bits=bits[:, :0], **made) for name in asked(queue.points).arrays}
    for table, name in enumerate(program.tables):
        last = int(ends[n_read, table])
        owner = np.repeat(np.arange(n_read), np.diff(ends[: n_read + 1, table]))
        tables[name] = Items(n=last, tags=tags[:, :last], bits=bits[:, :last], owner=owner, **made)
    packets = Batch(n=n_read, tags=tags[:, :n_read], bits=bits[:, :n_read], **made)
    return Arrays(rows=np.array(rows, dtype=np.int64)[is_read], packets=packets, tables=tables)


def _room(
    program: Program, size: int, old: tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]] | None
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Room for more rows, those of before kept."""
    shape = (len(program.slots), size)
    tags, bits = np.zeros(shape, dtype=np.uint8), np.zeros(shape, dtype=np.int64)
    if old is not None:
        tags[:, : old[0].shape[1]], bits[:, : old[1].shape[1]] = old
    return tags, bits
