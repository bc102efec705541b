"""The live loop: batches from streams into the engine, outages waited out, and word of how it goes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from sqlalchemy import Connection

from ..errors import OutageError, TrippingError, UnfinishedError
from ..messages import heartbeat_message
from ..store import Store, deliveries, outbox, sources
from ..streams import CatchUp, Heart, JsonLinesSink, KafkaSink, Merged, Message, Troubles
from .deliveries import Deliveries, Part
from .engine import Engine
from .learning import Nightly, learn_again
from .maps import Maps
from .pruning import Pruning
from .topics import tells_events

log = logging.getLogger(__name__)

SAY_S = 5.0
"""The store is told how the sources are this often."""

PUBLISH_S = 1.0
"""What others put into the outbox while no message comes is published this soon."""

LONGEST_WAIT_S = 30.0


class Live:
    """One worker that follows streams until it is told to stop."""

    def __init__(
        self,
        engine: Engine,
        merged: Merged,
        store: Store,
        *,
        sink: KafkaSink | JsonLinesSink | None = None,
        heart: Heart | None = None,
        maps: Maps | None = None,
        keep_nights: float = 0.0,
    ) -> None:
        self.engine = engine
        self.merged = merged
        self.store = store
        self.sink = sink
        self.heart = heart
        self.maps = maps
        self.outages = Troubles("worker")
        self.n_batches = 0
        self.busy_s = 0.0
        """Time spent on handling batches."""
        self._deliveries = Deliveries(store, merged.batch_size)
        for source in merged.sources:
            source.book = self._deliveries
        self._catch_up = CatchUp(merged.sources, tells_events)
        self._pruning = Pruning(store, keep_nights, self.outages)
        self._nightly = Nightly()
        self._said = self._published = -SAY_S

    @property
    def events_active(self) -> int:
        """Events that alerts are matched with."""
        return len(self.engine.active.searching)

    def follow(self) -> None:
        """Handle batches until the sources end. An outage is waited out: the same batch is tried again, and again."""
        self._kept(self.engine.publish)
        for batch in self.merged.batches():
            if batch:
                self._take(batch)
            elif time.monotonic() - self._published > PUBLISH_S:  # a tag, a verdict, an event by hand
                self._published = time.monotonic()
                self._kept(self.engine.publish)
            self._catch_up.step()
            self._take_maps()
            self._pruning.step()
            if self._nightly.is_due():
                self._kept(self._learn)
            self._tell()
        self._deliveries.release()
        self._tell(at_once=True)

    def _learn(self) -> None:
        learn_again(self.engine, time.time())

    def _take(self, batch: list[Message]) -> None:
        """Handle, publish and commit; what is left, of a source that trips us or takes long, is put back."""
        begun = time.monotonic()
        unfinished: UnfinishedError | None = None
        try:
            done = self._handled(batch)
        except UnfinishedError as error:
            done, unfinished = True, error
        done = done and self._kept(self.engine.publish)
        self.busy_s += time.monotonic() - begun
        self.n_batches += 1
        if done and unfinished is None:
            self.merged.commit(batch)
        elif done and unfinished is not None:
            rest = [message for message in unfinished.rest if isinstance(message, Message)]
            left = {message.place for message in rest}
            why = str(unfinished) if isinstance(unfinished, TrippingError) else None
            self.merged.put_back([message for message in batch if message.place not in left], rest, why)
            self._tell(at_once=why is not None)

    def _handled(self, batch: list[Message]) -> bool:
        """Whether a batch was handled; False where the end was asked for meanwhile."""
        if not self._kept(partial(self._deliveries.claim, batch)):
            return False
        parts = list(self._deliveries.parts(batch))
        for i, part in enumerate(parts):
            try:
                done = self._kept(partial(self._read, part))
            except UnfinishedError as error:
                self._kept(partial(self._deliveries.end, part, len(error.rest)))
                error.rest = [*error.rest, *(message for later in parts[i + 1 :] for message in later.messages)]
                raise
            if not done or not self._kept(partial(self._deliveries.end, part)):
                return False
        return True

    def _read(self, part: Part) -> None:
        """Handle a part; while an outage lasts nothing is in our hands."""
        self._deliveries.begin(part)
        try:
            self.engine.handle(part.messages)
        except OutageError:
            self._deliveries.pause(part)
            raise

    def _kept(self, work: Callable[[], None]) -> bool:
        """Do the work, again and again while there is an outage; False where the end was asked for meanwhile."""
        wait = 1.0
        while True:
            try:
                work()
                self.outages.clear("outage")
                return True
            except OutageError as error:
                self.outages.add("outage", f"{error}; tried again until it is over")
                self._tell(at_once=True)
                if self.merged.stop.wait(wait):
                    return False
                wait = min(2.0 * wait, LONGEST_WAIT_S)

    def _take_maps(self) -> None:
        """Handle notices again whose map has come."""
        if self.maps is None:
            return
        for message in self.maps.arrived():
            with suppress(TrippingError):
                if not self._kept(partial(self.engine.handle, [message])) or not self._kept(self.engine.publish):
                    continue
            self.maps.done([message])

    def _tell(self, *, at_once: bool = False) -> None:
        """Say how it goes: in the store for ``mma status``, and to those who wait for a heartbeat."""
        without = {f"event {name}": why for name, why in self.engine.tracker.unlocated().items()}
        for about, why in without.items():
            self.outages.add(about, f"without its map: {why}")
        for about in [a for a in self.outages.now if a.startswith("event ") and a not in without]:
            self.outages.clear(about)
        if self.heart is not None and self.heart.is_due():
            self.heart.beat(self._heartbeat())
        if at_once or time.monotonic() - self._said > SAY_S:
            self._said = time.monotonic()
            self._save()

    def _heartbeat(self) -> dict[str, object]:
        every = [source.troubles for source in self.merged.sources]
        every += [self.outages] + ([self.sink.troubles] if self.sink else [])
        return heartbeat_message(
            sources.worker(),
            lag={source.name: source.lag() for source in self.merged.sources},
            troubles=sum(len(troubles.now) for troubles in every),
            events_active=self.events_active,
            now=time.time(),
        )

    def _save(self) -> None:
        now = time.time()
        ours = self.outages.now if self.sink is None else {}  # else they stand beside the sink's
        try:
            with self.store.lazily(), self.store.begin() as connection:
                for source in self.merged.sources:
                    sources.save(
                        connection,
                        source.name,
                        topics=source.topics,
                        read=source.read,
                        lag=source.lag(),
                        last_message=source.last_message,
                        last_heartbeat=source.pulse.newest,
                        troubles=source.troubles.now | ours,
                        now=now,
                    )
                    read = {at: (topic_id, source.gaps.reached(at)) for at, topic_id in source.remade.ids.items()}
                    deliveries.keep(connection, source.broker, read)
                if self.sink is not None:
                    self._count_refused(connection, self.sink)
                    troubles = self.sink.troubles.now | self.outages.now
                    name, sent = f"publishing to {self.sink.name}", self.sink.confirmed
                    sources.save(
                        connection, name, topics=(), read=sent, lag=None, last_message=None, troubles=troubles, now=now
                    )
        except OutageError as error:
            self.outages.add("status", str(error))
        else:
            self.outages.clear("status")

    def _count_refused(self, connection: Connection, sink: KafkaSink | JsonLinesSink) -> None:
        """Messages that the broker refuses are a trouble until a person has seen to them."""
        if n := outbox.refused(connection):
            sink.troubles.add("refused", f"{n} messages are refused: 'mma outbox list'")
        else:
            sink.troubles.clear("refused")
