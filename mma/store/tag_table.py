"""The table of tags: short words that people put on candidates. Times are Unix seconds."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from .columns import Double, metadata

tags = Table(
    "tags",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("object_id", String, primary_key=True),
    Column("tag", String, primary_key=True, index=True),
    Column("who", String),
    Column("time", Double, nullable=False),
)
