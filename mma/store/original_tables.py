"""The tables of notices as they came: their bytes packed, large maps within them once by sha256."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, String, Table

from .columns import Json, metadata

originals = Table(
    "originals",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("notice", String, primary_key=True),
    Column("packed", LargeBinary, nullable=False),  # zlib; a word stands for each large map
    Column("maps", Json, nullable=False),  # word to sha256
)

map_files = Table(
    "map_files",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("packed", LargeBinary, nullable=False),  # zlib
)
