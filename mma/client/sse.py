"""Server-sent events, line by line (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from .known import Row
from .source import NOTE

REMARK = ": no "
"""How comments begin by which a server tells of an event or a tag that there is not yet."""


@dataclass(slots=True, kw_only=True)
class Events:
    """Where we are in a stream; outlives its connections."""

    after: int | None
    """Number that was asked for."""

    last: int | None = field(init=False)
    """Number of the last message, or of the newest that the server has seen for us."""

    retry_s: float = 2.0
    """How long to wait before coming back."""

    _kind: str = "message"
    _data: list[str] = field(default_factory=list)
    _id: str = ""

    def __post_init__(self) -> None:
        self.last = self.after

    def feed(self, line: str) -> Iterator[Row | None]:
        """One line, without its end; what it completes: a message, a remark, or None, a sign of life."""
        if line.startswith(REMARK):
            yield {"number": self.last, "kind": NOTE, "body": {"text": line.removeprefix(": ")}}
            return
        if line:
            self._take(line)
            return
        kind, data, number = self._kind, self._data, self._id
        self._kind, self._data, self._id = "message", [], ""
        if number.isdigit():
            self.last = int(number)
        if not data:
            yield None
            return
        yield {"number": self.last, "kind": kind, "body": json.loads("\n".join(data))}

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._kind = value
        elif name == "id":
            self._id = value
        elif name == "retry" and value.isdigit():
            self.retry_s = int(value) / 1000.0

    def forget(self) -> None:
        """A new connection: half a message is none."""
        self._kind, self._data, self._id = "message", [], ""
