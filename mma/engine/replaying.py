"""Recorded messages through the engine, in the order in which they happened."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from coincidence import Event
from coincidence.event import Messenger

from ..answers import queries
from ..config import Settings
from ..sandbox import Room
from ..store import Store, files_of
from ..streams import FileSource, JsonLinesSink, Message, Recorded, Sink, check_there, check_writable, find
from . import namesakes, reading
from .additions import additions
from .engine import Engine
from .ingest import take_in
from .startup import look_seldom

AFTER_S = BETWEEN_S = 1e-3
"""A map comes so long after the notice of its event, and after an older map."""

CHUNK = 200
"""Messages looked at together, to learn their times."""


def _nobody(_n: int) -> None:
    """Nobody looks."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Whoever looks on is told how far it is."""

    reading: Callable[[Sequence[Recorded]], Iterable[Recorded]] = iter
    playing: Callable[[int], Callable[[int], None]] = lambda _total: _nobody
    """Takes the number of messages; what it gives back is told how many more were handled."""


def play(
    paths: list[Path], settings: Settings, publish: Path | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Play recorded messages into a database; the status afterwards, with the counts of these messages alone."""
    looks = progress or Progress()
    check_there(paths)
    if publish:
        check_writable(publish)
    if settings.lsst_schemas:
        os.environ["MMA_LSST_SCHEMAS"] = settings.lsst_schemas
    with ExitStack() as stack:
        store = Store(settings.database)
        stack.callback(store.close)
        sink: Sink | None = stack.enter_context(JsonLinesSink(publish)) if publish else None
        with store.read() as connection:
            before = queries.status(connection)
        room = reading.room(settings)
        stack.callback(room.close)
        found = list(find(paths, files_of(settings.database)))
        recorded = in_time_order(looks.reading(found), room)
        source = FileSource(recorded, settings.batch_size)
        engine = Engine(
            store, sink, parameters=settings.score, prefix=settings.prefix, additions=additions(settings), room=room
        )
        look_seldom()
        engine.run(source, looks.playing(len(source)))
        with store.read() as connection:
            return queries.since(queries.status(connection), before)


def in_time_order(recorded: Iterable[Recorded], room: Room | None = None) -> list[tuple[Recorded, float]]:
    """Recorded messages with the time at which each was sent; those without one keep their place.

    A notice counts from when it was issued, alerts from the first exposure of their message. A map alone counts from
    its event; where a notice of that is there it comes afterwards, so that the event has its name.
    """
    timed: list[tuple[Recorded, float | None]] = []
    events: list[tuple[int, Event]] = []
    last: float | None = None
    for some in _batched(recorded, CHUNK):
        times, found = _sent([item.message() for item in some], room)
        events += [(len(timed) + i, event) for i, event in found]
        for i, item in enumerate(some):
            last = times.get(i, last)
            timed.append((item, last))
    for place, at in _of_maps(events).items():
        timed[place] = timed[place][0], at
    first = next((at for _, at in timed if at is not None), time.time())
    return sorted(((item, first if at is None else at) for item, at in timed), key=lambda pair: pair[1])


def _batched(recorded: Iterable[Recorded], n: int) -> Iterator[list[Recorded]]:
    rest = iter(recorded)
    while some := list(islice(rest, n)):
        yield some


def _of_maps(events: list[tuple[int, Event]]) -> dict[int, float]:
    """When maps that are alone come, Unix seconds, by their place; of one event's the older first."""
    gw = [(i, e, e.time.timestamp()) for i, e in events if e.messenger is Messenger.GW and e.time is not None]
    named = [(e.issued.timestamp(), t) for _, e, t in gw if not namesakes.OF_A_MAP.fullmatch(e.id)]
    found = {}
    maps = [(i, e, t) for i, e, t in gw if namesakes.OF_A_MAP.fullmatch(e.id)]
    for place, (i, _, time_) in enumerate(sorted(maps, key=lambda map_: map_[1].issued)):
        told = [issued for issued, t in named if abs(t - time_) <= namesakes.SUPEREVENT_S]
        found[i] = (max(time_, min(told) + AFTER_S) if told else time_) + place * BETWEEN_S
    return found


def _sent(messages: list[Message], room: Room | None) -> tuple[dict[int, float], list[tuple[int, Event]]]:
    """Index of each message that tells its time to Unix seconds, and the events that are told."""
    times: dict[int, float] = {}
    events: list[tuple[int, Event]] = []
    done = 0
    while done < len(messages):  # fewer are read at once where reading takes long
        intake = take_in(messages[done:], room=room)
        for i, event in intake.events:
            events.append((done + i, event))
            times[done + i] = event.issued.timestamp()
        for i, at in zip((done + intake.alerts.message).tolist(), intake.alerts.time.tolist(), strict=True):
            times[i] = min(at, times.get(i, at))
        done += intake.n
    return times, events
