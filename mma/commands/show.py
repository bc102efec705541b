"""Answers on the screen: tables for people, JSON for programs."""

from __future__ import annotations

import json
import shlex
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text
from sqlalchemy import Connection

from .. import logs
from ..config import Settings, load
from ..store import Store, masked
from ..text import printable
from .fitting import table as table

REASONS = 20
"""Reasons that are listed on the screen."""


def settings_of(options: Namespace) -> Settings:
    """Settings of a command: the file it names, with ``--db`` over it."""
    from dataclasses import replace

    settings = load(Path(options.config) if options.config else None)
    logs.begin(settings.logs, verbose=options.verbose)
    return replace(settings, database=options.db) if options.db else settings


def open_store(options: Namespace, *, writes: bool = False) -> Store:
    """The database that a question is asked of; it must be there, and only those that say so change it."""
    return Store(settings_of(options).database, create=False, writes=writes)


def place_of(options: Namespace) -> str:
    """The database of a command, as people are told of it."""
    return masked(settings_of(options).database)


def with_database(options: Namespace) -> str:
    """What the next command must say to find the same database; nothing where it looks there anyway."""
    said = [f" --{name} {shlex.quote(value)}" for name in ("db", "config") if (value := getattr(options, name))]
    return "".join(said)


@contextmanager
def reading(options: Namespace) -> Iterator[Connection]:
    """A connection that reads the database that a question is asked of."""
    with closing(open_store(options)) as store, store.read() as connection:
        yield connection


def as_json(value: Any) -> None:
    """JSON on the standard output."""
    json.dump(value, sys.stdout, indent=2, allow_nan=False, default=str)
    sys.stdout.write("\n")


def as_it_is(content: bytes) -> None:
    """Bytes on the standard output; on a terminal as text that cannot steer it."""
    if sys.stdout.isatty():
        sys.stdout.write(printable(content.decode("utf-8", "replace")))
    else:
        sys.stdout.buffer.write(content)
    sys.stdout.flush()


class Screen(Console):
    """Where people read: what others wrote cannot steer it."""

    def render_str(self, text: str, **style: Any) -> Text:
        """The text with its control characters written out."""
        return super().render_str(printable(text), **style)


def console(*, error: bool = False) -> Console:
    """Where people read: as wide as the window, or 200 characters in a pipe."""
    file = sys.stderr if error else sys.stdout
    return Screen(file=file, width=None if file.isatty() else 200, highlight=False, emoji=False)


def ignored(sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Why messages were ignored, the most frequent reasons first, a line each."""
    reasons = Counter[str]()
    for source in sources.values():
        reasons.update(source["reasons"])
    lines = [f"  ignored {n}: {reason}" for reason, n in reasons.most_common(REASONS)]
    rest = len(reasons) - REASONS
    return lines + ([f"  ... and for {rest} more reasons: --json lists them"] if rest > 0 else [])


def number(value: float | None, form: str = ".2f", none: str = "-") -> str:
    """A number as text; unknown as a dash."""
    return none if value is None else format(value, form)


def delay(seconds: float | None) -> str:
    """A time difference in the unit that suits it: ``+10.9 h``."""
    if seconds is None:
        return "-"
    size = abs(seconds)
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if size < limit:
            return f"{seconds / unit:+.1f} {name}"
    return f"{seconds / 86400:+.1f} d"
