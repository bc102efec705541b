"""A worker of its own that takes in messages of a folder, and tells what became of them and what it took."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from mma.answers import queries
from mma.config.settings import Settings
from mma.engine import reading
from mma.engine.engine import Engine
from mma.store import Store, message_log
from mma.streams import Message
from tests.mma.bombs import peak_kb

BATCH = 100


class Recorded:
    """Messages of a folder, a batch in memory at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._topics = json.loads((folder / "topics.json").read_text())

    def batches(self) -> Iterator[list[Message]]:
        """As Kafka brings them."""
        for first in range(0, len(self._topics), BATCH):
            yield [
                Message(payload=(self._folder / str(i)).read_bytes(), topic=topic, offset=i)
                for i, topic in enumerate(self._topics[first : first + BATCH], first)
            ]

    def commit(self, batch: list[Message]) -> None:
        """They stay."""


def main(folder: Path) -> None:
    """Read ``topics.json`` and a file for each message; print the report."""
    room = reading.room(Settings())
    store = Store(f"sqlite:///{folder}/mma.sqlite")
    engine = Engine(store, room=room)
    times, apart = [time.monotonic()], []

    def progress(n: int) -> None:
        times.append(time.monotonic())
        apart.append(room.call(peak_kb))

    engine.run(Recorded(folder), progress)
    room.close()
    with store.read() as connection:
        told = {
            "status": queries.status(connection),
            "dead": [(row["offset"], row["reason"]) for row in message_log.dead_letters(connection)],
        }
    longest = max(b - a for a, b in pairwise(times))
    print(json.dumps(told | {"rss_kb": [peak_kb(), max(apart)], "longest_s": longest}, default=str))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
