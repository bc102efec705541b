"""Play recorded messages through the engine; then say what came of it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from ..engine import Progress, play
from ..store import message_log
from ..streams import file_for
from .show import as_json, console, ignored, reading, settings_of, with_database

UNHEARD = "Nothing was published: subscribers and pages that are open hear of this only with --publish FILE."


def replay(options: Namespace) -> None:
    """Read, sort by time, play; then say what came of it."""
    settings = settings_of(options)
    with shown() as progress:
        answer = play(
            list(map(Path, options.paths)), settings, file_for(options.publish) if options.publish else None, progress
        )
    n, there = answer["messages"], with_database(options)
    if options.json:
        as_json(answer)
        return
    out = console()
    counts = f"{n['decoded']} decoded, {n['set_aside']} set aside, {n['ignored']} ignored"
    out.print(f"{n['read']} messages: {counts}.", markup=False)
    for line in ignored(answer["sources"]):
        out.print(line, markup=False)
    if n["decoded"] and not options.publish:
        out.print(UNHEARD, markup=False, soft_wrap=True)
    if n["set_aside"] and not n["decoded"] and not n["ignored"]:
        out.print(_unread(options), markup=False, soft_wrap=True)
    more = f", 'mma dead-letters{there}'" if answer["dead_letters"] else ""
    out.print(f"See 'mma status{there}', 'mma events{there}'{more}.", markup=False, soft_wrap=True)


def _unread(options: Namespace) -> str:
    """Why nothing at all could be read: the newest reason."""
    with reading(options) as connection:
        newest = message_log.dead_letters(connection)[-1]
    return f"Nothing could be read: {newest['name'] or newest['topic']}: {newest['reason']}"


@contextmanager
def shown() -> Iterator[Progress]:
    """Progress on the standard error."""
    with bar() as screen:

        def playing(total: int) -> Callable[[int], None]:
            task = screen.add_task("playing", total=total)
            return lambda n: screen.advance(task, n)

        yield Progress(lambda found: screen.track(found, description="reading"), playing)


def bar() -> Bar:
    """A progress bar on the standard error; silent where that is no terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    screen = console(error=True)
    return Bar(*columns, console=screen, disable=not screen.is_terminal, transient=True)
