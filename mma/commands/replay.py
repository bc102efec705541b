"""Play recorded messages through the engine, in the order in which they happened."""

from __future__ import annotations

import os
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .. import reading
from ..apart import Room
from ..beside import beside
from ..config import Settings
from ..engine import Engine
from ..intake import take_in
from ..startup import look_seldom
from ..store import Store, files_of, queries
from ..streams import FileSource, JsonLinesSink, Message, Recorded, Sink
from ..streams.files import check_there, find
from ..streams.lines import check_writable
from .show import as_json, console, ignored, settings_of, with_database

CHUNK = 200
"""Messages looked at together, to learn their times."""


def replay(options: Namespace) -> None:
    """Read, sort by time, play; then say what came of it."""
    settings = settings_of(options)
    answer = play([Path(p) for p in options.paths], settings, Path(options.publish) if options.publish else None)
    if options.json:
        as_json(answer)
        return
    n, there = answer["messages"], with_database(options)
    out = console()
    counts = f"{n['decoded']} decoded, {n['set_aside']} set aside, {n['ignored']} ignored"
    out.print(f"{n['read']} messages: {counts}.", markup=False)
    for line in ignored(answer["sources"]):
        out.print(line, markup=False)
    more = f", 'mma dead-letters{there}'" if answer["dead_letters"] else ""
    out.print(f"See 'mma status{there}', 'mma events{there}'{more}.", markup=False, soft_wrap=True)


def play(paths: list[Path], settings: Settings, publish: Path | None = None) -> dict[str, Any]:
    """Play recorded messages into a database; the status afterwards, with the counts of these messages alone."""
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
        progress = stack.enter_context(bar())
        room = reading.room(settings)
        stack.callback(room.close)
        found = list(find(paths, files_of(settings.database)))
        recorded = in_time_order(progress.track(found, description="reading"), room)
        source = FileSource(recorded, settings.batch_size)
        engine = Engine(
            store, sink, parameters=settings.score, prefix=settings.prefix, beside=beside(settings), room=room
        )
        task = progress.add_task("playing", total=len(source))
        look_seldom()
        engine.run(source, lambda n: progress.advance(task, n))
        with store.read() as connection:
            return queries.since(queries.status(connection), before)


def bar() -> Progress:
    """A progress bar on the standard error; silent where that is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    screen = console(error=True)
    return Progress(*columns, console=screen, disable=not screen.is_terminal, transient=True)


def in_time_order(recorded: Iterable[Recorded], room: Room | None = None) -> list[tuple[Recorded, float]]:
    """Recorded messages with the time at which each was sent; those without one keep their place.

    A notice counts from when it was issued, alerts from the first exposure of their message.
    """
    timed: list[tuple[Recorded, float | None]] = []
    last: float | None = None
    for some in _batched(recorded, CHUNK):
        times = _sent([item.message() for item in some], room)
        for i, item in enumerate(some):
            last = times.get(i, last)
            timed.append((item, last))
    first = next((at for _, at in timed if at is not None), time.time())
    return sorted(((item, first if at is None else at) for item, at in timed), key=lambda pair: pair[1])


def _batched(recorded: Iterable[Recorded], n: int) -> Iterator[list[Recorded]]:
    rest = iter(recorded)
    while some := list(islice(rest, n)):
        yield some


def _sent(messages: list[Message], room: Room | None) -> dict[int, float]:
    """Index of each message that tells its time to Unix seconds."""
    intake = take_in(messages, room=room)
    times = {i: event.issued.timestamp() for i, event in intake.events}
    for i, at in zip(intake.alerts.message.tolist(), intake.alerts.time.tolist(), strict=True):
        times[i] = min(at, times.get(i, at))
    return times
