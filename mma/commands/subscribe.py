"""Print a stream of coincidence messages, a line each."""

from __future__ import annotations

import json
import signal
import sys
import time
import uuid
from argparse import Namespace
from threading import Event

from ..errors import OutageError
from ..publish.wish import Filter, Wish, facts, folded
from ..store.tags import clean
from ..streams import connect
from ..streams.kafka import KafkaSource
from ..streams.merged import Merged
from .line import line
from .show import settings_of

EVERYTHING = Wish(tests=True)
"""What nobody narrows down: heartbeats, too."""

PATIENCE_S = 30.0
"""Of ``--until-end`` with a broker that lets us read nothing."""


def subscribe(options: Namespace) -> None:
    """Follow the topics until stopped, or with ``--until-end`` until nothing waits."""
    settings_of(options)
    wanted = Filter(_wish(options))
    source = connect.source(options.url, options.group or f"mma-subscribe-{uuid.uuid4()}", hears_hearts=True)
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    merged = Merged([source], batch_size=100, stop=stop, wait_s=0.5)
    try:
        source.check_topics()
        _follow(merged, source, wanted, options)
    finally:
        merged.close()


def _wish(options: Namespace) -> Wish:
    """What the options say. Tests are told apart by their topic."""
    return Wish(
        events=frozenset() if options.event is None else frozenset({folded(options.event)}),
        probability=options.min_probability,
        type=options.type,
        tags=frozenset(map(clean, options.tag or ())),
        tests=True,
    )


def _follow(merged: Merged, source: KafkaSource, wanted: Filter, options: Namespace) -> None:
    quiet, start, strange = 0, time.monotonic(), set[str]()
    for batch in merged.batches():
        for message in batch:
            if not _print(message.payload, wanted, as_json=options.json) and message.topic not in strange:
                strange.add(message.topic)
                print(f"{message.topic}: not messages of mma", file=sys.stderr)
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


def _print(payload: bytes, wanted: Filter, *, as_json: bool) -> bool:
    """Print what is wanted; whether it is a message of ours."""
    try:
        message = json.loads(payload)
    except ValueError:
        return False
    if not isinstance(message, dict):
        return False
    about = facts(message)
    is_ours = about.kind != "message"
    asks = about.kind == "heartbeat" and wanted.wish != EVERYTHING
    if (is_ours or as_json) and not asks and wanted.takes(about):
        sys.stdout.write((json.dumps(message) if as_json else line(message)) + "\n")
        sys.stdout.flush()
    return is_ours
