"""Histories of many Avro packets without a record for each: their arrays, by a compiled program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from coincidence import AlertBatch
from skymaps import FloatArray, IntArray

from .avro import Block, Framed
from .columns import Asking, Batch, BoolArray, Fields
from .history import SAME_EXPOSURE
from .packet import PacketDecoder
from .points import MICROSECONDS, Histories, Points, microseconds
from .program import Asked, Program

ROOM = 32
"""Items of an array in a packet, as a guess: more room is made where it is wanted."""

SAME_EXPOSURE_US = SAME_EXPOSURE.seconds * MICROSECONDS
PointsOf = Callable[[Fields, Callable[[str], Fields]], list[Points]]


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
    packets: list[Block] = field(default_factory=list)
    is_exact: list[bool] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    """The alert's row in the batch that is asked about."""


@dataclass(slots=True)
class Queues:
    """Packets whose arrays a program can read."""

    by_schema: dict[Any, Queue | None] = field(default_factory=dict)
    """None: only records will do."""

    def put(self, row: int, framed: Framed | None, decoder: object) -> bool:
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
        queue.packets.append(framed.blocks[0])
        queue.is_exact.append(framed.is_exact)
        queue.rows.append(row)
        return True

    def waiting(self) -> list[Queue]:
        """All queues."""
        return [queue for queue in self.by_schema.values() if queue is not None]


def read(queue: Queue, batch: AlertBatch) -> tuple[Histories, list[int]]:
    """Histories of a queue's alerts; and rows of those whose packets only fastavro can read, or refuse."""
    arrays = _arrays(queue)
    with np.errstate(all="ignore"):
        points = Points.concatenate(queue.points(arrays.packets, arrays.items))
    bad = np.zeros(len(arrays.rows), dtype=np.bool_)
    bad[points.owner[np.isnan(points.time)]] = True
    histories = _histories(points, bad, batch, arrays.rows)
    left = sorted({*queue.rows} - {*arrays.rows[~bad].tolist()})
    return histories.take(np.flatnonzero(~bad)) if bad.any() else histories, left


def _histories(points: Points, bad: BoolArray, batch: AlertBatch, rows: IntArray) -> Histories:
    """The light curves merged; of alerts with a bad point they are anything."""
    from . import exposures

    points = points.take(np.argsort(points.owner, kind="stable"))
    time_us = microseconds(np.where(bad[points.owner], 0.0, points.time))
    until_us = microseconds(batch.time[rows])
    rank = np.where(points.alert_id != None, 0, np.where(np.isnan(points.flux_njy), 2, 1))  # noqa: E711 - each of them
    bands = points.band.tolist()
    number = {name: i for i, name in enumerate(set(bands))}
    band = np.array([number[name] for name in bands], dtype=np.int64)
    starts = np.searchsorted(points.owner, np.arange(len(rows) + 1))
    order = np.arange(len(points))
    kept = exposures.merge(time_us, rank, band, starts, until_us, SAME_EXPOSURE_US, order)
    points = replace(points, time=time_us / MICROSECONDS)
    return Histories(
        object_id=batch.object_id[rows],
        id=batch.id[rows],
        time=until_us / MICROSECONDS,
        row=rows,
        points=points.take(order[kept[order]]),
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
    """Run the program over each packet of a queue."""
    from . import kernel

    program, n = queue.program, len(queue.packets)
    tags, bits = _room(program, n * ROOM, None)
    ends, n_read, rows = np.zeros((n + 1, len(program.tables)), dtype=np.int64), 0, []
    for (data, start, end, _), is_exact, row in zip(queue.packets, queue.is_exact, queue.rows, strict=True):
        plain = np.frombuffer(data, dtype=np.uint8)
        while (
            at := kernel.read(program.code, program.own, plain, start, end, n_read, ends, tags, bits)
        ) == kernel.FULL:
            tags, bits = _room(program, 2 * tags.shape[1], (tags, bits))
        if at >= 0 and not (is_exact and at < end):
            rows.append(row)
            n_read += 1
    made: dict[str, Any] = {"program": program, "data": b""}
    tables = {name: Items(n=0, tags=tags[:, :0], bits=bits[:, :0], **made) for name in asked(queue.points).arrays}
    for table, name in enumerate(program.tables):
        last = int(ends[n_read, table])
        owner = np.repeat(np.arange(n_read), np.diff(ends[: n_read + 1, table]))
        tables[name] = Items(n=last, tags=tags[:, :last], bits=bits[:, :last], owner=owner, **made)
    packets = Batch(n=n_read, tags=tags[:, :n_read], bits=bits[:, :n_read], **made)
    return Arrays(rows=np.array(rows, dtype=np.int64), packets=packets, tables=tables)


def _room(
    program: Program, size: int, old: tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]] | None
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Room for more rows, those of before kept."""
    shape = (len(program.slots), size)
    tags, bits = np.zeros(shape, dtype=np.uint8), np.zeros(shape, dtype=np.int64)
    if old is not None:
        tags[:, : old[0].shape[1]], bits[:, : old[1].shape[1]] = old
    return tags, bits
