"""Whether a broker is there, and has the topics that somebody wants."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from ..errors import ConfigError, OutageError
from ..text import did_you_mean
from .troubles import Troubles

MAKING_S = 1.5
"""How long a broker may take to make a topic, where it makes them by itself."""

PATIENCE_S = 5.0
"""How long a broker that says nothing at all is waited for."""


def check_topics(consumer: Any, name: str, topics: Sequence[str], troubles: Troubles, verb: str = "read") -> None:
    """Ask a broker for topics.

    Raises
    ------
    OutageError
        It does not answer, and why.
    ConfigError
        It has no such topic, with the one that is called much alike.
    """
    there = known(consumer, name, troubles)
    for topic in topics:
        if topic not in there:
            words = sorted(one for one in there if not one.startswith("__"))
            raise ConfigError(f"{name} has no topic {topic!r} that we may {verb}; {did_you_mean(topic, words)}")


def comes_by_itself(producer: Any, name: str, topic: str, troubles: Troubles) -> bool:
    """Whether a topic is there, or the broker makes it once a producer asks for it.

    Raises
    ------
    OutageError
        The broker does not answer, and why.
    """
    from confluent_kafka import KafkaException

    deadline = time.monotonic() + MAKING_S
    while topic not in known(producer, name, troubles):
        if time.monotonic() > deadline:
            return False
        with suppress(KafkaException):
            producer.list_topics(topic, timeout=1.0)
        time.sleep(0.2)
    return True


def known(consumer: Any, name: str, troubles: Troubles) -> Mapping[str, Any]:
    """The broker's topics by their names, as soon as it answers or is known not to."""
    from confluent_kafka import KafkaException

    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            topics: Mapping[str, Any] = consumer.list_topics(timeout=1.0).topics
            return topics
        except KafkaException as error:
            consumer.poll(0.0)  # the reason comes by the callback
            cause = troubles.now.get("token") or troubles.now.get("broker")
            if cause or time.monotonic() > deadline:
                raise OutageError(f"{name} does not answer: {cause or error.args[0].str()}") from error
