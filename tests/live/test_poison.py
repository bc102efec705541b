"""Poison of many kinds in one stream of good alerts: each costs itself alone."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from mma.answers import queries
from mma.cluster.broker import Broker
from mma.store import Store, message_log
from tests.live.conftest import Start
from tests.live.doing import topics, until
from tests.mma import bombs
from tests.mma.world import as_json, detection

N_GOOD = 5_000
LARGE = {"message.max.bytes": 64 << 20}
MOST_KB, STALL_S, END_S = 1_500_000, 30.0, 10.0
Poison = tuple[bytes, bytes | None, list[tuple[str, bytes]]]
"""Payload, key, headers."""

COSTLY: tuple[Callable[[], bytes], ...] = (
    bombs.many_of_nothing, bombs.doubling, bombs.lvk_nulls, bombs.null_records, bombs.bzip2_lvk, bombs.bzip2_ztf,
    bombs.deflate, bombs.wide_table,
)  # fmt: skip


def poison() -> list[Poison]:
    """What reading costs too much, and what no database can keep as it is; the first is a notice with such a map."""
    unreadable = b'{"superevent_id": '
    return [
        (bombs.nested_scan(), None, []),
        *((bomb(), None, []) for bomb in COSTLY),
        (unreadable, None, [("_id", b"a\0b\xff")]),
        (unreadable, b"a\0b", [("\0", b"")]),
        (as_json({"alert_type": "INITIAL", "superevent_id": "S1\ud800"}), None, []),
        (b'{"objectId": "ZTF\\ud800", "candid": 1, "candidate": {}}', None, []),
    ]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_poison_among_good_alerts(broker: Broker, tmp_path: Path, start: Start, server: Any, kind: str) -> None:
    (topic,) = topics(broker, "poison", settings={"max.message.bytes": str(64 << 20)})
    bad = poison()
    _send(broker, topic, bad)
    if kind == "postgresql":
        server.psql("CREATE DATABASE poison")
    database = server.get_uri("poison") if kind == "postgresql" else str(tmp_path / "mma.sqlite")
    (tmp_path / "mma.toml").write_text("")
    where = "--config", str(tmp_path / "mma.toml"), "--db", database
    worker = start(tmp_path / "log", "run", "--from", f"kafka://{broker.plain}/{topic}", "--group", topic, *where)
    until(lambda: _read(database) is not None, 90)
    read, longest, peak_kb, moved = 0, 0.0, 0, time.monotonic()
    while read < N_GOOD + len(bad):
        assert worker.poll() is None, (tmp_path / "log").read_text()[-2000:]
        now, before = time.monotonic(), read
        read, peak_kb = _read(database) or 0, max(peak_kb, _memory_kb(worker.pid))
        moved = now if read > before else moved
        longest = max(longest, now - moved)
        assert longest < STALL_S
        time.sleep(0.1)
    begun = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(END_S) == 0
    told, letters = _ended(database)
    print(f"{kind}: stalled {longest:.1f} s, {peak_kb / 1e6:.2f} GB, ended in {time.monotonic() - begun:.1f} s")
    assert told["objects"] == N_GOOD
    assert told["events"] == {"unlocated": 1}
    assert {row["offset"] for row in letters} == set(_places(len(bad))[1:])
    assert peak_kb < MOST_KB


def _send(broker: Broker, topic: str, bad: list[Poison]) -> None:
    """Good alerts with the poison spread among them."""
    producer, at = (
        Producer({"bootstrap.servers": broker.plain, **LARGE}),
        dict(zip(_places(len(bad)), bad, strict=True)),
    )
    n_good = 0
    for offset in range(N_GOOD + len(bad)):
        payload, key, headers = (
            at[offset] if offset in at else (detection(f"ZTF27{n_good}", (n_good * 0.07 % 360.0, 20.0)), None, [])
        )
        n_good += offset not in at
        producer.produce(topic, payload, key=key, headers=headers, partition=0)
        producer.poll(0)
    assert producer.flush(60) == 0


def _places(n: int) -> list[int]:
    """Offsets of the poison."""
    return [(i + 1) * N_GOOD // (n + 1) for i in range(n)]


def _read(database: str) -> int | None:
    """Messages handled; None where there is no database yet."""
    if "://" not in database and not Path(database).exists():
        return None
    store = Store(database, create=False)
    try:
        with store.read() as connection:
            return sum(row["n"] for row in message_log.totals(connection) if row["outcome"] == "read")
    finally:
        store.close()


def _ended(database: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    store = Store(database, create=False)
    with store.read() as connection:
        found = queries.status(connection), message_log.dead_letters(connection)
    store.close()
    return found


def _memory_kb(pid: int) -> int:
    """Of a process and its children, as Linux tells it."""
    total = 0
    for name in (str(pid), *_children(pid)):
        try:
            status = Path(f"/proc/{name}/status").read_text()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0)
    return total


def _children(pid: int) -> list[str]:
    tasks = Path(f"/proc/{pid}/task")
    try:
        return [name for task in tasks.iterdir() for name in (task / "children").read_text().split()]
    except OSError:
        return []
