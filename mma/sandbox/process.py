"""The parent's side: one child, started before it is wanted, asked one call at a time, ended when it takes too long."""

from __future__ import annotations

import atexit
import hashlib
import json
import logging
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from multiprocessing.connection import Connection
from typing import Any

from ..errors import DecodeError, OutageError
from .child import DONE, SPENT

log = logging.getLogger(__name__)

LIMIT_S, MEMORY_MB = 20.0, 800.0
START_S = 120.0
"""How long a child may take to start; importing takes some seconds of a quiet machine."""

KEPT = 1000
"""Calls that failed and are not tried again."""

STEP_S = 0.1
"""How often somebody who waits looks whether the end was asked for."""

BEGIN = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from mma.sandbox.child import main; main()"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""The stacks of threads would count as memory."""


class StoppedError(OutageError):
    """The end was asked for while something was read: it was not handled, and comes again."""


class Room:
    """Where calls are made whose time and memory nobody can tell beforehand.

    Parameters
    ----------
    limit_s
        Seconds that a call may take.
    memory_mb
        What it may take, in 10^6 bytes, beyond what the child has to begin with.
    imports
        Modules that calls need: loaded before the first one.
    stop
        Set when the end is asked for: whoever waits does so no longer.
    """

    def __init__(
        self,
        limit_s: float = LIMIT_S,
        memory_mb: float = MEMORY_MB,
        *,
        imports: tuple[str, ...] = (),
        stop: threading.Event | None = None,
    ) -> None:
        self.limit_s = limit_s
        self.memory_mb = memory_mb
        self._imports = imports
        self._stop = stop or threading.Event()
        self._lock = threading.Lock()
        self._refused: dict[bytes, str] = {}  # calls by their sha256: batches come again, in halves or after outages
        self._child: _Child | None = None

    def start(self) -> None:
        """Start a child where there is none. It is not waited for."""
        with self._lock:
            self._begin()

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """What a function of a module gives, called in the child; what it raises is raised here.

        Raises
        ------
        DecodeError
            It took too long, or needed too much, or ended the child.
        OutageError
            No child can be had; or the end was asked for meanwhile.
        """
        call = pickle.dumps((function, args), pickle.HIGHEST_PROTOCOL)
        with self._lock:
            name = hashlib.sha256(call).digest()
            if (reason := self._refused.get(name)) is not None:
                raise DecodeError(reason)
            try:
                answer = self._answer(call)
            except DecodeError as error:
                self._refused[name] = str(error)
                while len(self._refused) > KEPT:
                    self._refused.pop(next(iter(self._refused)))
                raise
        result = pickle.loads(memoryview(answer)[1:])
        if answer.startswith(DONE):
            return result
        raise result

    def _answer(self, call: bytes) -> bytes:
        """The child's answer, from a second child where the first one ends by itself: somebody may have ended it."""
        answer = self._ask(call) or self._ask(call)
        if answer is None:
            raise DecodeError("ended the process that read it, twice")
        if answer.startswith(SPENT):
            self._end()
            self._begin()
            raise DecodeError(answer[1:].decode())
        return answer

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()

    def _begin(self) -> _Child:
        if self._child is not None and self._child.process.poll() is not None:
            self._end()
        if self._child is None:
            try:
                self._child = _Child(self.limit_s, self.memory_mb, self._imports)
            except OSError as error:
                raise OutageError(f"no process to read in can be started: {error}") from error
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def _ask(self, call: bytes) -> bytes | None:
        """The child's answer; None where it ended without one."""
        child = self._begin()
        if not child.is_ready:
            self._await_start(child)
        answer = self._wait(child, self.limit_s, call)
        if answer is None:
            self._end()
            log.warning("a process that read a message ended by itself, with %s", child.process.returncode)
        return answer

    def _await_start(self, child: _Child) -> None:
        try:
            child.is_ready = self._wait(child, START_S, b"") == DONE
        except DecodeError as error:
            raise OutageError(f"no process to read in has started within {START_S:g} s") from error
        if not child.is_ready:
            self._end()
            raise OutageError("the process to read in does not start")

    def _wait(self, child: _Child, limit_s: float, call: bytes) -> bytes | None:
        """Send a call, if it is one, and wait for the answer. Where that takes too long the child is ended."""
        deadline = time.monotonic() + limit_s
        timer = threading.Timer(limit_s, child.process.kill)  # whatever is waited for then comes to its end
        timer.daemon = True
        timer.start()
        try:
            if call:
                child.connection.send_bytes(call)
            while not child.connection.poll(STEP_S):
                if self._stop.is_set():
                    self._end()
                    raise StoppedError("the end was asked for while a message was read")
            return child.connection.recv_bytes()
        except (EOFError, OSError) as error:
            if time.monotonic() < deadline:
                return None
            self._end()
            self._begin()
            raise DecodeError(f"took more than {limit_s:g} s to be read") from error
        finally:
            timer.cancel()


class _Child:
    """A process that was started, and the pipe to it."""

    def __init__(self, limit_s: float, memory_mb: float, imports: tuple[str, ...]) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            number = theirs.fileno()
            command = [sys.executable, "-c", BEGIN, json.dumps(sys.path), str(number), str(limit_s), str(memory_mb)]
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=(number,),
                env=os.environ | ONE_THREAD,
                start_new_session=True,
            )
            self.connection = Connection(ours.detach())
        self.is_ready = False
        with suppress(OSError):
            self.connection.send_bytes(pickle.dumps(imports))

    def end(self) -> None:
        """End it, and leave nothing of it behind."""
        self.process.kill()
        self.process.wait()
        self.connection.close()
        if self.process.stdin is not None:
            self.process.stdin.close()


@cache
def shared(imports: tuple[str, ...]) -> Room:
    """The room of whoever brings none, with the default limits; it ends with this process."""
    room = Room(imports=imports)
    atexit.register(room.close)
    return room
