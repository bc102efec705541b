"""Numbers for Prometheus, at ``/metrics``: what this worker does, and what the database holds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from ..answers import queries
from ..errors import ConfigError, OutageError
from ..store import Store

if TYPE_CHECKING:
    from .worker import Live


class Running(Protocol):
    """A server that can be stopped."""

    def shutdown(self) -> None:
        """Stop it."""


class Collector:
    """Asks the worker and the database whenever somebody asks us."""

    def __init__(self, live: Live, store: Store) -> None:
        self._live = live
        self._store = store

    def collect(self) -> Iterator[Metric]:
        """Every number, now."""
        yield from self._sources()
        yield from self._worker()
        try:
            yield from self._database()
        except OutageError:
            yield GaugeMetricFamily("mma_database_up", "Whether the database answers.", 0.0)

    def _sources(self) -> Iterator[Metric]:
        read = CounterMetricFamily("mma_messages_read", "Messages read by this worker.", labels=["source"])
        lag = GaugeMetricFamily("mma_lag_messages", "Messages that wait at the broker.", labels=["source"])
        age = GaugeMetricFamily("mma_last_message_age_seconds", "Since the newest message.", labels=["source"])
        beat = GaugeMetricFamily("mma_heartbeat_age_seconds", "Since the broker's heartbeat.", labels=["source"])
        troubles = GaugeMetricFamily("mma_troubles", "Things that are wrong now.", labels=["source"])
        names = ["source", "topic", "partition"]
        lost = CounterMetricFamily("mma_messages_lost", "Messages that the broker deleted unread.", labels=names)
        now = time.time()
        for source in self._live.merged.sources:
            read.add_metric([source.name], source.read)
            troubles.add_metric([source.name], len(source.troubles.now))
            for (topic, partition), n in source.gaps.lost.items():
                lost.add_metric([source.name, topic, str(partition)], n)
            if source.last_lag is not None:
                lag.add_metric([source.name], source.last_lag)
            if source.last_message is not None:
                age.add_metric([source.name], now - source.last_message)
            if source.pulse.newest is not None:
                beat.add_metric([source.name], now - source.pulse.newest)
        yield from (read, lag, age, beat, troubles, lost)

    def _worker(self) -> Iterator[Metric]:
        live = self._live
        yield GaugeMetricFamily("mma_events_active", "Events that alerts are matched with.", live.events_active)
        yield CounterMetricFamily("mma_busy_seconds", "Time spent on handling batches.", live.busy_s)
        yield CounterMetricFamily("mma_batches", "Batches handled.", live.n_batches)
        if live.sink is not None:
            yield CounterMetricFamily("mma_published", "Messages that the broker confirmed.", live.sink.confirmed)

    def _database(self) -> Iterator[Metric]:
        with self._store.read() as connection:
            counts = queries.totals(connection)
        yield GaugeMetricFamily("mma_database_up", "Whether the database answers.", 1.0)
        outcomes = CounterMetricFamily("mma_messages", "What became of all workers' messages.", labels=["outcome"])
        for outcome, n in counts["messages"].items():
            outcomes.add_metric([outcome], n)
        yield outcomes
        yield GaugeMetricFamily("mma_outbox_waiting", "Messages to be published.", counts["waiting"])
        yield GaugeMetricFamily("mma_outbox_refused", "Messages that the broker refuses.", counts["refused"])
        yield GaugeMetricFamily("mma_dead_letters", "Messages set aside.", counts["dead_letters"])


def registry(live: Live, store: Store) -> CollectorRegistry:
    """What a worker tells."""
    found = CollectorRegistry()
    found.register(Collector(live, store))
    return found


def serve(address: str, live: Live, store: Store) -> Running:
    """Answer at ``http://HOST:PORT/metrics`` from a thread of its own.

    Raises
    ------
    ConfigError
        An address that is none, or is taken.
    """
    host, _, port = address.rpartition(":")
    try:
        server, _ = start_http_server(int(port), host or "127.0.0.1", registry(live, store))
    except (ValueError, OSError, OverflowError) as error:
        raise ConfigError(f"metrics address {address!r}: {error}; write HOST:PORT, e.g. 127.0.0.1:9100") from error
    return server
