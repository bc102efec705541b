"""Killed, cut off and shared out, on a real Kafka and both databases: the end is that of an undisturbed run.

A storm of alerts and notices, some of them unreadable, some of them twice, goes through ``mma run`` once in peace and
then with ``kill -9`` at moments that are meant to hurt, a broker that dies, and a database that goes away. In the end
all tables must be the same, and the messages that stand in Kafka the same by id and content, each at least once.

What is decided here and not by Kafka is the order between notices and alerts: nothing fixes it between topics, and
what is published follows from it. So there are three topics, of notices, of alerts, and of late notices, and each is
read, published and committed to its end before the next is begun, in every run. Alerts of one object are in one
partition; how the partitions come is left to Kafka, and is never the same.

``make faults`` does it with 20,000 alerts and a hundred kills on each database, and besides with workers that are
stopped for a while, and with a power that fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mma.cluster.broker import Broker
from tests.live import ending, faults, storm
from tests.live.conftest import Start
from tests.live.faults import Case
from tests.live.power import Disk, is_possible
from tests.live.storm import Storm

FULL = os.environ.get("MMA_FAULTS") == "full"
N_ALERTS = 20_000 if FULL else 2_000
KILLS = (6, 86, 8) if FULL else (1, 4, 1)
"""Among early notices, alerts, and late notices."""

LOCKED_S = 40.0 if FULL else 2.0
"""In the full run longer than a worker waits for a lock."""

READ_ONLY_S = 20.0 if FULL else 2.0
FROZEN_S = (90.0, 45.0, 20.0, 8.0)
"""A worker that is stopped sleeps so long; longer than it may hold a transaction, and than Kafka waits for it."""

CUTS = 10
STALL_S = 30.0
"""Others go on within this time."""

BATCH, CALM_BATCH = 25, 500
"""Messages handled in one transaction: few, so that there are many places to be killed at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What an undisturbed run came to."""

    sent: Storm
    tables: dict[str, ending.Rows]
    messages: ending.Messages
    counts: ending.Counts


pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def undisturbed(broker: Broker, tmp_path_factory: pytest.TempPathFactory, starter: Start) -> Ending:
    """One worker, SQLite, large batches, no faults."""
    folder = tmp_path_factory.mktemp("calm")
    sent = storm.send(broker, folder / "night", N_ALERTS, seed=5)
    with told("undisturbed"), Case(broker, starter, folder, str(folder / "mma.sqlite"), CALM_BATCH) as case:
        faults.calm(case, sent.topics)
        messages, twice = ending.published(broker, case.prefix)
        assert twice == 0
        tables, counts = ending.known(case.database), ending.counts(case.database)
        print(f"{ending.summary(tables)}; {len(messages)} messages published")
    assert sum(n for (_, outcome, _), n in counts.items() if outcome == "read") == sum(sent.topics.values())
    letters = {(row["topic"], row["partition"], row["offset"]) for row in tables["dead_letters"].values()}
    assert letters == sent.poison
    return Ending(sent=sent, tables=tables, messages=messages, counts=counts)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Prints how long it took."""
    began = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - began:.0f} s")


def same(case: Case, calm: Ending) -> int:
    """The end is the same; how many messages were read, each counted once however often it came."""
    messages, twice = ending.published(case.broker, case.prefix)
    found, counts = ending.known(case.database), ending.counts(case.database)
    odd = ending.differences(calm.tables, found) + ending.differences(calm.messages, messages)
    read = sum(n for (_, outcome, _), n in counts.items() if outcome == "read")
    print(
        f"{case.kills} kills, {read} messages read of {sum(calm.sent.topics.values())}, "
        f"{len(messages)} published, {twice} of them again; "
        f"{case.again} messages were not committed at a kill; {len(odd)} differences"
    )
    assert odd[:20] == []
    assert counts.keys() == calm.counts.keys()
    assert all(n >= calm.counts[which] for which, n in counts.items())
    return read


