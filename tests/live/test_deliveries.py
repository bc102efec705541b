"""A message that ends workers is found and set aside unread; others never are, however often workers are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mma.answers import queries
from mma.cluster.broker import Broker
from mma.engine.deliveries import REASON
from mma.engine.engine import TRIPS
from mma.store import Store, message_log
from tests.live.conftest import Start
from tests.live.doing import gamma_alert, produce, topics, troubles, until

DEADLY = gamma_alert("DEADLY")
Run = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def deadly(tmp_path: Path) -> Iterator[Run]:
    """Starts workers that die of some messages."""
    running = []

    def run(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.live.deadly", "run", *arguments]
        with (tmp_path / "log").open("ab") as out:
            running.append(subprocess.Popen(command, stdout=out, stderr=out, cwd=Path(__file__).parents[2]))
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.wait()


@contextmanager
def opened(database: str) -> Iterator[Any]:
    store = Store(database)
    with store.read() as connection:
        yield connection
    store.close()


def counts(database: str) -> dict[str, int]:
    if "://" not in database and not Path(database).exists():
        return {"read": 0, "set_aside": 0}
    with opened(database) as connection:
        return queries.status(connection)["messages"]


def letters(database: str) -> list[tuple[int, int, str]]:
    if "://" not in database and not Path(database).exists():
        return []
    with opened(database) as connection:
        return [(row["partition"], row["offset"], row["reason"]) for row in message_log.dead_letters(connection)]


def until_it_lives(run: Callable[[], subprocess.Popen[bytes]], is_done: Callable[[], bool], most: int) -> int:
    """Start workers, as a supervisor does, until one of them gets through; how many died of a message."""
    for deaths in range(most + 1):
        worker = run()
        until(lambda worker=worker: worker.poll() is not None or is_done(), 90)
        if worker.poll() is None:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=15) == 0
            return deaths
        assert worker.poll() == -signal.SIGKILL
    raise AssertionError(f"more than {most} deaths")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.faults)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "mma.sqlite")
    server = request.getfixturevalue("server")
    name = f"d{os.urandom(4).hex()}"
    server.psql(f"CREATE DATABASE {name}")
    return str(server.get_uri()).replace("/postgres?", f"/{name}?")


@pytest.mark.faults
def test_deadly_messages_among_many_are_set_aside_alone(
    broker: Broker, tmp_path: Path, deadly: Run, database: str
) -> None:
    (topic,) = topics(broker, "gamma")
    good = [gamma_alert(f"A{i}", ra=float(i % 360)) for i in range(300)]
    produce(broker, topic, [*good[:120], DEADLY, *good[120:200], DEADLY, *good[200:]])
    url = f"kafka://{broker.plain}/{topic}"
    deaths = until_it_lives(
        lambda: deadly("--from", url, "--group", topic, "--db", database),
        lambda: len(letters(database)) == 2 and len(events(database)) == 300,
        10,
    )
    assert letters(database) == [(0, 120, REASON), (0, 201, REASON)]
    assert 4 <= deaths <= 10
    with opened(database) as connection:
        assert message_log.dead_letter(connection, 1)["payload"] == DEADLY


def events(database: str) -> list[str]:
    if "://" not in database and not Path(database).exists():
        return []
    with opened(database) as connection:
        return [row["id"] for row in queries.events(connection, limit=1000)]


def test_a_lone_deadly_message_ends_three_workers_and_no_more(broker: Broker, tmp_path: Path, deadly: Run) -> None:
    (topic,) = topics(broker, "gamma")
    database = str(tmp_path / "mma.sqlite")
    produce(broker, topic, [DEADLY])
    deaths = until_it_lives(
        lambda: deadly("--from", f"kafka://{broker.plain}/{topic}", "--group", topic, "--db", database),
        lambda: counts(database)["set_aside"] == 1,
        3,
    )
    assert deaths == 3  # once in a batch of which nothing was known, twice alone
    assert letters(database) == [(0, 0, REASON)]


@pytest.mark.faults
def test_two_workers_share_what_they_know_of_it(broker: Broker, tmp_path: Path, deadly: Run, server: Any) -> None:
    (topic,) = topics(broker, "gamma", partitions=2)
    name = f"d{os.urandom(4).hex()}"
    server.psql(f"CREATE DATABASE {name}")
    database = str(server.get_uri()).replace("/postgres?", f"/{name}?")
    produce(broker, topic, [gamma_alert(f"A{i}") for i in range(20)] + [DEADLY])
    command = ("--from", f"kafka://{broker.plain}/{topic}", "--group", topic, "--db", database)
    workers = [deadly(*command), deadly(*command)]
    died, deadline = 0, time.monotonic() + 120
    while counts(database)["set_aside"] < 1:
        assert time.monotonic() < deadline
        for i, worker in enumerate(workers):
            if worker.poll() is not None:
                died += 1
                workers[i] = deadly(*command)
        time.sleep(0.2)
    assert died <= 4
    until(lambda: len(events(database)) == 20)
    assert [reason for _, _, reason in letters(database)] == [REASON]


@pytest.mark.faults
def test_workers_that_are_killed_and_groups_that_change_set_nothing_aside(
    broker: Broker, tmp_path: Path, start: Start
) -> None:
    (topic,) = topics(broker, "gamma", partitions=3)
    database, settings = str(tmp_path / "mma.sqlite"), tmp_path / "mma.toml"
    settings.write_text("batch_size = 20\n")
    command = ("run", "--from", f"kafka://{broker.plain}/{topic}", "--group", topic, "--db", database)
    produce(broker, topic, [gamma_alert(f"A{i}") for i in range(400)])
    for kill in range(5):
        workers = [start(tmp_path / "log", *command, "-c", str(settings)) for _ in range(1 + kill % 2)]
        before = counts(database)["read"]
        until(lambda before=before: counts(database)["read"] > before or len(events(database)) == 400)
        time.sleep(0.3)
        for worker in workers:
            worker.kill()
            worker.wait()
    produce(broker, topic, [gamma_alert("LAST")])
    last = start(tmp_path / "log", *command)
    until(lambda: len(events(database)) == 401, 90)
    last.send_signal(signal.SIGTERM)
    assert last.wait(timeout=15) == 0
    assert letters(database) == []


def test_a_row_of_bad_messages_pauses_its_source_and_no_other(broker: Broker, tmp_path: Path, deadly: Run) -> None:
    bad, good = topics(broker, "gamma", "gamma-other")
    database = tmp_path / "mma.sqlite"
    produce(broker, bad, [gamma_alert(f"TRIPS{i}") for i in range(TRIPS + 5)] + [gamma_alert("AFTER")])
    sources = ("--from", f"kafka://{broker.plain}/{bad}", "--from", f"kafka://localhost:{port(broker)}/{good}")
    worker = deadly(*sources, "--group", bad, "--db", str(database))
    said = until(lambda: troubles(database).get("paused"), 60)
    assert f"{TRIPS} messages in a row could not be handled" in said
    assert "ZeroDivisionError" in said
    assert len(letters(str(database))) == TRIPS
    produce(broker, good, [gamma_alert("OTHER")])
    until(lambda: "CTAO-OTHER" in events(str(database)), 20)
    until(lambda: "CTAO-AFTER" in events(str(database)), 30)
    until(lambda: troubles(database) == {}, 20)
    assert [offset for _, offset, _ in letters(str(database))] == list(range(TRIPS + 5))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=15) == 0
    assert "paused" in (tmp_path / "log").read_text()


def port(broker: Broker) -> str:
    return broker.plain.rpartition(":")[2]
