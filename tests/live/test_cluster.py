"""``make cluster``: a whole cluster on this machine; both workers work, the counterparts are found, nothing is left."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from tests.live.doing import until

COMMAND = (sys.executable, "-u", "-m", "mma.commands.cluster", "--alerts", "600", "--rate", "600", "--stay")


def test_two_workers_share_a_night_and_sigterm_leaves_nothing_behind(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as out:
        cluster = subprocess.Popen(COMMAND, stdout=out, stderr=out)
    try:
        until(lambda: "all stays up" in log.read_text() or cluster.poll() is not None, 90)
        found = re.search(r"mma status --db '(\S+host=(\S+)/postgres)'", log.read_text())
        assert found is not None, log.read_text()
        folder = Path(found[2])
        live = _status(found[1])["live"]
        assert len({row["worker"] for row in live}) == 2
        assert len(_running(folder)) > 3
    finally:
        cluster.send_signal(signal.SIGTERM)
        assert cluster.wait(timeout=30) == 0, log.read_text()
    assert _running(folder) == []
    assert not folder.exists()
    told = log.read_text().rpartition("the night is over")[2]
    read = [int(n.replace(",", "")) for n in re.findall(r"^\S+/\d+ +([\d,]+) +\d+%", told, re.MULTILINE)]
    assert len(read) == 2
    assert min(read) > 100
    assert sum(read) >= 600
    assert len(re.findall("found, rank 1 of", told)) == 4, told
    assert "4 of 4 counterparts" in told


def test_what_cannot_be_is_told_before_anything_starts() -> None:
    done = subprocess.run([*COMMAND, "--workers", "0"], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "0: at least 1" in done.stderr


def _status(database: str) -> dict[str, list[dict[str, str]]]:
    """What ``mma status`` says."""
    command = [sys.executable, "-m", "mma.cli", "status", "--json", "--db", database]
    told: dict[str, list[dict[str, str]]] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return told


def _running(folder: Path) -> list[int]:
    """Processes with this folder in their command line: broker, database, workers."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any(str(folder) in part for part in process.info["cmdline"] or ()):
            found.append(process.pid)
    return found
