"""The file that a worker publishes to is full: a trouble, no end; once there is room, every line is there, once."""

from __future__ import annotations

import json
import resource
import uuid
from pathlib import Path

from mma.cluster.broker import Broker
from tests.live.conftest import Start
from tests.live.doing import gamma_alert, produce, read, status, topics, troubles, until

N = 50
LINE = '{"n": 1}\n'
N_BEFORE = 3_000_000
"""Lines that are there already: more bytes than the database writes, which has the same limit in this test."""


def test_a_worker_whose_output_file_is_full_goes_on_when_there_is_room(
    broker: Broker, tmp_path: Path, start: Start
) -> None:
    (topic,) = topics(broker, "mma.gamma")
    database, out = tmp_path / "mma.sqlite", tmp_path / "out.jsonl"
    out.write_text(LINE * N_BEFORE)
    here = ("run", "--from", f"kafka://{broker.plain}/{topic}", "--group", uuid.uuid4().hex, "--publish", str(out))
    worker = start(tmp_path / "log", *here, "--db", str(database))
    until(lambda: "listening" in (tmp_path / "log").read_text())
    no_limit = resource.prlimit(worker.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (len(LINE) * N_BEFORE + 1000, no_limit[1]))
    produce(broker, topic, [gamma_alert(f"e{i}", ra=i * 360.0 / N, dec=0.0) for i in range(N)])
    told = until(lambda: troubles(database).get("outage"))
    assert "not written" in told
    assert "File too large" in told
    assert worker.poll() is None
    assert out.stat().st_size == len(LINE) * N_BEFORE
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, no_limit)
    until(lambda: read(database) == N and not status(database)["published"]["waiting"])
    until(lambda: troubles(database) == {})
    worker.terminate()
    assert worker.wait(timeout=15) == 0
    names = [json.loads(line)["event"]["id"] for line in out.read_text().splitlines()[N_BEFORE:]]
    assert sorted(names) == sorted(f"CTAO-e{i}" for i in range(N))
