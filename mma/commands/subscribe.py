"""Print a stream of coincidence messages, a line each."""

from __future__ import annotations

import json
import signal
import sys
import uuid
from argparse import Namespace
from threading import Event
from typing import Any

from ..errors import ConfigError
from ..streams import urls
from ..streams.kafka import KafkaSource, Merged


def subscribe(options: Namespace) -> None:
    """Follow the topics until stopped, or with ``--until-end`` until nothing waits."""
    _, host, _, topics = urls.split(options.url)
    if not topics:
        raise ConfigError(f"{options.url} names no topic: kafka://HOST:PORT/mma.candidates")
    source = KafkaSource(host, urls.config(options.url), topics, options.group or f"mma-subscribe-{uuid.uuid4()}")
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    merged = Merged([source], batch_size=100, stop=stop, wait_s=0.5)
    quiet = 0
    for batch in merged.batches():
        for message in batch:
            _print(message.payload, options)
        merged.commit(batch)
        quiet = 0 if batch else quiet + 1
        if options.until_end and quiet > 6 and source.lag() == 0:
            break
    merged.close()


def _print(payload: bytes, options: Namespace) -> None:
    try:
        message = json.loads(payload)
    except ValueError:
        return
    if wanted(message, options.event, options.min_probability):
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def wanted(message: dict[str, Any], event: str | None, min_probability: float | None) -> bool:
    """Whether a message is about this event and is probable enough; a withdrawal always is."""
    if event is not None and event not in (message.get("event", {}).get("id"), *message.get("events", ())):
        return False
    score = message.get("score")
    return min_probability is None or score is None or score["probability"] >= min_probability
