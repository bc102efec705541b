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

COMMAND = (sys.executable, "-m", "mma.simulate.cluster")


def test_both_workers_share_the_night_and_the_counterparts_are_found() -> None:
    done = subprocess.run([*COMMAND, "--alerts", "600", "--rate", "150"], capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout.rpartition("the night is over")[2]
    read = [int(n.replace(",", "")) for n in re.findall(r"^\S+/\d+ +([\d,]+) +\d+%", told, re.MULTILINE)]
    assert len(read) == 2
    assert min(read) > 100
    assert sum(read) >= 600
    assert len(re.findall("found, rank 1 of", told)) == 4, told
    assert "4 of 4 counterparts" in told
    assert done.stderr == ""


def test_ended_by_sigterm_it_leaves_nothing_behind(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as out:
        cluster = subprocess.Popen([*COMMAND, "--alerts", "600", "--rate", "1"], stdout=out, stderr=out)
    try:
        found = until(lambda: re.search(r"mma status --db '(\S+host=(\S+)/postgres)'", log.read_text()))
        folder = Path(found[2])
        mma = Path(sys.executable).parent / "mma"
        told = subprocess.run([mma, "status", "--json", "--db", found[1]], capture_output=True, check=True)
        assert len({row["worker"] for row in json.loads(told.stdout)["live"]}) == 2
        assert len(_running(folder)) > 3
    finally:
        cluster.send_signal(signal.SIGTERM)
        assert cluster.wait(timeout=30) == 0, log.read_text()
    assert _running(folder) == []
    assert not folder.exists()
    assert "0 of 4 counterparts" in log.read_text()


def _running(folder: Path) -> list[int]:
    """Processes with this folder in their command line: broker, database, workers."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if any(str(folder) in part for part in process.info["cmdline"] or ()):
            found.append(process.pid)
    return found
