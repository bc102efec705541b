"""A recorded night put on a broker with hop, as the documentation says, is heard by a worker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mma.cluster.broker import Broker
from tests.live.conftest import Start
from tests.live.doing import status, topics, until

HOP = Path(sys.executable).with_name("hop")


def test_files_of_a_recorded_night_are_messages(broker: Broker, folder: Path, tmp_path: Path, start: Start) -> None:
    notices, alerts = topics(broker, "night.notices", "night.alerts")
    server, database = f"kafka://{broker.plain}", tmp_path / "mma.sqlite"
    files = {
        notices: sorted((folder / "notices").iterdir())[:3],
        alerts: sorted((folder / "alerts").rglob("*.avro"))[:20],
    }
    for topic, some in files.items():
        subprocess.run([HOP, "publish", "--no-auth", f"{server}/{topic}", *some], check=True, capture_output=True)
    start(tmp_path / "log", "run", "--from", f"{server}/{notices},{alerts}", "--group", notices, "--db", str(database))
    n = sum(map(len, files.values()))
    until(lambda: database.exists() and status(database)["messages"]["read"] >= n)
    assert status(database)["messages"] == {"read": n, "decoded": n, "set_aside": 0, "ignored": 0}
    assert "publishing nothing" in (tmp_path / "log").read_text()
