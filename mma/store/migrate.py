"""Bring a database to the schema of this version with alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect

from .tables import metadata

HEAD = "0008"
"""Newest schema revision; a test holds it against the migration files."""

MIGRATIONS = Path(__file__).parent / "migrations"


def obstacle(connection: Connection, revision: str | None) -> str | None:
    """Why a database of this schema revision (None: it says none) cannot be brought to ours; None where it can."""
    if revision is not None and not any((MIGRATIONS / "versions").glob(f"{revision}_*.py")):
        return f"has schema {revision}, of a newer version than this one"
    theirs = set(inspect(connection).get_table_names()) & set(metadata.tables)
    if revision is None and theirs:
        return f"has tables of another program: {', '.join(sorted(theirs))}"
    return None


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations that a database has not seen yet, in the connection's own transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
