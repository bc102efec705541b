"""Real servers of one's own on one machine: a broker, token endpoint, certificates; a recorded night sent to them."""

from .broker import Broker, jars
from .feed import ALERTS, NOTICES, feed, topic

__all__ = ["ALERTS", "NOTICES", "Broker", "feed", "jars", "topic"]
