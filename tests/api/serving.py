"""``mma serve`` as a process of its own, without a limit of rate."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that runs."""

    pid: int
    host: str
    port: int
    log: Path
    """What it says."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.host}:{self.port}"


@contextmanager
def serving(database: str, folder: Path) -> Iterator[Served]:
    """Serve a database until the block ends."""
    settings, log = folder / "serve.toml", folder / "serve.log"
    settings.write_text("[api]\nrate_limit = 0\n")
    command = [sys.executable, "-m", "mma.cli", "serve", "--port", "0", "--db", database, "-c", str(settings)]
    with log.open("wb") as out, subprocess.Popen(command, stderr=out) as process:
        while not (found := re.match(r"http://(\S+):(\d+)/docs", log.read_text())):
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        yield Served(pid=process.pid, host=found[1], port=int(found[2]), log=log)
        process.terminate()
