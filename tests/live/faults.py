"""A worker, its group and its database, looked at from outside; and what is done to them."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import psycopg
from confluent_kafka import Consumer, KafkaException, TopicPartition

from mma.simulate.broker import Broker
from tests.live.conftest import Start
from tests.live.doing import until

WRITING_S = 2.0
"""A kill that is to fall into a transaction waits so long for one at most."""


class Watch(Protocol):
    """A database, as another process sees it."""

    def writes(self) -> bool:
        """Whether somebody is in the middle of a transaction that changes something."""

    def ask(self, statement: str) -> Any:
        """One number; None while there is nothing to ask."""

    def close(self) -> None: ...


class SqliteWatch:
    def __init__(self, database: str) -> None:
        self._connection = sqlite3.connect(database, timeout=0.0, isolation_level=None, check_same_thread=False)

    def writes(self) -> bool:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        self._connection.execute("ROLLBACK")
        return False

    def ask(self, statement: str) -> Any:
        try:
            return self._connection.execute(statement).fetchone()[0]
        except sqlite3.OperationalError:
            return None

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else can write."""
        until(self._hold)
        yield
        self._connection.execute("ROLLBACK")

    def _hold(self) -> bool:
        with suppress(sqlite3.OperationalError):
            self._connection.execute("BEGIN IMMEDIATE")
            return True
        return False


class PostgresWatch:
    WRITES = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL "
        "AND pid <> pg_backend_pid()"
    )

    def __init__(self, database: str) -> None:
        self._database = database
        self._connection: psycopg.Connection | None = None

    def writes(self) -> bool:
        return bool(self.ask(self.WRITES))

    def ask(self, statement: str) -> Any:
        try:
            if self._connection is None:
                self._connection = psycopg.connect(self._database, autocommit=True)
            return self._connection.execute(statement).fetchone()[0]
        except psycopg.errors.UndefinedTable:
            return None
        except psycopg.OperationalError:
            self.close()
            return None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


@dataclass
class Case:
    """One consumer group with its database and its topics to publish to; any number of workers."""

    broker: Broker
    start: Start
    folder: Path
    database: str
    batch_size: int
    prefix: str = ""
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    kills: int = 0
    again: int = 0
    """Messages that were handled, but not committed to the group, when a worker was killed."""

    def __post_init__(self) -> None:
        self.prefix = f"f{uuid.uuid4().hex[:8]}"
        self.broker.create(*(f"{self.prefix}.{name}" for name in ("candidates", "events", "associations")))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.settings.write_text(
            f'prefix = "{self.prefix}"\nbatch_size = {self.batch_size}\nheartbeat_s = 0\nmax_message_mb = 1\n'
        )
        watch = PostgresWatch if "://" in self.database else SqliteWatch
        self.watch: Any = watch(self.database)
        self._group = Consumer({"bootstrap.servers": self.broker.plain, "group.id": self.prefix, "log_level": 0})

    @property
    def settings(self) -> Path:
        """File of the workers' settings."""
        return self.folder / "mma.toml"

    @property
    def log(self) -> Path:
        """What all workers say."""
        return self.folder / "log"

    def begin(self, topic: str, name: str = "w1") -> None:
        """Start a worker on a topic."""
        here = ("--from", f"kafka://{self.broker.plain}/{topic}", "--publish", f"kafka://{self.broker.plain}")
        own = ("--group", self.prefix, "--worker", name, "--db", self.database, "-c", str(self.settings))
        self.workers[name] = self.start(self.log, "run", *here, *own)

    def kill(self, name: str = "w1") -> None:
        """``kill -9``."""
        worker = self.workers.pop(name)
        assert worker.poll() is None, self.log.read_text()[-2000:]
        worker.kill()
        worker.wait()
        self.kills += 1

    def stop(self) -> None:
        """End all workers in order."""
        for worker in self.workers.values():
            worker.send_signal(signal.SIGTERM)
        for worker in self.workers.values():
            assert worker.wait(timeout=30) == 0, self.log.read_text()[-2000:]
        self.workers.clear()

    def close(self) -> None:
        """Let go of broker and database."""
        self._group.close()
        self.watch.close()

    def handled(self) -> int:
        """Messages counted in the database, those twice that came twice."""
        return int(self.watch.ask("SELECT sum(n) FROM intake WHERE outcome = 'read'") or 0)

    def publishes(self) -> bool:
        """Whether something was decided, and is not known to be published."""
        return bool(self.watch.ask("SELECT count(*) FROM outbox WHERE sent IS NULL"))

    def committed(self, *names: str) -> int:
        """Messages that the group will not read again."""
        while True:
            try:
                partitions = [TopicPartition(n, p) for n in names for p in self._partitions(n)]
                return sum(max(at.offset, 0) for at in self._group.committed(partitions, timeout=10))
            except KafkaException:  # a broker that has just begun
                time.sleep(0.2)

    def is_read(self, topic: str, n: int) -> bool:
        """Whether all of a topic is handled, published and committed."""
        return self.committed(topic) >= n and not self.publishes()

    def _partitions(self, topic: str) -> Sequence[int]:
        return list(self._group.list_topics(topic, timeout=30).topics[topic].partitions)


