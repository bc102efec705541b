"""What a real broker refuses is parked; everything else goes on, and goes out once."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from confluent_kafka.admin import AdminClient

from mma.cli import main
from mma.cluster.broker import Broker
from mma.store import Store, outbox
from tests.live.conftest import Start
from tests.live.doing import gamma_alert, produce, read, topics, troubles, until
from tests.live.ending import everything


def _unsent(database: Path) -> list[dict]:
    store = Store(str(database))
    with store.read() as connection:
        rows = outbox.unsent(connection)
    store.close()
    return rows


def _events(broker: Broker, prefix: str) -> list[str]:
    return [json.loads(value)["event"]["id"] for value in everything(broker, f"{prefix}.events")]


def test_too_large_and_no_topic_hold_up_nobody_and_are_sent_once_it_is_mended(
    broker: Broker, tmp_path: Path, start: Start, capsys
) -> None:
    (topic,) = topics(broker, "gamma")
    prefix, database, settings = f"x{topic[-8:]}", tmp_path / "mma.sqlite", tmp_path / "mma.toml"
    broker.create(f"{prefix}.events", settings={"max.message.bytes": "2500"})
    settings.write_text(f'prefix = "{prefix}"\nheartbeat_s = 0\n')
    names = [f"A{i}" for i in range(12)]
    large = gamma_alert(
        "LARGE", healpix_url=f"https://ctao.org/{os.urandom(8_000).hex()}"
    )  # which no compression helps
    alerts = [gamma_alert(name, ra=10.0 * i, dec=-50.0) for i, name in enumerate(names)]
    produce(broker, topic, [*alerts[:6], large, *alerts[6:]])
    url = f"kafka://{broker.plain}"
    command = ("run", "--from", f"{url}/{topic}", "--group", topic, "--publish", url, "--db", str(database))
    worker = start(tmp_path / "log", *command, "-c", str(settings))
    until(lambda: database.exists() and read(database) == 13, 60)
    until(lambda: len(_events(broker, prefix)) >= 12, 60)
    (row,) = until(lambda: _unsent(database))
    assert (row["key"], row["topic"]) == ("CTAO-LARGE", f"{prefix}.events")
    assert "too large" in row["reason"].lower()
    until(lambda: troubles(database) == {"refused": "1 messages are refused: 'mma outbox list'"}, 20)
    produce(broker, topic, [gamma_alert("LATER", ra=200.0, dec=50.0)])
    until(lambda: "CTAO-LATER" in _events(broker, prefix), 30)
    time.sleep(3.0)
    assert sorted(_events(broker, prefix)) == sorted([*(f"CTAO-{name}" for name in names), "CTAO-LATER"])  # each once

    admin = AdminClient({"bootstrap.servers": broker.plain})
    _allow(admin, f"{prefix}.events")
    assert main(["outbox", "retry", "--db", str(database)]) == 0
    produce(broker, topic, [gamma_alert("LAST", ra=220.0, dec=50.0)])
    until(lambda: "CTAO-LARGE" in _events(broker, prefix), 30)
    until(lambda: troubles(database) == {}, 20)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=15) == 0


def _allow(admin: AdminClient, topic: str) -> None:
    """Take messages of any size."""
    from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

    entry = ConfigEntry("max.message.bytes", "1000000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    for done in admin.incremental_alter_configs([resource]).values():
        done.result(30)


def test_a_topic_that_is_not_there_holds_up_nobody(broker: Broker, tmp_path: Path, start: Start) -> None:
    (topic,) = topics(broker, "gamma")
    prefix, database, settings = f"x{topic[-8:]}", tmp_path / "mma.sqlite", tmp_path / "mma.toml"
    broker.create(f"{prefix}.events")  # and none for tests
    settings.write_text(f'prefix = "{prefix}"\nheartbeat_s = 0\n')
    produce(broker, topic, [gamma_alert("A0"), gamma_alert("T1", alert_tense="test"), gamma_alert("A2", ra=200.0)])
    url = f"kafka://{broker.plain}"
    command = ("run", "--from", f"{url}/{topic}", "--group", topic, "--publish", url, "--db", str(database))
    worker = start(tmp_path / "log", *command, "-c", str(settings))
    until(lambda: sorted(_events(broker, prefix)) == ["CTAO-A0", "CTAO-A2"], 90)
    (row,) = until(lambda: _unsent(database))
    assert row["topic"] == f"{prefix}.events.test"
    until(lambda: _unsent(database)[0]["refused"] is not None, 30)
    begun = time.monotonic()
    produce(broker, topic, [gamma_alert("A3", ra=100.0)])
    until(lambda: "CTAO-A3" in _events(broker, prefix), 15)
    assert time.monotonic() - begun < 15.0
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=15) == 0
