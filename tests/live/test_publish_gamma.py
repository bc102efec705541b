"""A CTA alert published, renewed and taken back on a real broker, with nothing but what was printed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Consumer

from mma.answers import queries
from mma.cluster.broker import Broker
from mma.engine.engine import Engine
from mma.store import Store
from mma.streams import MemorySource, Message
from tests.live.doing import produce, topics

TRIGGER = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
REGION = ("--ra", "05h34m31.9s", "--dec", "-22d00m52s", "--r68", "0.05")


def publish(folder: Path, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "mma.cli", "publish", "gamma", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def sent(broker: Broker, topic: str, n: int) -> list[Message]:
    """The first messages of a topic, as another client reads them."""
    reader = Consumer({"bootstrap.servers": broker.plain, "group.id": topic, "auto.offset.reset": "earliest"})
    reader.subscribe([topic])
    found = reader.consume(n, 30.0)
    reader.close()
    return [
        Message(payload=m.value(), topic=m.topic(), offset=m.offset(), key=m.key(), headers=dict(m.headers() or ()))
        for m in found
    ]


@pytest.mark.parametrize("form", ["json", "voevent"])
def test_what_was_printed_is_enough_to_renew_and_to_take_back(broker: Broker, tmp_path: Path, form: str):
    """No database: the earlier alert is looked up on the topic, among what is no alert at all."""
    (topic,) = topics(broker, "mma.gamma", partitions=3)
    url = f"kafka://{broker.plain}/{topic}"
    produce(broker, topic, [b"no alert", b'{"a": 1}', b"<xml/>"])
    more = ("--trigger-time", TRIGGER, "--class", "grb_follow_up", "--name", "GRB 260301A")
    code, out, err = publish(tmp_path, *REGION, *more, "--format", form, "--to", url)
    assert code == 0, err
    event = re.fullmatch(rf"published (CTAO-[0-9a-f]{{12}}) to {topic}\n", out)[1]
    code, out, err = publish(tmp_path, "--update", event, *REGION, "--significance", "9", "--format", form, "--to", url)
    assert (code, out) == (0, f"published {event} (update) to {topic}\n"), err
    code, out, err = publish(tmp_path, "--retract", "GRB 260301A", "--format", form, "--to", url)
    assert (code, out) == (0, f"published {event} (retraction) to {topic}\n"), err
    code, _, err = publish(tmp_path, "--retract", "CTAO-0123", "--to", url)
    assert code == 1
    assert f"CTAO-0123: no such alert in the database nor on {topic}, {topic}.test" in err
    code, _, err = publish(tmp_path, "--retract", f"{event}x", "--to", url)
    assert f"{topic}.test; did you mean '{event}'?" in err

    messages = sorted(sent(broker, topic, 6)[-6:], key=lambda m: m.offset)
    ours = [m for m in messages if m.key]
    assert len(ours) == 3
    store = Store(str(tmp_path / "mma.sqlite"))
    Engine(store).run(MemorySource(ours))
    with store.read() as connection:
        (row,) = queries.events(connection)
    store.close()
    assert (row["id"], row["state"], row["kind"], row["revision"]) == (event, "retracted", "grb", 3)


def test_a_test_goes_to_the_topic_of_tests_and_is_taken_back_there(broker: Broker, tmp_path: Path):
    (topic,) = topics(broker, "mma.gamma")
    broker.create(f"{topic}.test")
    url = f"kafka://{broker.plain}/{topic}"
    alert = tmp_path / "alert.json"
    alert.write_text(json.dumps({
        "$schema": "urn:mma:gamma:1", "mission": "CTAO", "id": "7", "alert_type": "initial", "ra": 1, "dec": 2,
        "ra_dec_error": 0.1, "containment_probability": 0.9, "alert_datetime": TRIGGER, "trigger_time": TRIGGER,
    }))  # fmt: skip
    code, out, err = publish(tmp_path, str(alert), "--test", "--to", url)
    assert (code, out) == (0, f"published CTAO-7-test to {topic}.test\n"), err
    code, out, err = publish(tmp_path, "--retract", "CTAO-7", "--to", url)
    assert (code, out) == (0, f"published CTAO-7-test (retraction) to {topic}.test\n"), err
    first, second = sent(broker, f"{topic}.test", 2)
    assert [json.loads(m.payload)["alert_tense"] for m in (first, second)] == ["test", "test"]
    assert first.headers["_test"] == b"true"


def test_a_broker_that_is_away_is_said(tmp_path: Path):
    code, _, err = publish(tmp_path, "--retract", "CTAO-7", "--to", "kafka://127.0.0.1:1/mma.gamma")
    assert code == 1
    assert len(err.strip().splitlines()) == 1
    assert "127.0.0.1:1" in err
    assert "127.0.0.1:1 does not answer: " in err


def test_a_test_and_a_real_alert_of_one_id_are_told_apart_on_the_topic(broker: Broker, tmp_path: Path):
    (topic,) = topics(broker, "mma.gamma")
    broker.create(f"{topic}.test")
    url, more = f"kafka://{broker.plain}/{topic}", ("--trigger-time", TRIGGER)
    first = (*REGION, *more, "--id", "TT4", "--to", url)
    assert publish(tmp_path, *first)[:2] == (0, f"published CTAO-TT4 to {topic}\n")
    code, out, _ = publish(tmp_path, *first, "--test", "--json")
    assert (code, json.loads(out)["event"], json.loads(out)["topic"]) == (0, "CTAO-TT4-test", f"{topic}.test")
    code, _, err = publish(tmp_path, *first)
    assert code == 1
    assert "CTAO-TT4 was published already: --update CTAO-TT4, or another --id; --force sends it all the same" in err
    code, out, err = publish(tmp_path, "--update", "CTAO-TT4-test", *REGION, "--to", url)
    assert (code, out) == (0, f"published CTAO-TT4-test (update) to {topic}.test\n"), err
    code, out, err = publish(tmp_path, "--retract", "CTAO-TT4-test", "--to", url)
    assert (code, out) == (0, f"published CTAO-TT4-test (retraction) to {topic}.test\n"), err
    code, _, err = publish(tmp_path, "--retract", "TT4", "--test", "--to", url)
    assert code == 1
    assert "CTAO-TT4-test is retracted already; --force sends it all the same" in err
    assert publish(tmp_path, "--retract", "CTAO-TT4", "--to", url)[1] == f"published CTAO-TT4 (retraction) to {topic}\n"


def test_a_topic_that_is_not_there_is_told_at_once(broker: Broker, tmp_path: Path):
    (topic,) = topics(broker, "mma.gamma")
    start = time.monotonic()
    code, _, err = publish(tmp_path, *REGION, "--trigger-time", TRIGGER, "--to", f"kafka://{broker.plain}/{topic}x")
    assert code == 1
    assert f"{broker.plain} has no topic '{topic}x' that we may write; did you mean '{topic}'?" in err
    assert time.monotonic() - start < 15.0


def test_a_broker_that_makes_topics_by_itself_gets_the_alert(tmp_path: Path):
    node = Broker(tmp_path / "kafka")
    node.format()
    settings = node.folder / "server.properties"
    settings.write_text(settings.read_text().replace("topics.enable=false", "topics.enable=true"))
    node.start()
    try:
        url = f"kafka://{node.plain}/mma.gamma"
        code, out, err = publish(tmp_path, *REGION, "--trigger-time", TRIGGER, "--id", "7", "--to", url)
        assert (code, out) == (0, "published CTAO-7 to mma.gamma\n"), err
    finally:
        node.kill()
