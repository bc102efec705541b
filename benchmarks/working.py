"""A worker under measurement, and what it is given to do."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import psutil

from mma.cluster.broker import USER, Broker
from mma.notices.gamma.schema import SCHEMA_ID
from mma.simulate.packets import ztf_packet
from mma.store import Store, message_log, outbox
from mma.streams.kafka_settings import READ
from skymaps.units import DAY_S

PREFIX = "mma"
LIMIT_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """An ``mma run`` and its database."""

    process: psutil.Process
    store: Store

    def handled(self) -> int:
        """Messages so far."""
        with self.store.read() as connection:
            return sum(r["n"] for r in message_log.totals(connection) if r["outcome"] == "read")

    def cpu_s(self) -> float:
        """CPU seconds so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def is_done(self, n: int) -> bool:
        """Whether so many are handled, and nothing waits to be published."""
        if self.handled() < n:
            return False
        with self.store.read() as connection:
            return outbox.is_empty(connection)


@contextmanager
def worker(broker: Broker, folder: Path, store: Store, topics: list[str], user: str = "") -> Iterator[Worker]:
    """One ``mma run`` on its own, ended in order; a line on the standard error where it fails."""
    host = f"{user}@{broker.scram}" if user else broker.plain
    command = [
        *(sys.executable, "-m", "mma.cli", "run", "--db", store.url, "--group", uuid.uuid4().hex),
        *("--from", f"kafka://{host}/{','.join(topics)}", "--publish", f"kafka://{host}"),
    ]
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield Worker(process=psutil.Process(process.pid), store=store)
    finally:
        process.send_signal(signal.SIGTERM)
        if process.wait(timeout=30):
            print((folder / "worker.log").read_text()[-2000:], file=sys.stderr)


def until(condition: Callable[[], bool], pause_s: float = 0.02) -> float:
    """Wait for something; when it was so."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"benchmark: nothing came of it in {LIMIT_S:.0f} s")
        time.sleep(pause_s)
    return time.monotonic()


def produce(broker: Broker, topic: str, values: Iterator[bytes], **settings: Any) -> None:
    """Write messages to a new topic, and wait until the broker has them."""
    from confluent_kafka import Producer

    broker.create(topic)
    producer = Producer({"bootstrap.servers": broker.plain, "linger.ms": 50, "log_level": 0, **settings})
    for value in values:
        while len(producer) > 2000:
            producer.poll(0.05)
        producer.produce(topic, value)
    if producer.flush(60):
        raise SystemExit("benchmark: the broker does not take the messages")


def bare(broker: Broker, topic: str, n: int, warm_up: int) -> tuple[float, float]:
    """Messages a second that confluent-kafka polls with our settings, the first ones left out; CPU seconds of each."""
    from confluent_kafka import Consumer

    consumer = Consumer(READ | {"bootstrap.servers": broker.plain, "group.id": uuid.uuid4().hex})
    consumer.subscribe([topic])
    got, warm, begun, busy = 0, 0, 0.0, 0.0
    while got < n:
        got += sum(m.error() is None for m in consumer.consume(500, 1.0))
        if not warm and got >= warm_up:
            warm, begun, busy = got, time.monotonic(), time.process_time()
    took, busy = time.monotonic() - begun, time.process_time() - busy
    consumer.close()
    return (n - warm) / took, busy / (n - warm)


def subscribe(broker: Broker, seen: dict[str, tuple[float, str]], stop: Event) -> None:
    """Note when the first candidate of each event is read, and its object."""
    from confluent_kafka import Consumer

    consumer = Consumer(READ | {"bootstrap.servers": broker.plain, "group.id": uuid.uuid4().hex})
    consumer.subscribe([f"{PREFIX}.candidates"])
    while not stop.is_set():
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            document = json.loads(message.value() or b"")
            seen.setdefault(document["event"]["id"], (time.monotonic(), document["object"]["id"]))
    consumer.close()


def credentials(broker: Broker, folder: Path) -> Path:
    """hop's store with the credential of our broker."""
    place = folder / "hop" / "auth.toml"
    place.parent.mkdir()
    place.touch(0o600)
    words = {"username": USER, "password": broker.password, "hostname": broker.scram}
    words |= {"protocol": "SASL_PLAINTEXT", "mechanism": "SCRAM-SHA-512"}
    place.write_text("[[auth]]\n" + "".join(f'{name} = "{value}"\n' for name, value in words.items()))
    return folder


def cta(name: str, ra: float, dec: float, when: float, r68: float) -> dict[str, Any]:
    """A CTA alert, issued now."""
    told = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    trigger = datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "$schema": SCHEMA_ID, "mission": "CTAO", "id": name, "alert_type": "initial", "alert_tense": "current",
        "alert_datetime": told, "trigger_time": trigger, "ra": float(ra), "dec": float(dec),
        "ra_dec_error": r68, "containment_probability": 0.68, "significance": 7.0,
    }  # fmt: skip


def name_of(i: int) -> str:
    """Survey's id of the object of a number."""
    return f"ZTF26{i:07d}"


def ztf(i: int, when: float, ra: float, dec: float) -> bytes:
    """A first detection."""
    return ztf_packet(
        object_id=name_of(i), candid=10**15 + i, jd=when / DAY_S + 2440587.5, ra=float(ra), dec=float(dec),
        magpsf=18.5, sigmapsf=0.1, fid=2, drb=0.9,
    )  # fmt: skip
