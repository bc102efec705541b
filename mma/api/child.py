"""The REST interface beside a worker, as a process of its own: what is asked of it takes nothing from the worker."""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from ..streams import Troubles
from .server import GOODBYE_S, url_of

log = logging.getLogger(__name__)

SAY_S = 5.0
"""The worker's numbers are told this often."""

LONGEST_WAIT_S = 30.0
STEADY_S = 60.0
"""A process that lived so long is well."""

NICE, EXPENDABLE = 5, 500
"""Priority of the interface below the worker's; and, where memory is short, that it goes first (Linux)."""


class Numbers:
    """The worker's numbers, in a file without a name that both processes have open."""

    def __init__(self, file: int) -> None:
        self.file = file

    def write(self, text: bytes) -> None:
        """Say them; not while they are just being read."""
        with suppress(BlockingIOError):
            fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            try:
                os.ftruncate(self.file, os.pwrite(self.file, text, 0))
            finally:
                fcntl.lockf(self.file, fcntl.LOCK_UN)

    def read(self) -> bytes:
        """As they were told last."""
        fcntl.lockf(self.file, fcntl.LOCK_EX)
        try:
            return os.pread(self.file, os.fstat(self.file).st_size, 0)
        finally:
            fcntl.lockf(self.file, fcntl.LOCK_UN)


class Child:
    """Keeps the process alive until it is told to end; the socket stays open meanwhile."""

    def __init__(
        self, options: Sequence[str], sock: socket.socket, numbers: Callable[[], bytes], troubles: Troubles
    ) -> None:
        self._options = options
        self._socket = sock
        self._numbers = numbers
        self._troubles = troubles
        self._end = Event()
        self._thread = Thread(target=self._watch, name="api", daemon=True)

    @property
    def url(self) -> str:
        """Where it answers."""
        return url_of(self._socket)

    def begin(self) -> None:
        """Start it."""
        self._thread.start()

    def shutdown(self) -> None:
        """End it, and wait for that."""
        self._end.set()
        self._thread.join(GOODBYE_S + 10)
        self._socket.close()

    def _watch(self) -> None:
        wait = 1.0
        with tempfile.TemporaryFile() as file:
            numbers = Numbers(file.fileno())
            while not self._end.is_set():
                begun = time.monotonic()
                code = self._live(numbers)
                if self._end.is_set():
                    return
                wait = 1.0 if time.monotonic() - begun > STEADY_S else min(2.0 * wait, LONGEST_WAIT_S)
                self._troubles.add("REST interface", f"its process ended ({code}); started again in {wait:.0f} s")
                self._end.wait(wait)

    def _live(self, numbers: Numbers) -> int:
        """One process, from its beginning to its end; its exit code."""
        files = (self._socket.fileno(), numbers.file)
        inherited = [
            word for name, file in zip(("socket", "numbers"), files, strict=True) for word in (f"--{name}", str(file))
        ]
        command = [sys.executable, "-m", "mma", "serve", *inherited, *self._options]
        with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=files, start_new_session=True) as process:
            begun = time.monotonic()
            while process.poll() is None and not self._end.is_set():
                numbers.write(self._numbers())
                if time.monotonic() - begun > 2.0 * SAY_S:
                    self._troubles.clear("REST interface")
                self._end.wait(SAY_S) if process.poll() is None else None
            if process.poll() is None:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(GOODBYE_S + 5)
                process.kill()
        return process.returncode


def stand_back(end: Callable[[], None]) -> None:
    """In the process itself: let the worker go first, and call ``end`` once it is gone."""
    os.nice(NICE)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(EXPENDABLE))

    def wait() -> None:
        sys.stdin.buffer.read()
        end()
        time.sleep(GOODBYE_S + 5)
        os._exit(1)

    Thread(target=wait, name="worker", daemon=True).start()
