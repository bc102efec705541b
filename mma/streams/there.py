"""Whether a broker is there, and has the topics that somebody wants."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Any

from ..errors import ConfigError, OutageError
from ..nearest import did_you_mean
from .troubles import Troubles

PATIENCE_S = 5.0
"""How long a broker that says nothing at all is waited for."""


def check_topics(consumer: Any, name: str, topics: Sequence[str], troubles: Troubles) -> None:
    """Ask a broker for topics.

    Raises
    ------
    OutageError
        It does not answer, and why.
    ConfigError
        It has no such topic, with the one that is called much alike.
    """
    there = _topics(consumer, name, troubles)
    for topic in topics:
        if topic not in there:
            known = sorted(one for one in there if not one.startswith("__"))
            raise ConfigError(f"{name} has no topic {topic!r} that we may read; {did_you_mean(topic, known)}")


def _topics(consumer: Any, name: str, troubles: Troubles) -> Collection[str]:
    """Names of the broker's topics, as soon as it answers or is known not to."""
    from confluent_kafka import KafkaException

    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            topics: Collection[str] = consumer.list_topics(timeout=1.0).topics
            return topics
        except KafkaException as error:
            consumer.poll(0.0)  # the reason comes by the callback
            cause = troubles.now.get("token") or troubles.now.get("broker")
            if cause or time.monotonic() > deadline:
                raise OutageError(f"{name} does not answer: {cause or error.args[0].str()}") from error
