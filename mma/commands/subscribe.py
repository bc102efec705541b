"""Print a stream of coincidence messages, a line each."""

from __future__ import annotations

import json
import signal
import sys
import time
import uuid
from argparse import Namespace
from collections.abc import Sequence
from threading import Event
from typing import Any

from ..errors import OutageError
from ..store.tags import clean
from ..streams import connect
from ..streams.kafka import KafkaSource
from ..streams.merged import Merged
from .show import settings_of

PATIENCE_S = 30.0
"""Of ``--until-end`` with a broker that lets us read nothing."""


def subscribe(options: Namespace) -> None:
    """Follow the topics until stopped, or with ``--until-end`` until nothing waits."""
    settings_of(options)
    options.tag = [clean(tag) for tag in options.tag or ()]
    source = connect.source(options.url, options.group or f"mma-subscribe-{uuid.uuid4()}")
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    merged = Merged([source], batch_size=100, stop=stop, wait_s=0.5)
    try:
        _follow(merged, source, options)
    finally:
        merged.close()


def _follow(merged: Merged, source: KafkaSource, options: Namespace) -> None:
    quiet, start = 0, time.monotonic()
    for batch in merged.batches():
        for message in batch:
            _print(message.payload, options)
        merged.commit(batch)
        if not options.until_end:
            continue
        quiet = 0 if batch else quiet + 1
        lag = source.lag()
        if quiet > 6 and lag == 0:
            return
        if lag is None and quiet and time.monotonic() - start > PATIENCE_S:
            told = "; ".join(f"{about}: {text}" for about, text in sorted(source.troubles.now.items()))
            raise OutageError(f"{source.name}: nothing to read: {told or 'no answer'}")


def _print(payload: bytes, options: Namespace) -> None:
    try:
        message = json.loads(payload)
    except ValueError:
        return
    if wanted(message, options.event, options.min_probability, options.tag):
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def wanted(
    message: dict[str, Any], event: str | None, min_probability: float | None, tags: Sequence[str] | None = None
) -> bool:
    """Whether a message is about this event, probable enough and tagged so; a withdrawal is always probable enough.

    Parameters
    ----------
    tags
        Any of them will do, also one that is just taken off.
    """
    if event is not None and event not in (message.get("event", {}).get("id"), *message.get("events", ())):
        return False
    its = {*message.get("tags", ()), *message.get("untagged", ())}
    if tags and its.isdisjoint(tags):
        return False
    score = message.get("score")
    return min_probability is None or score is None or score["probability"] >= min_probability
