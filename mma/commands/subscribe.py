"""Print a stream of coincidence messages, a line each."""

from __future__ import annotations

import json
import signal
import sys
import time
import uuid
from argparse import Namespace
from threading import Event

from ..answers import remark
from ..errors import OutageError
from ..messages import SIGN, Facts, Filter, StreamFilter, facts, folded
from ..store import clean
from ..streams import KafkaSource, Merged, connect
from ..text import nearest, printable
from .line import line
from .show import settings_of

EVERYTHING = StreamFilter(tests=True)
"""What nobody narrows down: heartbeats, too."""

NOT_OURS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What the messages of strangers bring about: no JSON, other types where ours are, without end."""

PATIENCE_S = 30.0
"""Of ``--until-end`` with a broker that lets us read nothing."""


def subscribe(options: Namespace) -> None:
    """Follow the topics until stopped, or with ``--until-end`` until nothing waits."""
    settings_of(options)
    wanted = Filter(_stream_filter(options))
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


def _stream_filter(options: Namespace) -> StreamFilter:
    """What the options say. Tests are told apart by their topic."""
    return StreamFilter(
        event=options.event,
        probability=options.min_probability,
        messenger=options.messenger,
        kind=options.kind,
        type=options.type,
        tags=frozenset(map(clean, options.tag or ())),
        tests=True,
    )


def _follow(merged: Merged, source: KafkaSource, wanted: Filter, options: Namespace) -> None:
    quiet, start, strange = 0, time.monotonic(), set[str]()
    missing, troubles = Missing(wanted.stream_filter), Troubled(source)
    for batch in merged.batches():
        troubles.say()
        for message in batch:
            if not _print(message.payload, wanted, missing, as_json=options.json) and message.topic not in strange:
                strange.add(message.topic)
                print(f"{message.topic}: not messages of mma", file=sys.stderr)
        merged.commit(batch)
        if not batch and missing.waits and source.lag() == 0:
            missing.say(listening=not options.until_end)
        if not options.until_end:
            continue
        quiet = 0 if batch else quiet + 1
        lag = source.lag()
        if quiet > 6 and lag == 0:
            return
        if lag is None and quiet and time.monotonic() - start > PATIENCE_S:
            told = "; ".join(f"{about}: {text}" for about, text in sorted(source.troubles.now.items()))
            raise OutageError(f"{source.name}: nothing to read: {told or 'no answer'}")


class Troubled:
    """What is the matter with a source, told on the standard error when it begins and when it is over."""

    def __init__(self, source: KafkaSource) -> None:
        self._source = source
        self._told: dict[str, str] = {}

    def say(self) -> None:
        """Tell what changed."""
        now = dict(self._source.troubles.now)
        for about in sorted(now.keys() - self._told.keys()):
            print(printable(f"{self._source.name}: {about}: {now[about]}"), file=sys.stderr)
        for about in sorted(self._told.keys() - now.keys()):
            print(printable(f"{self._source.name}: {about}: over"), file=sys.stderr)
        self._told = now


class Missing:
    """An event or tags that somebody follows and that no message is about (yet): a name may be misspelt."""

    def __init__(self, stream_filter: StreamFilter) -> None:
        self._stream_filter = stream_filter
        self._events: dict[str, str] = {}
        self._known_tags: set[str] = set()
        self._named = stream_filter.event is None
        self.waits = bool(stream_filter.event is not None or stream_filter.tags)
        """Whether something is to be told when all that was there is read."""

    def hear(self, message: Facts) -> None:
        """What a message is about: names as it writes them, and tags."""
        if not self.waits:
            return
        self._named = self._named or self._stream_filter.names(message)
        for name in message.shown:
            self._events.setdefault(folded(name), name)
            self._events.setdefault(folded(SIGN.split(name)[-1]), name)
        self._known_tags |= message.tags
        self.waits = not (self._named and self._stream_filter.tags <= self._known_tags)

    def say(self, *, listening: bool) -> None:
        """Tell it, once."""
        self.waits = False
        event, tags = self._stream_filter.event, sorted(self._stream_filter.tags - self._known_tags)
        remarks = [
            remark(f"no message has the tag {t!r} yet", nearest(t, self._known_tags), listening=listening) for t in tags
        ]
        if event is not None and not self._named:
            near = [self._events[key] for key in nearest(folded(event), self._events)]
            remarks.insert(0, remark(f"no message is about {event!r} yet", near, listening=listening))
        for text in remarks:
            print(printable(text), file=sys.stderr)


def _print(payload: bytes, wanted: Filter, missing: Missing, *, as_json: bool) -> bool:
    """Print what is wanted; whether it is a message of ours."""
    try:
        message = json.loads(payload)
        if not isinstance(message, dict):
            return False
        about = facts(message)
        asks = about.kind == "heartbeat" and wanted.stream_filter != EVERYTHING
        is_ours = about.kind != "message"
        takes = (is_ours or as_json) and not asks and wanted.takes(about)
        text = (json.dumps(message) if as_json else line(message)) if takes else ""
    except NOT_OURS:
        return False
    missing.hear(about)
    if takes:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    return is_ours
