"""What holds for the whole database: the first part of the names of the topics that everything goes to."""

from __future__ import annotations

from sqlalchemy import Connection, select

from ..errors import ConfigError
from . import tables
from .bulk import columns_of, insert_new, upsert

PREFIX = "prefix"


def prefix(connection: Connection) -> str | None:
    """First part of the names of the topics that messages go to; None where nobody was ever to be told anything."""
    f = tables.facts.c
    return connection.execute(select(f.value).where(f.name == PREFIX)).scalar()


def check_prefix(connection: Connection, wanted: str) -> str | None:
    """The prefix of the database, where it has one.

    Raises
    ------
    ConfigError
        It is another one than is wanted: those who listen would miss half of what is told.
    """
    kept = prefix(connection)
    if kept is not None and kept != wanted:
        here = f"this database publishes to {kept}.candidates and so on, and the settings say prefix = {wanted!r}"
        raise ConfigError(f"{here}: write prefix = {kept!r}, or change it for all with 'mma outbox prefix {wanted}'")
    return kept


def keep_prefix(connection: Connection, wanted: str) -> None:
    """Keep the prefix of a database that has none yet; of two workers that begin at once the first one's stays."""
    insert_new(connection, tables.facts, columns_of([{"name": PREFIX, "value": wanted}]))


def change_prefix(connection: Connection, wanted: str) -> None:
    """Publish to other topics from now on."""
    upsert(connection, tables.facts, columns_of([{"name": PREFIX, "value": wanted}]))
