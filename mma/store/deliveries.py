"""Who reads which partition, and what a worker was reading when it ended without a word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from . import message_log, tables
from .bulk import Row, columns_of, upsert
from .storable import as_key

Place = tuple[str, str, int]
"""Source, topic, partition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """How a partition was left by whoever read it last."""

    in_order: bool
    """Nobody reads it, or read it before us; else a worker ended without a word, or is just giving it back."""

    first: int | None
    """Offset of the first message that was being read with care then; None where none was."""

    last: int | None
    suspect: int | None
    """Offset of a message that ended a worker while it was read alone."""

    deaths: int
    """How many workers it ended so far."""

    aside: Mapping[int, float | None] = field(default_factory=dict)
    """Messages that were set aside for that, and may come again: when each came first, Unix seconds, by offset."""


def claim(connection: Connection, places: Sequence[Place], worker: str, reason: str) -> dict[Place, Handover]:
    """Read these partitions from now on; how they were left. ``reason`` is that of messages that ended workers."""
    found, rows = {}, []
    for place in sorted(places):
        row = connection.execute(select(tables.deliveries).where(*_at(place))).mappings().first()
        how = _found(row, worker)
        found[place] = replace(how, aside=message_log.aside_for(connection, place, reason))
        left = {"first": None, "last": None, "suspect": how.suspect, "deaths": how.deaths}
        rows.append(_key(place) | {"worker": worker} | left)
    upsert(connection, tables.deliveries, columns_of(rows))
    return found


def _found(row: Any, worker: str) -> Handover:
    if row is None or row["worker"] in (None, worker):
        suspect, deaths = (None, 0) if row is None else (row["suspect"], row["deaths"])
        return Handover(in_order=True, first=None, last=None, suspect=suspect, deaths=deaths)
    first, last, suspect, deaths = row["first"], row["last"], row["suspect"], row["deaths"]
    if first is not None and first == last:
        suspect, deaths = first, deaths + 1 if suspect == first else 1
    return Handover(in_order=False, first=first, last=last, suspect=suspect, deaths=deaths)


def mark(connection: Connection, place: Place, first: int | None, last: int | None) -> None:
    """Messages of these offsets are read now; None: none are."""
    connection.execute(update(tables.deliveries).where(*_at(place)).values(first=first, last=last))


def passed(connection: Connection, place: Place, first: int, last: int) -> None:
    """These were read, and the worker lives."""
    d = tables.deliveries
    connection.execute(update(d).where(*_at(place)).values(first=None, last=None))
    within = d.c.suspect.between(first, last)
    connection.execute(update(d).where(*_at(place), within).values(suspect=None, deaths=0))


def release(connection: Connection, places: Iterable[Place], worker: str) -> None:
    """These are given back in order, where they are still this worker's."""
    d = tables.deliveries
    for place in sorted(places):
        ours = update(d).where(*_at(place), d.c.worker == worker)
        connection.execute(ours.values(worker=None, first=None, last=None))


def forget(connection: Connection, places: Iterable[Place]) -> None:
    """No message of these ended a worker: their topic was made anew."""
    for place in sorted(places):
        nothing = {"first": None, "last": None, "suspect": None, "deaths": 0}
        connection.execute(update(tables.deliveries).where(*_at(place)).values(nothing))


def known(
    connection: Connection, source: str, places: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], tuple[str, int | None]]:
    """Id of the topic as partitions of a source were read last, and the offset that was next."""
    s = tables.stream_places
    found = {}
    for topic, partition in places:
        where = s.c.source == as_key(source), s.c.topic == as_key(topic), s.c.partition == partition
        if row := connection.execute(select(s.c.topic_id, s.c.next).where(*where)).first():
            found[topic, partition] = (row.topic_id, row.next)
    return found


def keep(connection: Connection, source: str, read: Mapping[tuple[str, int], tuple[str, int | None]]) -> None:
    """Remember which topics partitions are read of, and how far."""
    rows = [
        {**_key((source, *place)), "topic_id": topic_id, "next": offset}
        for place, (topic_id, offset) in sorted(read.items())
    ]
    upsert(connection, tables.stream_places, columns_of(rows))


def _key(place: Place) -> Row:
    return {"source": as_key(place[0]), "topic": as_key(place[1]), "partition": place[2]}


def _at(place: Place) -> list[ColumnElement[bool]]:
    return [tables.deliveries.c[name] == value for name, value in _key(place).items()]
