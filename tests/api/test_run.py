"""``mma run`` serves the interface beside its loop, where the settings name a port."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
from confluent_kafka import Producer

from tests.mma.world import superevent


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def answer(url: str, until: float) -> httpx.Response | None:
    """The answer, once there is one."""
    while time.monotonic() < until:
        try:
            return httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.2)
    return None


def test_a_worker_answers_about_what_it_hears(tmp_path: Path):
    producer = Producer({"bootstrap.servers": "ignored", "test.mock.num.brokers": 1, "log_level": 0})
    broker = str(next(iter(producer.list_topics(timeout=10).brokers.values())))
    producer.list_topics("igwn.gwalert", timeout=10)
    producer.produce("igwn.gwalert", superevent())
    producer.flush(10)
    port = free_port()
    (tmp_path / "c.toml").write_text(f"[api]\nport = {port}\n")
    command = [sys.executable, "-m", "mma.cli", "run", "--from", f"kafka://{broker.split('/')[0]}/igwn.gwalert"]
    command += ["--db", str(tmp_path / "a.sqlite"), "-c", str(tmp_path / "c.toml")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        until, events = time.monotonic() + 60, []
        while not events and time.monotonic() < until:
            got = answer(f"http://127.0.0.1:{port}/api/events", until)
            events = got.json()["items"] if got is not None else []
            time.sleep(0.2)
        metrics = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert [e["id"] for e in events] == ["S270301ab"]
    assert "mma_messages_read_total" in metrics
    assert process.returncode == 0


def child_of(process: psutil.Process, until: float) -> psutil.Process:
    """The worker's process that answers."""
    while time.monotonic() < until:
        found = [child for child in process.children() if "serve" in child.cmdline()]
        if found:
            return found[0]
        time.sleep(0.1)
    raise AssertionError("it has no process for the interface")


def test_the_interface_is_a_process_of_its_own_that_comes_again_and_ends_with_the_worker(tmp_path: Path):
    producer = Producer({"bootstrap.servers": "ignored", "test.mock.num.brokers": 1, "log_level": 0})
    broker = str(next(iter(producer.list_topics(timeout=10).brokers.values()))).split("/")[0]
    producer.list_topics("igwn.gwalert", timeout=10)
    port = free_port()
    (tmp_path / "c.toml").write_text(f"[api]\nport = {port}\n")
    command = [sys.executable, "-m", "mma.cli", "run", "--from", f"kafka://{broker}/igwn.gwalert"]
    command += ["--db", str(tmp_path / "a.sqlite"), "-c", str(tmp_path / "c.toml")]
    until = time.monotonic() + 90
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as worker:
        first = child_of(psutil.Process(worker.pid), until)
        assert answer(f"http://127.0.0.1:{port}/health", until) is not None
        first.kill()
        got = httpx.get(f"http://127.0.0.1:{port}/health", timeout=60)  # it waits at the socket, which stays
        assert got.status_code == 200
        again = child_of(psutil.Process(worker.pid), until)
        assert again.pid != first.pid
        assert worker.poll() is None
        worker.kill()
        worker.wait()
        again.wait(timeout=20)
