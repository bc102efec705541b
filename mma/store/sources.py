"""How the live sources are, as each worker tells it."""

from __future__ import annotations

import os
import socket

from sqlalchemy import Connection, select

from . import tables
from .bulk import Row, columns_of, upsert


def worker() -> str:
    """This process among others: host and process id."""
    return f"{socket.gethostname()}/{os.getpid()}"


def save(
    connection: Connection,
    name: str,
    *,
    topics: tuple[str, ...],
    read: int,
    lag: int | None,
    last_message: float | None,
    last_heartbeat: float | None = None,
    troubles: dict[str, str],
    now: float,
) -> None:
    """Keep how one source of this worker is."""
    row = {
        "worker": worker(),
        "name": name,
        "topics": list(topics),
        "messages": read,
        "lag": lag,
        "last_message": last_message,
        "last_heartbeat": last_heartbeat,
        "troubles": troubles,
        "told": now,
    }
    upsert(connection, tables.sources, columns_of([row]))


def listing(connection: Connection) -> list[Row]:
    """All sources of all workers, those heard of last first."""
    s = tables.sources
    rows = connection.execute(select(s).order_by(s.c.told.desc(), s.c.worker, s.c.name)).mappings()
    return [dict(row) for row in rows]