def test_sqlite_under_kills_a_lock_and_a_broker_that_dies(
    undisturbed: Ending, broker: Broker, starter: Start, tmp_path: Path
) -> None:
    also = {0.3: faults.locked(LOCKED_S), 0.6: faults.broker_restart}
    with told("SQLite"), Case(broker, starter, tmp_path, str(tmp_path / "mma.sqlite"), BATCH) as case:
        faults.rough(case, undisturbed.sent.topics, KILLS, np.random.default_rng(1), also)
        same(case, undisturbed)
        assert case.again > 0  # kills fell between the commit to the database and that to the group
        letters_can_be_shown_and_tried_again(case, undisturbed.sent)


def letters_can_be_shown_and_tried_again(case: Case, sent: Storm) -> None:
    """By our own command."""
    command = [
        sys.executable,
        "-m",
        "mma.cli",
        "dead-letters",
        "--json",
        "-c",
        str(case.settings),
        "--db",
        case.database,
    ]
    letters = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    assert {(row["topic"], row["partition"], row["offset"]) for row in letters} == sent.poison
    shown = json.loads(
        subprocess.run([*command, str(letters[0]["id"])], capture_output=True, check=True, timeout=60).stdout
    )
    assert shown["reason"] == letters[0]["reason"]
    again = json.loads(subprocess.run([*command, "--again"], capture_output=True, check=True, timeout=120).stdout)
    print(again if FULL else again["handled"])
    assert again["handled"] + len(again["still"]) == len(sent.poison)
    assert again["handled"] == 0


def test_postgresql_under_kills_and_a_server_that_goes_away(
    undisturbed: Ending, broker: Broker, starter: Start, tmp_path: Path, server: Any
) -> None:
    server.psql("CREATE DATABASE rough")
    also = {0.2: faults.without(server, 1.0), 0.45: faults.read_only(server, "rough", READ_ONLY_S)}
    also |= {0.7: faults.without(server, 0.0)}
    if FULL:
        also |= {0.4: faults.broker_restart, 0.6: faults.broker_restart}
    with told("PostgreSQL"), Case(broker, starter, tmp_path, server.get_uri("rough"), BATCH) as case:
        faults.rough(case, undisturbed.sent.topics, KILLS, np.random.default_rng(2), also)
        read = same(case, undisturbed)
        assert case.again > 0
        assert read == sum(undisturbed.sent.topics.values())  # what came again counts once


@pytest.mark.parametrize("n", [2, 3] if FULL else [3])
def test_several_workers_come_and_go_and_are_as_one(
    undisturbed: Ending, broker: Broker, starter: Start, tmp_path: Path, server: Any, n: int
) -> None:
    server.psql(f"CREATE DATABASE shared{n}")
    with told(f"{n} workers"), Case(broker, starter, tmp_path, server.get_uri(f"shared{n}"), BATCH) as case:
        faults.together(case, undisturbed.sent.topics, [f"w{i}" for i in range(n)])
        same(case, undisturbed)


@pytest.mark.skipif(not FULL, reason="part of make faults; one worker is stopped in test_frozen.py")
@pytest.mark.parametrize("seconds", FROZEN_S)
def test_workers_that_are_stopped_hold_up_nobody_and_wake_as_if_new(
    undisturbed: Ending, broker: Broker, starter: Start, tmp_path: Path, server: Any, seconds: float
) -> None:
    name = f"frozen{seconds:.0f}"
    server.psql(f"CREATE DATABASE {name}")
    random = np.random.default_rng(int(seconds))
    with told(f"frozen for {seconds:g} s"), Case(broker, starter, tmp_path, server.get_uri(name), BATCH) as case:
        longest = faults.frozen(case, undisturbed.sent.topics, ["w0", "w1", "w2"], random, seconds)
        print(f"the others stood still for {longest:.1f} s at most")
        same(case, undisturbed)
        assert longest < STALL_S


@pytest.mark.skipif(not FULL, reason="part of make faults; the power fails once in test_power.py")
def test_what_was_told_survives_power_failures(
    undisturbed: Ending, broker: Broker, starter: Start, tmp_path: Path
) -> None:
    assert is_possible(tmp_path), "needs root, a loop device and ext4"
    disk = Disk(tmp_path / "power", 512)
    disk.up()
    try:
        with told("power"), Case(broker, starter, tmp_path, str(disk.place / "mma.sqlite"), BATCH) as case:
            faults.cut(case, undisturbed.sent.topics, disk, CUTS, np.random.default_rng(4))
            same(case, undisturbed)
    finally:
        disk.down()
