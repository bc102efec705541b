"""A real Kafka broker for the tests of this folder; it fails, and does not skip, where it cannot be had."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mma.simulate.broker import Broker


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One node, up."""
    node = Broker(tmp_path_factory.mktemp("kafka"))
    node.start()
    yield node
    node.kill()
