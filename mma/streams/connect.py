"""Streams opened by their URLs: GCN's with its own client, all others with confluent-kafka."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import ConfigError
from . import urls
from .client import Client, Connection
from .heartbeat import BESIDE, Heart
from .kafka import MAX_BYTES, KafkaSource
from .kafka_sink import WRITE, KafkaSink
from .message import Message
from .to_end import ALONE as READ_ONCE
from .to_end import read as read_to_end

REHEARSING = re.compile(r"(^|\.)(test|dev)\.gcn\.nasa\.gov$", re.IGNORECASE)
"""Hosts of GCN that carry rehearsals alone."""


def source(
    url: str,
    group: str,
    *,
    worker: str | None = None,
    max_bytes: int = MAX_BYTES,
    heartbeat_limit_s: float = 10.0,
    hears_hearts: bool = False,
) -> KafkaSource:
    """Read the topics that a URL names; heartbeats as messages where they are to be heard."""
    address = with_topics(url)
    with _told(address):
        return KafkaSource(
            address.name,
            urls.config(address),
            address.topics,
            group,
            client=_consumer(address),
            admin=_admin(address),
            worker=worker,
            max_bytes=max_bytes,
            heartbeat_limit_s=heartbeat_limit_s,
            hears_hearts=hears_hearts,
            marks={"_test": b"true"} if REHEARSING.search(address.host) else None,
            hint=urls.hint(address),
        )


def with_topics(url: str) -> urls.Address:
    """A URL that names topics, taken apart."""
    address = urls.split(url)
    if not address.topics:
        raise ConfigError(f"{url} names no topic: write {address.scheme}://{address.name}/TOPIC,TOPIC")
    return address


def to_end(url: str, topics: Sequence[str], within_s: float) -> Iterator[Message]:
    """Messages of topics of the broker of a URL, from the beginning to where they end now.

    Raises
    ------
    OutageError
        The broker does not answer, or the time in seconds is not enough.
    """
    address = urls.split(url)
    connection = Connection(address.name, urls.hint(address))
    with _told(address):
        consumer = _consumer(address)(READ_ONCE | urls.config(address) | connection.hears())
    return read_to_end(consumer, topics, within_s, connection.troubles)


def sink(url: str) -> KafkaSink:
    """Write to the broker of a URL."""
    address = urls.split(url)
    with _told(address):
        return KafkaSink(address.name, urls.config(address), client=_producer(address), hint=urls.hint(address))


def heart(beside: KafkaSink, url: str, topic: str, every_s: float) -> Heart:
    """Our own heartbeat to the broker of a sink, by a connection of its own, so that no message waits for it."""
    address = urls.split(url)
    quiet: dict[str, Any] = {"error_cb": lambda error: None}  # the sink hears the same
    producer = _producer(address)(WRITE | urls.config(address) | BESIDE | quiet)
    return Heart(producer, topic, beside.troubles, every_s)


def _consumer(address: urls.Address) -> Client:
    import confluent_kafka
    import gcn_kafka

    return gcn_kafka.Consumer if address.scheme == "gcn" else confluent_kafka.Consumer


def _admin(address: urls.Address) -> Client:
    import confluent_kafka.admin
    import gcn_kafka

    return gcn_kafka.AdminClient if address.scheme == "gcn" else confluent_kafka.admin.AdminClient


def _producer(address: urls.Address) -> Client:
    import confluent_kafka
    import gcn_kafka

    return gcn_kafka.Producer if address.scheme == "gcn" else confluent_kafka.Producer


@contextmanager
def _told(address: urls.Address) -> Iterator[None]:
    """What librdkafka refuses to begin with, such as a CA file that is none, is a setting that cannot be."""
    from confluent_kafka import KafkaException

    try:
        yield
    except KafkaException as error:
        raise ConfigError(f"stream of {address.name}: {error.args[0].str()}") from error
