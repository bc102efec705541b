"""Troubles: one line when they come, one a minute while they stay or flicker, one when they are over."""

from __future__ import annotations

import logging

import pytest
from confluent_kafka import KafkaError, KafkaException

from mma.streams import troubles as module
from mma.streams.catching_up import CatchUp
from mma.streams.client import Connection
from mma.streams.heartbeat import Pulse, is_heartbeat
from mma.streams.troubles import Troubles


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is told."""

    class Clock:
        now = 1000.0

        def __call__(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr("time.monotonic", clock)
    return clock


@pytest.fixture
def lines(caplog):
    """What was logged."""
    caplog.set_level(logging.INFO, "mma")
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_trouble_that_stays_is_told_once_a_minute(clock, lines):
    troubles = Troubles("here")
    for _ in range(600):
        troubles.add("broker", "gone")
        clock.now += 0.2
    assert lines() == ["here: broker: gone"] * 2
    troubles.clear("broker")
    troubles.clear("broker")
    assert lines()[2:] == ["here: broker: well again"]
    assert troubles.now == {}


def test_a_trouble_that_flickers_is_told_once_a_minute(clock, lines):
    troubles = Troubles("here")
    for _ in range(59):
        troubles.add("broker", "gone")
        troubles.clear("broker")
        clock.now += 1.0
    assert lines() == ["here: broker: gone", "here: broker: well again"]


def test_a_connection_that_is_up_ends_what_nobody_complains_of(clock):
    troubles = Troubles("here")
    troubles.add("broker", "gone")
    clock.now += module.QUIET_S
    troubles.settle("broker")
    assert troubles.now == {"broker": "gone"}
    clock.now += 0.1
    troubles.settle("broker")
    troubles.settle("other")
    assert troubles.now == {}


def test_a_token_renewed_too_late_is_no_trouble_and_a_refused_one_is():
    """What librdkafka says where a broker closes a connection while its token is renewed; it connects again."""
    connection = Connection("here")
    complain = connection.hears()["error_cb"]
    state = "Broker: Request not valid in current SASL state: broker's supported mechanisms:"
    complain(KafkaError(KafkaError._AUTHENTICATION, f"SASL OAUTHBEARER mechanism handshake failed: {state}"))
    assert connection.troubles.now == {}
    complain(KafkaError(KafkaError._AUTHENTICATION, "SASL authentication error: invalid token"))
    assert connection.troubles.now == {"broker": "SASL authentication error: invalid token"}


def test_heartbeats_are_missed_only_where_they_are_ours_to_hear(clock):
    troubles = Troubles("here")
    pulse = Pulse(troubles, limit_s=10.0)
    pulse.expect({"gcn.heartbeat"})
    clock.now += 10.0
    pulse.expect({"gcn.heartbeat"})
    assert troubles.now == {}
    clock.now += 25.0
    pulse.expect({"gcn.heartbeat"})
    assert troubles.now == {"gcn.heartbeat": "no heartbeat for 35 s"}
    pulse.beat("gcn.heartbeat", 1.7e9)
    assert (troubles.now, pulse.newest) == ({}, 1.7e9)
    pulse.beat("gcn.heartbeat", 1.6e9)
    assert pulse.newest == 1.7e9
    clock.now += 11.0
    pulse.expect({"gcn.heartbeat"})
    pulse.expect(set())  # another member of the group reads it now
    assert troubles.now == {}
    assert [is_heartbeat(name) for name in ("gcn.heartbeat", "mma.heartbeat", "igwn.gwalert")] == [True, True, False]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "127.0.0.1:9999/bootstrap: Connect to ipv4#127.0.0.1:9999 failed: Connection refused (after 0ms in state "
            "CONNECT, 30 identical error(s) suppressed)",
            "cannot be reached (connection refused)",
        ),
        (
            "k.org:9092/bootstrap: Failed to resolve 'k.org:9092': Name or service not known (after 9ms in state "
            "CONNECT)",
            "cannot be reached (name or service not known)",
        ),
    ],
)
def test_a_broker_that_is_away_is_told_in_plain_words(lines, said, told):
    connection = Connection("here")
    complain = connection.hears()["error_cb"]
    complain(KafkaError(KafkaError._TRANSPORT, said))
    complain(KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down"))
    assert connection.troubles.now == {"broker": told}
    assert lines() == [f"here: broker: {told}; tried again until it is there"]


class Asked:
    """A source of notices whose broker does not answer."""

    topics = ("gcn.notices.swift",)

    def __init__(self):
        self.troubles = Troubles("here")

    def hold(self, topics, about):
        """Nothing is read anyway."""

    def ends(self, topics):
        raise KafkaException(KafkaError(KafkaError._TRANSPORT, "Failed to get metadata: Local: Broker transport"))


def test_what_waits_behind_a_broker_that_is_away_is_no_second_trouble(clock):
    source = Asked()
    catch_up = CatchUp([source], lambda topic: True)
    clock.now += 1.0
    catch_up.step()
    assert source.troubles.now == {"notices": "alerts wait until the notices are read: the broker does not answer"}
    source.troubles.add("broker", "cannot be reached (connection refused)")
    clock.now += 1.0
    catch_up.step()
    assert set(source.troubles.now) == {"broker"}
