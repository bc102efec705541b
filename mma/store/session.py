"""How a session of PostgreSQL behaves, so that a worker that is frozen or cut off does not freeze the others.

Somebody who waits for a lock says so after ``LOCK_S``, and tries again. Of a transaction whose client sends nothing
for ``IDLE_S`` the server lets go: what the client sends when it wakes up fails, and nothing of it is kept.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection

from .sources import worker

WRITES = "mma_writes"
"""Option of a connection whose transaction writes: how patient the server is with it, a factor. One that the server
ended is tried again with more: it may be that we computed for long."""

MOST_PATIENCE = 64.0

LOCK_S = 8.0
"""Nobody waits longer for what another session holds."""

IDLE_S = 15.0
"""A transaction that writes waits so long for its client; then it is over."""

LONGEST_S = 120.0
"""A transaction that holds the events lasts so long at most."""

SETTINGS = {
    "lock_timeout": f"{LOCK_S:g}s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "synchronous_commit": "on",
}
"""Of the server; what the URL's ``options`` say is left as it is."""

DRIVER = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # ms
}
"""Of the driver: a server whose machine is gone is noticed within half a minute."""

HELD = "55P03"
"""SQLSTATE of a lock that did not come."""

HOLDERS = """
    SELECT application_name, state, wait_event, pid, extract(epoch FROM now() - xact_start)::float8 AS for_s,
           extract(epoch FROM now() - query_start)::float8 AS query_s
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'mma %%'
      AND pid IN (SELECT pid FROM pg_locks WHERE granted AND mode <> 'AccessShareLock' AND locktype <> 'virtualxid')
    ORDER BY xact_start"""


def arguments(url: URL) -> dict[str, Any]:
    """What the driver is told; what the URL says goes before."""
    name = f"mma {worker()}"[-63:]
    return {key: value for key, value in (DRIVER | {"application_name": name}).items() if key not in url.query}


def tune(connection: Any, _record: Any) -> None:
    """Set what a new session keeps; a setting that this server does not have is left out."""
    values = ", ".join(f"('{name}', '{value}')" for name, value in SETTINGS.items())
    connection.autocommit = True  # else it would be undone with the first transaction
    connection.execute(
        f"SELECT set_config(s.name, v.value, false) FROM pg_settings AS s JOIN (VALUES {values}) AS v (name, value)"
        " USING (name) WHERE s.source <> 'client' AND (s.name <> 'synchronous_commit' OR s.setting = 'off')"
    )
    connection.autocommit = False


def limit(connection: Connection, idle_s: float = IDLE_S) -> None:
    """Bound how long a transaction that writes waits for us."""
    connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {_ms(connection, idle_s)}")


def bound(connection: Connection) -> str:
    """What to select besides, so that a transaction ends after ``LONGEST_S``, where the server knows that."""
    dialect: Any = connection.dialect
    knows = dialect.server_version_info >= (17,)
    return f", set_config('transaction_timeout', '{_ms(connection, LONGEST_S)}', true)" if knows else ""


def _ms(connection: Connection, seconds: float) -> int:
    patience: float = connection.get_execution_options().get(WRITES, 1.0)
    return round(1000 * seconds * patience)


def holders(connection: Connection) -> str:
    """Who holds something now, the longest first. A session whose client takes no answer is ended."""
    told = []
    for row in connection.exec_driver_sql(HOLDERS).mappings():
        told.append(f"{row['application_name'][4:]} ({row['state']} for {row['for_s']:.0f} s)")
        if row["wait_event"] == "ClientWrite" and row["query_s"] > IDLE_S:  # where no timeout of the server's reaches
            connection.exec_driver_sql(f"SELECT pg_terminate_backend({row['pid']:d})")
    return ", ".join(told[:3]) or "another session"
