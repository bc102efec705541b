"""Draft."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mma.simulate.broker import Broker
from tests.live import ending, storm
from tests.live.conftest import Start
from tests.live.faults import Case, broker_restart, calm, locked, rough, without
from tests.live.storm import Storm

FULL = bool(os.environ.get("MMA_FAULTS"))
N_ALERTS = 20_000 if FULL else 2_000
KILLS = {"early": 10, "alerts": 80, "late": 10} if FULL else {"early": 1, "alerts": 5, "late": 2}
SMALL, USUAL = 25, 500


@dataclass(frozen=True)
class Calm:
    sent: Storm
    tables: dict[str, ending.Rows]
    messages: dict[tuple[str, str], dict[str, Any]]
    counts: dict[tuple[str, str, str], int]

    @property
    def topics(self) -> dict[str, int]:
        return {t: self.sent.n[t] for t in (self.sent.early, self.sent.alerts, self.sent.late)}


@pytest.fixture(scope="module")
def undisturbed(broker: Broker, tmp_path_factory: pytest.TempPathFactory, starter: Start) -> Calm:
    folder = tmp_path_factory.mktemp("calm")
    began = time.monotonic()
    sent = storm.send(broker, folder / "night", N_ALERTS, seed=5)
    print(f"sent {sent.n}, {len(sent.poison)} poison, {time.monotonic() - began:.1f} s")
    case = Case(broker, starter, folder, str(folder / "mma.sqlite"), USUAL)
    calm(case, {t: sent.n[t] for t in (sent.early, sent.alerts, sent.late)})
    messages, twice = ending.published(broker, case.prefix)
    assert twice == 0
    found = ending.known(case.database)
    print(f"calm: {time.monotonic() - began:.1f} s; {ending.summary(found)}")
    case.close()
    return Calm(sent, found, messages, ending.counts(case.database))


def compare(case: Case, calm: Calm) -> None:
    messages, twice = ending.published(case.broker, case.prefix)
    found = ending.known(case.database)
    texts = ending.differences(calm.tables, found)
    print(f"kills {case.kills}, again {case.again}, published twice {twice}")
    print(len(texts), ending.by_table(texts))
    for t in texts[:30]:
        print("  ", t[:300])
    told = ending.differences(calm.messages, messages)
    print(len(told), "messages differ of", len(messages))
    for t in told[:30]:
        print("  ", t[:300])
    counts = ending.counts(case.database)
    read = sum(n for (_, o, _), n in counts.items() if o == "read")
    print("read", read, "of", sum(calm.sent.n.values()), "again", case.again)
    assert not texts
    assert not told


def test_sqlite(undisturbed: Calm, broker: Broker, starter: Start, tmp_path: Path) -> None:
    case = Case(broker, starter, tmp_path, str(tmp_path / "mma.sqlite"), SMALL)
    began = time.monotonic()
    kills = dict(zip(undisturbed.topics, KILLS.values(), strict=True))
    rough(case, undisturbed.topics, kills, np.random.default_rng(1), {0.4: locked(3.0), 0.7: broker_restart})
    print(f"rough: {time.monotonic() - began:.1f} s")
    compare(case, undisturbed)
    case.close()


def test_postgres(undisturbed: Calm, broker: Broker, starter: Start, tmp_path: Path, server: Any) -> None:
    server.psql("CREATE DATABASE rough")
    url = str(server.get_uri()).replace("/postgres?", "/rough?")
    case = Case(broker, starter, tmp_path, url, SMALL)
    began = time.monotonic()
    kills = dict(zip(undisturbed.topics, KILLS.values(), strict=True))
    rough(case, undisturbed.topics, kills, np.random.default_rng(2), {0.5: without(server, 1.0)})
    print(f"rough: {time.monotonic() - began:.1f} s")
    compare(case, undisturbed)
    case.close()
