"""Tables of what is read where, what became of it, and what holds for the whole database."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from .columns import Double, Json, Serial, metadata

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("source", String, nullable=False),  # broker; "" for files
    Column("topic", String, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("part", Integer, nullable=False),  # of several faults in one message: which
    Column("name", String),
    Column("reason", Text, nullable=False),
    Column("traceback", Text),
    Column("payload", LargeBinary, nullable=False),
    Column("key", LargeBinary),
    Column("headers", Json),  # name to value, read as Latin-1, NUL as its symbol
    Column("timestamp", Double),
    Column("received", Double, nullable=False),
    UniqueConstraint("source", "topic", "partition", "offset", "part", name="dead_letters_place"),
)

sources = Table(
    "sources",
    metadata,
    Column("worker", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("topics", Json, nullable=False),
    Column("messages", BigInteger, nullable=False),
    Column("lag", BigInteger),
    Column("last_message", Double),
    Column("last_heartbeat", Double),
    Column("troubles", Json, nullable=False),  # what is wrong now, by topic or "broker"
    Column("told", Double, nullable=False),
)

intake = Table(
    "intake",
    metadata,
    Column("source", String, primary_key=True),
    Column("outcome", String, primary_key=True),  # read, decoded, set_aside, ignored
    Column("reason", String, primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("last", Double),
)

deliveries = Table(  # partitions that a worker reads, and what it was reading when it ended
    "deliveries",
    metadata,
    Column("source", String, primary_key=True),
    Column("topic", String, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("worker", String),  # who reads it; NULL: it was given back in order
    Column("first", BigInteger),  # offsets of what is read with care now
    Column("last", BigInteger),
    Column("suspect", BigInteger),  # offset of the message that ended a worker while it was read alone
    Column("deaths", Integer, nullable=False, server_default="0"),  # how many workers that was
)

stream_places = Table(  # how far partitions are read; a topic that was deleted and made again has another id
    "stream_places",
    metadata,
    Column("source", String, primary_key=True),
    Column("topic", String, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("topic_id", String, nullable=False),
    Column("next", BigInteger),  # offset of the message that comes next, some seconds ago; NULL: not known
)

facts = Table(
    "facts",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

handled = Table(  # offsets below ``upto`` were handled and counted
    "handled",
    metadata,
    Column("source", String, primary_key=True),
    Column("topic", String, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("upto", BigInteger, nullable=False),
    Column("newest", Double, nullable=False),  # timestamp of the newest of them, Unix seconds
)
