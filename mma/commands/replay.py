"""Play recorded messages through the engine; then say what came of it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from ..engine import Progress, play
from ..streams import file_for
from .show import as_json, console, ignored, settings_of, with_database

UNHEARD = "Nothing was published: subscribers and pages that are open hear of this only with --publish FILE."


def replay(options: Namespace) -> None:
    """Read, sort by time, play; then say what came of it."""
    settings = settings_of(options)
    with shown() as progress:
        answer = play(
            list(map(Path, options.paths)), settings, file_for(options.publish) if options.publish else None, progress
        )
    if options.json:
        as_json(answer)
        return
    n, there = answer["messages"], with_database(options)
    out = console()
    counts = f"{n['decoded']} decoded, {n['set_aside']} set aside, {n['ignored']} ignored"
    out.print(f"{n['read']} messages: {counts}.", markup=False)
    for line in ignored(answer["sources"]):
        out.print(line, markup=False)
    if not options.publish:
        out.print(UNHEARD, markup=False, soft_wrap=True)
    more = f", 'mma dead-letters{there}'" if answer["dead_letters"] else ""
    out.print(f"See 'mma status{there}', 'mma events{there}'{more}.", markup=False, soft_wrap=True)


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
