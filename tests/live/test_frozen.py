"""A worker is stopped within a transaction: the others go on within half a minute, and what it does later is void."""

from __future__ import annotations

import json
import signal
import time
import uuid
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mma.answers import queries
from mma.cluster.broker import Broker
from mma.store import Store, outbox
from tests.live.conftest import Start
from tests.live.doing import gamma_alert, produce, topics, until
from tests.live.ending import everything

N = 200
WITHIN_S = 30.0

HOLDS = """
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND application_name LIKE %s"""


@pytest.fixture
def database(server: Any) -> str:
    name = f"mma_{uuid.uuid4().hex[:8]}"
    server.psql(f"CREATE DATABASE {name}")
    return str(server.get_uri()).replace("/postgres?", f"/{name}?")


def stop_within_a_transaction(worker: Any, database: str, seconds: float = 60.0) -> None:
    """SIGSTOP at a moment at which it holds the events or the outbox."""
    deadline = time.monotonic() + seconds
    with psycopg.connect(database, autocommit=True) as watcher:
        while time.monotonic() < deadline:
            worker.send_signal(signal.SIGSTOP)
            (n,) = watcher.execute(HOLDS, (f"mma %/{worker.pid}",)).fetchone() or (0,)
            if n:
                return
            worker.send_signal(signal.SIGCONT)
            time.sleep(0.005)
    raise AssertionError("it was never within a transaction")


def outcome(database: str) -> tuple[dict[str, int], dict[str, int], dict[str, str]]:
    """Revisions by event; counts of messages; troubles."""
    store = Store(database)
    with store.read() as connection:
        events = {row["id"]: row["revision"] for row in queries.events(connection)}
        told = queries.status(connection)
        counts = told["messages"] | outbox.counts(connection)
    store.close()
    return events, counts, {about: text for row in told["live"] for about, text in row["troubles"].items()}


@pytest.mark.faults
def test_a_worker_that_is_stopped_within_a_transaction(
    broker: Broker, database: str, tmp_path: Path, start: Start
) -> None:
    one, other = topics(broker, "mma.gamma-one", "mma.gamma-other")
    prefix = f"p{uuid.uuid4().hex[:6]}"
    broker.create(*(f"{prefix}.{name}" for name in ("candidates", "events", "associations", "heartbeat")))
    settings = tmp_path / "mma.toml"
    settings.write_text(f'prefix = "{prefix}"\nbatch_size = 5\n')
    rest = ("--publish", f"kafka://{broker.plain}", "-c", str(settings), "--db", database)
    frozen = start(tmp_path / "1", "run", "--from", f"kafka://{broker.plain}/{one}", "--group", f"{prefix}1", *rest)
    awake = start(tmp_path / "2", "run", "--from", f"kafka://{broker.plain}/{other}", "--group", f"{prefix}2", *rest)
    until(lambda: all("listening" in (tmp_path / n).read_text() for n in "12"))
    produce(broker, one, [gamma_alert(f"a{i}", ra=i * 1.7, dec=10.0) for i in range(N)])
    until(lambda: outcome(database)[0])
    stop_within_a_transaction(frozen, database)
    begun = time.monotonic()
    produce(broker, other, [gamma_alert(f"b{i}", ra=i * 1.7, dec=-50.0) for i in range(N)])
    until(lambda: "held by" in outcome(database)[2].get("outage", ""), WITHIN_S)
    assert f"/{frozen.pid} (idle in transaction" in outcome(database)[2]["outage"]
    until(lambda: any(name.startswith("CTAO-b") for name in outcome(database)[0]), WITHIN_S)
    assert time.monotonic() - begun < WITHIN_S
    until(lambda: sum(name.startswith("CTAO-b") for name in outcome(database)[0]) == N)
    frozen.send_signal(signal.SIGCONT)
    until(lambda: len(outcome(database)[0]) == 2 * N and not outcome(database)[1]["waiting"])
    events, counts, _ = outcome(database)
    assert events == {f"CTAO-{tag}{i}": 1 for tag in "ab" for i in range(N)}
    assert (counts["read"], counts["decoded"], counts["set_aside"]) == (2 * N, 2 * N, 0)
    until(lambda: not outcome(database)[2])
    for worker in (frozen, awake):
        worker.terminate()
        assert worker.wait(timeout=20) == 0
    assert "Traceback" not in (tmp_path / "1").read_text() + (tmp_path / "2").read_text()
    messages = [json.loads(value) for value in everything(broker, f"{prefix}.events")]
    assert {m["event"]["id"] for m in messages} == events.keys()
    assert len({m["id"] for m in messages}) == 2 * N
