"""How much of what waits in the client is one batch."""

from __future__ import annotations

import time
from typing import Any

import pytest

from mma.streams import kafka
from mma.streams.kafka import KafkaSource


class Waiting:
    """What the client gives for a message."""

    def __init__(self, offset: int, size: int) -> None:
        self._offset, self._size = offset, size

    def __len__(self) -> int:
        return self._size

    def error(self) -> None:
        return None

    def topic(self) -> str:
        return "alerts"

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def value(self) -> bytes:
        return bytes(self._size)

    def key(self) -> None:
        return None

    def headers(self) -> None:
        return None

    def timestamp(self) -> tuple[int, int]:
        return 1, 1000


class Client:
    """A client in which messages wait; it waits for those that do not, as long as it is told to."""

    def __init__(self, n: int, size: int) -> None:
        self.waiting = [Waiting(i, size) for i in range(n)]
        self.longest = 0

    def subscribe(self, topics: list[str], on_assign: Any, on_revoke: Any) -> None:
        pass

    def consume(self, n: int, wait_s: float) -> list[Waiting]:
        self.longest = max(self.longest, n)
        some, self.waiting = self.waiting[:n], self.waiting[n:]
        if len(some) < n:
            time.sleep(wait_s)
        return some


def source(client: Client) -> KafkaSource:
    return KafkaSource("test", {}, ["alerts"], "g", client=lambda _: client)


@pytest.mark.parametrize(("n", "asked"), [(1000, 1000), (1000, 950), (1000, 1), (0, 10), (7, 2000)])
def test_small_messages_come_in_order_as_many_as_asked_for(n: int, asked: int) -> None:
    client = Client(n, 10)
    got = source(client).poll(asked, 0.0)
    assert [m.offset for m in got] == list(range(min(n, asked)))
    assert client.longest <= kafka.PIECE  # the client's own copies of more would lie beside ours


def test_a_batch_of_large_messages_is_full_by_their_bytes() -> None:
    """Nothing is lost: the next batch goes on where it ended."""
    size = kafka.FULL_BYTES // 150
    client = Client(1000, size)
    reader = source(client)
    batches = [reader.poll(2000, 0.0) for _ in range(5)]
    assert [m.offset for batch in batches for m in batch] == list(range(1000))[: sum(map(len, batches))]
    for batch in batches[:4]:
        assert 150 <= len(batch) <= 150 + kafka.PIECE
    assert kafka.FULL_BYTES + kafka.PIECE * size < 2 * kafka.FULL_BYTES


def test_a_message_is_not_held_up_until_the_wait_is_over() -> None:
    reader = source(Client(3, 10))
    begun = time.monotonic()
    assert len(reader.poll(2000, 5.0)) == 3
    assert time.monotonic() - begun < 2.0
