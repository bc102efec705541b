"""Kafka, by confluent-kafka, or by gcn-kafka where the broker is GCN's."""

from __future__ import annotations

import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from . import asking
from .base import Book
from .client import Client, Connection, is_fatal
from .commits import Commits
from .ends import Ends
from .gaps import Gaps
from .heartbeat import Pulse, is_heartbeat
from .kafka_message import as_message, timestamp
from .kafka_settings import READ
from .message import Message
from .remade import Topics
from .there import MISSING, check_topics, waits_for

MAX_BYTES = 16 << 20
"""A message that is larger is set aside unread."""

FULL_BYTES = 96 << 20
"""A batch of so much is full."""

PIECE = 100
"""Messages that are taken out of the client at once."""

GATHER_S = 0.05
"""Once something came, more is waited for so long: a transaction for each message would cost ten times as much."""

REJOIN_S = 10.0
"""A reader that the group has shut out comes back this often at most."""

QUIET: dict[str, Any] = {"error_cb": lambda error: None, "log_level": 0}
"""A client that asks beside the one that reads: what is wrong is told by that one."""


class KafkaSource:
    """Topics of one broker, read as a member of a consumer group."""

    def __init__(
        self,
        name: str,
        config: dict[str, Any],
        topics: Sequence[str],
        group: str,
        *,
        client: Client | None = None,
        admin: Client | None = None,
        worker: str | None = None,
        max_bytes: int = MAX_BYTES,
        heartbeat_limit_s: float = 10.0,
        hears_hearts: bool = False,
        marks: Mapping[str, bytes] | None = None,
        hint: str = "",
    ) -> None:
        """Subscribe. A topic that is not there yet, or not permitted, is a trouble and not an error.

        Parameters
        ----------
        name
            What logs and ``mma status`` call it.
        config
            librdkafka's settings: address, credentials. Never logged.
        topics
            Names. Of those that end in ``.heartbeat`` only the newest time is kept.
        group
            Consumer group: stable, so that a restart goes on where it ended.
        client
            Makes the consumer; confluent-kafka's own where none is given.
        admin
            Makes the client that asks for the ids of topics, likewise.
        worker
            Name of this member that stays over restarts: it gets its partitions back at once.
        max_bytes
            Of one message; a larger one comes without its bytes, and with that fault.
        heartbeat_limit_s
            A heartbeat topic that is silent for longer is a trouble.
        hears_hearts
            Heartbeats are messages like any other.
        marks
            Headers that every message gets, as if its sender had set them.
        hint
            What to do where the broker shuts us out.
        """
        from confluent_kafka import Consumer
        from confluent_kafka.admin import AdminClient

        self.name = self.broker = name
        self.book: Book | None = None
        """Where it is remembered who reads what, and how far."""
        self.topics = tuple(topics)
        self.last_message: float | None = None
        self.last_lag: int | None = None
        self.read = 0
        self._held: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
        self._hears_hearts = hears_hearts
        self._max_bytes = max_bytes
        self._marks = dict(marks or {})
        self._connection = Connection(name, hint)
        self.troubles = self._connection.troubles
        self.pulse = Pulse(self.troubles, heartbeat_limit_s)
        self._commits = Commits(self.troubles)
        self._ends = Ends()
        self.gaps = Gaps(self.troubles)
        self.remade = Topics(lambda: (admin or AdminClient)(config | QUIET))
        own = {"group.id": group, "on_commit": self._commits.answered}
        own |= {"group.instance.id": _member(worker, topics)} if worker else {}
        settings = READ | config | own | self._connection.hears()
        self._make: Callable[[], Any] = lambda: (client or Consumer)(settings)  # no attribute of ours holds secrets
        self._rejoin_due = 0.0
        self._join()

    def _join(self) -> None:
        self._connection.is_lost = False
        self._consumer = self._make()
        self._consumer.subscribe(list(self.topics), on_assign=self._assigned, on_revoke=self._given_back)

    def _rejoin(self) -> None:
        """Come back as a new client, not too often.

        The group has shut the old one out: somebody else came by the same name, or the broker was killed and forgot
        how often we did.
        """
        if time.monotonic() >= self._rejoin_due:
            self._rejoin_due = time.monotonic() + REJOIN_S
            self._commits.forget()
            self._ends.forget()
            self._consumer.close()
            self._join()

    def poll(self, n: int, wait_s: float) -> list[Message]:
        """Up to n messages, or so many as are a full batch; fewer where no more come, none after ``wait_s`` seconds."""
        out: list[Message] = []
        if self._connection.is_lost:
            self._rejoin()
        if self._commits.is_due:
            self._commits.make(self._consumer)
        for some in self._pieces(n, wait_s):
            out += self._taken(some)
        self.gaps.check(self._consumer)
        self._begin_anew(self.remade.changed(self.gaps.reached))
        if not out and self._ends.may_commit and (ends := self._ends.take()):
            self._commits.reach(ends)
            self._commits.make(self._consumer)
        if any(map(self._is_pulse, self.topics)):
            self.pulse.expect({p.topic for p in self._consumer.assignment() if self._is_pulse(p.topic)})
        if out:
            self._ends.may_commit = False
            self.last_message = max(m.timestamp or time.time() for m in out)
            self.read += len(out)
        return out

    def _pieces(self, n: int, wait_s: float) -> Iterator[list[Any]]:
        """What the client has, piece by piece, until it is a full batch or time is over."""
        some = self._consumer.consume(1, wait_s)
        yield some
        deadline, n, size = time.monotonic() + min(wait_s, GATHER_S), n - 1, sum(map(len, some))
        while some and n > 0 and size < FULL_BYTES:
            asked = min(n, PIECE)
            some = self._consumer.consume(asked, max(deadline - time.monotonic(), 0.0))
            yield some
            if len(some) < asked:
                return
            n -= asked
            size += sum(map(len, some))

    def _taken(self, some: Sequence[Any]) -> Iterator[Message]:
        """The messages of what the client gave; complaints and heartbeats are noted."""
        topics = set()
        for got in some:
            error, topic = got.error(), got.topic() or "broker"
            if error is not None and error.name() == "_PARTITION_EOF":
                self._ends.ended((topic, got.partition()), got.offset())
            elif error is not None:
                self._connection.is_lost |= is_fatal(error)
                missing = error.name() in MISSING
                self.troubles.add(topic, waits_for(self._consumer, topic) if missing else error.str())
            elif self._is_pulse(topic):
                self.pulse.beat(topic, timestamp(got))
            else:
                topics.add(topic)
                place = topic, got.partition()
                self.gaps.saw(place, got.offset())
                self._ends.saw(place, got.offset())
                yield as_message(got, self._max_bytes, self._marks, self.broker)
        for topic in topics:
            self.troubles.clear(topic)

    def commit(self, batch: Sequence[Message], *, is_whole: bool = True) -> None:
        """These were handled, stored and published. It is not waited for: what is not committed comes again.

        Parameters
        ----------
        is_whole
            Nothing is left of what was read.
        """
        self._commits.add(batch)
        self._ends.may_commit = is_whole
        self._commits.reach(self._ends.take() if is_whole else {})
        self._commits.make(self._consumer)

    def check_topics(self) -> None:
        """Whether the broker answers and has the topics, at once: what a person waits for."""
        check_topics(self._consumer, self.name, self.topics, self.troubles)

    def hold(self, topics: Sequence[str], about: str) -> None:
        """Read nothing of these topics for now, for some reason."""
        self._held[about] = frozenset(topic for topic in topics if not self._is_pulse(topic))
        self._consumer.pause([p for p in self._consumer.assignment() if p.topic in self._held[about]])

    def release(self, about: str) -> None:
        """Read what was held for a reason, unless it is for another one too."""
        released = self._held.pop(about, frozenset()) - frozenset().union(*self._held.values())
        self._consumer.resume([p for p in self._consumer.assignment() if p.topic in released])

    def ends(self, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        """Topic and partition to the offset after what can be read there now; those without any are left out."""
        return asking.ends(self._consumer, topics)

    def is_behind(self, ends: dict[tuple[str, int], int]) -> bool:
        """Whether any member of the group has yet to read up to these offsets."""
        return asking.is_behind(self._consumer, ends)

    def lag(self) -> int | None:
        """Messages that wait, over the partitions this reader has; None while that is not known."""
        self.last_lag = asking.lag(self._consumer, self._is_pulse, self.gaps.reached)
        return self.last_lag

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _is_pulse(self, topic: str) -> bool:
        """Whether a topic's messages are signs of life alone."""
        return is_heartbeat(topic) and not self._hears_hearts

    def _assigned(self, consumer: Any, partitions: list[Any]) -> None:
        """Old heartbeats tell nothing: those are read from the end. A topic that was made anew is read from its
        beginning."""
        from confluent_kafka import OFFSET_BEGINNING, OFFSET_END

        places = {(p.topic, p.partition) for p in partitions if not self._is_pulse(p.topic)}
        self._commits.forget(places)  # others may have come farther since
        self._ends.forget(places)
        self.gaps.begin(consumer, [p for p in partitions if not self._is_pulse(p.topic)])
        known = self.book.known(self.broker, sorted(places)) if self.book and places else {}
        for place, was in self.remade.begin(places, known).items():
            self._made_anew(consumer, place, was)
            next(p for p in partitions if (p.topic, p.partition) == place).offset = OFFSET_BEGINNING
        for p in partitions:
            if self._is_pulse(p.topic):
                p.offset = OFFSET_END
        consumer.incremental_assign(partitions)
        held = frozenset().union(*self._held.values())
        consumer.pause([p for p in partitions if p.topic in held])

    def _begin_anew(self, places: Mapping[tuple[str, int], int | None]) -> None:
        """Read partitions of a topic that was made anew from their beginning, unless that is done already."""
        from confluent_kafka import OFFSET_BEGINNING, TopicPartition

        skipped = [place for place in places if not self.gaps.went_back(place)]
        if not skipped:
            return
        self._commits.forget(skipped)
        self._ends.forget(skipped)
        for place in skipped:
            self._made_anew(self._consumer, place, places[place])
        self._consumer.incremental_unassign([TopicPartition(*place) for place in skipped])
        self._consumer.incremental_assign([TopicPartition(*place, OFFSET_BEGINNING) for place in skipped])
        held = frozenset().union(*self._held.values())
        self._consumer.pause([TopicPartition(*place) for place in skipped if place[0] in held])

    def _made_anew(self, consumer: Any, place: tuple[str, int], was: int | None) -> None:
        self.gaps.anew(consumer, place, was)
        if self.book is not None:
            self.book.made_anew(self.broker, [place])

    def _given_back(self, consumer: Any, partitions: list[Any]) -> None:
        """Others read these from now on."""
        places = sorted((p.topic, p.partition) for p in partitions if not self._is_pulse(p.topic))
        self.remade.forget(places)
        self._ends.forget(places)
        if self.book is not None:
            self.book.give_back(self.broker, places)


def _member(worker: str, topics: Sequence[str]) -> str:
    """Name of a member. With other topics it is another one: the group would give the old one what it had before."""
    return f"{worker}-{zlib.crc32(','.join(sorted(topics)).encode()):08x}"
