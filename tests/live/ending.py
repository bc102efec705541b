"""What a group ended with: the tables of its database, and its messages as they stand in Kafka."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from typing import Any

from confluent_kafka import Consumer, TopicPartition
from sqlalchemy import Table, select

from mma.cluster.broker import Broker
from mma.store import Store, tables

CLOSE = 1e-9

BY_BATCH: dict[str, set[str]] = {
    "events": {"ranked"},
    "event_revisions": {"received"},
    "candidates": {"scored"},
    "scores": {"scored"},
    "dead_letters": {"id", "received", "traceback"},
    "outbox": {"seq", "payload", "created", "sent", "topic"},
}
"""Columns that tell when, or in which company: when a batch came, and how often there was one."""

KEYS: dict[str, tuple[str, ...]] = {
    "outbox": ("id",),
    "dead_letters": ("topic", "partition", "offset", "part"),
}
"""Where it is not the primary key."""

"""An event is closed by the first batch that lies behind its window as a whole: which one, and whether there is one
before the end, is a matter of batches. So ``expired`` is taken for ``active``; what is matched does not depend on it.
"""

LEFT_OUT = {"sources", "intake", "galaxies", "facts", "deliveries", "stream_places", "handled"}
"""How the workers are; how often messages were read; nothing; how far they were handled."""

OWN = ("rank", "of", "probability")
"""Of a score: what follows from all candidates that stand at the moment."""

Rows = dict[tuple[Any, ...], dict[str, Any]]
Counts = dict[tuple[str, str, str], int]
Messages = dict[tuple[str, str], dict[str, Any]]
"""Topic and id to the message."""


def known(database: str) -> dict[str, Rows]:
    """All tables, row by row, without what differs from run to run."""
    store = Store(database)
    with store.read() as connection:
        out = {name: _rows(connection, t) for name, t in tables.metadata.tables.items() if name not in LEFT_OUT}
    store.close()
    return out


def _rows(connection: Any, table: Table) -> Rows:
    hidden = BY_BATCH.get(table.name, set())
    keys = KEYS.get(table.name) or tuple(column.name for column in table.primary_key)
    columns = [column for column in table.c if column.name not in hidden]
    rows = [dict(row) for row in connection.execute(select(*columns)).mappings()]
    for row in rows:
        if table.name == "events" and row["state"] == "expired":
            row["state"] = "active"
    return {tuple(row[k] for k in keys): row for row in rows}


def counts(database: str) -> Counts:
    """What became of messages, by topic, outcome and reason."""
    store = Store(database)
    with store.read() as connection:
        rows = connection.execute(select(tables.intake)).mappings().all()
    store.close()
    return {(row["source"], row["outcome"], row["reason"]): row["n"] for row in rows}


def differences(a: Any, b: Any, path: str = "") -> list[str]:
    """Where two answers differ; numbers are equal to rounding."""
    if isinstance(a, dict) and isinstance(b, dict):
        odd = [f"{path}: only in one: {key}" for key in a.keys() ^ b.keys()]
        return odd + [text for key in a.keys() & b.keys() for text in differences(a[key], b[key], f"{path}.{key}")]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        pairs = enumerate(zip(a, b, strict=True))
        return [text for i, (x, y) in pairs for text in differences(x, y, f"{path}[{i}]")]
    if isinstance(a, float) and isinstance(b, float):
        return [] if math.isclose(a, b, rel_tol=CLOSE, abs_tol=CLOSE) else [f"{path}: {a} is not {b}"]
    return [] if a == b else [f"{path}: {a!r} is not {b!r}"]


def published(broker: Broker, prefix: str) -> tuple[Messages, int]:
    """Topic and id to the message, and how many came more than once; those say the same each time."""
    out: Messages = {}
    again = 0
    for name in ("candidates", "events", "associations"):
        for value in everything(broker, f"{prefix}.{name}"):
            message = _timeless(json.loads(value))
            where = name, message["id"]
            assert out.setdefault(where, message) == message
            again += 1
    return out, again - len(out)


def _timeless(message: dict[str, Any]) -> dict[str, Any]:
    """A message without when it was issued and what follows from the other candidates at that moment."""
    del message["issued"]
    message.pop("before", None)
    for name in OWN:
        (message.get("score") or {}).pop(name, None)
    return message


def everything(broker: Broker, topic: str) -> list[bytes]:
    """All messages of a topic of one partition."""
    consumer = Consumer({"bootstrap.servers": broker.plain, "group.id": "reader", "enable.auto.commit": False})
    _, end = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=30)
    consumer.assign([TopicPartition(topic, 0, 0)])
    out: list[bytes] = []
    while len(out) < end:
        out += [m.value() for m in consumer.consume(min(1000, end - len(out)), 1.0) if m.error() is None]
    consumer.close()
    return out


def summary(rows: dict[str, Rows]) -> str:
    """Numbers of rows."""
    return ", ".join(f"{len(some)} {name}" for name, some in rows.items() if some)


def by_table(texts: list[str]) -> dict[str, int]:
    """Number of differences by table and column."""
    out: dict[str, int] = defaultdict(int)
    for text in texts:
        out[".".join((text.split(":")[0].split("(")[0] + text.split(":")[0].split(")")[-1]).split(".")[:4])] += 1
    return dict(out)
