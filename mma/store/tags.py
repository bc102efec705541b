"""Tags: short words that people put on candidates. They stay, whatever becomes of score, event or candidate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, delete, func, select

from ..errors import ConfigError, NotFoundError
from ..messages import iso
from . import tables
from .bulk import Row, columns_of, insert_new, select_in

Key = tuple[str, str]
"""Event id and object id."""

PATTERN = "[A-Za-z0-9._-]{1,32}"
ALLOWED = "a tag is 1 to 32 of a-z, 0-9, dot, underscore and minus"
MOST = 20
"""On one candidate: its messages stay small."""


def clean(text: str) -> str:
    """A tag as it is kept: in lower case.

    Raises
    ------
    ConfigError
        It is none; the message says what one is.

    Examples
    --------
    >>> clean("Followed-Up")
    'followed-up'
    """
    if not re.fullmatch(PATTERN, text):
        raise ConfigError(f"tag {text[:100]!r}: {ALLOWED}")
    return text.lower()


def add(connection: Connection, key: Key, names: Iterable[str], *, who: str | None, now: float) -> list[str]:
    """Put tags on a candidate; those that it did not have.

    Raises
    ------
    ConfigError
        It would have too many.
    """
    before = of_candidate(connection, key)
    new = sorted(set(names) - set(before))
    if len(before) + len(new) > MOST:
        raise ConfigError(f"{key[1]} of {key[0]} would have {len(before) + len(new)} tags; up to {MOST} it can have")
    rows = [{"event_id": key[0], "object_id": key[1], "tag": name, "who": who, "time": now} for name in new]
    insert_new(connection, tables.tags, columns_of(rows))
    return new


def remove(connection: Connection, key: Key, names: Iterable[str]) -> list[str]:
    """Take tags off a candidate.

    Raises
    ------
    NotFoundError
        It does not have one of them: none is taken off.
    """
    old, before = sorted(set(names)), of_candidate(connection, key)
    if missing := [name for name in old if name not in before]:
        has = f"it has {', '.join(before)}" if before else "it has none"
        raise NotFoundError(f"{key[1]} of {key[0]} has no tag {missing[0]!r}; {has}")
    t = tables.tags.c
    connection.execute(delete(tables.tags).where(t.event_id == key[0], t.object_id == key[1], t.tag.in_(old)))
    return old


def of_candidate(connection: Connection, key: Key) -> list[str]:
    """A candidate's tags by the alphabet."""
    return [row["tag"] for row in listing(connection, key)]


def of_events(connection: Connection, event_ids: Sequence[str]) -> dict[Key, list[str]]:
    """Tags of those candidates of these events that have any."""
    t = tables.tags.c
    found: dict[Key, list[str]] = {}
    for row in select_in(connection, select(t.event_id, t.object_id, t.tag), t.event_id, event_ids):
        found.setdefault((row["event_id"], row["object_id"]), []).append(row["tag"])
    return {key: sorted(names) for key, names in found.items()}


def listing(connection: Connection, key: Key) -> list[Row]:
    """A candidate's tags by the alphabet, each with who put it there and when."""
    t = tables.tags.c
    statement = select(t.tag, t.who, t.time).where(t.event_id == key[0], t.object_id == key[1])
    rows = [dict(row) | {"time": iso(row["time"])} for row in connection.execute(statement).mappings()]
    return sorted(rows, key=lambda row: str(row["tag"]))


def in_use(connection: Connection, event_id: str | None = None) -> list[Row]:
    """Tags on candidates of all events or of one, each with the number of candidates; the most frequent first."""
    t = tables.tags.c
    statement = select(t.tag, func.count().label("candidates")).group_by(t.tag)
    if event_id is not None:
        statement = statement.where(t.event_id == event_id)
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    return sorted(rows, key=lambda row: (-row["candidates"], row["tag"]))


def joined() -> ColumnElement[str]:
    """A column ``tags`` of a question about candidates: their tags with spaces between, in no order."""
    t, c = tables.tags.c, tables.candidates.c
    its = (t.event_id == c.event_id) & (t.object_id == c.object_id)
    words = select(func.aggregate_strings(t.tag, " ")).where(its).correlate(tables.candidates)
    return words.scalar_subquery().label("tags")


def split(words: str | None) -> list[str]:
    """What such a column says."""
    return sorted((words or "").split())
