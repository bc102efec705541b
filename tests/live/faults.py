"""Workers of one group and their database: started, killed, cut off."""

from __future__ import annotations

import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from confluent_kafka import Consumer, KafkaException, TopicPartition

from mma.cluster.broker import Broker
from tests.live.conftest import Start
from tests.live.doing import until
from tests.live.power import Disk
from tests.live.watch import PostgresWatch, SqliteWatch

WRITING_S = 2.0
"""A kill that is to fall into a transaction waits so long for one at most."""

WAIT_S = 180.0
"""For what must come, on a machine that has other things to do."""


@dataclass
class Case:
    """One consumer group with its database and its topics to publish to; any number of workers."""

    broker: Broker
    start: Start
    folder: Path
    database: str
    batch_size: int
    prefix: str = ""
    """Of its topics and groups."""

    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    """Those that run, by name."""

    kills: int = 0
    groups: dict[str, Consumer] = field(default_factory=dict)
    """Topic to its consumer group, here only to be asked."""

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
        self.watch = watch(self.database)

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
        own = ("--group", self._group(topic), "--worker", name, "--db", self.database, "-c", str(self.settings))
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
            assert worker.wait(timeout=30) in (0, -signal.SIGTERM), self.log.read_text()[-2000:]
        self.workers.clear()

    def __enter__(self) -> Case:
        return self

    def __exit__(self, *_: object) -> None:
        for group in self.groups.values():
            group.close()
        self.watch.close()

    def handled(self) -> int:
        """Messages counted in the database, each once however often it came."""
        return int(self.watch.ask("SELECT sum(n) FROM intake WHERE outcome = 'read'") or 0)

    def publishes(self) -> bool:
        """Whether something was decided, and is not known to be published."""
        return bool(self.watch.ask("SELECT count(*) FROM outbox WHERE sent IS NULL"))

    def committed(self, topic: str) -> int:
        """Messages of a topic that its group will not read again."""
        if topic not in self.groups:
            settings = {"bootstrap.servers": self.broker.plain, "group.id": self._group(topic), "log_level": 0}
            self.groups[topic] = Consumer(settings)
        group = self.groups[topic]
        while True:
            try:
                partitions = group.list_topics(topic, timeout=10).topics[topic].partitions
                at = group.committed([TopicPartition(topic, p) for p in partitions], timeout=10)
                return sum(max(p.offset, 0) for p in at)
            except KafkaException:  # the broker is away, or has just begun
                time.sleep(0.2)

    def is_read(self, topic: str, n: int) -> bool:
        """Whether all of a topic is handled, published and committed."""
        return self.committed(topic) >= n and not self.publishes()

    def _group(self, topic: str) -> str:
        """A group for each topic: in one, with another topic, it would wait until the old member is missed."""
        return f"{self.prefix}-{topic}"


def calm(case: Case, topics_: dict[str, int]) -> None:
    """Read the topics one after the other with nothing going wrong."""
    for topic, n in topics_.items():
        case.begin(topic)
        until(partial(case.is_read, topic, n), 10 * WAIT_S)
        case.stop()


Fault = Callable[[Case], None]


def rough(
    case: Case,
    topics_: dict[str, int],
    kills: Sequence[int],
    random: np.random.Generator,
    faults: dict[float, Fault],
) -> None:
    """Read the topics one after the other, killed on the way again and again.

    Parameters
    ----------
    topics_
        Topic to number of messages.
    kills
        For each topic the number of kills, spread over it; between any two of them something is handled.
    faults
        What else happens, in the topic with the most messages, by the part of it that is read then.
    """
    largest = max(topics_, key=topics_.__getitem__)
    done: list[str] = []
    for (topic, n), how_often in zip(topics_.items(), kills, strict=True):
        done.append(topic)
        late = dict(sorted(faults.items())) if topic == largest else {}
        for k in range(how_often):
            case.begin(topic)
            part = (k + 0.5) / how_often
            for at in [at for at in late if at <= part]:
                until(partial(_has_read, case, topic, at * n, n, -1), WAIT_S)
                late.pop(at)(case)
            until(partial(_has_read, case, topic, part * n, n, case.handled()), WAIT_S)
            wait_for_a_moment(case, random)
            case.kill()
            case.again += behind(case, done)
        case.begin(topic)
        until(partial(case.is_read, topic, n), WAIT_S)
        case.kill()