def calm(case: Case, topics_: dict[str, int], workers: Sequence[str] = ("w1",)) -> None:
    """Read the topics one after the other with nothing going wrong."""
    for topic, n in topics_.items():
        for name in workers:
            case.begin(topic, name)
        until(lambda topic=topic, n=n: case.is_read(topic, n), 600)
        case.stop()


Fault = Callable[[Case], None]


def rough(
    case: Case,
    topics_: dict[str, int],
    kills: dict[str, int],
    random: np.random.Generator,
    faults: dict[float, Fault],
) -> None:
    """Read the topics one after the other, killed on the way again and again.

    Parameters
    ----------
    topics_
        Topic to number of messages.
    kills
        Topic to number of kills, spread over it.
    faults
        What else happens, in the topic with the most messages, by the part of it that is read then.
    """
    done: list[str] = []
    largest = max(topics_, key=topics_.__getitem__)
    for topic, n in topics_.items():
        case.begin(topic)
        done.append(topic)
        late = dict(sorted(faults.items())) if topic == largest else {}
        for k in range(kills[topic]):
            part = (k + 0.5) / kills[topic]
            for at in [at for at in late if at <= part]:
                until(lambda at=at, topic=topic, n=n: case.committed(topic) >= at * n, 120)
                late.pop(at)(case)
            before = case.handled()
            want = min(part * n, n - 2)
            until(lambda want=want, topic=topic: case.committed(topic) >= want, 120)
            wait_for_a_moment(case, random)
            case.kill()
            assert k == 0 or case.handled() > before or case.committed(topic) >= n
            case.again += behind(case, done)
            case.begin(topic)
        until(lambda topic=topic, n=n: case.is_read(topic, n), 300)
        case.stop()


def behind(case: Case, done: list[str]) -> int:
    """Messages that the group will read again."""
    return case.handled() - case.again - case.committed(*done)


def wait_for_a_moment(case: Case, random: np.random.Generator) -> None:
    """A moment to be killed at: any, inside a transaction, or between the decision to publish and the end of it."""
    time.sleep(float(random.uniform(0.0, 0.1)))
    look = (None, case.watch.writes, case.publishes)[int(random.integers(3))]
    deadline = time.monotonic() + WRITING_S
    while look is not None and not look() and time.monotonic() < deadline:
        pass


def broker_restart(case: Case) -> None:
    """The broker is killed, and comes back."""
    case.broker.kill()
    time.sleep(1.0)
    case.broker.start()


def locked(seconds: float) -> Fault:
    """Another process holds SQLite's only lock."""

    def fault(case: Case) -> None:
        with case.watch.held():
            before = case.watch.ask("SELECT count(*) FROM detections")
            time.sleep(seconds)
            assert case.watch.ask("SELECT count(*) FROM detections") == before

    return fault


def without(server: Any, seconds: float) -> Fault:
    """PostgreSQL is stopped, and started again."""

    def fault(case: Case) -> None:
        server.stop()
        time.sleep(seconds)
        server.start()

    return fault


def in_background(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread
