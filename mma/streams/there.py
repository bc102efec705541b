"""Whether a broker is there, and has the topics that somebody wants."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ..errors import ConfigError, OutageError
from ..text import asked, did_you_mean, nearest
from .troubles import Troubles

MAKING_S = 1.5
"""How long a broker may take to make a topic, where it makes them by itself."""

MISSING = ("UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC")
"""What librdkafka calls the error of a topic that is not there."""

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
            words = _for_people(there)
            raise ConfigError(f"{name} has no topic {topic!r} that we may {verb}; {did_you_mean(topic, words)}")


def waits_for(consumer: Any, topic: str) -> str:
    """What is said of a topic that is not there yet, and that is read as soon as it is."""
    from confluent_kafka import KafkaException

    try:
        near = nearest(topic, _for_people(consumer.list_topics(timeout=1.0).topics))
    except KafkaException:
        near = []
    return "there is no such topic yet, it is waited for" + (f"; {asked(near)}" if near else "")


def _for_people(there: Iterable[str]) -> list[str]:
    """Topics that are not the broker's own."""
    return sorted(one for one in there if not one.startswith("__"))


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
