"""What a stream carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Bytes as they came, and where they came from."""

    payload: bytes
    topic: str
    """Kafka topic; for files the path as the user wrote it."""

    source: str = ""
    """The broker that it came from, as its URL names it; nothing for files. Two brokers may have one topic."""

    partition: int = 0
    offset: int = 0
    """Place in the partition; for archives the number of the member."""

    name: str | None = None
    """File or archive-member name, where there is one; tells a format that bytes alone do not."""

    key: bytes | None = None
    headers: Mapping[str, bytes] = field(default_factory=dict)
    timestamp: float | None = None
    """When the broker or the recorder got it, Unix seconds."""

    fault: str | None = None
    """Why its bytes could not be had; such a message is set aside with this reason."""

    @property
    def place(self) -> str:
        """``topic[partition]@offset``, as logs and dead letters name it."""
        return f"{self.topic}[{self.partition}]@{self.offset}"
