"""Live: follow streams until told to stop."""

from __future__ import annotations

import logging
import os
import signal
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from threading import Event

from ..config import Settings
from ..engine import Engine, Live, Maps, additions, look_seldom, reading, serve, warm_up
from ..errors import ConfigError
from ..messages import topic
from ..sandbox import Room
from ..store import Store
from ..streams import Fetcher, Heart, JsonLinesSink, KafkaSink, KafkaSource, Merged, connect, file_for, urls
from .show import settings_of

log = logging.getLogger("mma")


def run(options: Namespace) -> None:
    """Listen, score, publish; end in order on SIGTERM or Ctrl-C."""
    settings = settings_of(options)
    listen = options.listen or settings.listen
    if not listen:
        raise ConfigError("nothing to listen to: --from kafka://HOST:PORT/TOPIC,TOPIC, or 'listen' in the settings")
    to = options.publish or settings.publish
    _check(listen, to)
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
        merged = Merged(_sources(listen, group, options.worker, settings), settings.batch_size, stop)
        stack.callback(merged.close)
        sink = _sink(stack, to)
        room = reading.room(settings, stop)
        stack.callback(room.close)
        maps = _maps(stack, settings, room)
        engine = Engine(
            store,
            sink,
            parameters=settings.score,
            prefix=settings.prefix,
            locate=maps.locate if maps else None,
            additions=additions(settings),
            room=room,
        )
        heart = _heart(stack, sink, str(to), settings)
        told = (
            f"publishing to {sink.name}"
            if sink
            else "publishing nothing, so no subscriber and no open page hears of what comes"
        )
        log.info("listening to %s as group %s; %s", ", ".join(listen), group, told)
        live = Live(engine, merged, store, sink=sink, heart=heart, maps=maps, keep_nights=settings.keep_nights)
        if settings.api.port is not None:
            _serve(stack, options, settings, live, store)
        if settings.metrics:
            stack.callback(serve(settings.metrics, live, store).shutdown)
        room.start()
        warm_up(settings.score)
        look_seldom()
        live.follow()
    log.info("stopped")


def _check(listen: Sequence[str], to: str | None) -> None:
    """Refuse what is no address before anything is made."""
    for url in listen:
        connect.with_topics(url)
    if to is not None and "://" not in to:
        file_for(to)
    elif to is not None and urls.split(to).topics:
        topics = "the topics are PREFIX.candidates, PREFIX.events and so on, by 'prefix' in the settings"
        raise ConfigError(f"--publish {to}: {topics}; write kafka://HOST:PORT alone")


def _sources(listen: Sequence[str], group: str, worker: str | None, settings: Settings) -> list[KafkaSource]:
    """The streams, each with a name of its own."""
    found, names = [], Counter[str]()
    for i, url in enumerate(listen):
        source = connect.source(
            url,
            group,
            worker=f"{worker}-{i}" if worker else None,  # two members of one name would drive each other out
            max_bytes=int(settings.max_message_mb * 1e6),
            heartbeat_limit_s=settings.heartbeat_limit_s,
        )
        names[source.name] += 1
        if names[source.name] > 1:
            source.name = f"{source.name} ({names[source.name]})"
        found.append(source)
    return found


def _sink(stack: ExitStack, to: str | None) -> KafkaSink | JsonLinesSink | None:
    """Where messages go: a Kafka URL, or a file."""
    if to is None:
        return None
    return connect.sink(to) if "://" in to else stack.enter_context(JsonLinesSink(file_for(to)))


def _heart(stack: ExitStack, sink: KafkaSink | JsonLinesSink | None, to: str, settings: Settings) -> Heart | None:
    """Our heartbeat, where messages go to a broker."""
    if not isinstance(sink, KafkaSink) or not settings.heartbeat_s:
        return None
    heart = connect.heart(sink, to, topic(settings.prefix, "heartbeat", test=False), settings.heartbeat_s)
    stack.callback(heart.close)
    return heart


def _serve(stack: ExitStack, options: Namespace, settings: Settings, live: Live, store: Store) -> None:
    """The REST interface, beside the loop, as a process of its own."""
    from prometheus_client import generate_latest

    from ..api import Child, bound
    from ..engine import registry

    sock = bound(settings.api.host, settings.api.port or 0)
    said = [word for name in ("config", "db") if (value := getattr(options, name)) for word in (f"--{name}", value)]
    child = Child(said, sock, partial(generate_latest, registry(live, store)), live.outages)
    stack.callback(child.shutdown)
    child.begin()
    log.info("the REST interface is at %s", child.url)


def _maps(stack: ExitStack, settings: Settings, room: Room) -> Maps | None:
    """What fetches maps, where that is wanted."""
    if not settings.fetch:
        return None
    maps = Maps(Fetcher(hosts=settings.fetch_hosts).fetch, room=room)
    stack.callback(maps.close)
    return maps
