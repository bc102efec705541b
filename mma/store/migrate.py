"""Bring a database to the schema of this version with alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

HEAD = "0001"
"""Newest schema revision; a test holds it against the migration files."""


def known(revision: str) -> bool:
    """Whether we have the migration that makes this schema revision."""
    return any((Path(__file__).parent / "migrations" / "versions").glob(f"{revision}_*.py"))


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations that a database has not seen yet, in the connection's own transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
