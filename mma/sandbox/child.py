"""The process that reads: it takes one call after another through a pipe, until its parent is gone."""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import resource
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ..errors import DecodeError, MmaError

DONE, FAILED, SPENT = b"D", b"F", b"S"
"""First byte of an answer: what the function gave; what it raised; why the process had better end."""

MARGIN_S = 5
"""CPU seconds beyond the limit after which the kernel ends the process, where nobody else did."""


def main() -> None:
    """Read until the other end is closed. The arguments: the pipe's number, seconds and MB of one call."""
    connection, limit_s, memory_mb = Connection(int(sys.argv[2])), float(sys.argv[3]), float(sys.argv[4])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _be_first_to_go()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        for name in pickle.loads(connection.recv_bytes()):
            importlib.import_module(name)
        gc.freeze()
        _limit_memory(memory_mb)
        connection.send_bytes(DONE)
        while True:
            answer = _answer(connection.recv_bytes(), limit_s, memory_mb)
            connection.send_bytes(answer)
            if answer.startswith(SPENT):
                return


def _end_with_parent() -> None:
    """The standard input is a pipe that nobody writes to: it ends when the parent does."""
    with suppress(OSError):
        os.read(0, 1)
    os._exit(1)


def _be_first_to_go() -> None:
    """Where the machine is out of memory, this process is ended and not its parent (Linux); no core of it is kept."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _limit_memory(memory_mb: float) -> None:
    """Bound what this process may take beyond what it has now; only Linux counts that."""
    with suppress(OSError, ValueError):
        status = Path("/proc/self/status").read_text()
        has = next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmData"))
        most = has + int(memory_mb * 1e6)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _limit_time(limit_s: float) -> None:
    """CPU time of one call: the kernel's own word, should the parent be gone and the interpreter be kept busy."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + limit_s) + MARGIN_S
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _answer(call: bytes, limit_s: float, memory_mb: float) -> bytes:
    """What a call gives or raises, as bytes."""
    _limit_time(limit_s)
    try:
        function: Callable[..., Any]
        function, args = pickle.loads(call)
        return DONE + pickle.dumps(function(*args), pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        return SPENT + f"needs more than {memory_mb:g} MB to be read".encode()
    except RecursionError:
        return FAILED + pickle.dumps(DecodeError("nested too deeply to be read"))
    except Exception as error:  # noqa: BLE001 - it is raised again where the call came from
        return FAILED + _carried(error)


def _carried(error: Exception) -> bytes:
    """An error, with its traceback as a note where it is none of ours; one that cannot travel as what it says."""
    if not isinstance(error, MmaError):
        error.add_note("".join(traceback.format_exception(error)))
    with suppress(Exception):
        packed = pickle.dumps(error)
        pickle.loads(packed)
        return packed
    return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))