def _has_read(case: Case, topic: str, want: float, n: int, before: int) -> bool:
    """Whether so much of a topic is done, and more was handled than before; or all of it is done."""
    done = case.committed(topic)
    return done >= n or (done >= want and case.handled() > before)


def behind(case: Case, done: list[str]) -> int:
    """Messages that the group will read again."""
    return case.handled() - sum(map(case.committed, done))


def wait_for_a_moment(case: Case, random: np.random.Generator) -> None:
    """A moment to be killed at, by turns: any; inside a transaction; between the decision to publish and its end."""
    time.sleep(float(random.uniform(0.0, 0.1)))
    look = (None, case.watch.writes, case.publishes)[case.kills % 3]
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


def together(case: Case, topics_: dict[str, int], names: Sequence[str]) -> None:
    """Read the topics with several workers. In the largest the first is killed, and the last comes only then."""
    largest = max(topics_, key=topics_.__getitem__)
    first, *others = names
    for topic, n in topics_.items():
        case.begin(topic, first)
        for name in others if topic != largest else others[:-1]:
            case.begin(topic, name)
        if topic == largest:
            until(partial(_has_read, case, topic, 0.2 * n, n, -1), WAIT_S)
            case.kill(first)
            case.begin(topic, others[-1])
            until(partial(_has_read, case, topic, 0.5 * n, n, -1), WAIT_S)
            case.begin(topic, first)
        until(partial(case.is_read, topic, n), 10 * WAIT_S)
        case.stop()


def read_only(server: Any, name: str, seconds: float) -> Fault:
    """The database takes no writes, as a standby after a failover; those that are connected are cut off."""

    def fault(case: Case) -> None:
        server.psql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        server.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        time.sleep(seconds)
        server.psql(f"ALTER DATABASE {name} RESET default_transaction_read_only")

    return fault


def frozen(
    case: Case, topics_: dict[str, int], names: Sequence[str], random: np.random.Generator, seconds: float
) -> float:
    """Read the topics with several workers. In the largest, one of them is stopped by SIGSTOP for a while.

    Returns
    -------
    float
        The longest time in seconds for which the others handled nothing of what was left.
    """
    largest, longest = max(topics_, key=topics_.__getitem__), 0.0
    for topic, n in topics_.items():
        for name in names:
            case.begin(topic, name)
        if topic == largest:
            until(partial(_has_read, case, topic, n * float(random.uniform(0.1, 0.5)), n, -1), WAIT_S)
            longest = _sleep(case, case.workers[str(random.choice(names))], seconds, topic, n)
        until(partial(case.is_read, topic, n), 10 * WAIT_S)
        case.stop()
    return longest


def _sleep(case: Case, worker: subprocess.Popen[bytes], seconds: float, topic: str, n: int) -> float:
    """Stop a worker, inside a transaction if there is one soon; the longest time that nobody handled anything."""
    deadline = time.monotonic() + WRITING_S
    while not case.watch.writes() and time.monotonic() < deadline:
        pass
    worker.send_signal(signal.SIGSTOP)
    begun = last = time.monotonic()
    done, longest = case.handled(), 0.0
    while (now := time.monotonic()) < begun + seconds and case.committed(topic) < n:
        if case.handled() > done:
            done, last = case.handled(), now
        longest = max(longest, now - last)
        time.sleep(0.2)
    time.sleep(max(begun + seconds - time.monotonic(), 0.0))
    worker.send_signal(signal.SIGCONT)
    return longest


def cut(case: Case, topics_: dict[str, int], disk: Disk, cuts: int, random: np.random.Generator) -> None:
    """Read the topics with a database on a disk whose power fails so often, in the largest of them."""
    largest = max(topics_, key=topics_.__getitem__)
    for topic, n in topics_.items():
        for k in range(cuts if topic == largest else 0):
            case.begin(topic)
            until(partial(_has_read, case, topic, n * (k + 0.5) / cuts, n, case.handled()), WAIT_S)
            time.sleep(float(random.uniform(0.0, 0.2)))
            disk.cut()
            case.kill()
            case.watch.close()
            disk.down()
            disk.up()
            case.watch = SqliteWatch(case.database)
        case.begin(topic)
        until(partial(case.is_read, topic, n), 10 * WAIT_S)
        case.stop()
