"""Live: follow streams until told to stop."""

from __future__ import annotations

import logging
import os
import signal
import time
from argparse import Namespace
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Event

from ..engine import Engine
from ..errors import ConfigError, OutageError
from ..store import Store, sources
from ..streams import JsonLinesSink, Sink, urls
from ..streams.kafka import KafkaSink, KafkaSource, Merged
from .show import settings_of

log = logging.getLogger("mma")

SAY_S = 5.0
"""The store is told how the sources are this often."""

LONGEST_WAIT_S = 30.0


def run(options: Namespace) -> None:
    """Listen, score, publish; end in order on SIGTERM or Ctrl-C."""
    settings = settings_of(options)
    listen = options.listen or settings.listen
    if not listen:
        raise ConfigError("nothing to listen to: --from kafka://HOST:PORT/TOPIC,TOPIC, or 'listen' in the settings")
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if settings.lsst_schemas:
        os.environ["MMA_LSST_SCHEMAS"] = settings.lsst_schemas
    logging.getLogger("mma").setLevel(logging.INFO)
    with ExitStack() as stack:
        store = Store(settings.database)
        stack.callback(store.close)
        group = options.group or settings.group
        merged = Merged([_source(url, group) for url in listen], settings.batch_size, stop)
        stack.callback(merged.close)
        sink = _sink(stack, options.publish or settings.publish)
        engine = Engine(store, sink, parameters=settings.score, prefix=settings.prefix)
        log.info("listening to %s as group %s", ", ".join(listen), group)
        follow(engine, merged, store)
    log.info("stopped")


def _source(url: str, group: str) -> KafkaSource:
    _, host, _, topics = urls.split(url)
    if not topics:
        raise ConfigError(f"stream {url!r} names no topic")
    return KafkaSource(host, urls.config(url), topics, group)


def _sink(stack: ExitStack, to: str | None) -> Sink | None:
    """Where messages go: a Kafka URL, or a file."""
    if to is None:
        return None
    if "://" in to:
        return KafkaSink(urls.split(to)[1], urls.config(to))
    return stack.enter_context(JsonLinesSink(Path(to)))


def follow(engine: Engine, merged: Merged, store: Store) -> None:
    """Handle batches until the sources end. An outage is waited out: the same batch is tried again, and again."""
    said = -SAY_S
    _kept(merged, engine.publish)
    for batch in merged.batches():
        if batch and _kept(merged, partial(engine.handle, batch)) and _kept(merged, engine.publish):
            merged.commit(batch)
        if time.monotonic() - said > SAY_S:
            said = time.monotonic()
            _tell(store, merged)
    _tell(store, merged)


def _kept(merged: Merged, work: Callable[[], None]) -> bool:
    """Do the work, again and again while there is an outage; False where the end was asked for meanwhile."""
    wait = 1.0
    while True:
        try:
            work()
            return True
        except OutageError as error:
            log.warning("outage: %s; again in %.0f s", error, wait)
            if merged.stop.wait(wait):
                return False
            wait = min(2.0 * wait, LONGEST_WAIT_S)


def _tell(store: Store, merged: Merged) -> None:
    """Write how the sources are, for ``mma status``."""
    try:
        with store.begin() as connection:
            for source in merged.sources:
                sources.save(
                    connection,
                    source.name,
                    topics=source.topics,
                    read=source.read,
                    lag=source.lag(),
                    last_message=source.last_message,
                    troubles=source.troubles.now,
                    now=time.time(),
                )
    except OutageError as error:
        log.warning("outage: %s", error)
