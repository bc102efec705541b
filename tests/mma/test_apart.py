"""The room apart: what takes too long, needs too much or ends its process costs that call alone."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mma.errors import DecodeError
from mma.sandbox import Room, StoppedError

SLEEPS = "import time, mma.sandbox, tests.mma.test_apart as t; r = mma.sandbox.Room(60.0); r.start();"


def double(n: int) -> int:
    """What children are asked for."""
    return 2 * n


def process() -> int:
    """The child's number."""
    return os.getpid()


def loop() -> None:
    """For ever, in Python."""
    while True:
        pass


def hold() -> None:
    """For ever, in C, without letting the interpreter go on."""
    ctypes.PyDLL(None).pause()


def take(n_bytes: int) -> int:
    """Memory that is used."""
    return len(bytearray(n_bytes))


def crash() -> None:
    """The end of a process by a fault in C."""
    os.kill(os.getpid(), signal.SIGSEGV)


def recurse(n: int) -> int:
    """Deeper than Python goes."""
    return recurse(n + 1) + 1


def refuse() -> None:
    """A complaint of ours."""
    raise DecodeError("ra: missing")


def stumble() -> None:
    """A fault that nobody foresaw."""
    raise KeyError("ra")


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room(2.0, 200.0)
    yield room
    room.close()


def is_alive(number: int) -> bool:
    """Whether a process is there, and no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except FileNotFoundError:
        return False


def test_one_child_is_asked_again_and_again(room: Room) -> None:
    assert [room.call(double, n) for n in (1, 2)] == [2, 4]
    assert room.call(process) == room.call(process) != os.getpid()


def test_what_a_function_raises_is_raised(room: Room) -> None:
    with pytest.raises(DecodeError, match=r"^ra: missing$"):
        room.call(refuse)
    with pytest.raises(KeyError) as caught:
        room.call(stumble)
    assert 'raise KeyError("ra")' in "".join(caught.value.__notes__)  # where it was


@pytest.mark.parametrize("function", [loop, hold])
def test_a_call_that_takes_too_long_is_ended(room: Room, function: object) -> None:
    before = room.call(process)
    with pytest.raises(DecodeError, match=r"^took more than 2 s to be read$"):
        room.call(function)  # type: ignore[arg-type]
    assert not is_alive(before)
    assert room.call(double, 3) == 6


def test_a_call_that_needs_too_much_is_refused(room: Room) -> None:
    assert room.call(take, 100_000_000) == 100_000_000
    for more in range(2):
        with pytest.raises(DecodeError, match=r"^needs more than 200 MB to be read$"):
            room.call(take, 300_000_000 + more)
        assert room.call(take, 100_000_000) == 100_000_000


def test_a_call_that_took_too_long_is_not_made_again(room: Room, tmp_path: Path) -> None:
    """Batches come again, in halves or after an outage."""
    for _ in range(3):
        with pytest.raises(DecodeError, match="took more than 2 s"):
            room.call(note_and_loop, tmp_path / "calls")
    assert (tmp_path / "calls").read_text() == "called\n"


def note_and_loop(path: Path) -> None:
    """For ever, and it is known how often."""
    with path.open("a") as file:
        file.write("called\n")
    loop()


def test_a_call_that_ends_its_process_is_refused(room: Room) -> None:
    with pytest.raises(DecodeError, match=r"^ended the process that read it, twice$"):
        room.call(crash)
    assert room.call(double, 3) == 6


def test_a_call_that_nests_too_deeply_is_refused(room: Room) -> None:
    with pytest.raises(DecodeError, match="nested too deeply"):
        room.call(recurse, 0)


def test_a_child_that_somebody_ends_is_replaced(room: Room) -> None:
    os.kill(room.call(process), signal.SIGKILL)
    assert room.call(double, 3) == 6
    threading.Timer(0.5, os.kill, [room.call(process), signal.SIGKILL]).start()
    assert room.call(once_slow) == "read"


def once_slow() -> str:
    """A second of work."""
    time.sleep(1.0)
    return "read"


def test_whoever_is_asked_to_end_does_not_wait() -> None:
    stop = threading.Event()
    room = Room(60.0, stop=stop)
    room.call(double, 1)
    threading.Timer(0.3, stop.set).start()
    begun = time.monotonic()
    with pytest.raises(StoppedError):
        room.call(loop)
    assert time.monotonic() - begun < 10.0
    room.close()


def test_a_room_that_is_closed_leaves_no_process() -> None:
    room = Room()
    child = room.call(process)
    room.close()
    assert not is_alive(child)


@pytest.mark.parametrize("function", ["loop", "process"])
def test_a_parent_that_dies_takes_its_child_with_it(function: str) -> None:
    """While the child reads, and while it waits."""
    script = f"{SLEEPS} print(r.call(t.process), flush=True); r.call(t.{function}); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.kill()
    deadline = time.monotonic() + 30.0
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_alive(child)
