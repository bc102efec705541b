"""Bring a database to the schema of this version with alembic."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from sqlalchemy import Connection

HEAD = "0012"
"""Newest schema revision; a test holds it against the migration files."""

FEW = 5
"""Names of foreign tables that are told."""

MIGRATIONS = Path(__file__).parent / "migrations"


OURS = frozenset({"events", "candidates", "outbox"})
"""Tables that every schema of ours has."""


def obstacle(names: Collection[str], revision: str | None) -> str | None:
    """Why a database is none that we can use as it is or bring to our schema; None where it is.

    Parameters
    ----------
    names
        Of its tables.
    revision
        The schema that it says it has; None where it says none.
    """
    theirs = sorted(set(names) - {"alembic_version"})
    if theirs and (revision is None or not OURS.issubset(theirs)):
        more = ", ..." if len(theirs) > FEW else ""
        return f"is not an mma database: it has tables of another program: {', '.join(theirs[:FEW])}{more}"
    if revision is not None and not any((MIGRATIONS / "versions").glob(f"{revision}_*.py")):
        return f"has schema {revision}, of a newer version than this one"
    return None


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations that a database has not seen yet, in the connection's own transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
