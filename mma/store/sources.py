"""How the live sources are, as each worker tells it."""

from __future__ import annotations

import os
import socket

from sqlalchemy import Connection, delete, select

from . import tables
from .bulk import Row, columns_of, upsert

SILENT_S = 60.0
"""Workers tell every few seconds how they are; one that says nothing for so long is gone."""


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
    _bury(connection, name, now)
    upsert(connection, tables.sources, columns_of([row]))


def _bury(connection: Connection, name: str, now: float) -> None:
    """Forget those that read this source before us: processes of this machine that ended, and who was long silent."""
    s = tables.sources
    told = select(s.c.worker, s.c.told).where(s.c.name == name, s.c.worker != worker())
    gone = [row.worker for row in connection.execute(told) if row.told < now - SILENT_S or _has_ended(row.worker)]
    if gone:
        connection.execute(delete(s).where(s.c.name == name, s.c.worker.in_(gone)))


def _has_ended(name: str) -> bool:
    """Whether a worker was a process of this machine, and is no more."""
    host, _, pid = name.rpartition("/")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def listing(connection: Connection) -> list[Row]:
    """All sources of all workers, those heard of last first."""
    s = tables.sources
    rows = connection.execute(select(s).order_by(s.c.told.desc(), s.c.worker, s.c.name)).mappings()
    return [dict(row) for row in rows]
